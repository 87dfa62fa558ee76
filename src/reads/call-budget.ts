import { BillingError } from '../domain/errors.js';
import type { CatalogueField, HistoryRead, OperationCost, UpstreamCallCounts } from './billing-reads.js';
import { historyReadKey } from './history-response.js';

export function tooManyCalls(limit: number): BillingError {
  return new BillingError(
    'OPERATION_TOO_COMPLEX',
    `The operation needs more than ${limit} upstream calls; ask for fewer groups or windows at once.`,
  );
}

/**
 * Mutable account of one operation's upstream calls. The limit counts the calls that the reads need. A batch call that
 * settled no read is given back, so that batching never refuses an operation that would fit without it. Such calls are
 * few: at most one a tick, and the planner then avoids an ancestor whose call failed.
 */
export class CallBudget {
  readonly #onCallsSaved: (calls: number) => void;
  #asked = 0;
  #made = 0;
  #reserved = 0;
  #reported = 0;

  constructor(
    readonly limit: number,
    onCallsSaved: (calls: number) => void,
  ) {
    this.#onCallsSaved = onCallsSaved;
  }

  /** Counts a read that would cost one call if it were the only one. */
  countQuestion(): void {
    this.#asked += 1;
  }

  /** Takes back a refused read, because a refusal saves no call. */
  uncountQuestion(): void {
    this.#asked -= 1;
  }

  countCall(): void {
    this.#made += 1;
  }

  get left(): number {
    return this.limit - this.#reserved;
  }

  /** @returns false, and reserves nothing, when the calls exceed the limit */
  reserve(calls: number): boolean {
    if (calls > this.left) return false;
    this.#reserved += calls;
    return true;
  }

  giveBack(): void {
    this.#reserved -= 1;
  }

  counts(): UpstreamCallCounts {
    return { made: this.#made, saved: Math.max(0, this.#asked - this.#made) };
  }

  cost(): OperationCost {
    return { asked: this.#asked, ...this.counts(), left: this.left };
  }

  /** Reports to the metric the calls saved since the last report. */
  report(): void {
    const { saved } = this.counts();
    if (saved <= this.#reported) return;
    this.#onCallsSaved(saved - this.#reported);
    this.#reported = saved;
  }
}

/** A field of the schema that reads. */
export type RequestingField = 'plan' | 'billingHistory' | 'subgroups' | 'name' | CatalogueField;

/**
 * Counts how often each field of the schema requested a read, for `/debug`. It exists only where `/debug` is on.
 * Mutable state of one operation, bounded by its reads.
 */
export class ReadRequesters {
  readonly #byQuestion = new Map<string, Map<RequestingField, number>>();

  /** @param question a read of a history; or a group, of which another endpoint is read */
  note(question: HistoryRead | string, field: RequestingField): void {
    const key = typeof question === 'string' ? question : historyReadKey(question);
    const counts = this.#byQuestion.get(key) ?? new Map<RequestingField, number>();
    counts.set(field, (counts.get(field) ?? 0) + 1);
    this.#byQuestion.set(key, counts);
  }

  /** The fields that requested a group, with their counts. */
  about(group: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byQuestion.get(group) ?? []);
  }

  /** The fields that wait for a call that serves these reads, with their counts. */
  of(reads: readonly HistoryRead[]): Readonly<Record<string, number>> {
    const keys = new Set(reads.map(historyReadKey));
    const total = new Map<RequestingField, number>();
    for (const key of keys) {
      for (const [field, count] of this.#byQuestion.get(key) ?? []) total.set(field, (total.get(field) ?? 0) + count);
    }
    return Object.fromEntries(total);
  }
}
