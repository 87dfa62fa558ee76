import { isDeepStrictEqual } from 'node:util';
import type { Difference } from '#bench/bench.results';
import { QUERY_NAMES, type QueryName, type Workload } from '#bench/billing.workload';
import type { AskedRequest } from '#bench/http.connection';
import { isPeer, type System } from '#bench/systems';

/** What a system keeps of a document that comes again must not change its answers. */
const TIMES = 10;

/**
 * Asks every system the same questions and compares the answers whole, with the first system's. Gives back what peers answer differently:
 * figures of different answers mean nothing.
 *
 * @throws Error naming the query and the first place where the gateway and the baseline differ.
 */
export async function checkAnswers(
  systems: readonly System[],
  workloads: Readonly<Record<QueryName, Workload>>,
): Promise<readonly Difference[]> {
  const differences = new Map<string, Difference>();
  const [first, ...others] = systems;
  if (first === undefined) return [];
  for (const name of QUERY_NAMES) {
    for (let time = 0; time < TIMES; time += 1) {
      // Far from every sequence number that the load uses.
      const request = workloads[name].ask(99_000_000 + time);
      const expected = await wholeAnswer(first, request);
      for (const system of others) {
        const answer = await wholeAnswer(system, request);
        if (isDeepStrictEqual(answer, expected)) continue;
        const place = firstDifference(expected, answer, '$');
        const text = `${name}, asked ${time + 1} times: ${first.name} and ${system.name} differ at ${place}`;
        if (!isPeer(system.name)) throw new Error(text);
        const key = `${system.name} ${name}`;
        if (!differences.has(key)) differences.set(key, { system: system.name, query: name, place: text });
      }
    }
  }
  return [...differences.values()];
}

async function wholeAnswer({ server, bearerTokens }: System, { method, path, body }: AskedRequest): Promise<unknown> {
  const [token] = bearerTokens;
  const response = await fetch(server.origin + path, {
    method,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
  return response.json();
}

/** Path and both values of the first place where two JSON values differ. */
function firstDifference(a: unknown, b: unknown, path: string): string {
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (!isDeepStrictEqual(a[key], b[key])) return firstDifference(a[key], b[key], `${path}.${key}`);
    }
  }
  return `${path}: ${shorten(a)} and ${shorten(b)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shorten(value: unknown): string {
  return (JSON.stringify(value) as string | undefined)?.slice(0, 300) ?? 'nothing';
}
