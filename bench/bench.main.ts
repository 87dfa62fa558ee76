import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Amounts, FULL, QUICK } from '#bench/bench.amounts';
import { type BenchOptions, parseOptions, USAGE } from '#bench/bench.options';
import { emptyResults } from '#bench/bench.results';
import { measureComparison } from '#bench/comparison.section';
import { profileQuery } from '#bench/cpu.profile';
import { measureIsolation } from '#bench/isolation.section';
import { openMarkedBlock } from '#bench/marked.block';
import { measureMemory } from '#bench/memory.section';
import { renderCapacity } from '#bench/report.capacity';
import { renderReport } from '#bench/report.markdown';
import { measureRows } from '#bench/rows.section';
import { type Bench, prepareBench, startUpstream, type Upstream } from '#bench/systems';

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
    // A profile needs the file names of the code before bundling.
    resolve(options.gateway ?? join(root, options.profile === null ? 'dist/main.js' : 'build/main.js')),
    workDirectory,
    amounts.connections,
  );
  const upstream = await startUpstream(bench);
  try {
    if (options.profile === null) await measure(bench, upstream, options, amounts);
    else await profileQuery(bench, upstream, options.profile, amounts);
    if (options.profile === null) rmSync(workDirectory, { recursive: true, force: true });
  } finally {
    await upstream.server.stop();
  }
}

async function measure(bench: Bench, upstream: Upstream, options: BenchOptions, amounts: Amounts): Promise<void> {
  // Opened before the measurement, so that a document without its marks fails at once.
  const figures = openMarkedBlock(join(bench.root, 'docs/performance.md'), 'figures');
  const capacity = openMarkedBlock(join(bench.root, 'docs/operations.md'), 'capacity');
  const results = emptyResults(options.rounds);
  const measures = (part: BenchOptions['parts'][number]): boolean => options.parts.includes(part);
  if (measures('compare')) await measureComparison(bench, upstream, options, amounts, results);
  if (measures('memory')) await measureMemory(bench, upstream, options.systems, amounts, results);
  if (measures('rows')) await measureRows(bench, upstream, amounts, results);
  if (measures('isolation')) await measureIsolation(bench, upstream, amounts, results);
  const report = renderReport(results, options);
  console.log(report);
  if (!options.write) return;
  figures.write(report);
  capacity.write(renderCapacity(results));
}
