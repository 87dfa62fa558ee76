import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { WriteOutcome } from '../domain/write.js';
import type { LedgerRow } from './operation.js';

/** A write that must happen at most once. */
export interface OnceRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  /** As in `ClaimRequest`. */
  readonly keysSharedWith?: readonly string[];
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly groupId: string | null;
  /** The normalised input, JSON-safe; only its keyed hash is kept. */
  readonly input: unknown;
  /** The part of the input that may be stored (ids and counts; nothing personal): shown to operators, used when settling. */
  readonly stored: unknown;
  readonly deletesDocuments: boolean;
}

/** The state of the target just before sending, for settling an unknown outcome later. */
export interface Baseline {
  /** Ids of the target's history rows. */
  readonly ids: readonly string[];
  /** What else the use case wants to find again; JSON-safe. */
  readonly before: unknown;
}

export interface OnceSteps<T> {
  /** Null when it cannot be read, or what was read is not to be trusted. Must not throw, must be quick. */
  baseline(): Promise<Baseline | null>;
  /** The one attempt. Never called twice for a key unless the earlier attempt is proved not sent. Must not throw. */
  send(): Promise<WriteOutcome<T>>;
  /** What may be stored of the value: no secret, no personal data. */
  toStored(value: T): unknown;
  /** Gets null for a write that was settled as succeeded without the upstream's figures (by an operator or the history). */
  fromStored(stored: unknown): T;
}

/**
 * - `completed`: sent by this call, or replayed from the ledger (`replayed`). `outcome` says what is known.
 * - `inProgress`: the same key, or another write on the same target, is still under way; `row` is that write.
 * - `keyReused`: the key belongs to another input; `row` holds it.
 * - `priorUnknown`: an earlier write on the same target has an unknown outcome; `row` is that write.
 * - `ledgerUnavailable`: nothing was sent, because nothing could be written down.
 * - `draining`: nothing was sent, because the process is about to end.
 */
export type OnceResult<T> =
  | {
      readonly kind: 'completed';
      readonly outcome: WriteOutcome<T>;
      readonly row: LedgerRow;
      readonly replayed: boolean;
    }
  | { readonly kind: 'inProgress'; readonly row: LedgerRow }
  | { readonly kind: 'keyReused'; readonly row: LedgerRow }
  | { readonly kind: 'priorUnknown'; readonly row: LedgerRow }
  | { readonly kind: 'ledgerUnavailable' }
  | { readonly kind: 'draining' };
