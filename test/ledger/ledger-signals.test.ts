import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { RedisLink } from '../../src/cache/redis-link.js';
import { type Ledger, LedgerUnavailable } from '../../src/idempotency/ledger.js';
import type { LedgerRow } from '../../src/idempotency/ledger-states.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { PostgresOwnerLock } from '../../src/idempotency/postgres/owner.lock.js';
import { createLogger } from '../../src/observability/logger.js';
import { findPgBouncer, startPgBouncer } from '../support/start-pgbouncer.js';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { findRedis, startRedis } from '../support/start-redis.js';
import { sampleClaim, T0 } from './sample-claims.js';

const LIMIT_MS = 60_000;
const postgresBinaries = findPostgres();
const redisBinary = findRedis();
const pgBouncer = findPgBouncer();

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a ledger file that is moved away while it is in use', () => {
  it('takes no write and says so, until it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-signals-'));
    const file = join(folder, 'ledger.sqlite');
    const ledger = await openLedger(`sqlite:${file}`, { sweepIntervalMs: 0 });
    try {
      expect(await ledger.ping()).toEqual({ writable: true });
      renameSync(file, `${file}.away`);
      expect(await ledger.ping()).toEqual({ writable: false });
      await expect(ledger.claim(sampleClaim())).rejects.toBeInstanceOf(LedgerUnavailable);
      const other = await openLedger(`sqlite:${join(folder, 'other.sqlite')}`, { sweepIntervalMs: 0 });
      await other.close();
      renameSync(join(folder, 'other.sqlite'), file);
      expect(await ledger.ping()).toEqual({ writable: false });
      renameSync(`${file}.away`, file);
      expect(await ledger.ping()).toEqual({ writable: true });
      expect((await ledger.claim(sampleClaim())).kind).toBe('claimed');
    } finally {
      await ledger.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the folder of the owner locks, deleted while it is in use', () => {
  const log = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  let folder: string;
  let url: string;

  beforeEach(() => {
    jest.clearAllMocks();
    folder = mkdtempSync(join(tmpdir(), 'ledger-signals-'));
    url = `sqlite:${join(folder, 'ledger.sqlite')}`;
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const stateIn = async (ledger: Ledger, { tenantId, idempotencyKey }: LedgerRow): Promise<string | undefined> =>
    (await ledger.find(tenantId, idempotencyKey))?.state;
  const owners = (): string => join(folder, 'ledger.sqlite.owners');

  it('is put back, and no other process takes a write under way for abandoned meanwhile', async () => {
    const ledger = await openLedger(url, { sweepIntervalMs: 0, log });
    const claim = await ledger.claim(sampleClaim());
    if (claim.kind !== 'claimed') throw new Error('not claimed');
    await ledger.advance(claim.row, { from: 'claimed', to: 'sending', by: 'owner', atMs: T0 });
    rmSync(owners(), { recursive: true });
    // It makes the folder anew, for its own lock.
    const other = await openLedger(url, { sweepIntervalMs: 0 });
    expect(await other.sweepOrphans()).toBe(0);
    expect(await ledger.ping()).toEqual({ writable: true });
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(readdirSync(owners()).filter((name) => name.endsWith('.lock'))).toHaveLength(2);
    expect(await other.sweepOrphans()).toBe(0);
    expect(await stateIn(other, claim.row)).toBe('sending');
    await ledger.ping();
    expect(log.warn).toHaveBeenCalledTimes(1);
    await ledger.close();
    // The file of an owner with a write under way stays, unlocked: it is gone for sure.
    expect(await other.sweepOrphans()).toBe(1);
    expect(await stateIn(other, claim.row)).toBe('unknown');
    await other.close();
  });

  it('counts as the end of an owner that does not put its lock back', async () => {
    const ledger = await openLedger(url, { sweepIntervalMs: 0 });
    const claim = await ledger.claim(sampleClaim());
    if (claim.kind !== 'claimed') throw new Error('not claimed');
    await ledger.close();
    rmSync(owners(), { recursive: true });
    const patient = await openLedger(url, { sweepIntervalMs: 0 });
    expect([await patient.sweepOrphans(), await stateIn(patient, claim.row)]).toEqual([0, 'claimed']);
    await patient.close();
    // Sweeps as it opens.
    const other = await openLedger(url, { sweepIntervalMs: 0, missingLockMs: 0 });
    expect(await stateIn(other, claim.row)).toBe('not_sent');
    await other.close();
  });

  it('refuses every write where it cannot be put back, and takes them again when it can', async () => {
    const ledger = await openLedger(url, { sweepIntervalMs: 0, log });
    rmSync(owners(), { recursive: true });
    writeFileSync(owners(), 'in the way');
    expect(await ledger.ping()).toEqual({ writable: false });
    expect(await ledger.ping()).toEqual({ writable: false });
    expect(log.error).toHaveBeenCalledTimes(1);
    await expect(ledger.claim(sampleClaim())).rejects.toBeInstanceOf(LedgerUnavailable);
    rmSync(owners());
    expect(await ledger.ping()).toEqual({ writable: true });
    expect((await ledger.claim(sampleClaim())).kind).toBe('claimed');
    await ledger.close();
  });
});

if (postgresBinaries === null || redisBinary === null || pgBouncer === null) {
  process.stderr.write('Left out: PostgreSQL, PgBouncer and Redis in trouble (one of them is not installed).\n');
} else {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres(postgresBinaries);
  }, LIMIT_MS);

  afterAll(() => server.stop());

  describe('a pooler before PostgreSQL', () => {
    it('is refused at start in transaction mode, with the remedy', async () => {
      const pooler = await startPgBouncer(pgBouncer, server.port, 'transaction');
      try {
        await expect(openLedger(pooler.url, { sweepIntervalMs: 0 })).rejects.toThrow(
          /transaction mode.*pool_mode=session/,
        );
      } finally {
        await pooler.stop();
      }
    });

    it('is taken in session mode', async () => {
      const pooler = await startPgBouncer(pgBouncer, server.port, 'session');
      try {
        const ledger = await openLedger(pooler.url, { sweepIntervalMs: 0 });
        expect((await ledger.claim(sampleClaim())).kind).toBe('claimed');
        await ledger.close();
      } finally {
        await pooler.stop();
      }
    });
  });

  describe('the lock that says that a replica lives', () => {
    it('is taken anew when it is gone while its connection lives, and when the connection goes', async () => {
      const url = await server.createLedgerSpace();
      const log = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
      const ownerLock = new PostgresOwnerLock({ connectionString: url }, randomUUID(), log);
      try {
        const first = await ownerLock.ensure();
        await ownerLock.check();
        expect([(await ownerLock.ensure()) === first, log.warn.mock.calls.length]).toEqual([true, 0]);
        await first.query('SELECT pg_advisory_unlock_all()');
        await ownerLock.check();
        expect(log.warn).toHaveBeenCalledTimes(1);
        const second = await ownerLock.ensure();
        expect(second).not.toBe(first);
        await second.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
        await until(() => log.warn.mock.calls.length === 2);
        const third = await ownerLock.ensure();
        expect(third).not.toBe(second);
        const { rows } = await third.query(
          "SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        );
        expect(rows).toHaveLength(1);
      } finally {
        await ownerLock.close();
      }
    });
  });

  describe('a PostgreSQL server that is set to read only', () => {
    it(
      'is seen at the next look, and its end too',
      async () => {
        const url = await server.createLedgerSpace();
        const ledger = await openLedger(url, { sweepIntervalMs: 0 });
        const admin = new pg.Client({ connectionString: url });
        await admin.connect();
        const set = async (value: string): Promise<void> => {
          await admin.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
          await admin.query('SELECT pg_reload_conf()');
        };
        try {
          expect(await ledger.ping()).toEqual({ writable: true });
          await set('on');
          while ((await ledger.ping()).writable) await new Promise((resolve) => setTimeout(resolve, 20));
          await expect(ledger.claim(sampleClaim())).rejects.toBeInstanceOf(LedgerUnavailable);
          await set('off');
          while (!(await ledger.ping()).writable) await new Promise((resolve) => setTimeout(resolve, 20));
          expect((await ledger.claim(sampleClaim())).kind).toBe('claimed');
        } finally {
          await admin.end();
          await ledger.close();
        }
      },
      LIMIT_MS,
    );
  });

  describe('a Redis that became a replica', () => {
    it(
      'is down until a write works again, whatever connects meanwhile',
      async () => {
        const server = await startRedis(redisBinary);
        const logger = await createLogger({ level: 'silent', format: 'json', destination: { write: () => undefined } });
        const link = new RedisLink(server.url, { logger });
        const admin = new Redis(server.url);
        try {
          await link.settled();
          expect([await link.run((redis) => redis.set('a', '1')), link.isUp()]).toEqual(['OK', true]);
          await admin.replicaof('127.0.0.1', '1');
          await admin.config('SET', 'replica-serve-stale-data', 'yes');
          expect(await link.run((redis) => redis.set('a', '2'))).toBeNull();
          const seen: boolean[] = [];
          for (let look = 0; look < 60; look += 1) {
            seen.push(link.isUp());
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          expect(seen).not.toContain(true);
          await admin.replicaof('NO', 'ONE');
          await until(() => link.isUp());
          expect(await link.run((redis) => redis.set('a', '3'))).toBe('OK');
        } finally {
          link.close();
          admin.disconnect();
          await server.stop();
        }
      },
      LIMIT_MS,
    );
  });
}
