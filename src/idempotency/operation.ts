import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { BillingWarning, WriteFailure } from '../domain/write.js';

/**
 * States of a ledger row. `claimed` and `sending` are unfinished and have an owner; the rest are final, except that `not_sent`
 * may be claimed again with the same key, and `unknown` may be settled by a late answer, the reconciler or an operator.
 */
export type LedgerState = 'claimed' | 'sending' | 'succeeded' | 'rejected' | 'not_sent' | 'unknown';

/** What is kept of an answer: no secret, no personal data. `value` is the JSON of the use case's own choosing. */
export type StoredAnswer =
  | { readonly kind: 'value'; readonly value: unknown; readonly warnings: readonly BillingWarning[] }
  | { readonly kind: 'failure'; readonly failure: WriteFailure };

/** How an unknown outcome was settled, for the audit. */
export interface Resolution {
  readonly by: 'late-answer' | 'reconciler' | 'operator';
  readonly atMs: number;
  /** The operator's reason. */
  readonly note: string | null;
  /** The verified subject of the operator, where the auth mode knows one. */
  readonly subject: string | null;
}

/** One write as the ledger remembers it. Times are epoch milliseconds. */
export interface LedgerRow {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  readonly kind: BillingOperationKind;
  /** What the write locks: `group:123`, `group:(own)`, `credits`. See `blockingTargets`. */
  readonly target: string;
  readonly groupId: string | null;
  /** Keyed hash of the normalised input and target. */
  readonly fingerprint: string;
  /** What may be stored of the input (ids and counts), as given by the use case. */
  readonly input: unknown;
  readonly state: LedgerState;
  /** Process that claimed it last. */
  readonly ownerId: string;
  /** Counts claims of this key, so that a stale owner cannot complete a newer claim. */
  readonly claim: number;
  readonly createdAtMs: number;
  readonly sentAtMs: number | null;
  readonly completedAtMs: number | null;
  /** The write asked the upstream to delete held documents. */
  readonly deletesDocuments: boolean;
  /** Ids of the history rows seen before sending; null where no baseline could be read. */
  readonly baseline: readonly string[] | null;
  /** What the use case noted just before sending, JSON-safe; it is used when an unknown outcome is settled. Null: nothing. */
  readonly before: unknown;
  readonly answer: StoredAnswer | null;
  readonly resolution: Resolution | null;
  /** Background reconciliations tried so far. */
  readonly reconcileAttempts: number;
}
