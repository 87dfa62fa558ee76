import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { WriteOutcome } from '../domain/write.js';
import type { StoredAnswer } from './operation.js';
import { toAnswer, unknownFailure } from './replay.js';
import type { Baseline, OnceSteps } from './run-once.port.js';

// A caller's step that breaks its promise not to throw must neither keep a row from its end nor make its outcome a guess.

/** The one attempt. A client that throws may have sent: nothing but unknown is true then. */
export async function attemptOnce<T>(kind: BillingOperationKind, steps: OnceSteps<T>): Promise<WriteOutcome<T>> {
  try {
    return await steps.send();
  } catch {
    return { kind: 'unknown', failure: unknownFailure(kind) };
  }
}

/** A baseline only helps to settle an unknown outcome later; a write does not fail for want of one. */
export async function readBaseline<T>(steps: OnceSteps<T>): Promise<Baseline | null> {
  try {
    return await steps.baseline();
  } catch {
    return null;
  }
}

/** What is kept of the outcome. A mapping that fails costs the figures, not the outcome. */
export function storableAnswer<T>(outcome: WriteOutcome<T>, steps: OnceSteps<T>): StoredAnswer | null {
  try {
    return toAnswer(outcome, (value) => steps.toStored(value));
  } catch {
    return null;
  }
}
