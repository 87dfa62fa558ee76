import type { BillingActivity, PlanType } from './billing-activity.js';
import { type DateTimeText, type Money, type Readable, readableOrNull } from './money.js';

/** A billing plan in force for a group: derived from its history, or as the answer to a plan change. */
export interface BillingPlan {
  /** Null where only the history is known: the history names plans but does not number them. */
  readonly planId: string | null;
  readonly name: Readable<string>;
  readonly type: PlanType;
  readonly typeRaw: Readable<string>;
  readonly price: Readable<Money>;
  readonly allowedDocuments: Readable<number>;
  readonly usedDocuments: Readable<number>;
  /** As the upstream counts them, or allowed minus used; never below 0. Null when neither is known. */
  readonly remainingDocuments: Readable<number>;
  readonly startDate: Readable<DateTimeText>;
  readonly expiryDate: Readable<DateTimeText>;
}

/** What the upstream says of a group's plan in use. */
export interface GroupUsage {
  /** Null: the group has none. */
  readonly plan: BillingPlan | null;
  /** The group that the answer is about; null where it names none. Leading zeros stripped. */
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
 * Allowed minus used, never below 0: after a downgrade more may be used than is allowed. Null when either is not known.
 */
export function remainingOf(allowed: Readable<number>, used: Readable<number>): number | null {
  const allowedCount = readableOrNull(allowed);
  const usedCount = readableOrNull(used);
  return allowedCount === null || usedCount === null ? null : Math.max(0, allowedCount - usedCount);
}
