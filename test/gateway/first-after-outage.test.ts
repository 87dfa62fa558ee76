import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { httpResponse, type RawHandler, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';

// The first requests after an outage, over HTTP: one of them tries the upstream, the others wait for its result.

jest.setTimeout(60_000);

const HALF_OPEN_AFTER_MS = 10_000;
const fixture = (name: string): string => readFileSync(`test/fixtures/xtracta/${name}.xml`, 'utf8');
const HISTORY = httpResponse(200, fixture('billing-history'));
const BOOSTER = httpResponse(200, fixture('booster'));
const SICK = httpResponse(500, '');

const READ = 'query ($id: ID!) { group(id: $id) { billingHistory(first: 1) { totalCount } } }';
const KEPT = 'query ($id: ID!) { group(id: $id) { asOf billingHistory(first: 1) { totalCount } } }';
const THREE = `{ ${[1, 2, 3].map((id) => `g${id}: group(id: "${id}") { billingHistory(first: 1) { totalCount } }`).join(' ')} }`;
const ORDER = `mutation { result: orderBoosterPack(input: { idempotencyKey: "order-after", packId: "1" }) {
  operation { status } userErrors { code } } }`;

let upstream: RawUpstream;
let gateway: TestGateway;
/** The upstream's present response. */
let handler: RawHandler;
/** Milliseconds by which the process's clock is ahead. */
let ahead = 0;
const now = performance.now.bind(performance);

beforeEach(async () => {
  jest.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
  handler = SICK;
  upstream = await startRawUpstream((exchange) => handler(exchange));
  gateway = await startGateway({ xtractaUrl: upstream.url });
  while ((await breaker()) !== 'breaker open') await read('9');
  const before = upstream.requests().length;
  expect(await read('9')).toBe('UPSTREAM_UNAVAILABLE');
  expect(upstream.requests().length).toBe(before);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await gateway.close();
  await upstream.close();
});

afterAll(() => removeGatewayFolders());

async function breaker(): Promise<string> {
  const { parts }: { parts: { name: string; detail: string }[] } = await (await fetch(`${gateway.url}/ready`)).json();
  return parts.find(({ name }) => name === 'xtracta')?.detail ?? '';
}

async function read(id: string): Promise<unknown> {
  const { errors } = await gateway.execute(READ, { id });
  return errors[0]?.extensions?.['code'] ?? 'answered';
}

/** Time passes, and the upstream holds the first request until the test chooses its response. */
function recover(): { readonly hits: () => number; readonly settle: (how: RawHandler) => void } {
  const before = upstream.requests().length;
  const first = Promise.withResolvers<RawHandler>();
  let isFirst = true;
  handler = (exchange) => {
    const well = exchange.request.path.includes('history') ? HISTORY : BOOSTER;
    if (isFirst) void first.promise.then((how) => how(exchange));
    else well(exchange);
    isFirst = false;
  };
  ahead += HALF_OPEN_AFTER_MS;
  return { hits: () => upstream.requests().length - before, settle: first.resolve };
}

/** Waits until the first request is at the upstream, and the others could have been there too. */
async function underWay(hits: () => number): Promise<void> {
  while (hits() === 0) await new Promise((next) => setImmediate(next));
  for (let time = 0; time < 20; time += 1) expect(await breaker()).toBe('breaker half-open');
  expect(hits()).toBe(1);
}

describe('the first requests after an outage', () => {
  it('are one trial, and the others wait for it: reads of three groups and a write', async () => {
    const { hits, settle } = recover();
    const reads = ['1', '2', '3'].map((id) => read(id));
    while (hits() === 0) await new Promise((next) => setImmediate(next));
    const order = gateway.execute<{ result: { operation: { status: string } } }>(ORDER);
    await underWay(hits);
    settle(HISTORY);
    expect(await Promise.all(reads)).toEqual(['answered', 'answered', 'answered']);
    expect((await order).data?.result.operation.status).toBe('SUCCEEDED');
    expect(upstream.requests().filter(({ path }) => path.includes('booster'))).toHaveLength(1);
    expect(await breaker()).toBe('breaker closed');
  });

  it('are one trial for three groups of one operation', async () => {
    const { hits, settle } = recover();
    const asked = gateway.execute(THREE);
    await underWay(hits);
    settle(HISTORY);
    const { data, errors } = await asked;
    expect(errors).toEqual([]);
    expect(Object.keys(data ?? {})).toEqual(['g1', 'g2', 'g3']);
    expect(hits()).toBe(3);
  });

  it('wait for no trial where a response is kept, however long it takes', async () => {
    await gateway.close();
    gateway = await startGateway({ xtractaUrl: upstream.url, env: { STALE_READS_SECONDS: '3600' } });
    handler = (exchange) => HISTORY(exchange);
    expect(await read('9')).toBe('answered');
    handler = (exchange) => SICK(exchange);
    while ((await breaker()) !== 'breaker open') await read('8');
    const { hits, settle } = recover();
    const trial = gateway.execute(READ, { id: '9' });
    await underWay(hits);
    const never = gateway.execute(READ, { id: '8' });
    const kept = await gateway.execute<{ group: { asOf: string } }>(KEPT, { id: '9' });
    expect(kept).toMatchObject({ data: { group: { asOf: expect.stringMatching(/Z$/) } }, errors: [] });
    expect(await breaker()).toBe('breaker half-open');
    settle(HISTORY);
    expect((await Promise.all([trial, never])).map(({ errors }) => errors)).toEqual([[], []]);
    const after = await gateway.execute<{ group: { asOf: string | null } }>(KEPT, { id: '9' });
    expect(after.data?.group.asOf).toBeNull();
  });

  it('are refused together when the trial fails, with no further request', async () => {
    const { hits, settle } = recover();
    const asked = gateway.execute(THREE);
    await underWay(hits);
    settle(SICK);
    const { errors } = await asked;
    expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(Array(3).fill('UPSTREAM_UNAVAILABLE'));
    expect(hits()).toBe(1);
    expect(await breaker()).toBe('breaker open');
  });
});
