import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { BenchOptions } from '#bench/bench.options';
import type { BenchResults } from '#bench/bench.results';
import type { QueryName } from '#bench/billing.workload';
import type { Sample } from '#bench/rounds';
import { ratios, type Spread, spread } from '#bench/sample.statistics';
import type { SystemName } from '#bench/systems';

/** The share of the baseline's CPU that the gateway may use. */
const MOST: Readonly<Record<QueryName, number>> = { Q1: 0.95, M1: 1.1, Q2: 0.25, Q3: 0.14, Q4: 0.15 };
const MOST_MIX = 0.05;
const MEGABYTE = 1024 * 1024;

const BEGIN = '<!-- figures: begin (npm run bench -- --write) -->';
const END = '<!-- figures: end -->';

/** The tables of one run, in Markdown. */
export function renderReport(results: BenchResults, options: BenchOptions): string {
  const kind = options.quick ? 'Quick mode: the figures show that everything runs, and mean little.\n\n' : '';
  const machine = `Node ${process.versions.node}, ${availableParallelism()} cores, ${results.rounds} round(s); medians, in parentheses the lowest and highest round.`;
  return `${kind}${machine}\n\n${ratioTable(results, options)}\n\n${detailTable(results, options)}\n`;
}

/** Replaces what stands between the two marks of the document. */
export function writeReport(path: string, report: string): void {
  const text = readFileSync(path, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the marks between which the figures stand`);
  writeFileSync(path, `${text.slice(0, begin)}${BEGIN}\n\n${report}\n${text.slice(end)}`);
}

function ratioTable(results: BenchResults, options: BenchOptions): string {
  const cpu = (system: SystemName, query: QueryName) =>
    results.queries[system][query].map((sample) => sample.cpuMsPerRequest);
  const memory = (system: SystemName) => results.queries[system].Q4.map((sample) => sample.peakMemory);
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
      row('Longest stop of the event loop during Q4', stop, milliseconds, '≤ 30 ms'),
      row('Peak memory during Q4', memory, megabytes, '≤ 400 MB'),
      row('From start to ready', start, milliseconds, '≤ 1000 ms'),
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
  const ratio = naive.length > 0 && gateway.length > 0 ? plain(ratios(gateway, naive)) : '';
  return [
    title,
    naive.length > 0 ? format(spread(naive)) : '',
    gateway.length > 0 ? format(spread(gateway)) : '',
    ratio,
    goal,
  ];
}

function detailTable(results: BenchResults, options: BenchOptions): string {
  return table(
    ['', 'system', 'p50', 'p99', 'requests/s', 'peak memory', 'resets', 'upstream calls per request'],
    options.queries.flatMap((query) =>
      options.systems.map((system) => {
        const samples = results.queries[system][query];
        const of = (pick: (sample: Sample) => number) => spread(samples.map(pick)).median;
        return [
          query,
          system,
          `${of((sample) => sample.p50Ms).toFixed(1)} ms`,
          `${of((sample) => sample.p99Ms).toFixed(1)} ms`,
          of((sample) => sample.requestsPerSecond).toFixed(0),
          `${(of((sample) => sample.peakMemory) / MEGABYTE).toFixed(0)} MB`,
          of((sample) => sample.resets).toFixed(0),
          calls(samples.at(-1)),
        ];
      }),
    ),
  );
}

function calls(sample: Sample | undefined): string {
  return Object.entries(sample?.upstreamCallsPerRequest ?? {})
    .map(([endpoint, count]) => `${Number(count.toFixed(2))} ${endpoint}`)
    .join(', ');
}

function milliseconds({ median, min, max }: Spread): string {
  const digits = median < 10 ? 2 : 0;
  return `${median.toFixed(digits)} ms (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function megabytes({ median, min, max }: Spread): string {
  const text = (bytes: number) => (bytes / MEGABYTE).toFixed(0);
  return `${text(median)} MB (${text(min)}–${text(max)})`;
}

function plain({ median, min, max }: Spread): string {
  return `**${median.toFixed(3)}** (${min.toFixed(3)}–${max.toFixed(3)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
