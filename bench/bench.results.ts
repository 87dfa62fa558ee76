import type { QueryName } from '#bench/billing.workload';
import type { IsolationSample } from '#bench/isolation.section';
import type { PeakSample } from '#bench/memory.section';
import type { MixSample, Sample } from '#bench/rounds';
import type { RowsSample } from '#bench/rows.section';
import type { SystemName } from '#bench/systems';

type PerSystem<T> = Readonly<Record<SystemName, T>>;

/** What a run has measured, one entry per round (start-ups: per start). Lists grow while it runs. */
export interface BenchResults {
  readonly rounds: number;
  readonly queries: PerSystem<Readonly<Record<QueryName, Sample[]>>>;
  readonly mix: PerSystem<MixSample[]>;
  readonly longestStopMs: PerSystem<number[]>;
  readonly startUpMs: PerSystem<number[]>;
  readonly peaks: PeakSample[];
  readonly rows: RowsSample[];
  readonly isolation: IsolationSample[];
}

export function emptyResults(rounds: number): BenchResults {
  const queries = (): Record<QueryName, Sample[]> => ({ Q1: [], Q2: [], Q3: [], Q4: [], M1: [] });
  return {
    rounds,
    queries: { gateway: queries(), naive: queries() },
    mix: { gateway: [], naive: [] },
    longestStopMs: { gateway: [], naive: [] },
    startUpMs: { gateway: [], naive: [] },
    peaks: [],
    rows: [],
    isolation: [],
  };
}
