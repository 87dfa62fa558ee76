import { afterEach, describe, expect, it } from '@jest/globals';
import { UpstreamChannel, type UpstreamChannelOptions } from '../../../../src/upstreams/http/channel.js';
import { createUndiciTransport } from '../../../../src/upstreams/http/undici.transport.js';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import {
  hang,
  httpResponse,
  inTurn,
  type RawHandler,
  type RawUpstream,
  reset,
  startRawUpstream,
} from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';

const CREDENTIAL = { id: 'c', apiKey: 'canary-key', rootGroupId: null };
/** An account of its own; the upstream sees its key. */
const accountOf = (name: string) => ({ ...CREDENTIAL, id: name, apiKey: `key-of-${name}` });
const WINDOW = { groupId: '1', fromSeconds: 0, toSeconds: 1, recursive: false };
const ORDER = { packId: '1', groupId: null, quantity: 1, heldDocuments: 'PROCESS' } as const;
const EMPTY = httpResponse(200, '<billings_response><status>200</status><message/><plans/></billings_response>');

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Times are short only where all of them is waited for: a busy machine may need longer for a response. */
async function setUp(
  handler: RawHandler,
  options: Partial<UpstreamChannelOptions> = {},
  { readTimeoutMs = 5_000, writeTimeoutMs = 5_000 } = {},
) {
  const upstream: RawUpstream = await startRawUpstream(handler);
  const channel = new UpstreamChannel({
    service: 'xtracta',
    transport: createUndiciTransport(),
    random: () => 0,
    ...options,
  });
  const client = new XtractaClient({ baseUrl: upstream.url, readTimeoutMs, writeTimeoutMs, channel });
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
  const readAs = (name: string, groupId = '1') =>
    client.getBillingHistory(accountOf(name), { ...WINDOW, groupId }, { ...recorded.call, tenantId: name }).then(
      () => 'ok',
      (error: unknown) => codeOf(error),
    );
  const orderAs = (name: string) =>
    client.orderBoosterPack(accountOf(name), ORDER, { ...recorded.call, tenantId: name }).then(({ kind }) => kind);
  const hitsOf = (name: string) => upstream.requests().filter(({ body }) => body.includes(`key-of-${name}`)).length;
  return { upstream, client, recorded, read, order, readAs, orderAs, hitsOf };
}

