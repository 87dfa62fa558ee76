import type { QueryName, Workload } from '#bench/billing.workload';
import { runLoad } from '#bench/load.generator';
import { cpuMs, peakMemory, resetPeakMemory } from '#bench/process.meter';
import { percentile } from '#bench/sample.statistics';
import { longestStopDuring } from '#bench/stall.probe';
import type { System, Upstream } from '#bench/systems';

/** How much of each measurement one round does. */
export interface Amounts {
  readonly connections: number;
  readonly requests: Readonly<Record<QueryName, number>>;
  /** Before the first round: enough for the compiler to have seen the hot code. */
  readonly warmUps: Readonly<Record<QueryName, number>>;
  readonly mixMs: number;
  readonly stallRequests: number;
}

export const FULL: Amounts = {
  connections: 32,
  requests: { Q1: 2_500, Q2: 400, Q3: 160, Q4: 48, M1: 1_500 },
  warmUps: { Q1: 3_000, Q2: 300, Q3: 100, Q4: 24, M1: 2_000 },
  mixMs: 10_000,
  stallRequests: 8,
};

/** Enough to see that everything works; its figures mean little. */
export const QUICK: Amounts = {
  connections: 4,
  requests: { Q1: 200, Q2: 40, Q3: 12, Q4: 4, M1: 100 },
  warmUps: { Q1: 100, Q2: 20, Q3: 6, Q4: 2, M1: 50 },
  mixMs: 1_000,
  stallRequests: 2,
};

/** One query on one system in one round. */
export interface Sample {
  readonly cpuMsPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
  readonly peakMemory: number;
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

export async function sampleQuery(
  system: System,
  upstream: Upstream,
  workload: Workload,
  amounts: Amounts,
): Promise<Sample> {
  const total = amounts.requests[workload.name];
  const { pid, origin } = system.server;
  await upstream.takeCalls();
  resetPeakMemory(pid);
  const before = cpuMs(pid);
  const load = await runLoad({
    origin,
    workload,
    connections: Math.min(amounts.connections, total),
    more: (sent) => sent < total,
    nextSequence: system.nextSequence,
    bearerTokens: system.bearerTokens,
  });
  const used = cpuMs(pid) - before;
  const calls = Object.entries(await upstream.takeCalls());
  return {
    cpuMsPerRequest: used / load.requests,
    p50Ms: percentile(load.latenciesMs, 0.5),
    p99Ms: percentile(load.latenciesMs, 0.99),
    requestsPerSecond: (load.requests / load.wallMs) * 1_000,
    peakMemory: peakMemory(pid),
    resets: load.resets,
    upstreamCallsPerRequest: Object.fromEntries(calls.map(([endpoint, count]) => [endpoint, count / load.requests])),
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
  const common = {
    origin: system.server.origin,
    more: () => performance.now() < until,
    nextSequence: system.nextSequence,
    bearerTokens: system.bearerTokens,
  };
  const [smallLoad, largeLoad] = await Promise.all([
    runLoad({ ...common, workload: small, connections: 8 }),
    runLoad({ ...common, workload: large, connections: 2 }),
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
  return longestStopDuring(system.stallTarget, () =>
    runLoad({
      origin: system.server.origin,
      workload: large,
      connections: 2,
      more: (sent) => sent < amounts.stallRequests,
      nextSequence: system.nextSequence,
      bearerTokens: system.bearerTokens,
    }),
  );
}
