import type { BillingPlan } from './billing-history.js';
import { type AvailablePlan, itemOf } from './catalogue.js';
import { type Money, parseDecimal, priceDifference, type Readable, readableOrNull } from './money.js';

export type PlanChangeDirection = 'UPGRADE' | 'DOWNGRADE' | 'RENEWAL' | 'UNKNOWN';

/** Facts that only the upstream knows before a change. */
export type PlanChangeUnknown =
  | 'PRORATION'
  | 'TAX'
  | 'HELD_DOCUMENTS'
  | 'CREDIT'
  | 'PRICE'
  | 'CURRENCY'
  | 'ALLOWED_DOCUMENTS'
  | 'UNUSED_DOCUMENTS';

/** The known facts of a plan change before it is made. */
export interface PlanChangePreview {
  /** The plan in force; null: the group has none. */
  readonly from: BillingPlan | null;
  readonly to: AvailablePlan;
  readonly difference: Money | null;
  readonly direction: PlanChangeDirection;
  /** Documents left of `from`; null without a plan, and where the number is not known. */
  readonly unusedDocuments: Readable<number>;
  readonly notKnown: readonly PlanChangeUnknown[];
}

/** The upstream documents none of these, and no response tells them before the change. */
const ALWAYS_UNKNOWN: readonly PlanChangeUnknown[] = ['PRORATION', 'TAX', 'HELD_DOCUMENTS', 'CREDIT'];

/**
 * The facts that both APIs tell before a change, and nothing more. The gateway derives no figure from another.
 *
 * @param from the plan in force
 * @param to one of `plans`
 * @param plans the whole catalogue of the group
 */
export function previewPlanChange(
  from: BillingPlan | null,
  to: AvailablePlan,
  plans: readonly AvailablePlan[],
): PlanChangePreview {
  return {
    from,
    to,
    difference: from === null ? null : priceDifference(to.price, from.price),
    direction: from === null ? 'UNKNOWN' : directionOf(from, to, plans),
    unusedDocuments: from === null ? null : from.remainingDocuments,
    notKnown: notKnown(from, to),
  };
}

function directionOf(from: BillingPlan, to: AvailablePlan, plans: readonly AvailablePlan[]): PlanChangeDirection {
  if (isPlanInForce(from, to, plans)) return 'RENEWAL';
  const [before, after] = [readableOrNull(from.allowedDocuments), readableOrNull(to.allowedDocuments)];
  // Documents per year and documents per month cannot be compared.
  if (!hasSameType(from, to) || before === null || after === null || before === after) return 'UNKNOWN';
  return after > before ? 'UPGRADE' : 'DOWNGRADE';
}

/**
 * Compares by plan id where the plan in force has one. Else it compares all known fields, provided that no other plan
 * of the catalogue has the same ones.
 */
function isPlanInForce(from: BillingPlan, to: AvailablePlan, plans: readonly AvailablePlan[]): boolean {
  if (from.planId !== null) return itemOf([to], from.planId) !== null;
  return isAlike(from, to) && plans.every((plan) => plan === to || !isAlike(from, plan));
}

/**
 * Name and figures must be present and equal: a plan whose price has changed is not the plan that the group has. A
 * missing type counts as equal.
 */
function isAlike(from: BillingPlan, to: AvailablePlan): boolean {
  const [name, documents] = [readableOrNull(from.name), readableOrNull(from.allowedDocuments)];
  return (
    name !== null &&
    name === readableOrNull(to.name) &&
    documents !== null &&
    documents === readableOrNull(to.allowedDocuments) &&
    (from.typeRaw === null || to.typeRaw === null || hasSameType(from, to)) &&
    hasSamePrice(from, to)
  );
}

/** An unknown word is a type of its own. A missing word equals no type. */
function hasSameType(from: BillingPlan, to: AvailablePlan): boolean {
  if (from.type !== to.type) return false;
  if (from.type !== 'OTHER') return true;
  const word = readableOrNull(from.typeRaw);
  return word !== null && word === readableOrNull(to.typeRaw);
}

/**
 * `15` and `15.00` are the same price. A catalogue may name no currency where the history does, so currencies are
 * compared only where both name one.
 */
function hasSamePrice(from: BillingPlan, to: AvailablePlan): boolean {
  const [price, otherPrice] = [readableOrNull(from.price), readableOrNull(to.price)];
  if (price === null || otherPrice === null) return false;
  const [amount, otherAmount] = [parseDecimal(price.amount), parseDecimal(otherPrice.amount)];
  const [currency, otherCurrency] = [readableOrNull(price.currency), readableOrNull(otherPrice.currency)];
  if (amount === null || otherAmount === null || !amount.value.eq(otherAmount.value)) return false;
  return currency === null || otherCurrency === null || currency === otherCurrency;
}

function notKnown(from: BillingPlan | null, to: AvailablePlan): readonly PlanChangeUnknown[] {
  const plans = from === null ? [to] : [from, to];
  const prices = plans.map((plan) => readableOrNull(plan.price));
  const missing: [PlanChangeUnknown, boolean][] = [
    ['PRICE', prices.some((price) => price === null || parseDecimal(price.amount) === null)],
    ['CURRENCY', prices.some((price) => price !== null && readableOrNull(price.currency) === null)],
    ['ALLOWED_DOCUMENTS', plans.some((plan) => readableOrNull(plan.allowedDocuments) === null)],
    ['UNUSED_DOCUMENTS', from !== null && readableOrNull(from.remainingDocuments) === null],
  ];
  return [...ALWAYS_UNKNOWN, ...missing.filter(([, isMissing]) => isMissing).map(([unknown]) => unknown)];
}
