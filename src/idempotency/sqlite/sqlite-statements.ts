import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { ACCOUNT_KINDS, BILLING_OPERATION_KINDS } from '../../domain/upstream-operations.js';
import { LedgerUnavailable, MAX_RECENT_WRITES, requireVersion } from '../ledger.js';
import { FINISHER, NEIGHBOUR, quoted } from '../ledger-row.codec.js';

const SELECTION = `tenant_id IN (SELECT value FROM json_each(:tenants)) AND kind IN (${quoted(BILLING_OPERATION_KINDS)})
  AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
  AND (:groups IS NULL OR kind IN (${quoted(ACCOUNT_KINDS)}) OR group_id IN (SELECT value FROM json_each(:groups)))`;

/**
 * States by their names, not as a list: SQLite makes a temporary table of a list of three or more, each time that it
 * checks an index with such a condition. The condition of a search must be that of its index, term for term.
 */
const OPEN = "(state = 'claimed' OR state = 'sending' OR state = 'unknown')";
const COUNTED = "(state = 'sending' OR state = 'succeeded' OR state = 'unknown')";

const SPENT = `SELECT spend_amount, spend_currency, sent_at FROM ledger_operations
  WHERE tenant_id = :tenant AND ${COUNTED} AND sent_at > :since
  UNION ALL SELECT spend_amount, spend_currency, NULL FROM ledger_operations
  WHERE tenant_id = :tenant AND ${OPEN} AND state = 'claimed'`;

/**
 * Open writes that block a claim. Each part of the search names its index, which contains only open writes. Otherwise
 * SQLite reads the whole table, and each claim costs as much as the ledger has rows.
 */
const IN_THE_WAY = [
  'one_open_write WHERE tenant_id = :tenant',
  'one_open_write_of_credential WHERE credential_id = :credential',
]
  .flatMap((index) => [`${index} AND target BETWEEN :first AND :last`, `${index} AND target = :other`])
  .map(
    (index) => `SELECT * FROM ledger_operations INDEXED BY ledger_${index} AND ${OPEN}
      AND NOT (tenant_id = :tenant AND idempotency_key = :key)`,
  )
  .join(' UNION ALL ');

const CONCERNED = `(tenant_id = :tenant OR credential_id = :credential
  OR group_id IN (SELECT value FROM json_each(:groups)))`;

/**
 * Two searches, each by a short index: open writes, and recently finished ones. An unknown write counts as open.
 * Reason: its time is when the gateway gave it up, not when the write took effect.
 */
const RECENT_WRITES = `SELECT kind, group_id, ${FINISHER}, NULL AS completed_at
  FROM ledger_operations INDEXED BY ledger_one_open_write WHERE ${OPEN} AND ${CONCERNED}
  UNION ALL SELECT kind, group_id, ${FINISHER}, completed_at FROM ledger_operations INDEXED BY ledger_completed
  WHERE completed_at >= :since AND state IN ('succeeded', 'rejected') AND ${CONCERNED} LIMIT ${MAX_RECENT_WRITES}`;

const EQUAL = `tenant_id = :tenant AND target = :target AND fingerprint = :fingerprint AND state = 'succeeded'
  AND completed_at > :since AND idempotency_key <> :key`;

/** The number of a write's last audit entry. A process of before version 5 made it without the write's number. */
const LAST_CHANGE = `SELECT max(id) FROM ledger_audit WHERE operation_id = ledger_operations.id
  OR (operation_id IS NULL AND tenant_id = ledger_operations.tenant_id
    AND idempotency_key = ledger_operations.idempotency_key)`;

