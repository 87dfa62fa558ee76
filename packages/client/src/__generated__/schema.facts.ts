/* Generated from the gateway's schema: do not edit. */

/** Types that a cache keeps once, wherever they appear, and the field that names one. */
export const ENTITY_KEYS = {
  BillingOperation: 'idempotencyKey',
  Group: 'id',
} as const;

/** Every other type: part of its owner, never shared and never merged. */
export const EMBEDDED_TYPES = [
  'AvailablePack',
  'AvailablePlan',
  'BillingActivity',
  'BillingEvidence',
  'BillingHistoryConnection',
  'BillingHistoryEdge',
  'BillingHistorySummary',
  'BillingOperationConnection',
  'BillingOperationEdge',
  'BillingOperationPayload',
  'BillingPlan',
  'BillingUserError',
  'BillingWarning',
  'BoosterPackOrder',
  'BoosterPackSummary',
  'ChangePlanPayload',
  'CreditPurchase',
  'Money',
  'OpenBillingUiPayload',
  'OrderBoosterPackPayload',
  'PageInfo',
  'PlanChangePreview',
  'PurchaseCreditsPayload',
] as const;

/** Fields of a group from the upstream, which a write may change. The name is not among them. */
export const GROUP_READS = [
  'availablePacks',
  'availablePlans',
  'billingHistory',
  'plan',
  'planChangePreview',
  'subgroups',
] as const;

/** Mutations that charge. */
export const CHARGES = [
  'changePlan',
  'orderBoosterPack',
  'purchaseCredits',
] as const;

/** Mutations that may return the outcome of an earlier write. */
export const SETTLEMENTS = [
  'reconcileBillingOperation',
  'resolveBillingOperation',
] as const;
