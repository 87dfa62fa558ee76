import type { Amounts } from '#bench/bench.amounts';
import type { Workload } from '#bench/billing.workload';
import { runLoad } from '#bench/load.generator';
import { cpuMs } from '#bench/process.meter';
import { percentile } from '#bench/sample.statistics';
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

export async function sampleQuery(
  system: System,
  upstream: Upstream,
  workload: Workload,
  amounts: Amounts,
): Promise<Sample> {
  const total = amounts.requests[workload.name];
  const { pid } = system.server;
  await upstream.takeCalls();
  const before = cpuMs(pid);
  const load = await runLoad(system, {
    question: workload,
    connections: Math.min(amounts.connections, total),
    more: (sent) => sent < total,
  });
  const used = cpuMs(pid) - before;
  const calls = Object.entries(await upstream.takeCalls());
  return {
    cpuMsPerRequest: used / load.requests,
    p50Ms: percentile(load.latenciesMs, 0.5),
    p99Ms: percentile(load.latenciesMs, 0.99),
    requestsPerSecond: (load.requests / load.wallMs) * 1_000,
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
