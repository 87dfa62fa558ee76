import type { RowCount } from '#bench/billing.ids';
import type { QueryName } from '#bench/billing.workload';
import type { MixSample, Sample } from '#bench/rounds';
import type { PeerName, SystemName } from '#bench/systems';

/** Memory of one process that has served only Q4, in bytes. */
export interface PeakSample {
  readonly system: SystemName;
  readonly inFlight: number;
  /** When it had become ready. */
  readonly atRest: number;
  readonly peak: number;
}

/** Cost of a whole history of this size in one round, from its upstream call to its last page. */
export interface RowsSample {
  readonly rows: RowCount;
  /** Requests that it took. */
  readonly pages: number;
  readonly cpuMs: number;
}

/** The upstream whose calls hang. */
export type Hanging = 'credits' | 'xtracta';

/** One request in one round: the latencies of each slot, ascending. */
export interface IsolationSample {
  readonly hangs: Hanging;
  readonly question: string;
  readonly hanging: readonly (readonly number[])[];
  /** The slots in which nothing hangs, in two halves. The difference of the halves is pure chance. */
  readonly calm: readonly [readonly (readonly number[])[], readonly (readonly number[])[]];
}

/** A peer with a different response to a query. It has no figures for that query. */
export interface Difference {
  readonly system: PeerName;
  readonly query: QueryName;
  readonly place: string;
}

type PerSystem<T> = Readonly<Record<SystemName, T>>;

/** The measurements of a run, one entry per round (start-ups: per start). Lists grow while it runs. */
export interface BenchResults {
  readonly rounds: number;
  readonly queries: PerSystem<Readonly<Record<QueryName, Sample[]>>>;
  readonly mix: PerSystem<MixSample[]>;
  readonly longestStopMs: PerSystem<number[]>;
  readonly startUpMs: PerSystem<number[]>;
  readonly differences: Difference[];
  readonly peaks: PeakSample[];
  /**
   * Peak memory of the gateway with a heap of 400 MB under the same number of the most expensive operations, in bytes.
   */
  readonly stormPeaks: number[];
  readonly rows: RowsSample[];
  readonly isolation: IsolationSample[];
}

export function emptyResults(rounds: number): BenchResults {
  const queries = (): Record<QueryName, Sample[]> => ({ Q1: [], Q2: [], Q3: [], Q4: [], Q5: [], M1: [] });
  return {
    rounds,
    queries: perSystem(queries),
    mix: perSystem(() => []),
    longestStopMs: perSystem(() => []),
    startUpMs: perSystem(() => []),
    differences: [],
    peaks: [],
    stormPeaks: [],
    rows: [],
    isolation: [],
  };
}

function perSystem<T>(make: () => T): PerSystem<T> {
  return { gateway: make(), naive: make(), 'yoga-jit': make(), mesh: make(), hive: make() };
}
