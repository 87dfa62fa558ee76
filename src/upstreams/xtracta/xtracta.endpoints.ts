import type { EndpointKind } from '../../domain/upstream-call.js';

/** One endpoint of the billing API. All are POST; what may be repeated is said by `kind` alone. */
export interface XtractaEndpoint {
  /** The client's method, as logs, metrics and errors name it. */
  readonly operation: string;
  readonly path: string;
  readonly kind: EndpointKind;
}

export const GET_BILLING_HISTORY = {
  operation: 'getBillingHistory',
  path: '/v1/billings/history',
  kind: 'read',
} as const satisfies XtractaEndpoint;

export const GET_USAGE = {
  operation: 'getUsage',
  path: '/v1/billings/usage',
  kind: 'read',
} as const satisfies XtractaEndpoint;

/** The manual's public copy breaks off before the path, so it is what its siblings suggest, and may be set. */
export const GET_PLANS = {
  operation: 'getPlans',
  path: '/v1/billings/plans',
  kind: 'read',
} as const satisfies XtractaEndpoint;

/** Buys at once. */
export const ORDER_BOOSTER_PACK = {
  operation: 'orderBoosterPack',
  path: '/v1/billings/booster',
  kind: 'write',
} as const satisfies XtractaEndpoint;

/** The same plan again is a renewal, and charged again. */
export const CHANGE_PLAN = {
  operation: 'changePlan',
  path: '/v1/billings/update',
  kind: 'write',
} as const satisfies XtractaEndpoint;

/** Moves no money, but mints a credential: a second attempt would leave one behind that nobody knows of. */
export const OPEN_BILLING_UI = {
  operation: 'openBillingUi',
  path: '/v1/billings/billing_ui',
  kind: 'write',
} as const satisfies XtractaEndpoint;