/** Answers each account in its own way, and all others as usual. */
function byAccount(handlers: Readonly<Record<string, RawHandler>>, usual: RawHandler): RawHandler {
  return (exchange) => {
    const name = Object.keys(handlers).find((account) => exchange.request.body.includes(`key-of-${account}`));
    (handlers[name ?? ''] ?? usual)(exchange);
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}

describe('a read over the channel', () => {
  it('succeeds at the third attempt, and reports each', async () => {
    const { read, recorded, upstream } = await setUp(inTurn(reset(), httpResponse(503, ''), EMPTY));
    expect(await read()).toBe('ok');
    expect(upstream.requests()).toHaveLength(3);
    expect(recorded.attempts.map(({ attempt, outcome, httpStatus }) => [attempt, outcome, httpStatus])).toEqual([
      [1, 'failed', null],
      [2, 'failed', 503],
      [3, 'ok', 200],
    ]);
  });

  it('waits no longer than its time for a place', async () => {
    const { read, upstream } = await setUp(hang(), { pool: { size: 1 } }, { readTimeoutMs: 150 });
    expect(await Promise.all([read(), read()])).toEqual(['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT']);
    expect(upstream.requests().length).toBeLessThanOrEqual(2);
  });

  it('is turned away at once by a full queue', async () => {
    const { read } = await setUp(hang(), { pool: { size: 1, maxQueued: 0 } }, { readTimeoutMs: 150 });
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
    const responses = await Promise.all(Array.from({ length: 40 }, (_, index) => read(`tenant-${index % 5}`)));
    expect(new Set(responses)).toEqual(new Set(['ok']));
    expect(most).toBeLessThanOrEqual(4);
  });

  it.each<[string, RawHandler]>([
    ['resets', reset()],
    ['answers 503', httpResponse(503, '')],
    ['answers 429', httpResponse(429, '')],
  ])('costs an upstream that always %s at most 1.1 times the demand', async (_name, handler) => {
    const { read, upstream } = await setUp(handler);
    const demand = 100;
    for (let batch = 0; batch < demand / 20; batch += 1) await Promise.all(Array.from({ length: 20 }, () => read()));
    expect(upstream.requests().length).toBeLessThanOrEqual(demand * 1.1);
  });
});

describe('the channel in an outage', () => {
  it('stops asking, sends no write, and recovers by a read', async () => {
    const { read, order, upstream, client } = await setUp(httpResponse(503, ''), {
      breaker: { failures: 5, halfOpenAfterMs: 60_000 },
    });
    for (let count = 0; count < 10; count += 1) expect(await read()).toBe('UPSTREAM_UNAVAILABLE');
    expect(client.breakerState()).toBe('open');
    expect(upstream.requests()).toHaveLength(5);
    expect(await order()).toMatchObject({ kind: 'notSent', failure: { code: 'UPSTREAM_UNAVAILABLE' } });
    expect(upstream.requests()).toHaveLength(5);
  });

  it('closes the circuit again after a read that works', async () => {
    const { read, client, upstream } = await setUp(httpResponse(503, ''), {
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
    const { read, client } = await setUp(httpResponse(400, refusal), { breaker: { failures: 2 } });
    for (let count = 0; count < 5; count += 1) expect(await read()).toBe('UPSTREAM_REJECTED');
    expect(client.breakerState()).toBe('closed');
  });
});

describe('several accounts at one upstream', () => {
  const PACK = '<pack><id>1</id><name>P</name><allowed_documents>1</allowed_documents><group_id>1</group_id></pack>';
  const ORDERED = httpResponse(
    200,
    `<billings_response><status>200</status><message/>${PACK}<pack_summary><quantity>1</quantity></pack_summary></billings_response>`,
  );
  const USUAL: RawHandler = (exchange) => (exchange.request.path.includes('history') ? EMPTY : ORDERED)(exchange);

  it.each<[string, RawHandler, string]>([
    ['answers 500', httpResponse(500, ''), 'unknown'],
    ['resets', reset(), 'unknown'],
    ['answers 401', httpResponse(401, ''), 'unknown'],
  ])('keep apart: one that %s moves no other', async (_name, handler) => {
    const { readAs, orderAs, hitsOf, client } = await setUp(byAccount({ a: handler }, USUAL), { retryReserve: 0 });
    for (let count = 0; count < 9; count += 1) {
      expect(await readAs('a')).not.toBe('ok');
      await orderAs('a');
      expect([await readAs('b'), await orderAs('b')]).toEqual(['ok', 'succeeded']);
    }
    expect(hitsOf('b')).toBe(18);
    expect(client.breakerState()).toBe('closed');
  });

  it('stop asking for the one that fails after five attempts, and say of its writes that nothing was sent', async () => {
    const { readAs, orderAs, hitsOf } = await setUp(byAccount({ a: httpResponse(500, '') }, USUAL), {
      retryReserve: 0,
    });
    for (let count = 0; count < 9; count += 1) expect(await readAs('a')).toBe('UPSTREAM_UNAVAILABLE');
    expect([await orderAs('a'), hitsOf('a')]).toEqual(['notSent', 5]);
  });

  it.each([403, 404, 400, 429])('keep their circuits closed while one is answered %i', async (status) => {
    const { readAs, orderAs, hitsOf, client } = await setUp(byAccount({ a: httpResponse(status, '') }, USUAL), {
      retryReserve: 0,
    });
    for (let count = 0; count < 9; count += 1) expect(await readAs('a', '2')).not.toBe('ok');
    expect([hitsOf('a'), client.breakerState()]).toEqual([9, 'closed']);
    await orderAs('a');
    expect(hitsOf('a')).toBe(10);
  });

  it('try again with one call after an outage, for which the others wait, reads and writes', async () => {
    const { readAs, orderAs, upstream, hitsOf } = await setUp(httpResponse(503, ''), {
      breaker: { failures: 2, halfOpenAfterMs: 0 },
      retryReserve: 0,
    });
    for (const name of ['a', 'b', 'c']) await readAs(name);
    const atProbe = Promise.withResolvers<() => void>();
    const before = upstream.requests().length;
    upstream.handle((exchange) => {
      if (upstream.requests().length > before + 1) USUAL(exchange);
      else atProbe.resolve(() => USUAL(exchange));
    });
    const responses = [readAs('a'), readAs('a', '2'), readAs('b', '3'), orderAs('c')];
    const respondToProbe = await atProbe.promise;
    expect(upstream.requests().length).toBe(before + 1);
    respondToProbe();
    expect(await Promise.all(responses)).toEqual(['ok', 'ok', 'ok', 'succeeded']);
    expect(upstream.requests().length).toBe(before + 4);
    expect(hitsOf('c')).toBe(2);
  });

  it('have places left while one lets all of its calls hang', async () => {
    const { readAs, orderAs } = await setUp(byAccount({ a: hang() }, USUAL), {}, { readTimeoutMs: 2_000 });
    const hanging = Array.from({ length: 100 }, () => readAs('a'));
    for (let count = 0; count < 5; count += 1) {
      expect([await readAs('b'), await orderAs('b')]).toEqual(['ok', 'succeeded']);
    }
    expect(new Set(await Promise.all(hanging))).not.toContain('ok');
  });
});

describe('a write over the channel', () => {
  it('may have been sent when the transport throws', async () => {
    const transport = { send: () => Promise.reject(new Error('bug')), close: () => undefined };
    const { order } = await setUp(EMPTY, { transport });
    expect(await order()).toMatchObject({ kind: 'unknown' });
  });

  it('is unsent when it finds no place in good time', async () => {
    const { order, upstream } = await setUp(hang(), { pool: { size: 1 } }, { writeTimeoutMs: 600 });
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
