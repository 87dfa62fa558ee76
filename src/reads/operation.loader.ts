import DataLoader from 'dataloader';
import type { GroupUsage } from '../domain/billing-history.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import type { HistoryRead } from './billing-reads.js';
import { type CatalogueSource, GroupLoader, type UsageSource } from './group.loader.js';
import { type ExecutorContext, HistoryExecutor, type HistorySource, type Rows } from './history.executor.js';
import { HistoryPaging } from './history-paging.js';
import { historyReadKey } from './history-response.js';
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

/**
 * Loaders of one operation. Each is made on first use, because an operation seldom needs more than one. Mutable state
 * of one operation by one caller.
 */
export class OperationLoaders {
  readonly #context: ExecutorContext;
  readonly #sources: LoaderSources;
  readonly rootGroupId: string | null;
  #history: OperationHistory | undefined;
  #paging: HistoryPaging | undefined;
  #usage: GroupLoader<string, GroupUsage> | undefined;
  #catalogue: GroupLoader<string | null, BillingCatalogue> | undefined;
  #catalogueAnew: GroupLoader<string | null, BillingCatalogue> | undefined;

  constructor(context: ExecutorContext, sources: LoaderSources) {
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

/** Collects the reads of one tick, so that they are planned together. Mutable state of one operation by one caller. */
class OperationHistory {
  readonly #context: ExecutorContext;
  readonly #source: HistorySource;
  readonly #memory: MembershipMemory;
  readonly #hasWritten: () => boolean;
  /** A key's value is the promise of its rows, so that a slow call holds up only the fields that need it. */
  readonly #loader = new DataLoader<HistoryRead, Promise<Rows>, string>(async (reads) => this.#dispatch(reads), {
    cacheKeyFn: historyReadKey,
  });
  #executor: HistoryExecutor;

  constructor(context: ExecutorContext, source: HistorySource, memory: MembershipMemory, writeVersions: WriteVersions) {
    this.#context = context;
    this.#source = source;
    this.#memory = memory;
    this.#hasWritten = writeVersions.watch(context.subject.credential.id);
    this.#executor = new HistoryExecutor(context, source, memory);
  }

  /** The same rows or the same error as if this were the only read. */
  async load(read: HistoryRead): Promise<Rows> {
    this.#forgetBeforeWrites();
    return this.#loader.load(read);
  }

  #forgetBeforeWrites(): void {
    if (!this.#hasWritten()) return;
    this.#loader.clearAll();
    this.#executor = new HistoryExecutor(this.#context, this.#source, this.#memory);
  }

  #dispatch(reads: readonly HistoryRead[]): Promise<Rows>[] {
    const executor = this.#executor;
    executor.ask(reads);
    return reads.map((read) => executor.rows(read));
  }
}
