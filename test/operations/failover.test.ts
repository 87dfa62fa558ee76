import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { MovingAddress } from '../support/moving-address.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { findPostgres, startPostgres, startStandby, type TestPostgres } from '../support/start-postgres.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

const LIMIT_MS = 180_000;
const CLIENTS = 4;
const ORDER = `mutation ($input: OrderBoosterPackInput!) { result: orderBoosterPack(input: $input) {
  operation { status } userErrors { code } } }`;
const binaries = findPostgres();

async function query(server: TestPostgres, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: `postgres://ledger@127.0.0.1:${server.port}/postgres` });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

if (binaries === null) {
  process.stderr.write('Left out: the failover of a PostgreSQL pair (PostgreSQL is not installed).\n');
} else {
  let simulator: TestSimulator;
  let world: TestWorld;
  let primary: TestPostgres;
  let standby: TestPostgres;
  let address: MovingAddress;
  let gateway: TestGateway;

  beforeAll(async () => {
    simulator = await startTestSimulator();
    world = simulator.freshWorld('failover');
    primary = await startPostgres(binaries);
    standby = await startStandby(binaries, primary);
    // Acknowledged rows must be on both servers, or a failover forgets them.
    await query(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'", 'SELECT pg_reload_conf()');
    address = await MovingAddress.to(primary.port);
    gateway = await startGateway({
      xtractaUrl: simulator.url,
      env: {
        XTRACTA_API_KEY: world.apiKey,
        LEDGER_URL: `postgres://ledger@127.0.0.1:${address.port}/postgres`,
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
      },
      parts: { ledgerCheckIntervalMs: 50 },
    });
  }, LIMIT_MS);

  afterAll(async () => {
    await gateway.close();
    await address.close();
    await Promise.all([primary.stop(), standby.stop(), simulator.close()]);
    await removeGatewayFolders();
  }, LIMIT_MS);

  const ledgerSays = async (): Promise<string> => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const gauge = (name: string): string => new RegExp(`^${name} (\\d)$`, 'm').exec(metrics)?.[1] ?? '?';
    const [up, readable, writable] = ['up', 'readable', 'writable'].map((name) => gauge(`billing_ledger_${name}`));
    return `up ${up} readable ${readable} writable ${writable}`;
  };
  const untilLedgerSays = async (said: string): Promise<void> => {
    while ((await ledgerSays()) !== said) await new Promise((next) => setImmediate(next));
  };

  describe('a PostgreSQL primary that dies while its standby takes over', () => {
    it(
      'loses no write and doubles none, shows in the metrics, and needs no restart of the gateway',
      async () => {
        const ends = new Map<string, string>();
        let isOver = false;
        let count = 0;
        // Correct clients: each repeats an order with its own key until its outcome is known.
        const client = async (): Promise<void> => {
          while (!isOver) {
            count += 1;
            const number = count;
            const key = `failover-${number}`;
            const input = {
              idempotencyKey: key,
              packId: '1223',
              groupId: `1000${15 + (number % 20)}`,
              quantity: 1 + Math.floor(number / 20),
            };
            for (;;) {
              const { data } = await gateway.execute<{
                result: { operation: { status: string } | null; userErrors: readonly { code: string }[] };
              }>(ORDER, { input });
              const code = data?.result.userErrors[0]?.code ?? 'none';
              const isRefused = ['LEDGER_UNAVAILABLE', 'OPERATION_IN_PROGRESS', 'PRIOR_OUTCOME_UNKNOWN'].includes(code);
              if (!isRefused) {
                ends.set(key, data?.result.operation?.status ?? code);
                break;
              }
            }
          }
        };
        const fail = async (): Promise<void> => {
          await untilLedgerSays('up 1 readable 1 writable 1');
          while (ends.size < 8) await new Promise((next) => setImmediate(next));
          await primary.crash();
          await untilLedgerSays('up 0 readable 0 writable 0');
          address.moveTo(standby.port);
          await untilLedgerSays('up 0 readable 1 writable 0');
          await query(standby, 'SELECT pg_promote()');
          await untilLedgerSays('up 1 readable 1 writable 1');
          const before = ends.size;
          while (ends.size < before + 8) await new Promise((next) => setImmediate(next));
          isOver = true;
        };
        await Promise.all([fail(), ...Array.from({ length: CLIENTS }, client)]);

        expect([...new Set(ends.values())]).toEqual(['SUCCEEDED']);
        expect(ends.size).toBe(count);
        const sent = world.world.journal.list({ endpoint: 'booster' }).map(({ params }) => JSON.stringify(params));
        expect([sent.length, new Set(sent).size]).toEqual([count, count]);
      },
      LIMIT_MS,
    );
  });
}
