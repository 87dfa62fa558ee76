import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkAnswers } from '#bench/answers.check';
import { type BenchOptions, parseOptions, USAGE } from '#bench/bench.options';
import { type BenchResults, emptyResults } from '#bench/bench.results';
import { type QueryName, workloads } from '#bench/billing.workload';
import { profileQuery } from '#bench/cpu.profile';
import { runLoad } from '#bench/load.generator';
import { renderReport, writeReport } from '#bench/report.markdown';
import { type Amounts, FULL, QUICK, sampleMix, sampleQuery, sampleStall } from '#bench/rounds';
import {
  type Bench,
  prepareBench,
  type System,
  type SystemName,
  startSystem,
  startUpstream,
  type Upstream,
} from '#bench/systems';

const STARTS = 5;

/** Runs the benchmark as the arguments say, and prints its tables. */
export async function main(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  if (!existsSync('/proc/self/stat'))
    throw new Error('CPU and memory are read from /proc: the benchmark runs on Linux only.');
  const root = join(import.meta.dirname, '..');
  const workDirectory = mkdtempSync(join(tmpdir(), 'billing-bench-'));
  const amounts = options.quick ? QUICK : FULL;
  const bench = await prepareBench(
    root,
    resolve(options.gateway ?? join(root, 'dist/main.js')),
    workDirectory,
    amounts.connections,
  );
  const upstream = await startUpstream(bench);
  try {
    if (options.profile === null) await compare(bench, upstream, options, amounts);
    else await profileQuery(bench, upstream, options.profile, amounts);
    if (options.profile === null) rmSync(workDirectory, { recursive: true, force: true });
  } finally {
    await upstream.server.stop();
  }
}

async function compare(bench: Bench, upstream: Upstream, options: BenchOptions, amounts: Amounts): Promise<void> {
  const results = emptyResults(options.rounds);
  await measureStarts(bench, upstream, options, results);
  const systems: System[] = [];
  try {
    for (const name of options.systems) systems.push(await startSystem(name, bench, upstream));
    await checkAnswers(systems, workloads(bench.run));
    console.error(`answers are equal; warming up (logs in ${bench.workDirectory})`);
    for (const system of systems) await warmUp(system, bench, options.queries, amounts);
    for (let round = 0; round < options.rounds; round += 1) {
      await oneRound(round, systems, upstream, bench, options, amounts, results);
    }
  } finally {
    for (const system of systems) await system.server.stop();
  }
  const report = renderReport(results, options);
  console.log(report);
  if (options.write) writeReport(join(bench.root, 'docs/performance.md'), report);
}

async function measureStarts(
  bench: Bench,
  upstream: Upstream,
  options: BenchOptions,
  results: BenchResults,
): Promise<void> {
  for (let start = 0; start < (options.quick ? 1 : STARTS); start += 1) {
    for (const name of options.systems) {
      const { server } = await startSystem(name, bench, upstream);
      results.startUpMs[name].push(server.startUpMs);
      await server.stop();
    }
  }
}

/** Compiled code and filled pools are what runs in production; the first requests are not measured. */
async function warmUp(system: System, bench: Bench, queries: readonly QueryName[], amounts: Amounts): Promise<void> {
  for (const name of queries) {
    const total = amounts.warmUps[name];
    await runLoad({
      origin: system.server.origin,
      workload: workloads(bench.run)[name],
      connections: Math.min(8, total),
      more: (sent) => sent < total,
      nextSequence: system.nextSequence,
      bearerTokens: system.bearerTokens,
    });
  }
}

async function oneRound(
  round: number,
  systems: readonly System[],
  upstream: Upstream,
  bench: Bench,
  options: BenchOptions,
  amounts: Amounts,
  results: BenchResults,
): Promise<void> {
  const all = workloads(bench.run);
  // Whoever comes second finds the machine warmer or busier: the order changes with each round.
  const order = round % 2 === 0 ? systems : [...systems].reverse();
  const say = (name: SystemName, what: string) => console.error(`round ${round + 1}: ${what} ${name}`);
  for (const query of options.queries) {
    for (const system of order) {
      const sample = await sampleQuery(system, upstream, all[query], amounts);
      results.queries[system.name][query].push(sample);
      say(
        system.name,
        `${query} ${sample.cpuMsPerRequest.toFixed(3)} ms CPU/request, p99 ${sample.p99Ms.toFixed(0)} ms,`,
      );
    }
  }
  if (options.queries.length < Object.keys(all).length) return;
  for (const system of order) {
    const mix = await sampleMix(system, all.Q1, all.Q4, amounts);
    results.mix[system.name].push(mix);
    say(system.name, `MIX p99 of Q1 ${mix.p99Ms.toFixed(0)} ms (${mix.smallRequests} Q1, ${mix.largeRequests} Q4),`);
  }
  for (const system of order) {
    const longestMs = await sampleStall(system, all.Q4, amounts);
    results.longestStopMs[system.name].push(longestMs);
    say(system.name, `longest stop ${longestMs.toFixed(0)} ms,`);
  }
}
