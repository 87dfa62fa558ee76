import { BillingError } from '../domain/errors.js';
import type { UpstreamCallCounts } from './billing-reads.js';

export function tooManyCalls(limit: number): BillingError {
  return new BillingError(
    'OPERATION_TOO_COMPLEX',
    `The operation needs more than ${limit} upstream calls; ask for fewer groups or windows at once.`,
  );
}

/**
 * Mutable account of one operation's upstream calls. The limit counts what the questions need: a call that the planner tried in
 * place of others, and that settled none of them, is given back, so that batching never refuses what would pass one by one. Such
 * calls are few: one a tick at most, and a base whose call failed is then avoided.
 */
export class CallBudget {
  #asked = 0;
  #made = 0;
  #reserved = 0;
  #reported = 0;

  constructor(
    readonly limit: number,
    private readonly onCallsSaved: (calls: number) => void,
  ) {}

  /** A question that would have cost one call, had it been asked on its own. */
  countQuestion(): void {
    this.#asked += 1;
  }

  /** The question was refused: nothing was saved by not asking it. */
  uncountQuestion(): void {
    this.#asked -= 1;
  }

  countCall(): void {
    this.#made += 1;
  }

  /** @returns false, and reserves nothing, when that is over the limit */
  reserve(calls: number): boolean {
    if (this.#reserved + calls > this.limit) return false;
    this.#reserved += calls;
    return true;
  }

  giveBack(): void {
    this.#reserved -= 1;
  }

  counts(): UpstreamCallCounts {
    return { made: this.#made, saved: Math.max(0, this.#asked - this.#made) };
  }

  /** Tells the metric what was saved since the last report. */
  report(): void {
    const { saved } = this.counts();
    if (saved <= this.#reported) return;
    this.onCallsSaved(saved - this.#reported);
    this.#reported = saved;
  }
}
