import { registerEnumType } from 'type-graphql';
import type { BillingActivityKind } from '../../domain/billing-activity.js';
import type { BillingHistoryOrder } from '../../reads/billing-reads.js';

export const BillingActivityKindEnum = {
  SIGNUP: 'SIGNUP',
  RENEW: 'RENEW',
  UPGRADE: 'UPGRADE',
  DOWNGRADE: 'DOWNGRADE',
  BOOSTER: 'BOOSTER',
  CANCEL: 'CANCEL',
  OTHER: 'OTHER',
} as const satisfies Record<BillingActivityKind, BillingActivityKind>;

registerEnumType(BillingActivityKindEnum, {
  name: 'BillingActivityKind',
  description:
    'What happened, from `plan_activity`. The upstream documents one word of its list only, so expect `OTHER`.',
  valuesConfig: {
    SIGNUP: { description: "The group's first plan." },
    RENEW: { description: 'The same plan for another period.' },
    UPGRADE: { description: 'A change to a larger plan.' },
    DOWNGRADE: { description: 'A change to a smaller plan.' },
    BOOSTER: { description: 'A booster pack on top of the plan.' },
    CANCEL: { description: 'The end of a plan.' },
    OTHER: { description: "A word this gateway does not know, or none: see `kindRaw` for the upstream's own word." },
  },
});

export const BillingHistoryOrderEnum = {
  START_DATE_DESC: 'START_DATE_DESC',
  START_DATE_ASC: 'START_DATE_ASC',
} as const satisfies Record<BillingHistoryOrder, BillingHistoryOrder>;

registerEnumType(BillingHistoryOrderEnum, {
  name: 'BillingHistoryOrder',
  description: 'Order of a history. Rows of one start date are ordered by id, as numbers, in the same direction.',
  valuesConfig: {
    START_DATE_DESC: { description: 'Newest first.' },
    START_DATE_ASC: { description: 'Oldest first.' },
  },
});
