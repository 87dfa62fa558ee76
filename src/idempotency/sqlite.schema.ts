import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { LedgerUnavailable, requireVersion } from './ledger.js';

/**
 * One entry per version, applied in order and never edited afterwards. Unique indexes carry the promises of the ledger: a key exists
 * once per tenant, and a target has at most one write that is unfinished or unknown, per tenant whatever its api key, and per
 * credential whichever tenants share it. What an index cannot say (an own group of unknown number) the claim checks itself.
 *
 * Version 2: before it, the lock ended with the api key, so two open writes of one target may be stored. The newest keeps the place
 * in the index (`lock_slot` 0) and the others have one of their own. All of them go on blocking the target.
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
];

const metaRow = z.object({ value: z.string() });

/** Call inside a write transaction, so that processes that start together migrate one after the other. Returns the hash key. */
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

/** The hash key of tables that are there in this version; they are only read. Throws {@link LedgerUnavailable}. */
export function attachSqlite(db: DatabaseSync): Buffer {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'ledger_meta'").get();
  requireVersion(known === undefined ? 0 : Number(readMeta(db, 'schema_version')), MIGRATIONS.length);
  return Buffer.from(readMeta(db, 'hash_key'), 'hex');
}

function readMeta(db: DatabaseSync, name: string): string {
  return metaRow.parse(db.prepare('SELECT value FROM ledger_meta WHERE name = ?').get(name)).value;
}
