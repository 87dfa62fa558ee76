import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JournalEntry } from '../../src/simulator/world-journal.js';
import { freePort } from '../support/free-port.js';
import { execute } from '../support/start-gateway.js';
import { type GatewayProcess, startGatewayProcess } from '../support/start-gateway-process.js';
import { findNginx, startNginx, type TestNginx } from '../support/start-nginx.js';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { findRedis, startRedis, type TestRedis } from '../support/start-redis.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { type Order, type OrderEnd, ReplicaLoad } from './replica.load.js';

const LIMIT_MS = 180_000;
const GROUPS = Array.from({ length: 24 }, (_, index) => String(100_015 + index));
const ORDERS_PER_GROUP = 4;
const postgresBinaries = findPostgres();
const redisBinary = findRedis();
const nginxBinary = findNginx();

/** Requests that arrived at the upstream for this order. */
function arrivalsOf(order: Order, journal: readonly JournalEntry[]): JournalEntry[] {
  return journal.filter(({ params }) => {
    const fields = new Map(params);
    return fields.get('group_id') === order.groupId && fields.get('quantity') === String(order.quantity);
  });
}

/**
 * The reason why `fetch` got no response. Its errors are of another realm than this file, so `instanceof` does not
 * work.
 */
function networkCode(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : null;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'none';
}

let simulator: TestSimulator;
let world: TestWorld;

beforeAll(async () => {
  simulator = await startTestSimulator();
});

afterAll(async () => {
  await simulator.close();
});

describe('one gateway that is stopped under load', () => {
  it(
    'finishes what it has taken on, refuses the rest and exits with 0',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'stopping-'));
      world = simulator.freshWorld('stopping');
      world.world.addFault({ endpoint: '*', kind: 'delay', params: { ms: 40 } });
      const gateway = await startGatewayProcess({
        AUTH: 'none',
        XTRACTA_URL: simulator.url,
        XTRACTA_API_KEY: world.apiKey,
        LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
      });
      const outcomes = { good: 0, refused: 0, unreached: 0, cut: [] as string[], bad: [] as string[] };
      const stop: { ended: ReturnType<GatewayProcess['end']> | null } = { ended: null };
      let taken = 0;
      const isOver = (): boolean => outcomes.unreached >= 8 || outcomes.bad.length > 0;
      const client = async (groupId: string): Promise<void> => {
        while (!isOver()) {
          taken += 1;
          const requestId = `stopping-${taken}.`;
          const headers = { 'x-request-id': requestId };
          const isWrite = taken % 3 === 0;
          // At half of the load, while requests of every kind are running.
          if (taken === 60) stop.ended = gateway.end('SIGTERM');
          try {
            const { data, errors, status } = await (isWrite
              ? execute<Record<string, unknown>>(
                  gateway.url,
                  'mutation ($input: OrderBoosterPackInput!) { result: orderBoosterPack(input: $input) { operation { status } } }',
                  { input: { idempotencyKey: `stopping-${taken}`, packId: '1223', groupId } },
                  headers,
                )
              : execute<Record<string, unknown>>(
                  gateway.url,
                  `{ result: group(id: "${groupId}") { plan { name } } }`,
                  {},
                  headers,
                ));
            if (status === 503 && errors[0]?.extensions?.['code'] === 'SHUTTING_DOWN') outcomes.refused += 1;
            else if (errors.length === 0 && data?.['result'] != null) outcomes.good += 1;
            else outcomes.bad.push(JSON.stringify({ status, errors, data }));
          } catch (error) {
            const code = networkCode(error);
            // A closing listener resets connections that the system had accepted for it. The log shows whether the
            // gateway saw the request.
            if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') outcomes.cut.push(requestId);
            else if (code === 'ECONNREFUSED') outcomes.unreached += 1;
            else outcomes.bad.push(`${code} ${String(error)}`);
          }
        }
      };
      await Promise.all(GROUPS.slice(0, 12).map(client));
      expect(await stop.ended).toEqual({ code: 0, signal: null });
      expect(outcomes.bad).toEqual([]);
      const begun = gateway
        .output()
        .split('\n')
        .filter((line) => !line.includes('SHUTTING_DOWN'));
      expect(outcomes.cut.filter((id) => begun.some((line) => line.includes(`"${id}"`)))).toEqual([]);
      expect(outcomes.good).toBeGreaterThanOrEqual(48);
      const told = /"status":"(IN_PROGRESS|OUTCOME_UNKNOWN)"/;
      expect(gateway.output()).not.toMatch(told);
      rmSync(folder, { recursive: true });
    },
    LIMIT_MS,
  );
});

