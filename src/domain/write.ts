import type { BillingErrorCode, UpstreamFacts } from './errors.js';

export type BillingOperationKind = 'ORDER_BOOSTER_PACK' | 'CHANGE_PLAN' | 'PURCHASE_CREDITS';

/** What the caller wants done with documents on hold: the upstream's `purge`. `DELETE` cannot be undone. */
export type HeldDocumentsAction = 'PROCESS' | 'DELETE';

export type BillingWarningCode =
  | 'UPSTREAM_ERROR_BESIDE_RESULT'
  | 'QUANTITY_DIFFERS'
  | 'GROUP_DIFFERS'
  | 'TOTALS_DIFFER'
  | 'STATUS_MISSING'
  | 'VALUE_UNREADABLE';

/** The write succeeded, and something about its answer is odd. The message is ours and safe to show. */
export interface BillingWarning {
  readonly code: BillingWarningCode;
  readonly message: string;
}

/** Why a write is not known to have succeeded; `code` and `message` are what the client is told. */
export interface WriteFailure {
  readonly code: BillingErrorCode;
  readonly message: string;
  readonly upstream: UpstreamFacts;
}

/**
 * What is known after one attempt at a write (docs/adr/0003-outcome-classes.md). The four classes are exhaustive:
 * - `succeeded`: a well-formed success.
 * - `rejected`: a well-formed refusal by the upstream itself.
 * - `notSent`: proved that no byte of the request left; the same key may try again.
 * - `unknown`: everything else. Money may have moved; nobody sends it again.
 */
export type WriteOutcome<T> =
  | { readonly kind: 'succeeded'; readonly value: T; readonly warnings: readonly BillingWarning[] }
  | { readonly kind: 'rejected'; readonly failure: WriteFailure }
  | { readonly kind: 'notSent'; readonly failure: WriteFailure }
  | { readonly kind: 'unknown'; readonly failure: WriteFailure };