/** The statements of the ledger, prepared. */
export function prepareStatements(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text);
  return {
    find: sql('SELECT * FROM ledger_operations WHERE tenant_id = ? AND idempotency_key = ?'),
    blockers: sql(IN_THE_WAY),
    anyEqual: sql(`SELECT 1 FROM ledger_operations WHERE ${EQUAL} LIMIT 1`),
    // The row of the maximum (https://www.sqlite.org/lang_select.html#bareagg). Sorting would need a temporary table.
    newestEqual: sql(`SELECT *, max((${LAST_CHANGE})) AS last_change FROM ledger_operations WHERE ${EQUAL}`),
    rootGroups: sql('SELECT value FROM ledger_meta WHERE name = ?'),
    putRootGroups: sql(`INSERT INTO ledger_meta (name, value) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`),
    spent: sql(SPENT),
    spending: sql(
      `SELECT spend_amount, spend_currency, count(*) AS n FROM (${SPENT}) GROUP BY spend_amount, spend_currency`,
    ),
    insert: sql(`INSERT INTO ledger_operations (tenant_id, credential_id, idempotency_key, kind, target, group_id,
      fingerprint, input, state, owner_id, claim, created_at, deletes_documents, spend_amount, spend_currency)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'claimed', ?, 1, ?, ?, ?, ?)`),
    reclaim: sql(`UPDATE ledger_operations SET state = 'claimed', claim = claim + 1, owner_id = :owner,
      credential_id = :credential, sent_at = NULL, completed_at = NULL, baseline = NULL, before_send = NULL,
      answer = NULL, resolution = NULL, lock_slot = 0, spend_amount = :amount, spend_currency = :currency,
      target = :target, group_id = :group, fingerprint = :fingerprint
      WHERE tenant_id = :tenant AND idempotency_key = :key AND state = 'not_sent' RETURNING *`),
    advance: sql(`UPDATE ledger_operations SET state = ?5,
      sent_at = CASE ?5 WHEN 'sending' THEN ?6 WHEN 'not_sent' THEN NULL ELSE sent_at END,
      completed_at = CASE ?5 WHEN 'sending' THEN NULL ELSE ?6 END,
      baseline = COALESCE(?7, baseline), answer = ?8, resolution = ?9, next_reconcile_at = ?10, reconcile_attempts = 0,
      before_send = COALESCE(?11, before_send)
      WHERE tenant_id = ?1 AND idempotency_key = ?2 AND claim = ?3 AND state = ?4
      AND (?4 <> 'succeeded' OR json_extract(resolution, '$.by') = 'reconciler')`),
    remember:
      sql(`INSERT INTO ledger_audit (tenant_id, idempotency_key, claim, at, from_state, to_state, actor, owner_id, note,
      subject, operation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
      (SELECT id FROM ledger_operations WHERE tenant_id = ?1 AND idempotency_key = ?2))`),
    audit: sql(`SELECT * FROM ledger_audit WHERE operation_id =
        (SELECT id FROM ledger_operations WHERE tenant_id = ?1 AND idempotency_key = ?2)
      UNION ALL SELECT * FROM ledger_audit WHERE operation_id IS NULL AND tenant_id = ?1 AND idempotency_key = ?2
      ORDER BY id`),
    list: sql(`SELECT * FROM ledger_operations WHERE ${SELECTION} AND id < :before ORDER BY id DESC LIMIT :limit`),
    count: sql(`SELECT count(*) AS n FROM ledger_operations WHERE ${SELECTION}`),
    due: sql(`SELECT * FROM ledger_operations WHERE state = 'unknown' AND next_reconcile_at <= ?
      ORDER BY next_reconcile_at, id LIMIT ?`),
    dueForReview: sql(`SELECT * FROM ledger_operations WHERE state = 'rejected' AND next_reconcile_at <= ?
      ORDER BY next_reconcile_at, id LIMIT ?`),
    neighbours: sql(`SELECT ${NEIGHBOUR} FROM ledger_operations
      WHERE target IN (SELECT value FROM json_each(:targets)) AND sent_at >= :since
      AND NOT (tenant_id = :tenant AND idempotency_key = :key)
      AND (state IN ('sending', 'succeeded', 'unknown')
        OR (state = 'rejected' AND json_extract(resolution, '$.by') = 'operator'))`),
    recentWrites: sql(RECENT_WRITES),
    countUnknown: sql(`SELECT count(*) AS n FROM ledger_operations WHERE state = 'unknown'`),
    noteAttempt: sql(`UPDATE ledger_operations SET reconcile_attempts = reconcile_attempts + 1, next_reconcile_at = ?
      WHERE tenant_id = ? AND idempotency_key = ? AND claim = ? AND reconcile_attempts = ?
      AND state IN ('unknown', 'rejected')`),
    owners: sql(
      `SELECT DISTINCT owner_id FROM ledger_operations INDEXED BY ledger_one_open_write
      WHERE ${OPEN} AND state <> 'unknown' AND owner_id <> ?`,
    ),
    unfinishedOf: sql(
      `SELECT tenant_id, idempotency_key, claim, state FROM ledger_operations INDEXED BY ledger_one_open_write
      WHERE ${OPEN} AND state <> 'unknown' AND owner_id = ?`,
    ),
    sends: sql("SELECT CAST(value AS INTEGER) AS n FROM ledger_meta WHERE name = 'sends'"),
    // Without RETURNING, which would make SQLite open a temporary table each time.
    touch: sql("UPDATE ledger_meta SET value = value WHERE name = 'sends'"),
    countSend: sql("UPDATE ledger_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'sends'"),
  };
}

