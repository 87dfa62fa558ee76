import type { BillingOperationKind, WriteOutcome } from '../domain/write.js';
import type { LedgerRow } from './operation.js';

/** A write that must happen at most once. */
export interface OnceRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly groupId: string | null;
  /** The normalised input, JSON-safe; only its keyed hash is kept. */
  readonly input: unknown;
  /** The part of the input that may be stored (ids and counts; nothing personal): shown to operators, used when settling. */
  readonly stored: unknown;
  readonly deletesDocuments: boolean;
}

export interface OnceSteps<T> {
  /** Ids of the target's history rows before sending; null when they cannot be read. Must not throw, must be quick. */
  baseline(): Promise<readonly string[] | null>;
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
