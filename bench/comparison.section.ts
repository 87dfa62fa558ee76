import type { Amounts } from '#bench/bench.amounts';
import type { BenchOptions } from '#bench/bench.options';
import type { BenchResults } from '#bench/bench.results';
import { QUERY_NAMES, type QueryName, workloads } from '#bench/billing.workload';
import { runLoad } from '#bench/load.generator';
import { compareResponses } from '#bench/responses.check';
import { sampleMix, sampleQuery, sampleStall } from '#bench/rounds';
import { type Bench, isPeer, type System, type SystemName, startSystem, type Upstream } from '#bench/systems';

/** The systems side by side: start, each query, the mix of small and large, and the longest stop. */
export async function measureComparison(
  bench: Bench,
  upstream: Upstream,
  options: BenchOptions,
  amounts: Amounts,
  results: BenchResults,
): Promise<void> {
  const start = async (name: SystemName): Promise<System> => {
    const system = await startSystem(name, bench, upstream);
    results.startUpMs[name].push(system.server.startUpMs);
    return system;
  };
  for (let extra = 1; extra < amounts.starts; extra += 1) {
    for (const name of options.systems) await (await start(name)).server.stop();
  }
  const systems: System[] = [];
  try {
    for (const name of options.systems) systems.push(await start(name));
    results.differences.push(...(await compareResponses(systems, workloads(bench.run))));
    for (const { place } of results.differences) console.error(place);
    const finding = results.differences.length === 0 ? 'responses are equal' : 'all other responses are equal';
    console.error(`${finding}; warming up (logs in ${bench.workDirectory})`);
    for (const system of systems) {
      const queries = options.queries.filter((query) => haveEqualResponses(results, system.name, query));
      await warmUp(system, bench, queries, amounts);
    }
    for (let round = 0; round < options.rounds; round += 1) {
      await oneRound(round, systems, upstream, bench, options, amounts, results);
    }
  } finally {
    for (const system of systems) await system.server.stop();
  }
}

function haveEqualResponses({ differences }: BenchResults, name: SystemName, query: QueryName): boolean {
  return !differences.some((difference) => difference.system === name && difference.query === query);
}

/** The first requests are not measured, because production runs compiled code and filled pools. */
async function warmUp(system: System, bench: Bench, queries: readonly QueryName[], amounts: Amounts): Promise<void> {
  for (const name of queries) {
    const total = amounts.warmUps[name];
    await runLoad(system, {
      question: workloads(bench.run)[name],
      connections: Math.min(8, total),
      more: (sent) => sent < total,
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
  // The order alternates with each round, because the second system meets a warmer or busier machine.
  const order = round % 2 === 0 ? systems : [...systems].reverse();
  const say = (name: SystemName, what: string) => console.error(`round ${round + 1}: ${what} ${name}`);
  for (const query of options.queries) {
    const alike = order.filter(({ name }) => haveEqualResponses(results, name, query));
    for (const [system, sample] of await sampleQuery(alike, upstream, all[query], amounts)) {
      results.queries[system.name][query].push(sample);
      say(
        system.name,
        `${query} ${sample.cpuMsPerRequest.toFixed(3)} ms CPU/request, p99 ${sample.p99Ms.toFixed(0)} ms,`,
      );
    }
  }
  // Peers appear only in the table of CPU per request; the other figures compare the gateway with the baseline.
  if (options.queries.length < QUERY_NAMES.length || systems.some(({ name }) => isPeer(name))) return;
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
