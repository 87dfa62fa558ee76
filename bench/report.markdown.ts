import { availableParallelism } from 'node:os';
import type { BenchOptions, BenchPart } from '#bench/bench.options';
import type { BenchResults } from '#bench/bench.results';
import type { QueryName } from '#bench/billing.workload';
import { STORM_HEAP_MB } from '#bench/memory.section';
import { megabytes, milliseconds, ratio, table } from '#bench/report.format';
import { renderIsolation } from '#bench/report.isolation';
import { renderMemory } from '#bench/report.memory';
import { renderRows } from '#bench/report.rows';
import type { Sample } from '#bench/rounds';
import { ratios, type Spread, spread } from '#bench/sample.statistics';
import { isPeer, type SystemName } from '#bench/systems';

/** The share of the baseline's CPU that the gateway may use. */
const MOST: Readonly<Record<QueryName, number>> = { Q1: 0.55, M1: 1, Q2: 0.17, Q3: 0.09, Q4: 0.13, Q5: 0.2 };
const MOST_MIX = 0.025;

/** The tables of one run in Markdown, for the measured parts. */
export function renderReport(results: BenchResults, options: BenchOptions): string {
  const kind = options.quick ? 'Quick mode: the figures show that everything runs, and mean little.\n\n' : '';
  const machine = `Node ${process.versions.node}, ${availableParallelism()} cores, ${results.rounds} round(s); medians, in parentheses the lowest and highest round.`;
  const tables: readonly (readonly [BenchPart, string, () => string])[] = [
    ['compare', 'The gateway and the baseline', () => ratioTable(results, options)],
    ['compare', 'In detail', () => detailTable(results, options)],
    ...(options.systems.some(isPeer)
      ? [['compare', 'Beside other gateways', () => peerTable(results, options)] as const]
      : []),
    ['rows', 'Cost by the number of rows', () => renderRows(results.rows)],
    ['memory', 'Memory by the number of requests in flight', () => renderMemory(results.peaks)],
    ['isolation', 'One upstream hangs', () => renderIsolation(results.isolation)],
  ];
  const measured = tables.filter(([part]) => options.parts.includes(part));
  return `${kind}${machine}\n\n${measured.map(([, title, render]) => `### ${title}\n\n${render()}\n`).join('\n')}`;
}

function ratioTable(results: BenchResults, options: BenchOptions): string {
  const cpu = (system: SystemName, query: QueryName) =>
    results.queries[system][query].map((sample) => sample.cpuMsPerRequest);
  const most = Math.max(...results.peaks.map(({ inFlight }) => inFlight));
  const memory = (name: SystemName) =>
    results.peaks.filter(({ system, inFlight }) => system === name && inFlight === most).map(({ peak }) => peak);
  const mix = (system: SystemName) => results.mix[system].map((sample) => sample.p99Ms);
  const stop = (system: SystemName) => results.longestStopMs[system];
  const start = (system: SystemName) => results.startUpMs[system];
  return table(
    ['', 'naive', 'gateway', 'gateway / naive', 'to reach'],
    [
      ...options.queries.map((query) =>
        row(`${query}: CPU per request`, (name) => cpu(name, query), milliseconds, `≤ ${MOST[query]}`),
      ),
      row('MIX: p99 of Q1', mix, milliseconds, `≤ ${MOST_MIX}`),
      row('Longest stop of the event loop during Q4', stop, milliseconds, '≤ 20 ms'),
      row(`Peak memory of a new process, ${most} × Q4 in flight`, memory, megabytes, '≤ 320 MB'),
      ...(results.stormPeaks.length === 0
        ? []
        : [
            [
              `Peak memory under ${most} of the dearest operations, heap of ${STORM_HEAP_MB} MB`,
              '',
              megabytes(spread(results.stormPeaks)),
              '',
              'lives',
            ],
          ]),
      row('From start to ready', start, milliseconds, '≤ 1.0'),
    ].filter((cells) => cells[1] !== '' || cells[2] !== ''),
  );
}

function row(
  title: string,
  values: (system: SystemName) => number[],
  format: (spread: Spread) => string,
  goal: string,
): string[] {
  const [naive, gateway] = [values('naive'), values('gateway')];
  const relative = ratios(gateway, naive);
  return [
    title,
    naive.length > 0 ? format(spread(naive)) : '',
    gateway.length > 0 ? format(spread(gateway)) : '',
    naive.length > 0 && gateway.length > 0 ? ratio(relative.median, relative) : '',
    goal,
  ];
}

/** CPU per request of every system, relative to the baseline. */
function peerTable(results: BenchResults, options: BenchOptions): string {
  const cpu = (system: SystemName, query: QueryName) =>
    results.queries[system][query].map((sample) => sample.cpuMsPerRequest);
  const others = options.systems.filter((system) => system !== 'naive');
  const cell = (system: SystemName, query: QueryName): string => {
    const [of, to] = [cpu(system, query), cpu('naive', query)];
    if (of.length === 0) return 'another response';
    if (to.length === 0) return milliseconds(spread(of));
    const relative = ratios(of, to);
    return ratio(relative.median, relative);
  };
  return table(
    ['CPU per request / naive', ...others],
    options.queries.map((query) => [query, ...others.map((system) => cell(system, query))]),
  );
}

function detailTable(results: BenchResults, options: BenchOptions): string {
  return table(
    ['', 'system', 'p50', 'p99', 'requests/s', 'resets', 'upstream calls per request'],
    options.queries.flatMap((query) =>
      options.systems.flatMap((system) => {
        const samples = results.queries[system][query];
        if (samples.length === 0) return [];
        const of = (pick: (sample: Sample) => number) => spread(samples.map(pick)).median;
        const cells = [
          query,
          system,
          `${of((sample) => sample.p50Ms).toFixed(1)} ms`,
          `${of((sample) => sample.p99Ms).toFixed(1)} ms`,
          of((sample) => sample.requestsPerSecond).toFixed(0),
          of((sample) => sample.resets).toFixed(0),
          calls(samples.at(-1)),
        ];
        return [cells];
      }),
    ),
  );
}

function calls(sample: Sample | undefined): string {
  return Object.entries(sample?.upstreamCallsPerRequest ?? {})
    .map(([endpoint, count]) => `${Number(count.toFixed(2))} ${endpoint}`)
    .join(', ');
}
