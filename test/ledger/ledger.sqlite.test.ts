import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Ledger, type LedgerLog, LedgerUnavailable } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { type OnceRequest, RunOnce } from '../../src/idempotency/run-once.js';
import { CountingUpstream, sampleOrder } from './counting-upstream.js';
import { describeLedgerContract } from './ledger-contract.js';
import { sampleClaim, T0 } from './sample-claims.js';

const made: string[] = [];
const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  made.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of made) {
    rmSync(directory, { recursive: true, force: true });
  }
});

describeLedgerContract('SQLite', async () => `sqlite:${join(newDirectory(), 'ledger.sqlite')}`);

describe('a ledger in a SQLite file', () => {
  let directory: string;
  let file: string;
  const opened: Ledger[] = [];
  const lines: string[] = [];
  const log: LedgerLog = {
    info: (_facts, message) => lines.push(message),
    warn: (_facts, message) => lines.push(message),
    error: (_facts, message) => lines.push(message),
  };
  const open = async (): Promise<Ledger> => {
    const ledger = await openLedger(`sqlite:${file}`, { sweepIntervalMs: 0, log });
    opened.push(ledger);
    return ledger;
  };
  const spend = async (ledger: Ledger): Promise<string> => {
    const result = await new RunOnce({ ledger }).run(sampleOrder(), new CountingUpstream().steps());
    return result.kind;
  };

  beforeEach(() => {
    directory = newDirectory();
    file = join(directory, 'deep', 'down', 'ledger.sqlite');
    lines.length = 0;
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
  });

  /** The texts of all statements that the ledger prepares when it opens. */
  const preparedStatements = async (): Promise<readonly string[]> => {
    const prepare = jest.spyOn(DatabaseSync.prototype, 'prepare');
    await open();
    const texts = prepare.mock.calls.map(([text]) => text);
    prepare.mockRestore();
    return texts;
  };

  it('reads by an index in every statement, so that a write costs the same however many went before', async () => {
    const prepared = await preparedStatements();
    const statements = prepared.filter((text) => /FROM ledger_(?:operations|audit)/.test(text));
    const database = new DatabaseSync(file);
    const scanned = (text: string) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .all()
        .map(({ detail }) => String(detail))
        // An index of open writes may be walked through: it holds few.
        .filter((detail) =>
          /^SCAN ledger_(?:operations|audit)(?! USING (?:COVERING )?INDEX ledger_(?:due|one_open_write)$)/.test(detail),
        );
    expect(statements.length).toBeGreaterThan(10);
    expect(statements.filter((text) => scanned(text).length > 0)).toEqual([]);
    // However many writes a target has: accounts of all tenants share the names of their targets.
    const equal = statements.filter((text) => text.includes('fingerprint = :fingerprint'));
    expect(equal).toHaveLength(2);
    for (const text of equal) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
      expect(String(plan[0]?.['detail'])).toContain('(tenant_id=? AND target=? AND fingerprint=? AND completed_at>?)');
    }
    database.close();
  });

  it('makes no temporary table for a write that nothing blocks', async () => {
    const prepared = await preparedStatements();
    const statements = prepared.filter(
      (text) => /^(?:INSERT|UPDATE|SELECT \*)/.test(text) && !/RETURNING|json_each/.test(text),
    );
    const database = new DatabaseSync(file);
    // As in the ledger's own connection.
    database.exec('PRAGMA ignore_check_constraints = ON');
    const temporary = (text: string) =>
      database
        .prepare(`EXPLAIN ${text}`)
        .all()
        .filter(({ opcode }) => opcode === 'OpenEphemeral' || opcode === 'OpenAutoindex');
    expect(statements.length).toBeGreaterThan(7);
    expect(statements.filter((text) => temporary(text).length > 0)).toEqual([]);
    database.close();
  });

  it('knows the newest of equal writes also where a process of an earlier version made the entries of the audit', async () => {
    const ledger = await open();
    let now = T0;
    const once = new RunOnce({ ledger, now: () => now, duplicateWindowMs: 300_000 });
    const upstream = new CountingUpstream();
    const first = sampleOrder();
    const again = (): OnceRequest =>
      sampleOrder({ guards: () => ({ forbidden: null, repeats: first.idempotencyKey, terms: { kind: 'none' } }) });
    await once.run(first, upstream.steps());
    now -= 10_000;
    const second = again();
    await once.run(second, upstream.steps());
    const database = new DatabaseSync(file);
    database
      .prepare('UPDATE ledger_audit SET operation_id = NULL WHERE idempotency_key = ?')
      .run(second.idempotencyKey);
    database.close();
    expect(await once.run(again(), upstream.steps())).toMatchObject({
      kind: 'possibleDuplicate',
      row: { idempotencyKey: second.idempotencyKey },
    });
    expect(upstream.hits).toBe(2);
  });

  it('makes its directory and files readable by nobody else', async () => {
    const ledger = await open();
    await spend(ledger);
    const files = readdirSync(join(directory, 'deep', 'down'));
    expect(files.sort()).toEqual([
      'ledger.sqlite',
      'ledger.sqlite-shm',
      'ledger.sqlite-wal',
      'ledger.sqlite.owners',
      'ledger.sqlite.sent-mark',
    ]);
    for (const name of files) {
      expect(statSync(join(directory, 'deep', 'down', name)).mode & 0o077).toBe(0);
    }
  });

  it('leaves no lock files behind, neither its own nor those of owners that are gone', async () => {
    const first = await open();
    await first.close();
    mkdirSync(`${file}.owners`, { recursive: true });
    writeFileSync(join(`${file}.owners`, 'owner-of-a-process-killed-long-ago.lock'), '');
    const second = await open();
    await second.close();
    expect(readdirSync(`${file}.owners`)).toEqual([]);
  });

  it.each(['sqlite:', 'sqlite::memory:', 'mysql://x', ''])('refuses %j as a place to keep it', async (url) => {
    await expect(openLedger(url)).rejects.toBeInstanceOf(TypeError);
  });

  it('cannot be opened where a directory is in the way', async () => {
    mkdirSync(file, { recursive: true });
    await expect(open()).rejects.toBeInstanceOf(LedgerUnavailable);
  });

  it('cannot be opened when the file is no database', async () => {
    mkdirSync(join(directory, 'deep', 'down'), { recursive: true });
    writeFileSync(file, 'not a database, but long enough to be taken for one'.repeat(50));
    await expect(open()).rejects.toBeInstanceOf(LedgerUnavailable);
  });

  it('refuses a ledger that a newer version has written', async () => {
    await (await open()).close();
    const db = new DatabaseSync(file);
    db.exec("UPDATE ledger_meta SET value = '99' WHERE name = 'schema_version'");
    db.close();
    await expect(open()).rejects.toThrow('newer version');
  });

  it('sends nothing while another process keeps the file locked, and works again after it', async () => {
    const ledger = await open();
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const refused = await spend(ledger);
    other.exec('ROLLBACK');
    other.close();
    expect([refused, await spend(ledger)]).toEqual(['ledgerUnavailable', 'completed']);
  });

  it('fails as unavailable once it is closed', async () => {
    const ledger = await open();
    await ledger.close();
    await expect(ledger.claim(sampleClaim())).rejects.toBeInstanceOf(LedgerUnavailable);
    await expect(ledger.find('acme', 'any')).rejects.toBeInstanceOf(LedgerUnavailable);
    await expect(ledger.ping()).rejects.toBeInstanceOf(LedgerUnavailable);
  });

  it('keeps neither the input nor anything personal, in no file of its', async () => {
    const ledger = await open();
    const canaries = ['canary-in-input', 'canary-in-value', 'canary-api-key'];
    const order = sampleOrder({
      credentialId: ledger.keyedHash('canary-api-key'),
      input: { email: 'canary-in-input@example.test' },
      stored: { packId: 'kept-on-purpose' },
    });
    const value = { id: 'also-kept', orderedBy: 'canary-in-value@example.test' };
    const upstream = new CountingUpstream({ kind: 'succeeded', value, warnings: [] });
    await new RunOnce({ ledger }).run(order, upstream.steps());
    // The bytes as they would be backed up. Reading them here drops locks of this process, so it comes last.
    const bytes = ['', '-wal', '-shm', '.sent-mark'].map((end) => readFileSync(file + end, 'latin1')).join('\n');
    expect(bytes).toContain('kept-on-purpose');
    expect(bytes).toContain('also-kept');
    expect(canaries.filter((canary) => bytes.includes(canary))).toEqual([]);
  });

  describe('restored from a backup', () => {
    const restoreOlderBackup = async (): Promise<void> => {
      const ledger = await open();
      await spend(ledger);
      await ledger.close();
      copyFileSync(file, `${file}.backup`);
      const later = await open();
      await spend(later);
      await later.close();
      copyFileSync(`${file}.backup`, file);
    };

    it('refuses writes, says why, and goes on answering reads', async () => {
      await restoreOlderBackup();
      const ledger = await open();
      expect(await spend(ledger)).toBe('ledgerUnavailable');
      expect(await ledger.ping()).toEqual({ writable: false });
      const page = await ledger.list('acme', { states: null, groupIds: null, limit: 10, afterCursor: null });
      expect(page.totalCount).toBe(1);
      expect(lines.join('\n')).toMatch(/older than its mark.*delete the mark file/s);
    });

    it('accepts writes again when the mark is deleted, without a restart', async () => {
      await restoreOlderBackup();
      const ledger = await open();
      rmSync(`${file}.sent-mark`);
      expect(await spend(ledger)).toBe('completed');
      expect(await ledger.ping()).toEqual({ writable: true });
      await ledger.close();
      expect(await spend(await open())).toBe('completed');
    });

    it('refuses writes when the database was lost altogether', async () => {
      await spend(await open());
      await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
      rmSync(file);
      expect(await spend(await open())).toBe('ledgerUnavailable');
    });

    it('refuses writes when the mark cannot be understood', async () => {
      await (await open()).close();
      writeFileSync(`${file}.sent-mark`, 'not a number');
      expect(await spend(await open())).toBe('ledgerUnavailable');
    });

    it('accepts a backup that is as new as the mark', async () => {
      const ledger = await open();
      await spend(ledger);
      await ledger.close();
      expect(await spend(await open())).toBe('completed');
    });

    it('sends nothing when the mark cannot be written, and gives the write back', async () => {
      const ledger = await open();
      rmSync(`${file}.sent-mark`);
      mkdirSync(`${file}.sent-mark`);
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      const once = new RunOnce({ ledger });
      expect(await once.run(order, upstream.steps())).toEqual({ kind: 'ledgerUnavailable' });
      expect(await ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'not_sent' });
      rmSync(`${file}.sent-mark`, { recursive: true });
      expect(await once.run(order, upstream.steps())).toMatchObject({ kind: 'completed', row: { claim: 2 } });
      expect(upstream.hits).toBe(1);
    });
  });
});
