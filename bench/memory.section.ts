import type { Amounts } from '#bench/bench.amounts';
import type { BenchResults, PeakSample } from '#bench/bench.results';
import { dearest, type Workload, workloads } from '#bench/billing.workload';
import { runLoad } from '#bench/load.generator';
import { residentMemory } from '#bench/process.meter';
import { type Bench, type SystemName, startSystem, type Upstream } from '#bench/systems';

/** In MB, of V8's old space. */
export const STORM_HEAP_MB = 400;

/**
 * Peak memory by the number of Q4 in flight. Each figure comes from its own process, because a heap that has grown
 * rarely shrinks. In a used process the peak would be that of its earlier work.
 */
export async function measureMemory(
  bench: Bench,
  upstream: Upstream,
  systems: readonly SystemName[],
  amounts: Amounts,
  results: BenchResults,
): Promise<void> {
  const { inFlight, requests } = amounts.memory;
  const question = workloads(bench.run).Q4;
  for (let round = 0; round < results.rounds; round += 1) {
    for (const name of systems) {
      // The baseline is measured only with the most requests in flight.
      for (const count of name === 'gateway' ? inFlight : inFlight.slice(-1)) {
        const sample = await samplePeak(name, bench, upstream, question, count, requests);
        results.peaks.push(sample);
        console.error(`round ${round + 1}: peak with ${count} × Q4 ${Math.round(sample.peak / 1024 ** 2)} MB, ${name}`);
      }
    }
    if (systems.includes('gateway')) {
      const peak = await stormPeak(bench, upstream, amounts);
      results.stormPeaks.push(peak);
      console.error(`round ${round + 1}: peak under the dearest operations ${Math.round(peak / 1024 ** 2)} MB`);
    }
  }
}

/**
 * A heap of the recommended container's size, and the same largest number of requests in flight, with the most
 * expensive operations. Throws if the process dies.
 */
async function stormPeak(bench: Bench, upstream: Upstream, amounts: Amounts): Promise<number> {
  const { server, ...system } = await startSystem('gateway', bench, upstream, [
    `--max-old-space-size=${STORM_HEAP_MB}`,
  ]);
  try {
    const connections = amounts.memory.inFlight.at(-1) ?? 1;
    const { requests } = amounts.memory;
    await runLoad(
      { server, ...system },
      { question: dearest(bench.run), connections, more: (sent) => sent < requests },
    );
    return residentMemory(server.pid).peak;
  } finally {
    await server.stop();
  }
}

async function samplePeak(
  name: SystemName,
  bench: Bench,
  upstream: Upstream,
  question: Workload,
  inFlight: number,
  requests: number,
): Promise<PeakSample> {
  const system = await startSystem(name, bench, upstream);
  try {
    const { now: atRest } = residentMemory(system.server.pid);
    await runLoad(system, { question, connections: inFlight, more: (sent) => sent < requests });
    return { system: name, inFlight, atRest, peak: residentMemory(system.server.pid).peak };
  } finally {
    await system.server.stop();
  }
}
