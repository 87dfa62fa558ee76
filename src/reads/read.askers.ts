import type { CatalogueField } from './billing-reads.js';
import type { HistoryRead } from './history-client.port.js';
import { historyReadKey } from './history-read.key.js';

/** A field of the schema that reads. */
export type AskingField = 'plan' | 'billingHistory' | 'subgroups' | 'name' | CatalogueField;

/**
 * Counts which fields asked what, for who looks at an operation's upstream calls; made only when somebody does. Mutable state of one
 * operation, bounded by its questions.
 */
export class ReadAskers {
  readonly #byQuestion = new Map<string, Map<AskingField, number>>();

  /** @param question a read, or a group: any answer about it will do */
  note(question: HistoryRead | string, field: AskingField): void {
    const key = typeof question === 'string' ? question : historyReadKey(question);
    const counts = this.#byQuestion.get(key) ?? new Map<AskingField, number>();
    counts.set(field, (counts.get(field) ?? 0) + 1);
    this.#byQuestion.set(key, counts);
  }

  /** The fields that asked about a group, with how often each did. */
  about(group: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byQuestion.get(group) ?? []);
  }

  /** The fields that wait for a call which is to answer these reads, with how often each asked. */
  of(reads: readonly HistoryRead[]): Readonly<Record<string, number>> {
    const keys = new Set(reads.flatMap((read) => [historyReadKey(read), read.groupId]));
    const total = new Map<AskingField, number>();
    for (const key of keys) {
      for (const [field, count] of this.#byQuestion.get(key) ?? []) total.set(field, (total.get(field) ?? 0) + count);
    }
    return Object.fromEntries(total);
  }
}
