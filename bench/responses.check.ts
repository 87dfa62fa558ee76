import { isDeepStrictEqual } from 'node:util';
import type { Difference } from '#bench/bench.results';
import { QUERY_NAMES, type QueryName, type Workload } from '#bench/billing.workload';
import type { AskedRequest } from '#bench/http.connection';
import { isPeer, type System } from '#bench/systems';

/** Repetitions of each request. Data that a system keeps for a repeated document must not change its responses. */
const TIMES = 10;

/**
 * Sends every system the same requests and compares whole responses with those of the first system. Returns the
 * differences of peers, because figures of different responses cannot be compared.
 *
 * @throws Error naming the query and the first place where the gateway and the baseline differ.
 */
export async function compareResponses(
  systems: readonly System[],
  workloads: Readonly<Record<QueryName, Workload>>,
): Promise<readonly Difference[]> {
  const differences = new Map<string, Difference>();
  const [first, ...others] = systems;
  if (first === undefined) return [];
  for (const name of QUERY_NAMES) {
    for (let time = 0; time < TIMES; time += 1) {
      // Far from all sequence numbers of the load.
      const request = workloads[name].ask(99_000_000 + time);
      const expected = await wholeResponse(first, request);
      for (const system of others) {
        const response = await wholeResponse(system, request);
        if (isDeepStrictEqual(response, expected)) continue;
        const place = firstDifference(expected, response, '$');
        const text = `${name}, asked ${time + 1} times: ${first.name} and ${system.name} differ at ${place}`;
        if (!isPeer(system.name)) throw new Error(text);
        const key = `${system.name} ${name}`;
        if (!differences.has(key)) differences.set(key, { system: system.name, query: name, place: text });
      }
    }
  }
  return [...differences.values()];
}

async function wholeResponse({ server, bearerTokens }: System, { method, path, body }: AskedRequest): Promise<unknown> {
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
