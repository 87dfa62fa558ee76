import { BillingError } from '../domain/errors.js';
import type { GroupClient, HistoryClient, OperationBillingReads } from './billing-reads.js';
import { CatalogueStore } from './catalogue.store.js';
import { CatalogueSource, UsageSource } from './group.loader.js';
import { HistorySource } from './history.executor.js';
import { MembershipMemory } from './membership-memory.js';
import {
  type OperationContext,
  OperationReads,
  type OperationSettings,
  type PlanSource,
  type SharedReads,
} from './operation-reads.js';
import type { LargeResponses } from './response-account.js';
import { InFlightReads, WriteVersions } from './shared-reads.js';
import { SnapshotStore } from './snapshot.store.js';
import { StaleReads, type StaleReadsOptions } from './stale-reads.js';

export interface BillingReadsFactoryOptions {
  readonly client: HistoryClient;
  /** Absent: reads of usage and catalogue fail with `NOT_CONFIGURED`. */
  readonly groupClient?: GroupClient;
  /** `HISTORY_MERGE_WINDOWS`: one call may serve several windows of a group. */
  readonly mergeWindows: boolean;
  /** `MAX_UPSTREAM_CALLS`: upstream calls that the reads of one operation may need. */
  readonly maxUpstreamCalls: number;
  /** `OPERATION_TIMEOUT_MS`: longest time for the reads of one operation, in milliseconds; default 30,000. */
  readonly operationTimeoutMs?: number;
  /** Places for large responses. Default: unlimited. */
  readonly largeResponses?: LargeResponses;
  /** `PLAN_SOURCE`; default `history`. */
  readonly planSource?: PlanSource;
  /** Receives the number of upstream calls that sharing and batching have saved, for the metric; a positive integer. */
  readonly onCallsSaved?: (calls: number) => void;
  /** Settings for reads during an outage. Absent: no stale response is served. */
  readonly stale?: StaleReadsOptions;
  /** Clock of operations and caches, in Unix epoch milliseconds. Default: the system's clock. */
  readonly clock?: () => number;
  /** Milliseconds by which the upstream's clock is ahead, as measured last; 0 or less: it is not. Default: 0. */
  readonly upstreamAheadMs?: () => number;
}

const noGroupClient: GroupClient = {
  getUsage: () => Promise.reject(new BillingError('NOT_CONFIGURED', 'Usage is not read here.')),
  getPlans: () => Promise.reject(new BillingError('NOT_CONFIGURED', 'The catalogue is not read here.')),
};

const anyPlace = (): Promise<() => void> => Promise.resolve(() => undefined);

/** Makes the reads of each operation, and holds the bounded memory that operations share. One per process. */
export class BillingReadsFactory {
  readonly #settings: OperationSettings;
  readonly #shared: SharedReads;
  readonly #catalogues: CatalogueStore;

  constructor(options: BillingReadsFactoryOptions) {
    const clock = options.clock ?? Date.now;
    const writeVersions = new WriteVersions();
    const memory = new MembershipMemory(clock);
    this.#settings = {
      mergeWindows: options.mergeWindows,
      maxUpstreamCalls: options.maxUpstreamCalls,
      operationTimeoutMs: options.operationTimeoutMs ?? 30_000,
      planSource: options.planSource ?? 'history',
      onCallsSaved: options.onCallsSaved ?? (() => undefined),
    };
    const groupClient = options.groupClient ?? noGroupClient;
    this.#catalogues = new CatalogueStore(clock);
    this.#shared = {
      clock,
      upstreamAheadMs: options.upstreamAheadMs ?? (() => 0),
      largeResponses: options.largeResponses ?? { kept: anyPlace, making: anyPlace },
      source: new HistorySource(options.client, new InFlightReads(), writeVersions, memory),
      memory,
      writeVersions,
      snapshots: new SnapshotStore(clock),
      usage: new UsageSource(groupClient, new InFlightReads(), writeVersions),
      catalogue: new CatalogueSource(groupClient, new InFlightReads(), writeVersions, this.#catalogues),
      stale: options.stale === undefined ? null : new StaleReads(options.stale, writeVersions, clock),
    };
  }

  /** Call once per GraphQL operation, because equal reads within one operation share one call. */
  forOperation(context: OperationContext): OperationBillingReads {
    return new OperationReads(context, this.#settings, this.#shared);
  }

  /**
   * Call when a write on a group was sent, whatever its outcome. No read that follows is then served from before the
   * write.
   *
   * @param groupId null: the group of the write is not known
   */
  forget(credentialId: string, groupId: string | null): void {
    this.#shared.writeVersions.advance(credentialId);
    this.#shared.snapshots.forget(credentialId, groupId);
    this.#catalogues.forget(credentialId, groupId);
    this.#shared.stale?.responses.forget(credentialId, groupId);
  }
}
