import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Ledger } from '../../../src/idempotency/ledger.js';
import { openLedger } from '../../../src/idempotency/open-ledger.js';
import { sampleClaim, T0 } from '../../ledger/sample-claims.js';

type Row = Readonly<Record<string, string | number | null>>;
interface PinnedLedger {
  readonly schema: readonly string[];
  readonly operations: readonly Row[];
  readonly audit: readonly Row[];
}

/**
 * A whole ledger as the first version wrote it: one row in each state, and two open writes of one target under two api
 * keys.
 */
const PINNED: PinnedLedger = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/ledger-v1.json'), 'utf8'),
);

function insert(db: DatabaseSync, table: string, row: Row): void {
  const names = Object.keys(row);
  const marks = names.map(() => '?').join(', ');
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`).run(...Object.values(row));
}

describe('a ledger that the first version wrote', () => {
  let directory: string;
  let ledger: Ledger;
  let unreadable: number;
  const logged: object[] = [];

  const file = (): string => join(directory, 'ledger.sqlite');
  const reopen = async (): Promise<Ledger> =>
    openLedger(`sqlite:${file()}`, {
      sweepIntervalMs: 0,
      missingLockMs: 0,
      now: () => T0 + 60_000,
      onUnreadableRow: () => {
        unreadable += 1;
      },
      log: { info: () => undefined, warn: () => undefined, error: (facts) => logged.push(facts) },
    });
  /** Changes the file behind the ledger's back, as a newer version would. */
  const change = (sql: string): void => {
    const db = new DatabaseSync(file());
    db.exec(sql);
    db.close();
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pinned-'));
    unreadable = 0;
    logged.length = 0;
    const db = new DatabaseSync(file());
    for (const statement of PINNED.schema) db.exec(statement);
    for (const [name, value] of Object.entries({ schema_version: '1', hash_key: '00'.repeat(32), sends: '12' })) {
      insert(db, 'ledger_meta', { name, value });
    }
    for (const row of PINNED.operations) insert(db, 'ledger_operations', row);
    for (const row of PINNED.audit) insert(db, 'ledger_audit', row);
    db.close();
    ledger = await reopen();
  });
  afterEach(async () => {
    await ledger.close();
    rmSync(directory, { recursive: true });
  });

  it('is read whole, every row as it was written', async () => {
    const { edges, totalCount } = await ledger.list('acme', {
      states: null,
      groupIds: null,
      limit: 100,
      afterCursor: null,
    });
    expect(totalCount).toBe(PINNED.operations.length);
    const rows = edges.map(({ row }) => row).toReversed();
    expect(rows).toEqual(
      PINNED.operations.map((row) => ({
        tenantId: row['tenant_id'],
        credentialId: row['credential_id'],
        idempotencyKey: row['idempotency_key'],
        kind: row['kind'],
        target: row['target'],
        groupId: row['group_id'],
        fingerprint: row['fingerprint'],
        input: JSON.parse(String(row['input'])),
        state: row['state'],
        ownerId: row['owner_id'],
        claim: row['claim'],
        createdAtMs: row['created_at'],
        sentAtMs: row['sent_at'],
        completedAtMs: row['completed_at'],
        deletesDocuments: row['deletes_documents'] === 1,
        baseline: JSON.parse(String(row['baseline'])),
        before: null,
        answer: JSON.parse(String(row['answer'])),
        resolution: JSON.parse(String(row['resolution'])),
        reconcileAttempts: row['reconcile_attempts'],
      })),
    );
    expect(rows.map(({ state }) => state).sort()).toEqual([
      ...['not_sent', 'not_sent', 'rejected', 'rejected', 'succeeded', 'succeeded', 'succeeded', 'succeeded'],
      ...['unknown', 'unknown', 'unknown', 'unknown'],
    ]);
    for (const { idempotencyKey } of rows) expect(await ledger.audit('acme', idempotencyKey)).not.toEqual([]);
    expect(unreadable).toBe(0);
  });

  it('reads the audit of one write whole, whichever versions have written its entries', async () => {
    const unknown = PINNED.operations.find(({ state }) => state === 'unknown');
    const key = String(unknown?.['idempotency_key']);
    const before = await ledger.audit('acme', key);
    // A process of the previous version, which still runs beside this one, names the write by its key alone.
    change(`INSERT INTO ledger_audit (tenant_id, idempotency_key, claim, at, from_state, to_state, actor, owner_id)
      VALUES ('acme', '${key}', 1, ${T0}, 'sending', 'unknown', 'sweep', 'older')`);
    const row = await ledger.find('acme', key);
    if (row === null) throw new Error('The write is not there.');
    await ledger.settle(row, 'rejected', null, { by: 'operator', atMs: T0, note: 'looked', subject: null });
    const added = (await ledger.audit('acme', key)).slice(before.length);
    expect(before.length).toBeGreaterThan(0);
    expect(added.map(({ by, to, note }) => [by, to, note])).toEqual([
      ['sweep', 'unknown', null],
      ['operator', 'rejected', 'looked'],
    ]);
  });

  it('blocks a target until both of its open writes are settled, which an older version let in', async () => {
    const order = () => ledger.claim(sampleClaim({ target: 'group:903', groupId: '903', credentialId: 'newest' }));
    // An own group of unknown number is open too, and older.
    for (const target of ['group:(own)', 'group:903', 'group:903']) {
      const { kind, row } = await order();
      if (row === null) throw new Error(`The claim answered ${kind}.`);
      expect([kind, row.target]).toEqual(['targetBusy', target]);
      await ledger.settle(row, 'rejected', null, { by: 'operator', atMs: T0, note: 'looked', subject: null });
    }
    expect((await order()).kind).toBe('claimed');
  });

  it('leaves out a row of a kind that it does not know, tells of it once, and goes on with the others', async () => {
    change("UPDATE ledger_operations SET kind = 'BUY_STAMPS' WHERE target = 'group:(own)'");
    const due = await ledger.dueForReconciliation(Number.MAX_SAFE_INTEGER, 100);
    expect(due).toHaveLength(3);
    await ledger.dueForReconciliation(Number.MAX_SAFE_INTEGER, 100);
    expect(unreadable).toBe(1);
    expect(logged).toEqual([{ row: expect.any(Number), kind: 'BUY_STAMPS' }]);
    const page = await ledger.list('acme', { states: ['unknown'], groupIds: null, limit: 100, afterCursor: null });
    expect([page.edges.length, page.totalCount]).toEqual([3, 3]);
    expect(await ledger.countUnknown()).toBe(4);
  });

  it('lets such a row block its target, and sends nothing under its key', async () => {
    change("UPDATE ledger_operations SET kind = 'BUY_STAMPS' WHERE state = 'unknown'");
    const other = ledger.claim(sampleClaim({ target: 'group:903', groupId: '903' }));
    await expect(other).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    const key = PINNED.operations.find(({ state }) => state === 'unknown')?.['idempotency_key'];
    const same = ledger.claim(sampleClaim({ idempotencyKey: String(key), target: 'group:1' }));
    await expect(same).rejects.toMatchObject({ name: 'LedgerUnavailable' });
  });

  it('closes such a row when the process that was at it is gone', async () => {
    change(
      "UPDATE ledger_operations SET kind = 'BUY_STAMPS', state = 'sending', owner_id = 'gone' WHERE target = 'group:(own)'",
    );
    expect(await ledger.sweepOrphans()).toBe(1);
    expect(await ledger.countUnknown()).toBe(4);
  });
});
