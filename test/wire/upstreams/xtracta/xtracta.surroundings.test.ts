import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { flood, httpResponse } from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';
import {
  API_KEY,
  BOOSTER,
  CREDENTIAL,
  clientOf,
  HISTORY,
  INVALID,
  order,
  readCode,
  stopAllAfterEach,
  TRANSPORT_NAMES,
  type TransportName,
  upstreamOf,
} from './xtracta.harness.js';

stopAllAfterEach();

const xml = (inner: string): string => `<?xml version="1.0"?><billings_response>${inner}</billings_response>`;

describe.each(TRANSPORT_NAMES)('Xtracta and its surroundings, over %s', (transport) => {
  const clientOver = (url: string, timeoutMs?: number) => clientOf(url, timeoutMs, undefined, transport);

  it('ignores proxy variables of the environment', async () => {
    const proxy = await upstreamOf(httpResponse(200, BOOSTER));
    const upstream = await upstreamOf(httpResponse(200, HISTORY));
    const environment = process.env;
    process.env = {
      ...environment,
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: proxy.url,
      http_proxy: proxy.url,
      ALL_PROXY: proxy.url,
    };
    try {
      expect(await readCode(clientOver(upstream.url))).toBe('OK 1');
    } finally {
      process.env = environment;
    }
    expect(proxy.connections()).toBe(0);
  });

  it('stops reading an endless body, and holds on to none of it', async () => {
    let written = 0;
    const upstream = await upstreamOf((exchange) => {
      flood(200_000_000)(exchange);
      exchange.socket.on('close', () => {
        written = exchange.socket.bytesWritten;
      });
    });
    const before = process.memoryUsage().arrayBuffers;
    const client = clientOver(upstream.url, 5_000);
    expect((await order(client)).kind).toBe('unknown');
    expect(await readCode(client)).toBe(INVALID);
    // 16 MiB is the most that a read may hold, 1 MiB a write; 64 MiB leaves room for what the kernel had buffered.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    await upstream.close();
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('keeps the connection of reads, and sends no write over it', async () => {
    const upstream = await upstreamOf(httpResponse(200, HISTORY));
    const client = clientOver(upstream.url);
    await readCode(client);
    // A connection is free again a turn of the event loop after its response, in case the upstream closes it.
    await new Promise(setImmediate);
    await readCode(client);
    expect(upstream.connections()).toBe(1);
    await order(client);
    expect(upstream.connections()).toBe(2);
  });

  it('tries a read again when a kept connection was closed in the meantime', async () => {
    const upstream = await upstreamOf(({ number, socket, request }) => {
      httpResponse(200, HISTORY)({ number, socket, request });
      if (number === 1) socket.end();
    });
    const client = clientOver(upstream.url, 2_000);
    expect(await readCode(client)).toBe('OK 1');
    expect(await readCode(client)).toBe('OK 1');
  });

  it('does not cancel a write whose caller has left', async () => {
    const upstream = await upstreamOf(httpResponse(200, BOOSTER));
    const request = { packId: '1', groupId: null, quantity: 2, heldDocuments: 'PROCESS' } as const;
    const { call } = recordedCall({ signal: AbortSignal.abort() });
    expect((await clientOver(upstream.url).orderBoosterPack(CREDENTIAL, request, call)).kind).toBe('succeeded');
  });

  it('aborts a read whose caller has left, and does not try it again', async () => {
    const leaving = new AbortController();
    const upstream = await upstreamOf(() => leaving.abort());
    const { call, attempts } = recordedCall({ signal: leaving.signal });
    const request = { groupId: '1', fromSeconds: 0, toSeconds: 1, recursive: false };
    const read = clientOver(upstream.url, 10_000).getBillingHistory(CREDENTIAL, request, call);
    await expect(read).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(attempts).toMatchObject([{ outcome: 'aborted', attempt: 1 }]);
    expect(upstream.requests()).toHaveLength(1);
  });

  it('never lets the api key out of an error', async () => {
    const upstream = await upstreamOf(
      httpResponse(400, xml(`<status>400</status><message>key ${API_KEY} at https://x.test/?t=1</message>`)),
    );
    const outcome = await order(clientOver(upstream.url));
    expect(outcome).toMatchObject({
      kind: 'rejected',
      failure: { upstream: { message: 'key [removed] at [removed]' } },
    });
  });
});

describe('the connections of writes', () => {
  async function setUp(transport: TransportName) {
    const upstream = await upstreamOf(httpResponse(200, BOOSTER));
    const client = clientOf(upstream.url, undefined, undefined, transport);
    expect((await order(client)).kind).toBe('succeeded');
    await new Promise(setImmediate);
    return { upstream, client };
  }

  it('are new for each over got', async () => {
    const { upstream, client } = await setUp('got');
    expect((await order(client)).kind).toBe('succeeded');
    expect(upstream.requests()).toHaveLength(2);
    expect(upstream.connections()).toBe(2);
  });

  it('are kept over undici for the pauses within a burst, and no longer', async () => {
    const ended = new Set<Promise<unknown>>();
    const seen = new Set<unknown>();
    const upstream = await upstreamOf((exchange) => {
      if (!seen.has(exchange.socket)) ended.add(once(exchange.socket, 'end'));
      seen.add(exchange.socket);
      httpResponse(200, BOOSTER)(exchange);
    });
    const client = clientOf(upstream.url);
    const burst = 20;
    for (let turn = 0; turn < burst; turn += 1) {
      expect((await order(client)).kind).toBe('succeeded');
      await new Promise(setImmediate);
    }
    // Each would be new otherwise; a machine that stands still for a tenth of a second opens some more.
    const opened = upstream.connections();
    expect(opened).toBeLessThan(burst);
    // The client ends them by itself, long before any server would.
    await Promise.all(ended);
    expect((await order(client)).kind).toBe('succeeded');
    expect(upstream.connections()).toBe(opened + 1);
  });

  it('are not kept over undici where the upstream means to end them soon', async () => {
    const soon = { 'keep-alive': 'timeout=1' };
    const upstream = await upstreamOf(httpResponse(200, BOOSTER, soon));
    const client = clientOf(upstream.url);
    expect((await order(client)).kind).toBe('succeeded');
    await new Promise(setImmediate);
    expect((await order(client)).kind).toBe('succeeded');
    expect([upstream.requests().length, upstream.connections()]).toEqual([2, 2]);
  });

  it('break under no order when the upstream ends each after almost a second', async () => {
    const upstream = await upstreamOf((exchange) => {
      httpResponse(200, BOOSTER)(exchange);
      setTimeout(() => exchange.socket.end(), 995);
    });
    const client = clientOf(upstream.url);
    // The pauses are what is tried here.
    for (const pause of [0, 995, 995]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => order(client)));
      expect(outcomes.filter(({ kind }) => kind !== 'succeeded')).toEqual([]);
    }
    expect(upstream.requests()).toHaveLength(60);
  });

  it('are not used over undici when the upstream has sent more than it was asked for', async () => {
    const booster = httpResponse(200, BOOSTER);
    const upstream = await upstreamOf((exchange) => {
      booster(exchange);
      if (exchange.number === 1) booster(exchange);
    });
    const client = clientOf(upstream.url);
    expect((await order(client)).kind).toBe('succeeded');
    expect((await order(client)).kind).toBe('succeeded');
    expect(upstream.requests()).toHaveLength(2);
    expect(upstream.connections()).toBe(2);
  });

  it.each<TransportName>(['undici', 'got'])(
    'send nothing again over %s when they break under a write',
    async (transport) => {
      const { upstream, client } = await setUp(transport);
      upstream.handle(({ socket }) => socket.destroy());
      expect((await order(client)).kind).toBe('unknown');
      expect(upstream.requests()).toHaveLength(2);
    },
  );
});
