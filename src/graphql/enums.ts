import { registerEnumType } from 'type-graphql';
import { type BillingOperationStatus, EVIDENCE_FACTS, type EvidenceFact } from '../billing/billing-writes.js';
import type { BillingActivityKind, PlanType } from '../domain/billing-history.js';
import type { PlanChangeDirection, PlanChangeUnknown } from '../domain/plan-change.policy.js';
import { BILLING_OPERATION_KINDS, type BillingOperationKind } from '../domain/upstream-operations.js';
import type { HeldDocumentsAction } from '../domain/write.js';
import type { BillingHistoryOrder } from '../reads/billing-reads.js';

/** An enum whose value names equal the values, in the order of the list. */
function enumOf<Name extends string>(names: readonly Name[]): Readonly<Record<string, Name>> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** Descriptions for clients, one for each kind of write in the table of upstream operations. */
const KIND_DESCRIPTIONS: Readonly<Record<BillingOperationKind, { readonly description: string }>> = {
  ORDER_BOOSTER_PACK: { description: 'From `orderBoosterPack`.' },
  CHANGE_PLAN: { description: 'From `changePlan`.' },
  PURCHASE_CREDITS: { description: 'From `purchaseCredits`.' },
};

export const BillingOperationKindEnum = enumOf(BILLING_OPERATION_KINDS);

registerEnumType(BillingOperationKindEnum, {
  name: 'BillingOperationKind',
  description: 'Which write it is.',
  valuesConfig: KIND_DESCRIPTIONS,
});

export const BillingOperationStatusEnum = {
  IN_PROGRESS: 'IN_PROGRESS',
  SUCCEEDED: 'SUCCEEDED',
  REJECTED: 'REJECTED',
  NOT_SENT: 'NOT_SENT',
  OUTCOME_UNKNOWN: 'OUTCOME_UNKNOWN',
} as const satisfies Record<BillingOperationStatus, BillingOperationStatus>;

registerEnumType(BillingOperationStatusEnum, {
  name: 'BillingOperationStatus',
  description: 'State of a write.',
  valuesConfig: {
    IN_PROGRESS: { description: 'Under way. Ask again.' },
    SUCCEEDED: { description: 'Carried out. The same key returns the same result and sends nothing.' },
    REJECTED: {
      description: 'Refused by the upstream, nothing was carried out. The same key returns the same result.',
    },
    NOT_SENT: { description: 'Not one byte reached the upstream. The same key may try again.' },
    OUTCOME_UNKNOWN: {
      description:
        'Sent, and nobody knows whether it was carried out. Nothing is sent for this target until it is ' +
        'reconciled or resolved.',
    },
  },
});

const FACT_DESCRIPTIONS: Readonly<Record<EvidenceFact, { readonly description: string }>> = {
  NEW: { description: 'It was not in the history just before the write was sent.' },
  ID: { description: 'It carries an id of its own.' },
  GROUP: { description: 'It names the group of the write.' },
  ACTIVITY: { description: 'It is of a kind that such a write makes.' },
  TIME: { description: 'It starts while the write was running, neither earlier nor much later.' },
  NAME: {
    description: "It has the catalogue's name of the requested pack or plan, and no other item fits it equally well.",
  },
  ALLOWED_DOCUMENTS: { description: "Its documents are the catalogue's, or a whole multiple for several packs." },
  PRICE: { description: "Its price is the catalogue's, or a whole multiple for several packs." },
  PLAN_TYPE: { description: "It is monthly or annual as the catalogue's plan is." },
  QUANTITY: { description: 'Its documents and price prove the requested number of packs, and no other number.' },
  DIRECTION: {
    description: 'Its kind matches the direction of the change, from the previous plan to the requested plan.',
  },
  NOT_A_RENEWAL: { description: 'It is not a renewal that the upstream makes by itself when a period ends.' },
  ONLY_WRITE: { description: 'No other write of this group was sent at about the same time.' },
  ONLY_ROW: { description: 'No other new row fits as well.' },
};

export const BillingEvidenceFactEnum = enumOf(EVIDENCE_FACTS);

registerEnumType(BillingEvidenceFactEnum, {
  name: 'BillingEvidenceFact',
  description:
    'Facts compared between a history row and a write. A row proves the write only if every fact that applies fits.',
  valuesConfig: FACT_DESCRIPTIONS,
});

export const BillingOperationResolutionEnum = { SUCCEEDED: 'SUCCEEDED', REJECTED: 'REJECTED' } as const;

registerEnumType(BillingOperationResolutionEnum, {
  name: 'BillingOperationResolution',
  description: "An operator's finding about a write whose outcome was unknown.",
  valuesConfig: {
    SUCCEEDED: { description: 'It was carried out.' },
    REJECTED: { description: 'It was not carried out.' },
  },
});

export const HeldDocumentsActionEnum = {
  PROCESS: 'PROCESS',
  DELETE: 'DELETE',
} as const satisfies Record<HeldDocumentsAction, HeldDocumentsAction>;

