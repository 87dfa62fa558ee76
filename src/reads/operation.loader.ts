import DataLoader from 'dataloader';
import type { GroupUsage } from '../domain/billing-history.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import type { HistoryRead } from './billing-reads.js';
import { type CatalogueSource, GroupLoader, type UsageSource } from './group.loader.js';
import { type ExecutorContext, HistoryExecutor, type HistorySource, type Rows } from './history.executor.js';
import { HistoryPaging } from './history-paging.js';
import { historyReadKey } from './history-response.js';
import { planWindow } from './history-window.policy.js';
import type { MembershipMemory } from './membership-memory.js';
import type { WriteVersions } from './shared-reads.js';
import type { SnapshotStore } from './snapshot.store.js';

/** State that the loaders of all operations share. All of it is keyed by tenant and credential. */
export interface LoaderSources {
  readonly source: HistorySource;
  readonly memory: MembershipMemory;
  readonly writeVersions: WriteVersions;
  readonly snapshots: SnapshotStore;
  readonly usage: UsageSource;
  readonly catalogue: CatalogueSource;
}

interface LoaderContext extends ExecutorContext {
  /** The operation's own "now" (epoch milliseconds). */
  readonly now: () => number;
}

/**
 * Loaders of one operation. Each is made on first use, because an operation seldom needs more than one. Mutable state
 * of one operation by one caller.
 */
export class OperationLoaders {
  readonly #context: LoaderContext;
  readonly #sources: LoaderSources;
  readonly rootGroupId: string | null;
  #history: OperationHistory | undefined;
  #paging: HistoryPaging | undefined;
  #usage: GroupLoader<string, GroupUsage> | undefined;
  #catalogue: GroupLoader<string | null, BillingCatalogue> | undefined;
  #catalogueAnew: GroupLoader<string | null, BillingCatalogue> | undefined;

  constructor(context: LoaderContext, sources: LoaderSources) {
    this.#context = context;
    this.#sources = sources;
    this.rootGroupId = context.subject.credential.rootGroupId;
  }

  /** Whether a catalogue of the group is cached. */
  keepsCatalogue(groupId: string | null): boolean {
    return this.#sources.catalogue.kept(this.#context.subject, groupId) !== null;
  }

  get history(): OperationHistory {
    const { source, memory, writeVersions } = this.#sources;
    this.#history ??= new OperationHistory(this.#context, source, memory, writeVersions);
    return this.#history;
  }

  get paging(): HistoryPaging {
    this.#paging ??= new HistoryPaging(this.#context.subject, this.#sources.snapshots, this.#sources.writeVersions);
    return this.#paging;
  }

  get usage(): GroupLoader<string, GroupUsage> {
    this.#usage ??= new GroupLoader(this.#context, this.#sources.usage, this.#sources.writeVersions);
    return this.#usage;
  }

  get catalogue(): GroupLoader<string | null, BillingCatalogue> {
    this.#catalogue ??= new GroupLoader(this.#context, this.#sources.catalogue, this.#sources.writeVersions);
    return this.#catalogue;
  }

  get catalogueAnew(): GroupLoader<string | null, BillingCatalogue> {
    this.#catalogueAnew ??= new GroupLoader(this.#context, this.#sources.catalogue.anew(), this.#sources.writeVersions);
    return this.#catalogueAnew;
  }
}

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
class OperationHistory {
  readonly #context: LoaderContext;
  readonly #source: HistorySource;
  readonly #memory: MembershipMemory;
  readonly #hasWritten: () => boolean;
  /** A key's value is the promise of its rows, so that a slow call holds up only the fields that need it. */
  readonly #loader = new DataLoader<HistoryQuestion, Promise<Rows>, string>(
    async (questions) => this.#dispatch(questions),
    { cacheKeyFn: questionKey },
  );
  #executor: HistoryExecutor;

  constructor(context: LoaderContext, source: HistorySource, memory: MembershipMemory, writeVersions: WriteVersions) {
    this.#context = context;
    this.#source = source;
    this.#memory = memory;
    this.#hasWritten = writeVersions.watch(context.subject.credential.id);
    this.#executor = new HistoryExecutor(context, source, memory);
  }

  /** The same rows or the same error as if this were the only read. */
  async load(question: HistoryQuestion): Promise<Rows> {
    this.#forgetBeforeWrites();
    return this.#loader.load(question);
  }

  #forgetBeforeWrites(): void {
    if (!this.#hasWritten()) return;
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
    return { groupId, ...planWindow(this.#context.now()), recursive: false };
  }
}
