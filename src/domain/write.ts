import type { BillingErrorCode, UpstreamFacts } from './errors.js';

/** The caller's choice for documents on hold: the upstream's `purge`. `DELETE` cannot be undone. */
export type HeldDocumentsAction = 'PROCESS' | 'DELETE';

export const BILLING_WARNING_CODES = [
  'UPSTREAM_ERROR_BESIDE_RESULT',
  'QUANTITY_DIFFERS',
  'GROUP_DIFFERS',
  'TOTALS_DIFFER',
  'STATUS_MISSING',
  'VALUE_UNREADABLE',
] as const;

export type BillingWarningCode = (typeof BILLING_WARNING_CODES)[number];

/** A successful write whose response is odd in one respect. The gateway writes the message, which is safe to show. */
export interface BillingWarning {
  readonly code: BillingWarningCode;
  readonly message: string;
}

/** Reason for which a write is not known to have succeeded. The client receives `code` and `message`. */
export interface WriteFailure {
  readonly code: BillingErrorCode;
  readonly message: string;
  readonly upstream: UpstreamFacts;
}

/**
 * Reason for which the gateway refuses a valid write before it sends anything. The client receives `code` and
 * `message`.
 */
export interface WriteRefusal {
  readonly code: BillingErrorCode;
  readonly message: string;
  /** Path of the input field at fault, outermost first; null: no single field is at fault. */
  readonly field: readonly string[] | null;
}

/**
 * Knowledge after one attempt at a write (docs/adr/0003-outcome-classes.md). The four classes are exhaustive:
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

/** Target of an order or a plan change for the api key's own group, where the number of that group is not known. */
const OWN_GROUP = 'group:(own)';

/** All purchases of one credits account share one target. */
export const CREDITS_TARGET = 'credits';

/**
 * Target that a write locks while it is unfinished or its outcome is unknown. Orders and plan changes of one group
 * block each other. Reason: both spend on that group, and both read the same history to find their outcome.
 */
export function groupTarget(groupId: string | null): string {
  return groupId === null ? OWN_GROUP : `group:${groupId}`;
}

/** Targets whose open writes block a write. */
export type BlockingTargets =
  | { readonly kind: 'these'; readonly targets: readonly string[] }
  /** Every named group, and the own group of unknown number. */
  | { readonly kind: 'everyGroup' };

/**
 * A target blocks itself. An own group of unknown number may be any named group. So it blocks every group, and every
 * group blocks it.
 */
export function blockingTargets(target: string): BlockingTargets {
  if (target === OWN_GROUP) return { kind: 'everyGroup' };
  return { kind: 'these', targets: target.startsWith('group:') ? [target, OWN_GROUP] : [target] };
}

/** Selects recent writes, so that a response from before a write is not shown after it. */
export interface RecentWritesRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  /** Groups whose writes count whoever sent them. Writes of the tenant and of the credential count in any case. */
  readonly groupIds: readonly string[];
  /** Epoch milliseconds. */
  readonly sinceMs: number;
}

/** A write that was sent, or may have been, and that is unfinished or finished since that time. */
export interface RecentWrite {
  readonly kind: string;
  /** Null: the write concerns the api key's own group, or the whole account. */
  readonly groupId: string | null;
  /** True when this process sent and finished it, so that its times are by this process's clock. */
  readonly isOwn: boolean;
  /**
   * Unix epoch milliseconds by the clock of the process that sent it. Null: it is under way, or its outcome is unknown.
   */
  readonly completedAtMs: number | null;
}

/** The subject of a write as `BillingOperation` shows it: the ids and counts of its input that may be stored. */
export interface WriteSubject {
  readonly packId: string | null;
  readonly quantity: number | null;
  readonly planId: string | null;
  readonly purchaseId: string | null;
}

export const NO_SUBJECT: WriteSubject = { packId: null, quantity: null, planId: null, purchaseId: null };
