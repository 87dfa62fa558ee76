import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Amounts } from '#bench/bench.amounts';
import { type QueryName, workloads } from '#bench/billing.workload';
import { runLoad } from '#bench/load.generator';
import { cpuMs } from '#bench/process.meter';
import { type Bench, startSystem, type Upstream } from '#bench/systems';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** Counted from 0. */
  readonly lineNumber: number;
}

/** The part of the profile during the load, and its contents. */
interface Measured {
  readonly from: number;
  readonly until: number;
  readonly requests: number;
  readonly gatewayDirectory: string;
}

/** The used part of a V8 CPU profile. Times are microseconds of the machine's monotonic clock. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
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
    runLoad(gateway, {
      question: workloads(bench.run)[query],
      connections: Math.min(amounts.connections, total),
      more: (sent) => sent < total,
    });
  try {
    await load(amounts.requests[query]);
    const before = cpuMs(gateway.server.pid);
    const from = Number(process.hrtime.bigint() / 1_000n);
    const { requests } = await load(amounts.requests[query] * 2);
    const until = Number(process.hrtime.bigint() / 1_000n);
    const used = cpuMs(gateway.server.pid) - before;
    await gateway.server.stop();
    const path = largestProfile(directory);
    console.log(
      `${query}: ${requests} requests, ${(used / requests).toFixed(3)} ms CPU each (sampling included); times below are of the main thread by the clock, waits inside a function included`,
    );
    printShares(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile, {
      from,
      until,
      requests,
      gatewayDirectory: dirname(bench.gatewayPath),
    });
    console.log(`\n${path}`);
  } finally {
    await gateway.server.stop();
  }
}

/** Each thread writes one profile; the main thread's is by far the largest. */
function largestProfile(directory: string): string {
  const [largest] = readdirSync(directory)
    .map((name) => join(directory, name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error('node wrote no profile: it was killed before it could end');
  return largest;
}

function printShares(profile: CpuProfile, measured: Measured): void {
  const callers = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  const add = (times: Map<string, number>, name: string, time: number) =>
    times.set(name, (times.get(name) ?? 0) + time);
  let total = 0;
  let at = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    at += delta;
    const frame = frames.get(id);
    if (frame === undefined || at < measured.from || at > measured.until || frame.functionName === '(idle)') continue;
    total += delta;
    add(functions, `${frame.functionName || '(anonymous)'} ${placeOf(frame, measured.gatewayDirectory)}`, delta);
    add(packages, ownerOf(id, frames, callers, measured.gatewayDirectory), delta);
  }
  printTop("time by package, Node's own functions counted to whoever called them", packages, total, measured.requests);
  printTop('self time by function', functions, total, measured.requests);
}

function printTop(title: string, times: ReadonlyMap<string, number>, total: number, requests: number): void {
  console.log(`\n${title}`);
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, LINES)) {
    const share = ((time / total) * 100).toFixed(1).padStart(6);
    console.log(`${share} %  ${(time / requests).toFixed(1).padStart(8)} µs  ${name}`);
  }
}

/** Package or own file, with its line: `got/dist/source/core/options.js:683`. */
function placeOf({ url, lineNumber }: CallFrame, gatewayDirectory: string): string {
  if (url === '') return '(native)';
  const path = url.replace(/^file:\/\//, '');
  const shown = path.startsWith(gatewayDirectory)
    ? `gateway${path.slice(gatewayDirectory.length)}`
    : path.replace(/^.*\/node_modules\//, '');
  return `${shown}:${lineNumber + 1}`;
}

/** The nearest caller outside of Node: its package, or the folder of our own code. */
function ownerOf(
  id: number,
  frames: ReadonlyMap<number, CallFrame>,
  callers: ReadonlyMap<number, number>,
  gatewayDirectory: string,
): string {
  for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
    const frame = frames.get(at);
    if (frame === undefined || frame.url === '' || frame.url.startsWith('node:')) continue;
    const parts = placeOf(frame, gatewayDirectory).split('/');
    return parts.slice(0, parts[0]?.startsWith('@') === true || parts[0] === 'gateway' ? 2 : 1).join('/');
  }
  return frames.get(id)?.functionName === '(garbage collector)' ? '(garbage collector)' : '(node, event loop)';
}
