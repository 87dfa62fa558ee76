import {
  type DateTimeText,
  type DecimalText,
  type Money,
  type Readable,
  readableOrNull,
  UnreadableValue,
} from './money.js';

export type PlanType = 'MONTHLY' | 'ANNUAL' | 'OTHER';
export type BillingActivityKind = 'SIGNUP' | 'RENEW' | 'UPGRADE' | 'DOWNGRADE' | 'BOOSTER' | 'CANCEL' | 'OTHER';

/** One row of an Xtracta billing history (`upstream/get-billing-history.txt`), in the gateway's own words. */
export interface BillingActivity {
  /** The upstream's text, leading zeros kept. */
  readonly id: string;
  readonly kind: BillingActivityKind;
  readonly kindRaw: Readable<string>;
  readonly planName: Readable<string>;
  readonly planType: PlanType;
  readonly planTypeRaw: Readable<string>;
  readonly price: Readable<Money>;
  readonly creditAmount: Readable<DecimalText>;
  readonly allowedDocuments: Readable<number>;
  readonly usedDocuments: Readable<number>;
  readonly startDate: Readable<DateTimeText>;
  readonly expiryDate: Readable<DateTimeText>;
  /** For comparing; null when the date is missing or unreadable. */
  readonly startMs: number | null;
  /**
   * For comparing; null when the date is missing or unreadable. It is the last second that still belongs to the period.
   */
  readonly expiryMs: number | null;
  /**
   * Null when the row names no group, or one that cannot be read. The gateway never guesses it from `groupName`,
   * because names are not unique. Leading zeros are stripped.
   */
  readonly groupId: string | null;
  readonly groupName: Readable<string>;
  /** Id and name together, for a field that leads from the row to its group. Null when the row names no group by id. */
  readonly group: Readable<NamedGroup>;
}

/**
 * Whether the row names a group that cannot be read. Such a row may be of any group, so it is no group's plan, name or
 * sum. Only a row that names no group is of the requested one.
 */
export function hasUnreadableGroup({ group }: Pick<BillingActivity, 'group'>): boolean {
  return group instanceof UnreadableValue;
}

/**
 * Prefix of the id that the gateway makes for a row without one. Such an id is made of the row's content, and changes
 * with it.
 */
export const MADE_UP_ID = 'missing:';

/** Whether the upstream gave the row an id, so that a later read can recognise the row. */
export function hasRealId(row: Pick<BillingActivity, 'id'>): boolean {
  return row.id !== '' && !row.id.startsWith(MADE_UP_ID);
}

/** A group as a response names it. A name in the response saves the call that would look it up. */
export interface NamedGroup {
  readonly id: string;
  readonly name?: string;
}

export function namedGroup(groupId: string | null, name: Readable<string>): NamedGroup | null {
  if (groupId === null) return null;
  return typeof name === 'string' ? { id: groupId, name } : { id: groupId };
}

/** A whole history response, in the upstream's own order. No caller may rely on that order. */
export interface BillingHistory {
  readonly activities: readonly BillingActivity[];
  /**
   * Milliseconds by which the upstream's clock was ahead of the gateway's. Absent or null: the response did not give
   * the exact time.
   */
  readonly clockAheadMs?: number | null;
}

/** A billing plan in force for a group. It is derived from the group's history, or is the response to a plan change. */
export interface BillingPlan {
  /** Null where only the history is known: the history names plans but does not number them. */
  readonly planId: string | null;
  readonly name: Readable<string>;
  readonly type: PlanType;
  readonly typeRaw: Readable<string>;
  readonly price: Readable<Money>;
  readonly allowedDocuments: Readable<number>;
  readonly usedDocuments: Readable<number>;
  /** The upstream's own count, or allowed minus used; never below 0. Null when neither is known. */
  readonly remainingDocuments: Readable<number>;
  readonly startDate: Readable<DateTimeText>;
  readonly expiryDate: Readable<DateTimeText>;
}

/** The upstream's report of a group's plan in use. */
export interface GroupUsage {
  /** Null: the group has no plan. */
  readonly plan: BillingPlan | null;
  /** The group that the response is about; null where it names none. Leading zeros are stripped. */
  readonly groupId: Readable<string>;
}

/** The plan that a history row describes. The history names plans but does not number them, so `planId` is null. */
export function toBillingPlan(row: BillingActivity): BillingPlan {
  return {
    planId: null,
    name: row.planName,
    type: row.planType,
    typeRaw: row.planTypeRaw,
    price: row.price,
    allowedDocuments: row.allowedDocuments,
    usedDocuments: row.usedDocuments,
    remainingDocuments: remainingOf(row.allowedDocuments, row.usedDocuments),
    startDate: row.startDate,
    expiryDate: row.expiryDate,
  };
}

/**
 * Allowed minus used, never below 0, because more may be used than allowed after a downgrade. Null when either is not
 * known.
 */
export function remainingOf(allowed: Readable<number>, used: Readable<number>): number | null {
  const allowedCount = readableOrNull(allowed);
  const usedCount = readableOrNull(used);
  return allowedCount === null || usedCount === null ? null : Math.max(0, allowedCount - usedCount);
}
