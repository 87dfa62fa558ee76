import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator } from '../support/start-simulator.js';

let simulator: TestSimulator;
const opened: TestGateway[] = [];

beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterEach(async () => {
  for (const gateway of opened.splice(0)) await gateway.close();
});
afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
});

async function open(name: string, env: Readonly<Record<string, string>>): Promise<TestGateway> {
  const { apiKey } = simulator.freshWorld(name);
  const gateway = await startGateway({ xtractaUrl: simulator.url, env: { XTRACTA_API_KEY: apiKey, ...env } });
  opened.push(gateway);
  return gateway;
}

const ask = (gateway: TestGateway, query: string, accept = 'application/graphql-response+json') =>
  fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ query }),
  });

const PLAN = '{ group(id: "100001") { plan { name } } }';

describe('the limit of queries', () => {
  it('refuses what is over it, says when to come again, and asks the upstream nothing for it', async () => {
    const gateway = await open('read-limit', { RATE_LIMIT_READS_PER_MINUTE: '2' });
    for (const turn of [1, 2]) expect([turn, (await ask(gateway, PLAN)).status]).toEqual([turn, 200]);
    const refused = await ask(gateway, PLAN);
    expect(refused.status).toBe(429);
    const { data, errors } = (await refused.json()) as {
      readonly data?: unknown;
      readonly errors: readonly { readonly extensions: Readonly<Record<string, unknown>> }[];
    };
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    const { code, retryable, retryAfterSeconds } = errors[0]?.extensions ?? {};
    expect({ code, retryable }).toEqual({ code: 'RATE_LIMITED', retryable: true });
    // Two per minute: the next one is free after at most 30 s.
    expect(retryAfterSeconds).toBeGreaterThan(0);
    expect(retryAfterSeconds).toBeLessThanOrEqual(30);
    expect(refused.headers.get('retry-after')).toBe(String(retryAfterSeconds));
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const calls = [...metrics.matchAll(/^http_client_request_duration_seconds_count\{[^}]*\} (\d+)$/gm)];
    expect(calls.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(2);
  });

  it('counts no write, and none where it is not set', async () => {
    const limited = await open('read-limit-writes', { RATE_LIMIT_READS_PER_MINUTE: '1' });
    expect((await ask(limited, '{ __typename }')).status).toBe(200);
    const write = 'mutation { reconcileBillingOperation(idempotencyKey: "nothing-here") { userErrors { code } } }';
    for (const turn of [1, 2, 3]) expect([turn, (await ask(limited, write)).status]).toEqual([turn, 200]);
    const open100 = await open('read-limit-none', {});
    const all = await Promise.all(Array.from({ length: 100 }, () => ask(open100, '{ __typename }')));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('extensions.cost', () => {
  const both = '{ a: group(id: "100001") { plan { name } } b: group(id: "100001") { plan { price { amount } } } }';

  it('tells the calls that were asked for, made and saved, and what is left', async () => {
    const gateway = await open('cost', { OPERATION_COST: 'true', MAX_UPSTREAM_CALLS: '10' });
    const { extensions } = (await (await ask(gateway, both)).json()) as { readonly extensions: unknown };
    expect(extensions).toEqual({ cost: { asked: 2, made: 1, saved: 1, left: 9 } });
    const nothing = (await (await ask(gateway, '{ __typename }')).json()) as { readonly extensions: unknown };
    expect(nothing.extensions).toEqual({ cost: { asked: 0, made: 0, saved: 0, left: 10 } });
  });

  it('is told nobody who has not set it', async () => {
    const gateway = await open('cost-none', {});
    expect(await (await ask(gateway, both)).json()).not.toHaveProperty('extensions');
  });
});
