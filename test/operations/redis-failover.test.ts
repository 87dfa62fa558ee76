import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { MovingAddress } from '../support/moving-address.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { findRedis, startRedis, type TestRedis } from '../support/start-redis.js';
import { startTestSimulator, type TestSimulator } from '../support/start-simulator.js';

const LIMIT_MS = 120_000;
const ORDER = `mutation ($input: OrderBoosterPackInput!) { result: orderBoosterPack(input: $input) {
  operation { status } userErrors { code } } }`;

let simulator: TestSimulator;
beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
});

/** A gateway on this Redis, whose writes go to a separate world. */
async function startOn(label: string, redisPort: number) {
  const world = simulator.freshWorld(label);
  const gateway = await startGateway({
    xtractaUrl: simulator.url,
    env: {
      XTRACTA_API_KEY: world.apiKey,
      CACHE_URL: `redis://127.0.0.1:${redisPort}/0`,
      DUPLICATE_WINDOW_SECONDS: '0',
    },
  });
  /** One text for each order that the upstream received. */
  const sentOrders = (): readonly string[] =>
    world.world.journal.list({ endpoint: 'booster' }).map(({ params }) => JSON.stringify(params));
  return { gateway, sentOrders };
}

async function order(gateway: TestGateway, number: number): Promise<string> {
  const groupId = `1000${15 + (number % 20)}`;
  const quantity = 1 + Math.floor(number / 20);
  const input = { idempotencyKey: `redis-order-${number}`, packId: '1223', groupId, quantity };
  const { data, text } = await gateway.execute<{ result: { operation: { status: string } | null } }>(ORDER, { input });
  return data?.result.operation?.status ?? text;
}

async function cacheUp({ url }: TestGateway): Promise<boolean> {
  return (await (await fetch(`${url}/metrics`)).text()).includes('\nbilling_cache_up 1\n');
}

async function untilCacheIs(up: boolean, gateway: TestGateway): Promise<void> {
  while ((await cacheUp(gateway)) !== up) await new Promise((next) => setImmediate(next));
}

/** Like client libraries: by hash, and with the text when the hash is not known. */
async function askByHash({ url }: TestGateway, query: string): Promise<string> {
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const ask = async (text: object): Promise<string> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...text, extensions: { persistedQuery: { version: 1, sha256Hash } } }),
    });
    return await response.text();
  };
  const response = await ask({});
  return response.includes('PERSISTED_QUERY_NOT_FOUND') ? await ask({ query }) : response;
}

const binary = findRedis();
if (binary === null) {
  process.stderr.write('Left out: the failover of a Redis pair (redis-server is not installed).\n');
} else {
  describe('a Redis primary that dies, and its replica', () => {
    const servers: TestRedis[] = [];
    const clients: Redis[] = [];
    let address: MovingAddress;
    let subject: Awaited<ReturnType<typeof startOn>>;

    beforeAll(async () => {
      const primary = await startRedis(binary);
      servers.push(primary, await startRedis(binary, primary.port));
      address = await MovingAddress.to(primary.port);
      subject = await startOn('redis-failover', address.port);
    }, LIMIT_MS);
    afterAll(async () => {
      for (const client of clients) client.disconnect();
      await subject.gateway.close();
      await address.close();
      for (const server of servers) await server.stop();
    });

    const clientOf = (server: TestRedis): Redis => {
      const client = new Redis(server.url);
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    };

    it(
      'lose and double no write, fail no persisted query, show in the metrics, and need no restart of the gateway',
      async () => {
        const { gateway, sentOrders } = subject;
        const [primary, replica] = servers;
        if (primary === undefined || replica === undefined) throw new Error('no pair');
        const ends: string[] = [];
        const responses = new Set<string>();
        let isOver = false;
        const buyer = async (): Promise<void> => {
          while (!isOver) ends.push(await order(gateway, ends.length + 1));
        };
        const reader = async (name: string): Promise<void> => {
          for (let turn = 0; !isOver; turn += 1) {
            responses.add(await askByHash(gateway, `query ${name}${turn % 5} { __typename }`));
          }
        };
        const more = async (): Promise<void> => {
          const before = ends.length;
          while (ends.length < before + 3) await new Promise((next) => setImmediate(next));
        };
        const fail = async (): Promise<void> => {
          await untilCacheIs(true, gateway);
          await more();
          await primary.crash();
          await untilCacheIs(false, gateway);
          await more();
          // Still a replica, which takes no write, so it stays down however often the gateway tries.
          const statistics = clientOf(replica);
          const refused = async (): Promise<number> =>
            Number(/errorstat_READONLY:count=(\d+)/.exec(await statistics.info('errorstats'))?.[1] ?? 0);
          address.moveTo(replica.port);
          while ((await refused()) < 2) expect(await cacheUp(gateway)).toBe(false);
          await more();
          await statistics.replicaof('NO', 'ONE');
          await untilCacheIs(true, gateway);
          await more();
          // A demotion keeps connections open, so only the gateway's own probe detects it.
          await statistics.replicaof('127.0.0.1', String(primary.port));
          await untilCacheIs(false, gateway);
          await statistics.replicaof('NO', 'ONE');
          await untilCacheIs(true, gateway);
          isOver = true;
        };
        await Promise.all([fail(), buyer(), reader('One'), reader('Other')]);

        expect(new Set(ends)).toEqual(new Set(['SUCCEEDED']));
        expect([sentOrders().length, new Set(sentOrders()).size]).toEqual([ends.length, ends.length]);
        expect([...responses]).toEqual(['{"data":{"__typename":"Query"}}\n']);
      },
      LIMIT_MS,
    );
  });
}

