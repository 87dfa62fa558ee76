import { afterEach, describe, expect, it } from '@jest/globals';
import { UpstreamChannel, type UpstreamChannelOptions } from '../../../../src/upstreams/resilience/upstream.channel.js';
import { createUndiciTransport } from '../../../../src/upstreams/upstream.undici.js';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import {
  answer,
  hang,
  inTurn,
  type RawHandler,
  type RawUpstream,
  reset,
  startRawUpstream,
} from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';

const CREDENTIAL = { id: 'c', apiKey: 'canary-key', rootGroupId: null };
const WINDOW = { groupId: '1', fromSeconds: 0, toSeconds: 1, recursive: false };
const ORDER = { packId: '1', groupId: null, quantity: 1, heldDocuments: 'PROCESS' } as const;
const EMPTY = answer(200, '<billings_response><status>200</status><message/><plans/></billings_response>');

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function setUp(handler: RawHandler, options: Partial<UpstreamChannelOptions> = {}, readTimeoutMs = 5_000) {
  const upstream: RawUpstream = await startRawUpstream(handler);
  const channel = new UpstreamChannel({
    service: 'xtracta',
    transport: createUndiciTransport(),
    random: () => 0,
    ...options,
  });
  const client = new XtractaClient({ baseUrl: upstream.url, readTimeoutMs, writeTimeoutMs: 600, channel });
  stops.push(
    () => channel.close(),
    () => upstream.close(),
  );
  const recorded = recordedCall();
  const read = (tenantId = 'a') =>
    client.getBillingHistory(CREDENTIAL, WINDOW, { ...recorded.call, tenantId }).then(
      () => 'ok',
      (error: unknown) => codeOf(error),
    );
  const order = () => client.orderBoosterPack(CREDENTIAL, ORDER, recorded.call);
  return { upstream, client, recorded, read, order };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}

describe('a read over the channel', () => {
  it('succeeds at the third attempt, and reports each', async () => {
    const { read, recorded, upstream } = await setUp(inTurn(reset(), answer(503, ''), EMPTY));
    expect(await read()).toBe('ok');
    expect(upstream.requests()).toHaveLength(3);
    expect(recorded.attempts.map(({ attempt, outcome, httpStatus }) => [attempt, outcome, httpStatus])).toEqual([
      [1, 'failed', null],
      [2, 'failed', 503],
      [3, 'ok', 200],
    ]);
  });

  it('waits no longer than its time for a place', async () => {
    const { read, upstream } = await setUp(hang(), { pool: { size: 1 } }, 150);
    expect(await Promise.all([read(), read()])).toEqual(['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT']);
    expect(upstream.requests().length).toBeLessThanOrEqual(2);
  });

  it('is turned away at once by a full queue', async () => {
    const { read } = await setUp(hang(), { pool: { size: 1, maxQueued: 0 } }, 150);
    const [, second] = await Promise.all([read(), read()]);
    expect(second).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('has no more under way than the pool has places', async () => {
    let inside = 0;
    let most = 0;
    const { read } = await setUp(
      (exchange) => {
        inside += 1;
        most = Math.max(most, inside);
        setImmediate(() => {
          inside -= 1;
          EMPTY(exchange);
        });
      },
      { pool: { size: 4 } },
    );
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => read(`tenant-${index % 5}`)));
    expect(new Set(answers)).toEqual(new Set(['ok']));
    expect(most).toBeLessThanOrEqual(4);
  });

  it.each<[string, RawHandler]>([
    ['resets', reset()],
    ['answers 503', answer(503, '')],
    ['answers 429', answer(429, '')],
  ])('costs an upstream that always %s at most 1.1 times the demand', async (_name, handler) => {
    const { read, upstream } = await setUp(handler);
    const demand = 100;
    for (let batch = 0; batch < demand / 20; batch += 1) await Promise.all(Array.from({ length: 20 }, () => read()));
    expect(upstream.requests().length).toBeLessThanOrEqual(demand * 1.1);
  });
});

describe('the channel in an outage', () => {
  it('stops asking, sends no write, and recovers by a read', async () => {
    const { read, order, upstream, client } = await setUp(answer(503, ''), {
      breaker: { failures: 5, halfOpenAfterMs: 60_000 },
    });
    for (let count = 0; count < 10; count += 1) expect(await read()).toBe('UPSTREAM_UNAVAILABLE');
    expect(client.breakerState()).toBe('open');
    expect(upstream.requests()).toHaveLength(5);
    expect(await order()).toMatchObject({ kind: 'notSent', failure: { code: 'UPSTREAM_UNAVAILABLE' } });
    expect(upstream.requests()).toHaveLength(5);
  });

  it('closes the circuit again after a read that works', async () => {
    const { read, client, upstream } = await setUp(answer(503, ''), {
      breaker: { failures: 2, halfOpenAfterMs: 0 },
      retryReserve: 0,
    });
    await read();
    await read();
    expect(client.breakerState()).toBe('open');
    upstream.handle(EMPTY);
    expect(await read()).toBe('ok');
    expect(client.breakerState()).toBe('closed');
  });

  it('keeps the circuit closed while the upstream refuses', async () => {
    const refusal = '<billings_response><status>400</status><message>No</message></billings_response>';
    const { read, client } = await setUp(answer(400, refusal), { breaker: { failures: 2 } });
    for (let count = 0; count < 5; count += 1) expect(await read()).toBe('UPSTREAM_REJECTED');
    expect(client.breakerState()).toBe('closed');
  });
});

describe('a write over the channel', () => {
  it('is unsent when it finds no place in good time', async () => {
    const { order, upstream } = await setUp(hang(), { pool: { size: 1 } });
    const [first, second] = await Promise.all([order(), order()]);
    expect([first.kind, second.kind]).toEqual(['unknown', 'notSent']);
    expect(upstream.requests()).toHaveLength(1);
  });

  it('is reported once, without anything of the request', async () => {
    const { order, recorded } = await setUp(reset());
    await order();
    expect(recorded.attempts).toMatchObject([
      { operation: 'orderBoosterPack', kind: 'write', attempt: 1, outcome: 'failed' },
    ]);
    expect(JSON.stringify(recorded.attempts)).not.toContain('canary');
  });
});
