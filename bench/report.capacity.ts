import { availableParallelism } from 'node:os';
import type { BenchResults } from '#bench/bench.results';
import { table } from '#bench/report.format';
import { spread } from '#bench/sample.statistics';

/** Share of a core in use. Above it requests wait for each other. */
const LOAD = 0.7;
const SECOND_MS = 1_000;

/** The capacity of one replica as a rule of thumb: requests in one second, from the processor time of one request. */
export function renderCapacity(results: BenchResults): string {
  const { gateway } = results.queries;
  const loads: readonly (readonly [string, readonly number[]])[] = [
    ['the plan of one group', gateway.Q1.map((sample) => sample.cpuMsPerRequest)],
    ['the plans of 50 groups under one root', gateway.Q3.map((sample) => sample.cpuMsPerRequest)],
    ['a history of 1,000 rows', results.rows.filter(({ rows }) => rows === 1_000).map((sample) => sample.cpuMs)],
    ['a recursive history of 5,000 rows', gateway.Q4.map((sample) => sample.cpuMsPerRequest)],
    ['an order of a booster pack (SQLite)', gateway.M1.map((sample) => sample.cpuMsPerRequest)],
  ];
  const rows = loads.map(([title, samples]) => {
    const { median } = spread(samples);
    return [title, `${significant(median)} ms`, significant((LOAD * SECOND_MS) / median)];
  });
  const peaks = results.peaks.filter(({ system }) => system === 'gateway');
  const most = Math.max(...peaks.map(({ inFlight }) => inFlight));
  const megabytes = (values: readonly number[]): string => `${significant(spread(values).median / 1024 ** 2)} MB`;
  const atRest = megabytes(peaks.map((sample) => sample.atRest));
  const peak = megabytes(peaks.filter(({ inFlight }) => inFlight === most).map((sample) => sample.peak));
  return `${table(['Load', 'Processor time per request', 'Requests per second and replica at 70 % of a core'], rows)}

Memory: ${atRest} when it has started, ${peak} at most with ${most} recursive histories of 5,000 rows in flight. Measured with Node
${process.versions.node} on a machine of ${availableParallelism()} cores.
`;
}

/** Rounds to two significant digits, because machines differ too much for more. */
function significant(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en');
}