/**
 * One entry per version, applied in order and never edited afterwards. Unique indexes guarantee the promises of the
 * ledger: a key exists once per tenant, and a target has at most one unfinished or unknown write. The second promise
 * holds per tenant, whatever its api key, and per credential, whichever tenants share it. The claim itself checks what
 * no index can express: an own group of unknown number.
 *
 * Version 2: in version 1 the lock belonged to the api key, so two open writes of one target may be stored. The newest
 * keeps the place in the index (`lock_slot` 0), and each other one has a place of its own. All of them continue to
 * block the target.
 *
 * Version 3: the price of a write, for the limits of a tenant's spending. It is null in rows of earlier versions, and
 * where it is not counted.
 *
 * Version 4: an index, so that recent writes are found without a scan of all writes.
 *
 * Version 5: fewer pages for each write. Entries of the audit are found by the number of their write, so that those of
 * one commit share a page. Rows of earlier versions, and of a process that still runs one, have no number. Two indexes
 * leave out the rows that nobody searches in them.
 *
 * Version 6: fewer pages and no temporary tables for each write. The two indexes of open writes and that of the limits
 * have the same rows, under a condition that SQLite decides without a temporary table. The index of equal writes begins
 * with the target. By the fingerprint alone each write had a page of its own: a third of all pages of a commit.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE ledger_operations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    credential_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    group_id TEXT,
    fingerprint TEXT NOT NULL,
    input TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('claimed', 'sending', 'succeeded', 'rejected', 'not_sent', 'unknown')),
    owner_id TEXT NOT NULL,
    claim INTEGER NOT NULL CHECK (claim > 0),
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    completed_at INTEGER,
    deletes_documents INTEGER NOT NULL,
    baseline TEXT,
    answer TEXT,
    resolution TEXT,
    reconcile_attempts INTEGER NOT NULL DEFAULT 0,
    next_reconcile_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX ledger_one_key ON ledger_operations (tenant_id, idempotency_key);
  CREATE UNIQUE INDEX ledger_one_open_write ON ledger_operations (tenant_id, credential_id, target)
    WHERE state IN ('claimed', 'sending', 'unknown');
  CREATE INDEX ledger_newest ON ledger_operations (tenant_id, id);
  CREATE INDEX ledger_unfinished ON ledger_operations (owner_id) WHERE state IN ('claimed', 'sending');
  CREATE INDEX ledger_due ON ledger_operations (next_reconcile_at) WHERE state = 'unknown';
  CREATE TABLE ledger_audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    claim INTEGER NOT NULL,
    at INTEGER NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    actor TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    note TEXT,
    subject TEXT
  ) STRICT;
  CREATE INDEX ledger_audit_key ON ledger_audit (tenant_id, idempotency_key, id);
  `,
  `
  ALTER TABLE ledger_operations ADD COLUMN before_send TEXT;
  ALTER TABLE ledger_operations ADD COLUMN lock_slot INTEGER NOT NULL DEFAULT 0;
  UPDATE ledger_operations SET lock_slot = id WHERE state IN ('claimed', 'sending', 'unknown') AND EXISTS (
    SELECT 1 FROM ledger_operations AS newer WHERE newer.id > ledger_operations.id
      AND newer.state IN ('claimed', 'sending', 'unknown') AND newer.target = ledger_operations.target
      AND (newer.tenant_id = ledger_operations.tenant_id OR newer.credential_id = ledger_operations.credential_id));
  DROP INDEX ledger_one_open_write;
  CREATE UNIQUE INDEX ledger_one_open_write ON ledger_operations (tenant_id, target, lock_slot)
    WHERE state IN ('claimed', 'sending', 'unknown');
  CREATE UNIQUE INDEX ledger_one_open_write_of_credential ON ledger_operations (credential_id, target, lock_slot)
    WHERE state IN ('claimed', 'sending', 'unknown');
  CREATE INDEX ledger_target ON ledger_operations (target, sent_at);
  CREATE INDEX ledger_review ON ledger_operations (next_reconcile_at)
    WHERE state = 'rejected' AND next_reconcile_at IS NOT NULL;
  `,
  `
  ALTER TABLE ledger_operations ADD COLUMN spend_amount TEXT;
  ALTER TABLE ledger_operations ADD COLUMN spend_currency TEXT;
  CREATE INDEX ledger_equal ON ledger_operations (tenant_id, fingerprint, completed_at) WHERE state = 'succeeded';
  CREATE INDEX ledger_spent ON ledger_operations (tenant_id, sent_at)
    WHERE state IN ('sending', 'succeeded', 'unknown');
  `,
  `
  CREATE INDEX ledger_completed ON ledger_operations (completed_at);
  `,
  `
  ALTER TABLE ledger_audit ADD COLUMN operation_id INTEGER;
  CREATE INDEX ledger_audit_operation ON ledger_audit (operation_id);
  DROP INDEX ledger_audit_key;
  CREATE INDEX ledger_audit_key ON ledger_audit (tenant_id, idempotency_key) WHERE operation_id IS NULL;
  DROP INDEX ledger_target;
  CREATE INDEX ledger_target ON ledger_operations (target, sent_at) WHERE sent_at IS NOT NULL;
  DROP INDEX ledger_completed;
  CREATE INDEX ledger_completed ON ledger_operations (completed_at) WHERE completed_at IS NOT NULL;
  `,
  `
  DROP INDEX ledger_one_open_write;
  CREATE UNIQUE INDEX ledger_one_open_write ON ledger_operations (tenant_id, target, lock_slot)
    WHERE (state = 'claimed' OR state = 'sending' OR state = 'unknown');
  DROP INDEX ledger_one_open_write_of_credential;
  CREATE UNIQUE INDEX ledger_one_open_write_of_credential ON ledger_operations (credential_id, target, lock_slot)
    WHERE (state = 'claimed' OR state = 'sending' OR state = 'unknown');
  DROP INDEX ledger_unfinished;
  DROP INDEX ledger_spent;
  CREATE INDEX ledger_spent ON ledger_operations (tenant_id, sent_at)
    WHERE (state = 'sending' OR state = 'succeeded' OR state = 'unknown');
  DROP INDEX ledger_equal;
  CREATE INDEX ledger_equal ON ledger_operations (tenant_id, target, fingerprint, completed_at) WHERE state = 'succeeded';
  `,
];

const metaRow = z.object({ value: z.string() });

/**
 * Brings the tables up to date. Call it inside a write transaction, so that processes that start together migrate one
 * after the other. Returns the hash key.
 */
