import { registerEnumType } from 'type-graphql';
import type { BillingOperationStatus } from '../../billing/billing-writes.js';
import { EVIDENCE_FACTS, type EvidenceFact } from '../../billing/billing-writes.js';
import { BILLING_OPERATION_KINDS, type BillingOperationKind } from '../../domain/upstream-operations.js';
import type { HeldDocumentsAction } from '../../domain/write.js';

/** An enum of which each value is named as it is, in the order of the list. */
function enumOf<Name extends string>(names: readonly Name[]): Readonly<Record<string, Name>> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** Client-facing words for each kind of write in the table of upstream operations. */
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
  description: 'What is known about a write.',
  valuesConfig: {
    IN_PROGRESS: { description: 'Under way. Ask again.' },
    SUCCEEDED: { description: 'Carried out. The same key answers the same again and sends nothing.' },
    REJECTED: { description: 'Refused by the upstream, nothing was carried out. The same key answers the same again.' },
    NOT_SENT: { description: 'Not one byte reached the upstream. The same key may try again.' },
    OUTCOME_UNKNOWN: {
      description:
        'Sent, and nobody knows whether it was carried out. Nothing is sent for this target until it is reconciled or resolved.',
    },
  },
});

const FACT_DESCRIPTIONS: Readonly<Record<EvidenceFact, { readonly description: string }>> = {
  NEW: { description: 'It was not in the history just before the write was sent.' },
  ID: { description: 'It carries an id of its own.' },
  GROUP: { description: 'It names the group of the write.' },
  ACTIVITY: { description: 'It is of a kind that such a write makes.' },
  TIME: { description: 'It starts when the write was under way, not before and not long after.' },
  NAME: {
    description: 'It has the name of the asked pack or plan in the catalogue, and no other item fits it as well.',
  },
  ALLOWED_DOCUMENTS: { description: "Its documents are the catalogue's, or a whole multiple for several packs." },
  PRICE: { description: "Its price is the catalogue's, or a whole multiple for several packs." },
  PLAN_TYPE: { description: "It is monthly or annual as the catalogue's plan is." },
  QUANTITY: { description: 'Its documents and price tell the asked number of packs, and no other.' },
  DIRECTION: { description: 'Its kind is what the change from the plan before to the asked one is called.' },
  NOT_A_RENEWAL: { description: 'It is not what the upstream does by itself when a period ends.' },
  ONLY_WRITE: { description: 'No other write of this group was sent at about the same time.' },
  ONLY_ROW: { description: 'No other new row fits as well.' },
};

export const BillingEvidenceFactEnum = enumOf(EVIDENCE_FACTS);

registerEnumType(BillingEvidenceFactEnum, {
  name: 'BillingEvidenceFact',
  description:
    'What is compared between a history row and a write. A row proves the write only if all that applies fits.',
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
  description: "What becomes of documents that wait for capacity (the upstream's `purge`). Always sent explicitly.",
  valuesConfig: {
    PROCESS: { description: 'They are processed, and count against the new capacity.' },
    DELETE: {
      description:
        'They are deleted and cannot be brought back. Needs `confirmDocumentDeletion: true` and the scope `billing:delete-documents`.',
    },
  },
});
