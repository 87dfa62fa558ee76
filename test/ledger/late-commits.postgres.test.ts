import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { z } from 'zod';
import { type Ledger, LedgerUnavailable } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { RunOnce } from '../../src/idempotency/run-once.js';
import { MovingAddress } from '../support/moving-address.js';
import { findPostgres, startPostgres, startStandby, type TestPostgres } from '../support/start-postgres.js';
import { CountingUpstream, NOT_SENT, SUCCEEDED, sampleOrder } from './counting-upstream.js';
import { present } from './ledger.harness.js';

const LIMIT_MS = 120_000;
const QUIET = { sweepIntervalMs: 0 };
const binaries = findPostgres();
const receivers = z.array(z.object({ pid: z.number() }));
const waiting = z.array(z.object({ n: z.number() }));

async function query(port: number, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: `postgres://ledger@127.0.0.1:${port}/postgres` });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

if (binaries === null) {
  process.stderr.write('Left out: late commits of a PostgreSQL ledger (PostgreSQL is not installed).\n');
} else {
  let primary: TestPostgres;
  let standby: TestPostgres;
  let address: MovingAddress;
  /** The standby's process that receives the primary's changes. */
  let receiver: number;

  beforeAll(async () => {
    primary = await startPostgres(binaries);
    standby = await startStandby(binaries, primary);
    await query(primary.port, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    await query(primary.port, 'SELECT pg_reload_conf()');
    let found: z.infer<typeof receivers> = [];
    while (found.length === 0) {
      found = receivers.parse(await query(standby.port, 'SELECT pid FROM pg_stat_wal_receiver'));
    }
    receiver = present(found[0]).pid;
    address = await MovingAddress.to(primary.port);
  }, LIMIT_MS);

  afterAll(async () => {
    process.kill(receiver, 'SIGCONT');
    await address.close();
    await Promise.all([primary.stop(), standby.stop()]);
  }, LIMIT_MS);

  /** Waits until so many sessions of the primary wait for this. */
  const untilWaiting = async (kind: 'SyncRep' | 'Lock', sessions: number): Promise<void> => {
    const column = kind === 'Lock' ? 'wait_event_type' : 'wait_event';
    const count = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE ${column} = '${kind}'`;
    while (present(waiting.parse(await query(primary.port, count))[0]).n < sessions);
  };
  const stall = (): boolean => process.kill(receiver, 'SIGSTOP');

  /**
   * Cuts every connection to the primary while a commit waits for the stalled standby. The ledger then asks what became
   * of its change, and gets no reply before the standby goes on and the change is committed.
   */
  const commitAfterTheCut = async (): Promise<void> => {
    await untilWaiting('SyncRep', 1);
    address.moveTo(primary.port);
    await untilWaiting('Lock', 1);
    process.kill(receiver, 'SIGCONT');
  };

  describe('a commit of PostgreSQL that waits for a standby while its connection is cut', () => {
    const withLedger = async (setting: string, work: (ledger: Ledger, replica: Ledger) => Promise<void>) => {
      const url = new URL(await primary.createLedgerSpace());
      url.searchParams.set('options', `${url.searchParams.get('options')} -c ${setting}`);
      const replica = await openLedger(url.toString(), QUIET);
      url.port = String(address.port);
      const ledger = await openLedger(url.toString(), QUIET);
      try {
        await work(ledger, replica);
      } finally {
        await Promise.all([ledger.close(), replica.close()]);
      }
    };

    it.each([
      { step: 'its first claim', earlier: [], setting: 'default_transaction_isolation=serializable' },
      { step: 'a further claim', earlier: [NOT_SENT], setting: 'work_mem=4MB' },
    ])(
      'gives the target back after $step',
      async ({ earlier, setting }) => {
        await withLedger(setting, async (ledger, replica) => {
          const upstream = new CountingUpstream(...earlier, SUCCEEDED);
          const once = new RunOnce({ ledger });
          const order = sampleOrder();
          for (const _ of earlier) await once.run(order, upstream.steps());
          stall();
          const run = once.run(order, upstream.steps());
          await commitAfterTheCut();
          expect(await run).toEqual({ kind: 'ledgerUnavailable' });
          const { tenantId, idempotencyKey } = order;
          expect(await replica.find(tenantId, idempotencyKey)).toMatchObject({
            state: 'not_sent',
            claim: earlier.length + 1,
          });
          expect(await new RunOnce({ ledger: replica }).run(order, upstream.steps())).toMatchObject({
            kind: 'completed',
            outcome: SUCCEEDED,
          });
          expect(upstream.hits).toBe(earlier.length + 1);
        });
      },
      LIMIT_MS,
    );

    it(
      'gives the target back after "sending"',
      async () => {
        await withLedger('work_mem=4MB', async (ledger, replica) => {
          const upstream = new CountingUpstream();
          const order = sampleOrder();
          const baseline = async () => {
            stall();
            return null;
          };
          const run = new RunOnce({ ledger }).run(order, upstream.steps({ baseline }));
          await commitAfterTheCut();
          expect(await run).toEqual({ kind: 'ledgerUnavailable' });
          const { tenantId, idempotencyKey } = order;
          expect(await replica.find(tenantId, idempotencyKey)).toMatchObject({ state: 'not_sent', claim: 1 });
          expect(upstream.hits).toBe(0);
        });
      },
      LIMIT_MS,
    );

    it(
      'proves nothing by a standby, which may lack what its primary has stored',
      async () => {
        const url = new URL(await primary.createLedgerSpace());
        const ledger = await openLedger(url.toString(), QUIET);
        await ledger.close();
        url.port = String(standby.port);
        const attached = await openLedger(url.toString(), { ...QUIET, attach: true });
        expect(await attached.find('acme', 'nobody-used-it')).toBeNull();
        await expect(attached.findAfterClaims('acme', 'nobody-used-it')).rejects.toBeInstanceOf(LedgerUnavailable);
        await attached.close();
      },
      LIMIT_MS,
    );
  });
}
