import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { BillingWarning, WriteFailure } from '../domain/write.js';

/**
 * States of a ledger row. `claimed` and `sending` are unfinished and have an owner; the rest are final, except that
 * `not_sent` may be claimed again with the same key, and `unknown` may be settled by a late answer, the reconciler or
 * an operator.
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
  /** The verified subject of the operator, or of who asked to reconcile, where the auth mode knows one. */
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
  /**
   * What the use case noted just before sending, JSON-safe; it is used when an unknown outcome is settled. Null:
   * nothing.
   */
  readonly before: unknown;
  readonly answer: StoredAnswer | null;
  readonly resolution: Resolution | null;
  /** Background reconciliations tried so far. */
  readonly reconcileAttempts: number;
}

/**
 * Who changes a row: its `owner` (the process that claimed it), the `sweep` that finds the owner gone, or, for an
 * outcome that was already called unknown, what settled it.
 */
export type Actor = 'owner' | 'sweep' | Resolution['by'];

export interface Transition {
  /** Null: the key was never seen. */
  readonly from: LedgerState | null;
  readonly to: LedgerState;
  readonly by: readonly Actor[];
  readonly why: string;
}

/** Everything that may ever happen to a row. What is not here is refused by both stores. */
export const TRANSITIONS: readonly Transition[] = [
  {
    from: null,
    to: 'claimed',
    by: ['owner'],
    why: 'A key seen for the first time. Nothing may be sent yet: the row only keeps others out.',
  },
  {
    from: 'claimed',
    to: 'sending',
    by: ['owner'],
    why: 'Durable before the socket opens, so that a crash from here on is remembered as a possible charge.',
  },
  {
    from: 'claimed',
    to: 'not_sent',
    by: ['owner', 'sweep'],
    why: 'A row that never became sending proves that no byte left: the owner gave up, or died before it could send.',
  },
  {
    from: 'sending',
    to: 'succeeded',
    by: ['owner'],
    why: 'A well-formed success.',
  },
  {
    from: 'sending',
    to: 'rejected',
    by: ['owner'],
    why: 'A well-formed refusal by the upstream itself.',
  },
  {
    from: 'sending',
    to: 'not_sent',
    by: ['owner'],
    why: 'The owner alone can prove that the connection never came about. A sweep cannot, so it has no such way.',
  },
  {
    from: 'sending',
    to: 'unknown',
    by: ['owner', 'sweep'],
    why: 'Anything else, and every row whose owner is gone: the charge may or may not have been made.',
  },
  {
    from: 'not_sent',
    to: 'claimed',
    by: ['owner'],
    why: 'The same key may try again, because the earlier attempt provably reached nobody. It counts as a new claim.',
  },
  {
    from: 'unknown',
    to: 'succeeded',
    by: ['late-answer', 'reconciler', 'operator'],
    why: 'The answer came after all, the history proves the charge, or a person vouches for it.',
  },
  {
    from: 'unknown',
    to: 'rejected',
    by: ['late-answer', 'reconciler', 'operator'],
    why: 'As above, for a charge that was not made.',
  },
  {
    from: 'succeeded',
    to: 'rejected',
    by: ['operator'],
    why: 'Only where the reconciler had settled it: a person knows better than a comparison, and never better than a response.',
  },
  {
    from: 'unknown',
    to: 'not_sent',
    by: ['late-answer'],
    why: 'An owner that was thought gone comes back with the proof that it never connected. Nobody else can have that proof.',
  },
];

export function findTransition(from: LedgerState | null, to: LedgerState, by: Actor): Transition | undefined {
  return TRANSITIONS.find((rule) => rule.from === from && rule.to === to && rule.by.includes(by));
}

/** A programming error: a change that the table does not allow was asked of a store. */
export class ForbiddenTransition extends Error {
  override readonly name = 'ForbiddenTransition';
}

export function assertTransition(from: LedgerState | null, to: LedgerState, by: Actor): void {
  if (findTransition(from, to, by) === undefined) {
    throw new ForbiddenTransition(`${by} may not change a write from ${from ?? 'nothing'} to ${to}`);
  }
}

/** An owner is at work on the row, or is gone. */
export function isUnfinished(state: LedgerState): boolean {
  return state === 'claimed' || state === 'sending';
}

/**
 * What a key that is already in the ledger means for a new request under it: another write (`keyReused`), the same
 * write whose state decides (`existing`), or the same write that provably reached nobody and may be claimed again
 * (`reclaim`).
 */
export function classifyKnownKey(
  known: Pick<LedgerRow, 'fingerprint' | 'state'>,
  fingerprint: string,
): 'keyReused' | 'existing' | 'reclaim' {
  if (known.fingerprint !== fingerprint) {
    return 'keyReused';
  }
  return known.state === 'not_sent' ? 'reclaim' : 'existing';
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Waits between background reconciliations. The first ones are short because an upstream shows a charge within seconds
 * when it shows it at all; the later ones only catch what was delayed, and cost the upstream next to nothing.
 */
export const RECONCILE_INTERVALS_MS: readonly number[] = [
  10 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  HOUR,
  6 * HOUR,
  24 * HOUR,
];

/** Milliseconds to wait after `attempts` reconciliations that settled nothing; the last interval goes on for ever. */
export function reconcileDelayMs(attempts: number): number {
  const index = Math.min(Math.max(Math.trunc(attempts), 0), RECONCILE_INTERVALS_MS.length - 1);
  return RECONCILE_INTERVALS_MS[index] ?? 24 * HOUR;
}
