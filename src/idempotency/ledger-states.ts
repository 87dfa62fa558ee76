import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { BillingWarning, WriteFailure } from '../domain/write.js';

/**
 * States of a ledger row. `claimed` and `sending` are unfinished and have an owner; the rest are final, with two
 * exceptions. `not_sent` may be claimed again with the same key. `unknown` may be settled by a late response, the
 * reconciler or an operator.
 */
export type LedgerState = 'claimed' | 'sending' | 'succeeded' | 'rejected' | 'not_sent' | 'unknown';

/** The stored result of a write, without secrets and personal data. The use case chooses the JSON in `value`. */
export type StoredResponse =
  | { readonly kind: 'value'; readonly value: unknown; readonly warnings: readonly BillingWarning[] }
  | { readonly kind: 'failure'; readonly failure: WriteFailure };

/**
 * The settlement of an unknown outcome, for the audit. `late-answer` is a stored word: the owner's own response came
 * after the row had become unknown.
 */
export interface Resolution {
  readonly by: 'late-answer' | 'reconciler' | 'operator';
  readonly atMs: number;
  /** The operator's reason. */
  readonly note: string | null;
  /** The verified subject of the operator, or of the requester of a reconciliation, where the auth mode has one. */
  readonly subject: string | null;
}

/** One write in the ledger. Times are Unix epoch milliseconds. */
export interface LedgerRow {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  readonly kind: BillingOperationKind;
  /** The target that the write locks: `group:123`, `group:(own)`, `credits`. See `blockingTargets`. */
  readonly target: string;
  readonly groupId: string | null;
  /** Keyed hash of the normalised input and target. */
  readonly fingerprint: string;
  /** The part of the input that may be stored (ids and counts), from the use case. */
  readonly input: unknown;
  readonly state: LedgerState;
  /** Process that claimed it last. */
  readonly ownerId: string;
  /** Number of claims of this key, so that a former owner cannot complete a newer claim. */
  readonly claim: number;
  readonly createdAtMs: number;
  readonly sentAtMs: number | null;
  readonly completedAtMs: number | null;
  /** Whether the write requested the deletion of held documents. */
  readonly deletesDocuments: boolean;
  /** Ids of the history rows seen before sending; null where no baseline could be read. */
  readonly baseline: readonly string[] | null;
  /**
   * JSON-safe note of the use case from just before the sending, for the settlement of an unknown outcome. Null: none.
   */
  readonly before: unknown;
  /** The stored response. It keeps the name of its column, which every version since the first reads and writes. */
  readonly answer: StoredResponse | null;
  readonly resolution: Resolution | null;
  /** Background reconciliations tried so far in this state. */
  readonly reconcileAttempts: number;
}

/**
 * The actor of a change: the `owner` (the process that claimed the row), or the `sweep` that finds the owner gone. For
 * an unknown outcome it is the one that settles it.
 */
export type Actor = 'owner' | 'sweep' | Resolution['by'];

export interface Transition {
  /** Null: the key is new. */
  readonly from: LedgerState | null;
  readonly to: LedgerState;
  readonly by: readonly Actor[];
  readonly why: string;
}

/** All permitted changes of a row. Both stores refuse every other change. */
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
    why: 'The response came after all, the history proves the charge, or a person vouches for it.',
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
    by: ['late-answer', 'operator'],
    why:
      'Only where the reconciler had settled it: a response and a person know better than a comparison, ' +
      'and a person never better than a response.',
  },
  {
    from: 'succeeded',
    to: 'not_sent',
    by: ['late-answer'],
    why: 'As above, for an owner that comes back with the proof that it never connected.',
  },
  {
    from: 'unknown',
    to: 'not_sent',
    by: ['late-answer'],
    why:
      'An owner that was thought gone comes back with the proof that it never connected. ' +
      'Nobody else can have that proof.',
  },
];

export function findTransition(from: LedgerState | null, to: LedgerState, by: Actor): Transition | undefined {
  return TRANSITIONS.find((rule) => rule.from === from && rule.to === to && rule.by.includes(by));
}

/** A programming error: a change that the table does not permit was requested of a store. */
export class ForbiddenTransition extends Error {
  override readonly name = 'ForbiddenTransition';
}

export function assertTransition(from: LedgerState | null, to: LedgerState, by: Actor): void {
  if (findTransition(from, to, by) === undefined) {
    throw new ForbiddenTransition(`${by} may not change a write from ${from ?? 'nothing'} to ${to}`);
  }
}

/** Whether an owner is working on the row, or has died while it did. */
export function isUnfinished(state: LedgerState): boolean {
  return state === 'claimed' || state === 'sending';
}

/**
 * Meaning of a known key for a new request with it. `keyReused`: another write. `existing`: the same write, whose state
 * decides. `reclaim`: the same write, which provably reached nobody and may be claimed again.
 */
export function classifyKnownKey(
  known: Pick<LedgerRow, 'state'>,
  isSameWrite: boolean,
): 'keyReused' | 'existing' | 'reclaim' {
  if (!isSameWrite) {
    return 'keyReused';
  }
  return known.state === 'not_sent' ? 'reclaim' : 'existing';
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Waits between background reconciliations. The first ones are short, because an upstream usually shows a charge within
 * seconds. The later ones only catch delayed charges, and cost the upstream next to nothing.
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

/** Milliseconds to wait after `attempts` reconciliations that settled nothing. The last interval repeats for ever. */
export function reconcileDelayMs(attempts: number): number {
  const index = Math.min(Math.max(Math.trunc(attempts), 0), RECONCILE_INTERVALS_MS.length - 1);
  return RECONCILE_INTERVALS_MS[index] ?? 24 * HOUR;
}
