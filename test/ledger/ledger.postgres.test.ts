import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type Ledger, LedgerUnavailable } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import {
  FIND,
  FIND_BLOCKER,
  FIND_NEWEST_EQUAL,
  FIND_WITH_ROOT_GROUPS,
  SPENDING,
} from '../../src/idempotency/postgres/postgres-statements.js';
import { RunOnce } from '../../src/idempotency/run-once.js';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { CountingUpstream, SUCCEEDED, sampleOrder } from './counting-upstream.js';
import { describeLedgerContract } from './ledger-contract.js';

const binaries = findPostgres();
const START_LIMIT_MS = 60_000;

if (binaries === null) {
  process.stderr.write('Left out: the ledger on PostgreSQL (initdb and postgres are not installed).\n');
  describe('a ledger on PostgreSQL', () => {
    it('is left out where PostgreSQL is not installed', () => {
      expect(findPostgres()).toBeNull();
    });
  });
} else {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres(binaries);
  }, START_LIMIT_MS);
  afterAll(async () => {
    await server.stop();
  });
  describeLedgerContract(
    'PostgreSQL',
    () => server.createLedgerSpace(),
    (url) => server.emptyLedgerSpace(url),
  );

  describe('a ledger on a PostgreSQL server', () => {
    const withLedger = async (work: (ledger: Ledger, url: string) => Promise<void>): Promise<void> => {
      const url = await server.createLedgerSpace();
      const ledger = await openLedger(url, { sweepIntervalMs: 0 });
      try {
        await work(ledger, url);
      } finally {
        await ledger.close();
      }
    };
    const query = async (url: string, text: string): Promise<readonly unknown[]> => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(text)).rows;
      } finally {
        await client.end();
      }
    };
    /** Ends the session that says that the ledger's owner lives, as a broken network does. */
    const endPresence = (url: string): Promise<readonly unknown[]> =>
      query(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1`,
      );

    it('decides a claim by indexes, so that a write costs the same however many went before', async () => {
      await withLedger(async (_ledger, url) => {
        await query(
          url,
          `INSERT INTO ledger_operations (tenant_id, credential_id, idempotency_key, kind, target, fingerprint, input, state,
             owner_id, claim, created_at, sent_at, completed_at, deletes_documents)
           SELECT 't' || n % 3, 'c' || n % 3, 'key-' || n, 'CHANGE_PLAN', 'group:' || n % 50, 'f' || n, '{}', 'succeeded',
             'owner', 1, n, n, n, 0 FROM generate_series(1, 20000) AS n`,
        );
        await query(url, 'ANALYZE ledger_operations');
        const claims: readonly (readonly [string, readonly string[]])[] = [
          [FIND, ['t1', 'key-new']],
          [FIND_WITH_ROOT_GROUPS, ['t1', 'key-new', 'root_groups:t1']],
          [FIND_BLOCKER, ['t1', 'c1', 'key-new', '["group:7"]', '1', '{}']],
          [FIND_BLOCKER, ['t1', 'c1', 'key-new', '["group:7"]', '0', '{f7,f8}']],
          [FIND_NEWEST_EQUAL, ['t1', '{f7}', '19000', 'key-new']],
          [FIND_NEWEST_EQUAL, ['t1', '{f7,f8,f9}', '19000', 'key-new']],
          [SPENDING, ['t1', '19990']],
        ];
        for (const [statement, parameters] of claims) {
          const text = statement.replace(/\$(\d)/g, (_, place) => `'${parameters[Number(place) - 1]}'`);
          const plan = JSON.stringify(await query(url, `EXPLAIN ${text}`));
          expect(plan).not.toContain('Seq Scan on ledger_operations');
          if (statement === FIND_NEWEST_EQUAL) expect(plan.split('ledger_equal on ledger_operations')).toHaveLength(3);
        }
      });
    });

    it(
      'sends nothing while the server is away, and works again when it is back',
      async () => {
        await withLedger(async (ledger) => {
          const upstream = new CountingUpstream();
          const once = new RunOnce({ ledger });
          await server.crash();
          expect(await once.run(sampleOrder(), upstream.steps())).toEqual({ kind: 'ledgerUnavailable' });
          await expect(ledger.ping()).rejects.toBeInstanceOf(LedgerUnavailable);
          expect(upstream.hits).toBe(0);
          await server.start();
          expect(await once.run(sampleOrder(), upstream.steps())).toMatchObject({ kind: 'completed' });
        });
      },
      START_LIMIT_MS,
    );

    it(
      'tells the truth when the server goes away while sending, and records it when it is back',
      async () => {
        await withLedger(async (ledger) => {
          const once = new RunOnce({ ledger });
          const order = sampleOrder();
          const send = async () => {
            await server.crash();
            return SUCCEEDED;
          };
          const upstream = new CountingUpstream();
          const result = await once.run(order, upstream.steps({ send }));
          expect(result).toMatchObject({ kind: 'completed', outcome: SUCCEEDED, replayed: false });
          expect(await once.run(order, upstream.steps())).toMatchObject({ outcome: { kind: 'succeeded' } });
          await server.start();
          expect(await once.drain()).toBe(true);
          expect(await ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'succeeded' });
          expect(upstream.hits).toBe(0);
        });
      },
      START_LIMIT_MS,
    );

    it('may be thought gone when its session is cut, and then settles what it was sending', async () => {
      await withLedger(async (ledger, url) => {
        const replica = await openLedger(url, { sweepIntervalMs: 0 });
        const order = sampleOrder();
        const states: unknown[] = [];
        const send = async () => {
          await endPresence(url);
          await replica.sweepOrphans();
          states.push((await replica.find(order.tenantId, order.idempotencyKey))?.state);
          return SUCCEEDED;
        };
        const result = await new RunOnce({ ledger }).run(order, new CountingUpstream().steps({ send }));
        await replica.close();
        expect(states).toEqual(['unknown']);
        expect(result).toMatchObject({ row: { state: 'succeeded', resolution: { by: 'late-answer' } } });
      });
    });

    it('is alive again after its session was cut: others leave its new rows alone', async () => {
      await withLedger(async (ledger, url) => {
        await endPresence(url);
        const replica = await openLedger(url, { sweepIntervalMs: 0 });
        const swept: unknown[] = [];
        const send = async () => {
          swept.push(await replica.sweepOrphans());
          return SUCCEEDED;
        };
        await ledger.ping();
        const result = await new RunOnce({ ledger }).run(sampleOrder(), new CountingUpstream().steps({ send }));
        await replica.close();
        expect(result).toMatchObject({ outcome: SUCCEEDED, row: { state: 'succeeded', resolution: null } });
        expect(swept).toEqual([0]);
      });
    });

    it('waits for the disk on each commit, even where the database is set not to', async () => {
      await withLedger(async (ledger, url) => {
        await query(url, 'ALTER ROLE ledger SET synchronous_commit = off');
        const own = await openLedger(url, { sweepIntervalMs: 0 });
        await query(url, 'CREATE TABLE seen (setting text)');
        await query(
          url,
          `CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN INSERT INTO seen VALUES (current_setting(''synchronous_commit'')); RETURN NEW; END'`,
        );
        await query(url, 'CREATE TRIGGER see AFTER UPDATE ON ledger_operations FOR EACH ROW EXECUTE FUNCTION see()');
        await new RunOnce({ ledger: own }).run(sampleOrder(), new CountingUpstream().steps());
        await own.close();
        await query(url, 'ALTER ROLE ledger RESET synchronous_commit');
        expect(await query(url, 'SELECT DISTINCT setting FROM seen')).toEqual([{ setting: 'on' }]);
        expect(await ledger.ping()).toEqual({ writable: true });
      });
    });

    it('refuses a ledger that a newer version has written', async () => {
      await withLedger(async (_ledger, url) => {
        await query(url, "UPDATE ledger_meta SET value = '99' WHERE name = 'schema_version'");
        await expect(openLedger(url)).rejects.toThrow('newer version');
      });
    });

    it('says where it is, and no password, when it cannot be reached', async () => {
      const failure = openLedger('postgres://someone:canary-password@127.0.0.1:1/nowhere');
      await expect(failure).rejects.toBeInstanceOf(LedgerUnavailable);
      await expect(failure).rejects.not.toThrow(/canary-password/);
    });

    it('keeps neither the input nor anything personal in the files of the server', async () => {
      await withLedger(async (ledger, url) => {
        const canaries = ['canary-in-input', 'canary-in-value', 'canary-api-key'];
        const order = sampleOrder({
          credentialId: ledger.keyedHash('canary-api-key'),
          input: { email: 'canary-in-input@example.test' },
          stored: { packId: 'kept-on-purpose' },
        });
        const value = { id: 'also-kept', orderedBy: 'canary-in-value@example.test' };
        const upstream = new CountingUpstream({ kind: 'succeeded', value, warnings: [] });
        await new RunOnce({ ledger }).run(order, upstream.steps());
        await query(url, 'CHECKPOINT');
        const found = new Set<string>();
        for (const file of filesBelow(server.dataDirectory)) {
          const bytes = textOf(file);
          for (const text of ['kept-on-purpose', 'also-kept', ...canaries]) {
            if (bytes.includes(text)) {
              found.add(text);
            }
          }
        }
        expect([...found].sort()).toEqual(['also-kept', 'kept-on-purpose']);
      });
    });
  });
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

/** Empty when the server has removed the file since it was listed: it rewrites its caches at any time. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (!existsSync(path)) return '';
    throw error;
  }
}
