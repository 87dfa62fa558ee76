import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type QueryName, workloads } from '#bench/billing.workload';
import { runLoad } from '#bench/load.generator';
import { cpuMs } from '#bench/process.meter';
import type { Amounts } from '#bench/rounds';
import { type Bench, startSystem, type Upstream } from '#bench/systems';

/** The part of a V8 CPU profile that is read here. Times are microseconds of the machine's monotonic clock. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

const LINES = 40;

/** Runs one query against a gateway whose CPU is sampled, and prints the functions and packages that took the time. */
export async function profileQuery(
  bench: Bench,
  upstream: Upstream,
  query: QueryName,
  amounts: Amounts,
): Promise<void> {
  const directory = join(bench.workDirectory, 'profile');
  mkdirSync(directory);
  const flags = ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=500'];
  const gateway = await startSystem('gateway', bench, upstream, flags);
  const load = (total: number) =>
    runLoad({
      origin: gateway.server.origin,
      workload: workloads(bench.run)[query],
      connections: Math.min(amounts.connections, total),
      more: (sent) => sent < total,
      nextSequence: gateway.nextSequence,
      bearerTokens: gateway.bearerTokens,
    });
  try {
    await load(Math.ceil(amounts.requests[query] / 2));
    const before = cpuMs(gateway.server.pid);
    const from = Number(process.hrtime.bigint() / 1_000n);
    const { requests } = await load(amounts.requests[query] * 2);
    const until = Number(process.hrtime.bigint() / 1_000n);
    const used = cpuMs(gateway.server.pid) - before;
    await gateway.server.stop();
    const path = largestProfile(directory);
    console.log(`${query}: ${requests} requests, ${(used / requests).toFixed(3)} ms CPU each (sampling included)`);
    printShares(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile, from, until, requests);
    console.log(`\n${path}`);
  } finally {
    await gateway.server.stop();
  }
}

/** Threads write one each; the main thread's is by far the largest. */
function largestProfile(directory: string): string {
  const [largest] = readdirSync(directory)
    .map((name) => join(directory, name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error('node wrote no profile: it was killed before it could end');
  return largest;
}

function printShares(profile: CpuProfile, from: number, until: number, requests: number): void {
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  let total = 0;
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    const frame = frames.get(id);
    if (frame === undefined || at < from || at > until || frame.functionName === '(idle)') continue;
    total += delta;
    const place = placeOf(frame.url);
    const name = `${frame.functionName || '(anonymous)'} ${place}:${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + delta);
    places.set(packageOf(place), (places.get(packageOf(place)) ?? 0) + delta);
  }
  printTop('self time by package', places, total, requests);
  printTop('self time by function', functions, total, requests);
}

function printTop(title: string, times: ReadonlyMap<string, number>, total: number, requests: number): void {
  console.log(`\n${title}`);
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, LINES)) {
    console.log(
      `${((time / total) * 100).toFixed(1).padStart(6)} %  ${(time / requests).toFixed(1).padStart(8)} µs  ${name}`,
    );
  }
}

function placeOf(url: string): string {
  if (url === '') return '(native)';
  return url
    .replace(/^file:\/\//, '')
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*\/dist\//, 'dist/');
}

/** The npm package, the folder of our own code, or a part of Node. */
function packageOf(place: string): string {
  const depth = place.startsWith('@') || place.startsWith('dist/') ? 2 : 1;
  return place.startsWith('node:') ? place : place.split('/').slice(0, depth).join('/');
}