export function migrateSqlite(db: DatabaseSync): Buffer {
  db.exec('CREATE TABLE IF NOT EXISTS ledger_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
  const put = db.prepare('INSERT INTO ledger_meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING');
  put.run('schema_version', '0');
  put.run('hash_key', randomBytes(32).toString('hex'));
  put.run('sends', '0');
  const version = Number(readMeta(db, 'schema_version'));
  if (version > MIGRATIONS.length) {
    throw new LedgerUnavailable('The ledger was written by a newer version of the gateway.');
  }
  for (const migration of MIGRATIONS.slice(version)) {
    db.exec(migration);
  }
  db.prepare("UPDATE ledger_meta SET value = ? WHERE name = 'schema_version'").run(String(MIGRATIONS.length));
  return Buffer.from(readMeta(db, 'hash_key'), 'hex');
}

/** Returns the hash key of existing tables of this version, which are only read. Throws {@link LedgerUnavailable}. */
export function attachSqlite(db: DatabaseSync): Buffer {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'ledger_meta'").get();
  requireVersion(known === undefined ? 0 : Number(readMeta(db, 'schema_version')), MIGRATIONS.length);
  return Buffer.from(readMeta(db, 'hash_key'), 'hex');
}

function readMeta(db: DatabaseSync, name: string): string {
  return metaRow.parse(db.prepare('SELECT value FROM ledger_meta WHERE name = ?').get(name)).value;
}
