import {
  formatCount,
  formatDate,
  formatDecimal,
  formatMoney,
  type MoneyText,
  type WriteFacts,
  type WriteSubject,
} from '@billing-gateway/client';
import type { HistoryRow } from '@billing-gateway/client/react';

/** What happened, in words. A word that the upstream adds comes as OTHER with its own text, which is shown as it is. */
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
      return 'purchase of credits';
  }
}

/** What the gateway's ledger tells a write was about. */
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
