import type { QueryName } from '#bench/billing.workload';

/** The amount of each measurement in one round. */
export interface Amounts {
  readonly connections: number;
  /** Measured starts of each system in the whole run; the last one is used for the other measurements. */
  readonly starts: number;
  readonly requests: Readonly<Record<QueryName, number>>;
  /** Before the first round: enough for the compiler to have seen the hot code. */
  readonly warmUps: Readonly<Record<QueryName, number>>;
  readonly mixMs: number;
  readonly stallRequests: number;
  readonly isolation: {
    /** Of four slots each: two while calls hang, two while none does. */
    readonly blocks: number;
    /** Blocks before the first round. */
    readonly warmUps: number;
    /** Requests in each slot before the measurement. */
    readonly settling: { readonly reads: number; readonly purchases: number };
    /** In each slot. The fastest requests are the most, so that a short disturbance does not decide their p99. */
    readonly health: number;
    readonly reads: number;
    readonly purchases: number;
  };
  /**
   * Rows read for each size of a history, before the first round and in each round. A history below 100 rows counts as
   * 100.
   */
  readonly rows: { readonly warmUp: number; readonly sample: number };
  readonly memory: {
    /** Numbers of requests in flight to compare; the last one is also the one at which the systems are compared. */
    readonly inFlight: readonly number[];
    readonly requests: number;
  };
}

export const FULL: Amounts = {
  connections: 32,
  starts: 5,
  requests: { Q1: 6_000, Q2: 400, Q3: 160, Q4: 48, Q5: 400, M1: 6_000 },
  warmUps: { Q1: 6_000, Q2: 300, Q3: 100, Q4: 24, Q5: 300, M1: 6_000 },
  mixMs: 10_000,
  stallRequests: 8,
  isolation: {
    blocks: 12,
    warmUps: 1,
    settling: { reads: 400, purchases: 300 },
    health: 4_000,
    reads: 400,
    purchases: 200,
  },
  rows: { warmUp: 500_000, sample: 400_000 },
  memory: { inFlight: [1, 4, 8, 16, 32], requests: 64 },
};

/** Enough to test that everything works; its figures mean little. */
export const QUICK: Amounts = {
  connections: 4,
  starts: 1,
  requests: { Q1: 200, Q2: 40, Q3: 12, Q4: 2, Q5: 40, M1: 100 },
  warmUps: { Q1: 100, Q2: 20, Q3: 6, Q4: 1, Q5: 20, M1: 50 },
  mixMs: 500,
  stallRequests: 2,
  isolation: { blocks: 1, warmUps: 0, settling: { reads: 0, purchases: 0 }, health: 100, reads: 50, purchases: 20 },
  rows: { warmUp: 0, sample: 10_000 },
  memory: { inFlight: [4], requests: 4 },
};