/** Speaks enough of Redis's protocol for a connection, and refuses every write as the test says. Mutable. */
class RefusingRedis {
  /** Null: it works. */
  error: string | null;
  loading = false;
  connections = 0;
  writes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(error: string | null) {
    this.error = error;
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        for (const [command] of chunk.toString('utf8').matchAll(/(?<=^\*\d+\r\n\$\d+\r\n)\w+/gm)) {
          socket.write(this.#reply(command.toLowerCase()));
        }
      });
    }).listen(0, '127.0.0.1');
  }

  async port(): Promise<number> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('No port was given.');
    return address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #reply(command: string): string {
    if (command === 'info') {
      const text = this.loading ? 'loading:1\r\nloading_eta_seconds:40\r\n' : 'loading:0\r\n';
      return `$${text.length}\r\n${text}\r\n`;
    }
    if (command !== 'set') return '+OK\r\n';
    this.writes += 1;
    return this.error === null ? '+OK\r\n' : `-${this.error}\r\n`;
  }
}

const REFUSALS = [
  "READONLY You can't write against a read only replica.",
  'MOVED 3999 127.0.0.1:6381',
  'LOADING Redis is loading the dataset in memory',
  "OOM command not allowed when used memory > 'maxmemory'.",
];

async function refuse(error: string): Promise<void> {
  const redis = new RefusingRedis(error);
  const { gateway, sentOrders } = await startOn('redis-refusing', await redis.port());
  const shown = new Set<boolean>();
  const ends: string[] = [];
  while (redis.connections < 3) {
    shown.add(await cacheUp(gateway));
    ends.push(await order(gateway, ends.length + 1));
    expect(await askByHash(gateway, 'query Refused { __typename }')).toBe('{"data":{"__typename":"Query"}}\n');
  }
  expect([...shown]).toEqual([false]);
  expect(new Set(ends)).toEqual(new Set(['SUCCEEDED']));
  expect([sentOrders().length, new Set(sentOrders()).size]).toEqual([ends.length, ends.length]);
  expect(gateway.logs().match(/Redis cannot be used/g)).toHaveLength(1);
  redis.error = null;
  await untilCacheIs(true, gateway);
  await gateway.close();
  await redis.close();
}

async function loadWhileTheGatewayStarts(): Promise<void> {
  const redis = new RefusingRedis(null);
  redis.loading = true;
  const { gateway } = await startOn('redis-loading', await redis.port());
  expect(await cacheUp(gateway)).toBe(false);
  expect(redis.writes).toBe(0);
  expect((await fetch(`${gateway.url}/ready`)).status).toBe(200);
  redis.loading = false;
  await untilCacheIs(true, gateway);
  await gateway.close();
  await redis.close();
}

describe('a Redis that refuses', () => {
  const refusals = new Map<string, Promise<void>>();
  let loading: Promise<void>;

  // At the same time, because each waits for new connections most of the time.
  beforeAll(async () => {
    for (const error of REFUSALS) refusals.set(error, refuse(error));
    loading = loadWhileTheGatewayStarts();
    await Promise.allSettled([...refusals.values(), loading]);
  }, LIMIT_MS);

  it.each(REFUSALS)(
    'with -%s is down steadily, is connected to anew, costs no write, and is up as soon as it works',
    async (error) => {
      expect(refusals.has(error)).toBe(true);
      await refusals.get(error);
    },
  );

  it('because it is loading when the gateway starts holds up no start, and is up when it has loaded', async () => {
    await loading;
  });
});
