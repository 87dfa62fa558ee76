import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { SharedRateLimiter } from '../../src/auth/rate-limiter.js';
import { RedisLink, RedisPersistedQueries } from '../../src/cache/redis-link.js';
import { createLogger } from '../../src/observability/logger.js';
import { httpResponse, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { findRedis, startRedis, type TestRedis } from '../support/start-redis.js';

const REFUSED = '<billings_response><status>409</status><message>no</message></billings_response>';
const PASSWORD = 'CANARY-redis-password';
const binary = findRedis();

if (binary === null) {
  process.stderr.write('Left out: persisted queries and rate limits on Redis (redis-server is not installed).\n');
  describe('Redis', () => {
    it('is left out where it is not installed', () => {
      expect(findRedis()).toBeNull();
    });
  });
} else {
  let redis: TestRedis;
  let upstream: RawUpstream;
  let peek: Redis;
  const gateways: TestGateway[] = [];

  beforeAll(async () => {
    redis = await startRedis(binary);
    peek = new Redis(redis.url);
    // Only the crashes below should cause log lines.
    peek.on('error', () => undefined);
    await peek.call('ACL', 'SETUSER', 'gateway', 'on', `>${PASSWORD}`, '~billing-gateway:*', '+@all');
    upstream = await startRawUpstream(httpResponse(409, REFUSED));
    const url = redis.url.replace('redis://', `redis://gateway:${PASSWORD}@`);
    for (const _ of [1, 2]) {
      gateways.push(
        await startGateway({
          xtractaUrl: upstream.url,
          env: { CACHE_URL: url, RATE_LIMIT_WRITES_PER_MINUTE: '3', RATE_LIMIT_BILLING_UI_PER_MINUTE: '1' },
        }),
      );
    }
  }, 60_000);

  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    peek.disconnect();
    await redis.stop();
    await upstream.close();
    await removeGatewayFolders();
  });

  const at = (index: number): TestGateway => {
    const gateway = gateways[index];
    if (gateway === undefined) throw new Error('no such gateway');
    return gateway;
  };

  async function persisted(gateway: TestGateway, query: string, withText: boolean): Promise<string> {
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...(withText ? { query } : {}),
        extensions: { persistedQuery: { version: 1, sha256Hash } },
      }),
    });
    return await response.text();
  }

  async function order(gateway: TestGateway, key: string): Promise<string | undefined> {
    const { errors } = await gateway.execute(
      'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { userErrors { code } } }',
      { input: { idempotencyKey: key, packId: '1', groupId: '7' } },
    );
    const code = errors[0]?.extensions?.['code'];
    return typeof code === 'string' ? code : undefined;
  }

  /** Waits until the gateway has noticed; only its response counts, not the time. */
  async function redisShownAs(gateway: TestGateway, ok: boolean): Promise<void> {
    for (;;) {
      const ready = await fetch(`${gateway.url}/ready`);
      expect(ready.status).toBe(200);
      const { parts } = (await ready.json()) as { parts: { name: string; ok: boolean }[] };
      if (parts.find(({ name }) => name === 'redis')?.ok === ok) return;
    }
  }

  describe('two gateways on one Redis', () => {
    it('say so when asked whether they are ready', async () => {
      await redisShownAs(at(0), true);
      await redisShownAs(at(1), true);
    });

    it('know the queries that were sent to the other', async () => {
      const query = 'query Shared { __typename }';
      expect(await persisted(at(1), query, false)).toContain('PERSISTED_QUERY_NOT_FOUND');
      expect(await persisted(at(0), query, true)).toContain('"__typename":"Query"');
      expect(await persisted(at(1), query, false)).toContain('"__typename":"Query"');
    });

    it('keep a query for a day, under a key that a client cannot choose', async () => {
      const keys = await peek.keys('*');
      expect(keys.length).toBeGreaterThan(0);
      for (const key of keys) expect(key).toMatch(/^billing-gateway:(persisted-query|rate:\w+):[0-9a-f]{64}$/);
      const [key = ''] = await peek.keys('billing-gateway:persisted-query:*');
      expect(await peek.ttl(key)).toBeGreaterThan(0);
      expect(await peek.ttl(key)).toBeLessThanOrEqual(86_400);
    });

    it('run nothing that somebody else has put under the hash of a query', async () => {
      const query = 'query Honest { __typename }';
      await persisted(at(0), query, true);
      for (const key of await peek.keys('billing-gateway:persisted-query:*')) {
        await peek.set(key, 'mutation { openBillingUi { url } }');
      }
      expect(await persisted(at(1), query, false)).toContain('PERSISTED_QUERY_NOT_FOUND');
    });

    it('share the allowance of a tenant', async () => {
      const codes = [];
      for (let turn = 0; turn < 4; turn += 1) codes.push(await order(at(turn % 2), `order-shared-${turn}`));
      expect(codes).toEqual([undefined, undefined, undefined, 'RATE_LIMITED']);
    });

    it('go on by themselves while Redis is away, each with an allowance of its own, and say it once', async () => {
      await redis.crash();
      await redisShownAs(at(0), false);
      await redisShownAs(at(1), false);
      const query = 'query Away { __typename }';
      expect(await persisted(at(0), query, true)).toContain('"__typename":"Query"');
      expect(await persisted(at(0), query, false)).toContain('PERSISTED_QUERY_NOT_FOUND');
      const codes = [];
      for (let turn = 0; turn < 8; turn += 1) codes.push(await order(at(turn % 2), `order-away-${turn}`));
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(2);
      for (const gateway of gateways) {
        // It is said when the first attempt to connect anew has failed.
        while (!gateway.logs().includes('Redis cannot be used')) await new Promise(setImmediate);
        expect(gateway.logs().match(/Redis cannot be used/g)).toHaveLength(1);
      }
      expect(await (await fetch(`${at(0).url}/metrics`)).text()).toContain('billing_cache_up 0\n');
    });

    it('use it again when it is back', async () => {
      await redis.start();
      await peek.call('ACL', 'SETUSER', 'gateway', 'on', `>${PASSWORD}`, '~billing-gateway:*', '+@all');
      await redisShownAs(at(0), true);
      await redisShownAs(at(1), true);
      const query = 'query Back { __typename }';
      await persisted(at(0), query, true);
      expect(await persisted(at(1), query, false)).toContain('"__typename":"Query"');
    });

    it('answer while Redis is there and says nothing', async () => {
      process.kill(redis.pid, 'SIGSTOP');
      try {
        const query = 'query Hanging { __typename }';
        expect(await persisted(at(0), query, false)).toContain('PERSISTED_QUERY_NOT_FOUND');
        expect(await persisted(at(0), query, true)).toContain('"__typename":"Query"');
      } finally {
        process.kill(redis.pid, 'SIGCONT');
      }
    });

    it('never log the password', () => {
      for (const gateway of gateways) expect(gateway.logs()).not.toContain('CANARY');
    });
  });

  describe('a shared rate limit', () => {
    it('of N lets exactly N of many simultaneous requests through, and says when to come again', async () => {
      const logger = await createLogger({ level: 'silent', format: 'json' });
      const links = [1, 2, 3].map(() => new RedisLink(redis.url, { logger, commandTimeoutMs: 60_000 }));
      await Promise.all(links.map((link) => link.settled()));
      const limiters = links.map(
        (link) => new SharedRateLimiter(link, { perMinute: { write: 5, billingUi: 1, read: 0 } }),
      );
      const taken = await Promise.all(
        limiters.flatMap((limiter) => Array.from({ length: 20 }, () => limiter.tryTake('one-tenant', 'write'))),
      );
      expect(taken.filter(({ ok }) => ok)).toHaveLength(5);
      for (const refused of taken.filter(({ ok }) => !ok)) {
        // A token comes every twelve seconds, and some of them may have passed already.
        expect(refused.ok ? 0 : refused.retryAfterSeconds).toBeGreaterThanOrEqual(1);
        expect(refused.ok ? 0 : refused.retryAfterSeconds).toBeLessThanOrEqual(12);
      }
      expect(await limiters[0]?.tryTake('other-tenant', 'write')).toEqual({ ok: true });
      for (let given = 0; given < 9; given += 1) await limiters[1]?.tryTake('other-tenant', 'write', -1);
      const again: boolean[] = [];
      for (let taken = 0; taken < 9; taken += 1) {
        again.push((await limiters[2]?.tryTake('other-tenant', 'write'))?.ok === true);
      }
      expect(again.filter((isTaken) => isTaken)).toHaveLength(5);
      for (const link of links) link.close();
    });

    it('of queries is one for all replicas, and costs no write', async () => {
      const env = {
        CACHE_URL: redis.url.replace('redis://', `redis://gateway:${PASSWORD}@`),
        RATE_LIMIT_READS_PER_MINUTE: '2',
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
      };
      const replicas = [];
      for (const _ of [1, 2]) replicas.push(await startGateway({ xtractaUrl: upstream.url, env }));
      for (const replica of replicas) await redisShownAs(replica, true);
      const before = upstream.requests().length;
      const query = { query: '{ group(id: "7") { plan { name } } }' };
      const ask = (replica: TestGateway) =>
        fetch(`${replica.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
          body: JSON.stringify(query),
        });
      const responses = await Promise.all(replicas.flatMap((replica) => Array.from({ length: 6 }, () => ask(replica))));
      const refused = responses.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(10);
      for (const { headers } of refused) {
        // One more every half a minute.
        expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(30);
      }
      const asked = upstream.requests().length - before;
      expect(asked).toBeGreaterThanOrEqual(1);
      expect(asked).toBeLessThanOrEqual(2);
      for (const replica of replicas)
        expect(await order(replica, `order-beside-${new URL(replica.url).port}`)).toBeUndefined();
      for (const replica of replicas) await replica.close();
    });

    it('of 0 is none, and asks nobody', async () => {
      const limiter = new SharedRateLimiter(
        { run: () => Promise.reject(new Error('asked')) },
        { perMinute: { write: 0, billingUi: 0, read: 0 } },
      );
      expect(await limiter.tryTake('tenant', 'write')).toEqual({ ok: true });
    });
  });

  describe('a persisted query', () => {
    it('is kept for thirty days at most, and can be dropped', async () => {
      const logger = await createLogger({ level: 'silent', format: 'json' });
      const link = new RedisLink(redis.url, { logger, commandTimeoutMs: 60_000 });
      await link.settled();
      const cache = new RedisPersistedQueries(link);
      const text = '{ group(id: "1") { id } }';
      const key = `apq:${createHash('sha256').update(text).digest('hex')}`;
      const before = new Set(await peek.keys('*'));
      await cache.set(key, text, { ttl: 10 ** 12 });
      const [stored = ''] = (await peek.keys('*')).filter((name) => !before.has(name));
      expect(await peek.ttl(stored)).toBeLessThanOrEqual(30 * 86_400);
      expect(await cache.get(key)).toBe(text);
      expect(await cache.delete(key)).toBe(true);
      expect(await cache.get(key)).toBeUndefined();
      link.close();
    });
  });
}
