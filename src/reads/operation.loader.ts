import DataLoader from 'dataloader';
import type { HistoryRead } from './billing-reads.js';
import { type ExecutorContext, HistoryExecutor, type HistorySource, type Rows } from './history.executor.js';
import { historyReadKey } from './history-response.js';
import { planWindow } from './history-window.policy.js';
import type { MembershipMemory } from './membership-memory.js';
import type { WriteVersions } from './shared-reads.js';

/**
 * `window`: the rows of one read. `naming`: any rows that contain the group's name. Where the operation reads none for
 * other reasons, the loader reads the window of the group's present plan.
 */
export type HistoryQuestion =
  | { readonly kind: 'window'; readonly read: HistoryRead }
  | { readonly kind: 'naming'; readonly groupId: string };

function questionKey(question: HistoryQuestion): string {
  return question.kind === 'window' ? historyReadKey(question.read) : `naming ${question.groupId}`;
}

/** Collects the reads of one tick, so that they are planned together. Mutable state of one operation by one caller. */
export class OperationHistory {
  readonly #context: ExecutorContext & { readonly nowMs: number };
  readonly #source: HistorySource;
  readonly #memory: MembershipMemory;
  readonly #writeVersions: WriteVersions;
  /** A key's value is the promise of its rows, so that a slow call holds up only the fields that need it. */
  readonly #loader = new DataLoader<HistoryQuestion, Promise<Rows>, string>(
    async (questions) => this.#dispatch(questions),
    { cacheKeyFn: questionKey },
  );
  #executor: HistoryExecutor;
  #writeVersion: number;

  constructor(
    context: ExecutorContext & { readonly nowMs: number },
    source: HistorySource,
    memory: MembershipMemory,
    writeVersions: WriteVersions,
  ) {
    this.#context = context;
    this.#source = source;
    this.#memory = memory;
    this.#writeVersions = writeVersions;
    this.#executor = new HistoryExecutor(context, source, memory);
    this.#writeVersion = this.#currentVersion();
  }

  /** The same rows or the same error as if this were the only read. */
  async load(question: HistoryQuestion): Promise<Rows> {
    this.#forgetBeforeWrites();
    return this.#loader.load(question);
  }

  #currentVersion(): number {
    return this.#writeVersions.current(this.#context.subject.credential.id);
  }

  #forgetBeforeWrites(): void {
    const writeVersion = this.#currentVersion();
    if (writeVersion === this.#writeVersion) return;
    this.#writeVersion = writeVersion;
    this.#loader.clearAll();
    this.#executor = new HistoryExecutor(this.#context, this.#source, this.#memory);
  }

  #dispatch(questions: readonly HistoryQuestion[]): Promise<Rows>[] {
    const executor = this.#executor;
    const reads = questions.flatMap((question) => (question.kind === 'window' ? [question.read] : []));
    const askedAbout = new Set(reads.map((read) => read.groupId));
    const responses = questions.map((question): (() => Promise<Rows>) => {
      if (question.kind === 'window') return () => executor.rows(question.read);
      const { groupId } = question;
      const known = executor.rowsNaming(groupId);
      if (known !== null) return () => Promise.resolve(known);
      if (askedAbout.has(groupId) || executor.isAskedAbout(groupId)) return () => this.#nameAfter(executor, groupId);
      const read = this.#planRead(groupId);
      reads.push(read);
      return () => executor.rows(read);
    });
    executor.ask(reads);
    return responses.map((response) => response());
  }

  /** Responses under way may contain the group's name. If they do not, the name gets a call of its own. */
  async #nameAfter(executor: HistoryExecutor, groupId: string): Promise<Rows> {
    await executor.settledAbout(groupId);
    return executor.rowsNaming(groupId) ?? this.#loader.load({ kind: 'window', read: this.#planRead(groupId) });
  }

  #planRead(groupId: string): HistoryRead {
    return { groupId, ...planWindow(this.#context.nowMs), recursive: false };
  }
}
