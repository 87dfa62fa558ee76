import type { BillingErrorCode, UpstreamFacts } from './errors.js';

/** What the caller wants done with documents on hold: the upstream's `purge`. `DELETE` cannot be undone. */
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

/** Why a valid write is refused before anything is sent. Code and message are what the client is told. */
export interface WriteRefusal {
  readonly code: BillingErrorCode;
  readonly message: string;
  /** Path of the input field at fault, outermost first; null: no single one is. */
  readonly field: readonly string[] | null;
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

/** The target of an order or a plan change of the api key's own group where the number of that group is not known. */
const OWN_GROUP = 'group:(own)';

/** All purchases of one credits account share one target. */
export const CREDITS_TARGET = 'credits';

/**
 * What a write locks while it is unfinished or its outcome is unknown. Orders and plan changes of one group block each other,
 * because both spend on that group and both read the same history to find out what happened.
 */
export function groupTarget(groupId: string | null): string {
  return groupId === null ? OWN_GROUP : `group:${groupId}`;
}

/** Which targets of open writes block a write. */
export type BlockingTargets =
  | { readonly kind: 'these'; readonly targets: readonly string[] }
  /** Every group, and the own one. */
  | { readonly kind: 'everyGroup' };

/**
 * A target blocks itself. An own group of unknown number may be any group that is named elsewhere, so it blocks every group and every
 * group blocks it.
 */
export function blockingTargets(target: string): BlockingTargets {
  if (target === OWN_GROUP) return { kind: 'everyGroup' };
  return { kind: 'these', targets: target.startsWith('group:') ? [target, OWN_GROUP] : [target] };
}

/** Whose writes, and since when, are asked for where an answer from before must not be shown after a write. */
export interface RecentWritesRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  /** Groups whose writes count whoever made them; those of the tenant and of the credential count in any case. */
  readonly groupIds: readonly string[];
  /** Epoch milliseconds. */
  readonly sinceMs: number;
}

/** A write that was sent, or may be, and that is not finished or was finished since. */
export interface RecentWrite {
  readonly kind: string;
  /** Null: of the api key's own group, or of the whole account. */
  readonly groupId: string | null;
  /** Made and finished by this process, so that its times are by the same clock. */
  readonly isOwn: boolean;
  /** Epoch milliseconds by the clock of whoever made it; null: it is under way, or its outcome is unknown. */
  readonly completedAtMs: number | null;
}

/** What a write was about, as an operation shows it: the ids and counts of its input that may be stored. */
export interface WriteSubject {
  readonly packId: string | null;
  readonly quantity: number | null;
  readonly planId: string | null;
  readonly purchaseId: string | null;
}

export const NO_SUBJECT: WriteSubject = { packId: null, quantity: null, planId: null, purchaseId: null };
