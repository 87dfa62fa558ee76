import { z } from 'zod';
import type { BillingActivity } from '../domain/billing-activity.js';
import { toBillingPlan } from '../domain/billing-plan.js';
import type { BoosterPackOrder, CreditPurchase, PlanChange } from '../domain/purchases.js';
import { readableOrNull } from '../domain/readable.js';
import type { LedgerRow, StoredAnswer } from '../idempotency/operation.js';
import { boosterPackOrderCodec, creditPurchaseCodec, planChangeCodec } from './stored-answer.codec.js';

const orderInput = z.object({ packId: z.string(), quantity: z.number() });
const planInput = z.object({ planId: z.string() });
const purchaseInput = z.object({ purchaseId: z.string() });

/**
 * The answer that a replay gives once an unknown outcome is settled as done, though no answer was ever seen: what was asked for,
 * and from the proving history row what it says. Everything else is null, never a guess. The ids are those that were asked for.
 */
export function settledSuccess(row: LedgerRow, proof: BillingActivity | null): StoredAnswer {
  return { kind: 'value', value: settledValue(row, proof), warnings: [] };
}

/** The answer of a replay once an operator has found that the write was not carried out. */
export function settledRejection(row: LedgerRow): StoredAnswer {
  return {
    kind: 'failure',
    failure: {
      code: 'UPSTREAM_REJECTED',
      message: 'An operator found that this write was not carried out.',
      upstream: {
        service: row.kind === 'PURCHASE_CREDITS' ? 'credits' : 'xtracta',
        operation: OPERATION_OF_KIND[row.kind],
      },
    },
  };
}

const OPERATION_OF_KIND = {
  ORDER_BOOSTER_PACK: 'orderBoosterPack',
  CHANGE_PLAN: 'changePlan',
  PURCHASE_CREDITS: 'purchaseCredits',
} as const;

/** What the ledger knows of a write besides its answer. */
type KnownWrite = Pick<LedgerRow, 'input' | 'groupId'>;

function settledValue(row: LedgerRow, proof: BillingActivity | null): unknown {
  switch (row.kind) {
    case 'ORDER_BOOSTER_PACK':
      return boosterPackOrderCodec.toStored(settledOrder(row, proof));
    case 'CHANGE_PLAN':
      return planChangeCodec.toStored(settledPlanChange(row, proof));
    case 'PURCHASE_CREDITS':
      return creditPurchaseCodec.toStored(settledPurchase(row));
  }
}

/** An order that was carried out, without the upstream's answer. Throws for an input that {@link KnownWrite} does not hold. */
export function settledOrder(row: KnownWrite, proof: BillingActivity | null): BoosterPackOrder {
  const { packId, quantity } = orderInput.parse(row.input);
  return {
    // The history does not say what its figures mean for a pack, so only its name is taken over.
    pack: {
      id: packId,
      name: readableOrNull(proof?.planName ?? null),
      allowedDocuments: null,
      price: null,
      quantity,
      groupId: row.groupId,
    },
    summary: null,
  };
}

/** As {@link settledOrder}, for a plan change. */
export function settledPlanChange(row: KnownWrite, proof: BillingActivity | null): PlanChange {
  const { planId } = planInput.parse(row.input);
  if (proof !== null) return { plan: { ...toBillingPlan(proof), planId } };
  return {
    plan: {
      planId,
      name: null,
      type: 'OTHER',
      typeRaw: null,
      price: null,
      allowedDocuments: null,
      usedDocuments: null,
      remainingDocuments: null,
      startDate: null,
      expiryDate: null,
    },
  };
}

/** As {@link settledOrder}, for a purchase of credits, of which no history tells anything. */
export function settledPurchase(row: KnownWrite): CreditPurchase {
  const { purchaseId } = purchaseInput.parse(row.input);
  return {
    id: purchaseId,
    purchaseId,
    datePurchased: null,
    currency: null,
    netTotal: null,
    tax: null,
    grossTotal: null,
    unitPrice: null,
    quantity: null,
    paid: null,
    purchaseType: null,
    invoiceNumber: null,
    result: null,
    userId: null,
  };
}
