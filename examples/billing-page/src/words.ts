import {
  formatCount,
  formatDate,
  formatDecimal,
  formatMoney,
  type MoneyText,
  type WriteFacts,
  type WriteSubject,
} from '@billing-gateway/client';
import type { PlanChangeOfGroupQuery } from '@billing-gateway/client/documents';
import type { HistoryRow } from '@billing-gateway/client/react';

/**
 * The kind of an activity in words. A new word of the upstream comes as OTHER with its own text, which is shown
 * unchanged.
 */
export function activityWord({ kind, kindRaw }: Pick<HistoryRow, 'kind' | 'kindRaw'>): string {
  return kind === 'OTHER' && kindRaw !== null ? kindRaw : ACTIVITIES[kind];
}

const ACTIVITIES: Readonly<Record<HistoryRow['kind'], string>> = {
  SIGNUP: 'Sign-up',
  RENEW: 'Renewal',
  UPGRADE: 'Upgrade',
  DOWNGRADE: 'Downgrade',
  BOOSTER: 'Booster pack',
  CANCEL: 'Cancellation',
  OTHER: 'Other',
};

const PERIODS = { MONTHLY: 'month', ANNUAL: 'year', OTHER: 'period' } as const;

/** `a month`, `a year`, or the upstream's own word. */
export function periodWord(type: keyof typeof PERIODS, raw: string | null): string {
  return type === 'OTHER' && raw !== null ? raw : PERIODS[type];
}

export const money = (value: MoneyText | null): string => formatMoney(value);
export const count = (value: number | null): string => formatCount(value);
export const day = (text: string | null): string => formatDate(text);
export const decimal = (text: string | null): string => formatDecimal(text);

export function documents(value: number): string {
  return `${formatCount(value)} ${value === 1 ? 'document' : 'documents'}`;
}

/** `order of 2 × pack 1223 for group 100001` */
export function subjectWord(subject: WriteSubject | null): string {
  if (subject === null) return 'write';
  const forGroup = subject.groupId === null ? '' : ` for group ${subject.groupId}`;
  switch (subject.kind) {
    case 'ORDER_BOOSTER_PACK':
      return subject.packId === undefined
        ? `order of a booster pack${forGroup}`
        : `order of ${subject.quantity ?? 1} × pack ${subject.packId}${forGroup}`;
    case 'CHANGE_PLAN':
      return `change ${subject.planId === undefined ? 'of the plan' : `to plan ${subject.planId}`}${forGroup}`;
    case 'PURCHASE_CREDITS':
      return subject.purchaseId === undefined
        ? 'purchase of credits'
        : `purchase of credits, quote ${subject.purchaseId}`;
  }
}

/** The subject of a write, from the gateway's ledger. */
export function subjectOf(facts: WriteFacts): WriteSubject {
  const { kind, group, packId, quantity, planId, purchaseId } = facts;
  return {
    kind,
    groupId: group?.id ?? null,
    ...(packId === null ? {} : { packId, quantity: quantity ?? 1 }),
    ...(planId === null ? {} : { planId }),
    ...(purchaseId === null ? {} : { purchaseId }),
  };
}

type Preview = NonNullable<NonNullable<PlanChangeOfGroupQuery['group']>['planChangePreview']>;

const DIRECTIONS: Readonly<Record<Preview['direction'], string>> = {
  UPGRADE: 'more documents',
  DOWNGRADE: 'fewer documents',
  RENEWAL: 'the same plan, once more',
  UNKNOWN: 'not comparable',
};
export const directionWord = (direction: Preview['direction']): string => DIRECTIONS[direction];

const UNKNOWNS: Readonly<Record<Preview['notKnown'][number], string>> = {
  PRORATION: 'what part of a period is charged',
  TAX: 'tax',
  HELD_DOCUMENTS: 'how many documents on hold count against the new plan',
  CREDIT: 'what is credited for the unused part',
  CURRENCY: 'the currency',
  PRICE: 'one of the prices',
  ALLOWED_DOCUMENTS: 'the documents of one of the plans',
  UNUSED_DOCUMENTS: 'what is left of the plan in force',
};
/** The unknown facts of a plan change, in words. */
export const notKnownWords = (unknowns: Preview['notKnown']): string =>
  unknowns.map((word) => UNKNOWNS[word]).join('; ');
