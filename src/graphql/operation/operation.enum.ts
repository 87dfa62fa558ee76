import { registerEnumType } from 'type-graphql';
import type { BillingOperationStatus } from '../../billing/billing-writes.js';
import type { BillingOperationKind, HeldDocumentsAction } from '../../domain/write.js';

export const BillingOperationKindEnum = {
  ORDER_BOOSTER_PACK: 'ORDER_BOOSTER_PACK',
  CHANGE_PLAN: 'CHANGE_PLAN',
  PURCHASE_CREDITS: 'PURCHASE_CREDITS',
} as const satisfies Record<BillingOperationKind, BillingOperationKind>;

registerEnumType(BillingOperationKindEnum, {
  name: 'BillingOperationKind',
  description: 'Which write it is.',
  valuesConfig: {
    ORDER_BOOSTER_PACK: { description: 'From `orderBoosterPack`.' },
    CHANGE_PLAN: { description: 'From `changePlan`.' },
    PURCHASE_CREDITS: { description: 'From `purchaseCredits`.' },
  },
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