registerEnumType(HeldDocumentsActionEnum, {
  name: 'HeldDocumentsAction',
  description:
    "Treatment of documents that wait for capacity (the upstream's `purge`). The gateway always sends it explicitly.",
  valuesConfig: {
    PROCESS: { description: 'They are processed, and count against the new capacity.' },
    DELETE: {
      description:
        'They are deleted and cannot be brought back. Needs `confirmDocumentDeletion: true` and the scope ' +
        '`billing:delete-documents`.',
    },
  },
});

export const PlanTypeEnum = {
  MONTHLY: 'MONTHLY',
  ANNUAL: 'ANNUAL',
  OTHER: 'OTHER',
} as const satisfies Record<PlanType, PlanType>;

registerEnumType(PlanTypeEnum, {
  name: 'PlanType',
  description: 'How long a billing period is, from Xtracta `plan_type`.',
  valuesConfig: {
    MONTHLY: { description: 'One calendar month.' },
    ANNUAL: { description: 'One calendar year.' },
    OTHER: {
      description:
        "The upstream sent no word, or a word that this gateway does not know: see the field with the upstream's " +
        'own word.',
    },
  },
});

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
    'Kind of the activity, from `plan_activity`. The upstream documents only one word of its list, so expect `OTHER`.',
  valuesConfig: {
    SIGNUP: { description: "The group's first plan." },
    RENEW: { description: 'The same plan for another period.' },
    UPGRADE: { description: 'A change to a larger plan.' },
    DOWNGRADE: { description: 'A change to a smaller plan.' },
    BOOSTER: { description: 'A booster pack on top of the plan.' },
    CANCEL: { description: 'The end of a plan.' },
    OTHER: {
      description:
        "The upstream sent no word, or a word that this gateway does not know: see `kindRaw` for the upstream's " +
        'own word.',
    },
  },
});

export const BillingHistoryOrderEnum = {
  START_DATE_DESC: 'START_DATE_DESC',
  START_DATE_ASC: 'START_DATE_ASC',
} as const satisfies Record<BillingHistoryOrder, BillingHistoryOrder>;

registerEnumType(BillingHistoryOrderEnum, {
  name: 'BillingHistoryOrder',
  description:
    'Order of a history. Rows with the same start date are ordered by id, as numbers, in the same direction.',
  valuesConfig: {
    START_DATE_DESC: { description: 'Newest first.' },
    START_DATE_ASC: { description: 'Oldest first.' },
  },
});

export const PlanChangeDirectionEnum = {
  UPGRADE: 'UPGRADE',
  DOWNGRADE: 'DOWNGRADE',
  RENEWAL: 'RENEWAL',
  UNKNOWN: 'UNKNOWN',
} as const satisfies { [Name in PlanChangeDirection]: Name };

registerEnumType(PlanChangeDirectionEnum, {
  name: 'PlanChangeDirection',
  description: 'Direction of a plan change. It compares documents, not prices.',
  valuesConfig: {
    UPGRADE: { description: 'More documents in a period of the same length.' },
    DOWNGRADE: { description: 'Fewer documents in a period of the same length.' },
    RENEWAL: {
      description:
        'The plan in force itself: `changePlan` renews it at once, which is another charge. Recognised by the ' +
        'number of the plan. Where the history has no number: by name, documents and price together.',
    },
    UNKNOWN: {
      description:
        'Not comparable: periods of different or unknown length, equal documents, an unknown figure, or no plan ' +
        'in force.',
    },
  },
});

export const PlanChangeUnknownEnum = {
  PRORATION: 'PRORATION',
  TAX: 'TAX',
  HELD_DOCUMENTS: 'HELD_DOCUMENTS',
  CREDIT: 'CREDIT',
  PRICE: 'PRICE',
  CURRENCY: 'CURRENCY',
  ALLOWED_DOCUMENTS: 'ALLOWED_DOCUMENTS',
  UNUSED_DOCUMENTS: 'UNUSED_DOCUMENTS',
} as const satisfies { [Name in PlanChangeUnknown]: Name };

registerEnumType(PlanChangeUnknownEnum, {
  name: 'PlanChangeUnknown',
  description: 'A fact about a plan change that is not known before the change. More values may be added.',
  valuesConfig: {
    PRORATION: { description: 'Whether a period that has begun is charged in part. Always listed.' },
    TAX: { description: 'Whether prices include tax, and how much. Always listed.' },
    HELD_DOCUMENTS: {
      description:
        'How many documents are on hold. The change deletes them, or processes them so that they count against ' +
        'the new plan. Always listed.',
    },
    CREDIT: { description: 'The credit for the unused part of the plan in force. Always listed.' },
    PRICE: { description: 'The price of one of the two plans: the upstream left it out, or it cannot be read.' },
    CURRENCY: { description: 'The currency of one of the two prices: the upstream names none, or it cannot be read.' },
    ALLOWED_DOCUMENTS: { description: 'The documents in a period of one of the two plans.' },
    UNUSED_DOCUMENTS: { description: 'Documents left in the plan in force.' },
  },
});
