import type { Caller } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import type { UpstreamCall } from '../upstreams/upstream.call.js';
import type { BillingReads, UpstreamCallCounts } from './billing-reads.js';
import type { HistoryClient } from './history-client.port.js';

export interface BillingReadsFactoryOptions {
  readonly client: HistoryClient;
  /** `HISTORY_MERGE_WINDOWS`: one call may answer several windows of a group. */
  readonly mergeWindows: boolean;
  /** `MAX_UPSTREAM_CALLS`: upstream calls that one operation's questions may cause. */
  readonly maxUpstreamCalls: number;
  /** Receives how many upstream calls sharing and batching have saved, for the metric; a positive integer. */
  readonly onCallsSaved?: (calls: number) => void;
  /** Epoch milliseconds; for memory that ages. Default: the system's clock. */
  readonly clock?: () => number;
}

export interface OperationContext {
  readonly caller: Caller;
  /** The operation's own "now" (epoch milliseconds). */
  readonly nowMs: number;
  readonly call: UpstreamCall;
}

/** The reads of one operation, and what they have cost so far. */
export interface OperationBillingReads extends BillingReads {
  upstreamCalls(): UpstreamCallCounts;
}

/** Makes the reads of each operation and holds what operations share: one per process. */
export class BillingReadsFactory {
  constructor(_options: BillingReadsFactoryOptions) {}

  forOperation(_context: OperationContext): OperationBillingReads {
    throw new BillingError('NOT_CONFIGURED', 'Reads are not configured.');
  }

  /** Call after any write: nothing read before it is served again. `groupId` null: the write's group is not known. */
  forget(_credentialId: string, _groupId: string | null): void {}
}