if (postgresBinaries === null || redisBinary === null || nginxBinary === null) {
  process.stderr.write('Left out: replicas behind a load balancer (PostgreSQL, Redis or nginx is not installed).\n');
} else {
  describe('two replicas behind a load balancer', () => {
    let postgres: TestPostgres;
    let redis: TestRedis;
    let nginx: TestNginx;
    let load: ReplicaLoad;
    let journal: readonly JournalEntry[];
    let stopped: { readonly code: number | null };
    let failedReadsBeforeStop = 0;
    const gateways: GatewayProcess[] = [];

    beforeAll(async () => {
      [postgres, redis] = await Promise.all([startPostgres(postgresBinaries), startRedis(redisBinary)]);
      world = simulator.freshWorld('replicas');
      world.world.addFault({ endpoint: 'booster', kind: 'delay', params: { ms: 50 } });
      const ledgerUrl = await postgres.createLedgerSpace();
      const start = async (port: number): Promise<GatewayProcess> => {
        const gateway = await startGatewayProcess({
          PORT: String(port),
          AUTH: 'none',
          XTRACTA_URL: simulator.url,
          XTRACTA_API_KEY: world.apiKey,
          LEDGER_URL: ledgerUrl,
          // nginx names its group of servers.
          ALLOWED_HOSTS: 'gateways',
          CACHE_URL: redis.url,
          RATE_LIMIT_WRITES_PER_MINUTE: '100000',
        });
        gateways.push(gateway);
        return gateway;
      };
      const ports = [await freePort(), await freePort()] as const;
      const [first, second] = await Promise.all([start(ports[0]), start(ports[1])]);
      nginx = await startNginx(nginxBinary, ports);
      load = new ReplicaLoad({
        url: nginx.url,
        packId: '1223',
        groupIds: GROUPS,
        ordersPerGroup: ORDERS_PER_GROUP,
        readers: 2,
      });
      const running = load.run();
      await load.reached(0.2);
      await first.end('SIGKILL');
      await load.reached(0.4);
      await start(ports[0]);
      failedReadsBeforeStop = load.failedReads.length;
      stopped = await second.end('SIGTERM');
      await running;
      journal = world.world.journal.list({ endpoint: 'booster' });
    }, LIMIT_MS);

    afterAll(async () => {
      await Promise.all(gateways.map((gateway) => gateway.end('SIGTERM')));
      await Promise.all([nginx.stop(), redis.stop(), postgres.stop()]);
    }, LIMIT_MS);

    const withEnd = (end: OrderEnd): Order[] => [...load.ends].filter(([, one]) => one === end).map(([order]) => order);

    it('bring every order to an end while one is killed and the other is stopped', () => {
      expect(load.ends.size).toBe(GROUPS.length * ORDERS_PER_GROUP);
      expect(withEnd('REJECTED')).toEqual([]);
      // At most the orders in flight in the killed process; each blocks the next orders of its group.
      expect(withEnd('OUTCOME_UNKNOWN').length).toBeLessThanOrEqual(GROUPS.length);
      expect(withEnd('SUCCEEDED').length).toBeGreaterThan(load.total / 2);
    });

    it('send no order twice, and lose none that they called a success', () => {
      for (const order of load.ends.keys()) expect(arrivalsOf(order, journal).length).toBeLessThanOrEqual(1);
      for (const order of withEnd('SUCCEEDED')) {
        expect(arrivalsOf(order, journal)).toEqual([expect.objectContaining({ committed: true })]);
      }
      for (const order of withEnd('NOT_ORDERED')) expect(arrivalsOf(order, journal)).toEqual([]);
    });

    it('report as unknown what cannot be known, and nothing else', async () => {
      const { data } = await execute<{ billingOperations: { totalCount: number } }>(
        nginx.url,
        '{ billingOperations(status: [OUTCOME_UNKNOWN]) { totalCount } }',
      );
      expect(data?.billingOperations.totalCount).toBe(withEnd('OUTCOME_UNKNOWN').length);
      const metrics = await (await fetch(`${nginx.url}/metrics`)).text();
      expect(metrics).toMatch(/^billing_unknown_outcomes \d+$/m);
    });

    it('fail no request because one of them is stopped in good order', () => {
      expect(stopped.code).toBe(0);
      expect(load.failedReads.slice(failedReadsBeforeStop)).toEqual([]);
      expect(load.reads).toBeGreaterThan(10);
    });

    it('let the balancer hide the crash of one: at most what was half answered is seen', () => {
      expect(load.failedReads.length).toBeLessThanOrEqual(2);
      expect(load.failedWrites.length).toBeLessThanOrEqual(GROUPS.length);
    });
  });
}
