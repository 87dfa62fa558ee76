import type { Amounts } from '#bench/bench.amounts';
import type { Workload } from '#bench/billing.workload';
import { runLoad } from '#bench/load.generator';
import { cpuMs } from '#bench/process.meter';
import { conditionOfSlot, percentile } from '#bench/sample.statistics';
import { longestStopDuring } from '#bench/stall.probe';
import type { System, Upstream } from '#bench/systems';

/** One query on one system in one round. */
export interface Sample {
  readonly cpuMsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
  readonly resets: number;
  readonly upstreamCallsPerRequest: Readonly<Record<string, number>>;
}

/** The small query while the large one runs. */
export interface MixSample {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly smallRequests: number;
  readonly largeRequests: number;
}

/** The sums of one system over some of a round's slots. */
interface Tally {
  requests: number;
  cpuMs: number;
  wallMs: number;
  resets: number;
  readonly latenciesMs: number[];
  readonly upstreamCalls: Map<string, number>;
}

/** Most slots of one query in a round. The machine's speed changes within seconds, so slots are short and many. */
const MAX_SLOTS = 10;

/**
 * One query on all systems in one round, in alternating slots, so that a disturbance of some seconds meets all systems.
 * In a slot each connection has at least two requests.
 */
export async function sampleQuery(
  systems: readonly System[],
  upstream: Upstream,
  workload: Workload,
  amounts: Amounts,
): Promise<ReadonlyMap<System, Sample>> {
  const total = amounts.requests[workload.name];
  const slots = Math.min(MAX_SLOTS, Math.max(1, Math.floor(total / amounts.connections / 2)));
  const tallies = new Map(systems.map((system) => [system, emptyTally()]));
  for (let slot = 0; slot < slots; slot += 1) {
    const inOrder = conditionOfSlot(slot) === 0 ? [...tallies] : [...tallies].reverse();
    for (const [system, tally] of inOrder) {
      await runSlot(system, upstream, workload, amounts.connections, Math.ceil(total / slots), tally);
    }
  }
  return new Map([...tallies].map(([system, tally]) => [system, sampleOf(tally)]));
}

function emptyTally(): Tally {
  return { requests: 0, cpuMs: 0, wallMs: 0, resets: 0, latenciesMs: [], upstreamCalls: new Map() };
}

async function runSlot(
  system: System,
  upstream: Upstream,
  question: Workload,
  connections: number,
  requests: number,
  tally: Tally,
): Promise<void> {
  const used = (): number => system.pids.reduce((sum, pid) => sum + cpuMs(pid), 0);
  await upstream.takeCalls();
  const before = used();
  const load = await runLoad(system, {
    question,
    connections: Math.min(connections, requests),
    more: (sent) => sent < requests,
  });
  tally.cpuMs += used() - before;
  tally.requests += load.requests;
  tally.wallMs += load.wallMs;
  tally.resets += load.resets;
  tally.latenciesMs.push(...load.latenciesMs);
  for (const [endpoint, count] of Object.entries(await upstream.takeCalls())) {
    tally.upstreamCalls.set(endpoint, (tally.upstreamCalls.get(endpoint) ?? 0) + count);
  }
}

function sampleOf({ requests, cpuMs: used, wallMs, resets, latenciesMs, upstreamCalls }: Tally): Sample {
  const ascending = latenciesMs.sort((a, b) => a - b);
  return {
    cpuMsPerRequest: used / requests,
    p50Ms: percentile(ascending, 0.5),
    p99Ms: percentile(ascending, 0.99),
    requestsPerSecond: (requests / wallMs) * 1_000,
    resets,
    upstreamCallsPerRequest: Object.fromEntries(
      [...upstreamCalls].map(([endpoint, count]) => [endpoint, count / requests]),
    ),
  };
}

/** Q1 on 8 connections while Q4 keeps 2 busy, for a fixed time. */
export async function sampleMix(
  system: System,
  small: Workload,
  large: Workload,
  amounts: Amounts,
): Promise<MixSample> {
  const until = performance.now() + amounts.mixMs;
  const more = () => performance.now() < until;
  const [smallLoad, largeLoad] = await Promise.all([
    runLoad(system, { question: small, connections: 8, more }),
    runLoad(system, { question: large, connections: 2, more }),
  ]);
  return {
    p50Ms: percentile(smallLoad.latenciesMs, 0.5),
    p99Ms: percentile(smallLoad.latenciesMs, 0.99),
    smallRequests: smallLoad.requests,
    largeRequests: largeLoad.requests,
  };
}

/** Longest stop of the event loop while Q4 keeps 2 connections busy, in milliseconds. */
export function sampleStall(system: System, large: Workload, amounts: Amounts): Promise<number> {
  return longestStopDuring({ port: system.server.port, page: system.cheapPage }, () =>
    runLoad(system, { question: large, connections: 2, more: (sent) => sent < amounts.stallRequests }),
  );
}
