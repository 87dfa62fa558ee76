import type { LedgerState, Resolution } from './operation.js';

/**
 * Who changes a row: its `owner` (the process that claimed it), the `sweep` that finds the owner gone, or, for an outcome that was
 * already called unknown, what settled it.
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
