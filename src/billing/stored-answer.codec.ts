import { z } from 'zod';
import type { BillingPlan } from '../domain/billing-plan.js';
import type { Money } from '../domain/money.js';
import type { BoosterPackOrder, CreditPurchase, PlanChange } from '../domain/purchases.js';
import { type Readable, readableOrNull } from '../domain/readable.js';

/**
 * What the ledger keeps of an answer, and back. What may be stored is chosen here field by field, so that a new field of an answer
 * is not stored by accident; the schemas are the guard against a row that another version wrote.
 */
export interface StoredAnswerCodec<T> {
  toStored(value: T): unknown;
  /** Throws when the row does not hold such an answer. */
  fromStored(stored: unknown): T;
}

/**
 * The codec with an answer for a write that is known to be done though nothing of its answer was kept (null): its figures could not
 * be stored. The replay then says what was asked for, and never fails.
 */
export function orWithoutFigures<T>(codec: StoredAnswerCodec<T>, withoutFigures: () => T): StoredAnswerCodec<T> {
  return {
    toStored: (value) => codec.toStored(value),
    fromStored: (stored) => (stored === null ? withoutFigures() : codec.fromStored(stored)),
  };
}

const money = z.object({ amount: z.string(), currency: z.string().nullable() });
const text = z.string().nullable();
const count = z.number().nullable();

const boosterPackOrder = z.object({
  pack: z.object({
    id: z.string(),
    name: text,
    allowedDocuments: count,
    price: money.nullable(),
    quantity: count,
    groupId: text,
  }),
  summary: z.object({ totalUsedDocuments: count, totalAvailableDocuments: count }).nullable(),
});

const planChange = z.object({
  plan: z.object({
    planId: text,
    name: text,
    type: z.enum(['MONTHLY', 'ANNUAL', 'OTHER']),
    typeRaw: text,
    price: money.nullable(),
    allowedDocuments: count,
    usedDocuments: count,
    remainingDocuments: count,
    startDate: text,
    expiryDate: text,
  }),
});

const creditPurchase = z.object({
  id: z.string(),
  purchaseId: z.string(),
  datePurchased: text,
  currency: text,
  netTotal: text,
  tax: text,
  grossTotal: text,
  unitPrice: text,
  quantity: text,
  paid: z.boolean().nullable(),
  purchaseType: text,
  invoiceNumber: text,
  result: text,
});

export const boosterPackOrderCodec: StoredAnswerCodec<BoosterPackOrder> = {
  toStored: (order) =>
    boosterPackOrder.parse({ ...order, pack: { ...order.pack, price: storableMoney(order.pack.price) } }),
  fromStored: (stored) => boosterPackOrder.parse(stored),
};

export const planChangeCodec: StoredAnswerCodec<PlanChange> = {
  toStored: ({ plan }) => planChange.parse({ plan: storablePlan(plan) }),
  fromStored: (stored) => planChange.parse(stored),
};

export const creditPurchaseCodec: StoredAnswerCodec<CreditPurchase> = {
  // The schema drops `userId`: it may be a person's e-mail address.
  toStored: (purchase) => creditPurchase.parse(purchase),
  fromStored: (stored) => ({ ...creditPurchase.parse(stored), userId: null }),
};

function storablePlan(plan: BillingPlan): BillingPlan {
  return {
    ...plan,
    price: storableMoney(plan.price),
    name: readableOrNull(plan.name),
    typeRaw: readableOrNull(plan.typeRaw),
    allowedDocuments: readableOrNull(plan.allowedDocuments),
    usedDocuments: readableOrNull(plan.usedDocuments),
    remainingDocuments: readableOrNull(plan.remainingDocuments),
    startDate: readableOrNull(plan.startDate),
    expiryDate: readableOrNull(plan.expiryDate),
  };
}

function storableMoney(price: Readable<Money>): Money | null {
  const readable = readableOrNull(price);
  return readable === null ? null : { amount: readable.amount, currency: readableOrNull(readable.currency) };
}
