import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import { z } from 'zod';
import { LedgerUnavailable, requireVersion } from '../ledger.js';

/**
 * One entry per version, applied in order and never edited afterwards. A version may only add: during a rolling deployment the
 * version before it is still at work. The unique indexes carry the promises, as on SQLite.
 *
 * Version 2: see SQLite's. A replica of the version before it meets the new indexes as a target that is taken.
 *
 * Version 3: see SQLite's. A replica of the version before it looks for no equal write and counts no spend.
 *
 * Version 4: see SQLite's.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE ledger_operations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL,
    credential_id text NOT NULL,
    idempotency_key text NOT NULL,
    kind text NOT NULL,
    target text NOT NULL,
    group_id text,
    fingerprint text NOT NULL,
    input text NOT NULL,
    state text NOT NULL CHECK (state IN ('claimed', 'sending', 'succeeded', 'rejected', 'not_sent', 'unknown')),
    owner_id text NOT NULL,
    claim integer NOT NULL CHECK (claim > 0),
    created_at bigint NOT NULL,
    sent_at bigint,
    completed_at bigint,
    deletes_documents smallint NOT NULL,
    baseline text,
    answer text,
    resolution text,
    reconcile_attempts integer NOT NULL DEFAULT 0,
    next_reconcile_at bigint
  );
  CREATE UNIQUE INDEX ledger_one_key ON ledger_operations (tenant_id, idempotency_key);
  CREATE UNIQUE INDEX ledger_one_open_write ON ledger_operations (tenant_id, credential_id, target)
    WHERE state IN ('claimed', 'sending', 'unknown');
  CREATE INDEX ledger_newest ON ledger_operations (tenant_id, id);
  CREATE INDEX ledger_unfinished ON ledger_operations (owner_id) WHERE state IN ('claimed', 'sending');
  CREATE INDEX ledger_due ON ledger_operations (next_reconcile_at) WHERE state = 'unknown';
  CREATE TABLE ledger_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text NOT NULL,
    idempotency_key text NOT NULL,
    claim integer NOT NULL,
    at bigint NOT NULL,
    from_state text,
    to_state text NOT NULL,
    actor text NOT NULL,
    owner_id text NOT NULL,
    note text,
    subject text
  );
  CREATE INDEX ledger_audit_key ON ledger_audit (tenant_id, idempotency_key, id);
  `,
  `
  LOCK TABLE ledger_operations IN SHARE ROW EXCLUSIVE MODE;
  ALTER TABLE ledger_operations ADD COLUMN before_send text;
  ALTER TABLE ledger_operations ADD COLUMN lock_slot bigint NOT NULL DEFAULT 0;
  UPDATE ledger_operations AS older SET lock_slot = older.id
  WHERE older.state IN ('claimed', 'sending', 'unknown') AND EXISTS (
    SELECT 1 FROM ledger_operations AS newer WHERE newer.id > older.id
      AND newer.state IN ('claimed', 'sending', 'unknown') AND newer.target = older.target
      AND (newer.tenant_id = older.tenant_id OR newer.credential_id = older.credential_id));
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
  ALTER TABLE ledger_operations ADD COLUMN spend_amount text;
  ALTER TABLE ledger_operations ADD COLUMN spend_currency text;
  CREATE INDEX ledger_equal ON ledger_operations (tenant_id, fingerprint, completed_at) WHERE state = 'succeeded';
  CREATE INDEX ledger_spent ON ledger_operations (tenant_id, sent_at) WHERE state IN ('sending', 'succeeded', 'unknown');
  `,
  `
  CREATE INDEX ledger_completed ON ledger_operations (completed_at);
  `,
];

const metaRows = z.array(z.object({ name: z.string(), value: z.string() }));

/** Brings the tables up to date; replicas that start together do it one after the other. Returns the hash key. */
export async function migratePostgres(client: PoolClient): Promise<Buffer> {
  await client.query('BEGIN');
  try {
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('billing-gateway ledger migrations', 0))");
    const { rows: known } = await client.query("SELECT 1 WHERE to_regclass('ledger_meta') IS NOT NULL");
    if (known.length === 0) {
      await client.query('CREATE TABLE ledger_meta (name text PRIMARY KEY, value text NOT NULL)');
      await client.query("INSERT INTO ledger_meta (name, value) VALUES ('schema_version', '0'), ('hash_key', $1)", [
        randomBytes(32).toString('hex'),
      ]);
    }
    const meta = new Map(metaRows.parse((await client.query('SELECT name, value FROM ledger_meta')).rows).map(pair));
    const version = Number(meta.get('schema_version'));
    if (version > MIGRATIONS.length) {
      throw new LedgerUnavailable('The ledger was written by a newer version of the gateway.');
    }
    for (const migration of MIGRATIONS.slice(version)) {
      await client.query(migration);
    }
    if (version < MIGRATIONS.length) {
      await client.query("UPDATE ledger_meta SET value = $1 WHERE name = 'schema_version'", [
        String(MIGRATIONS.length),
      ]);
    }
    await client.query('COMMIT');
    return Buffer.from(meta.get('hash_key') ?? '', 'hex');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** The hash key of tables that are there in this version; they are only read. Throws {@link LedgerUnavailable}. */
export async function attachPostgres(client: PoolClient): Promise<Buffer> {
  const { rows: known } = await client.query("SELECT 1 WHERE to_regclass('ledger_meta') IS NOT NULL");
  const { rows } = known.length === 0 ? { rows: [] } : await client.query('SELECT name, value FROM ledger_meta');
  const meta = new Map(metaRows.parse(rows).map(pair));
  requireVersion(Number(meta.get('schema_version') ?? 0), MIGRATIONS.length);
  return Buffer.from(meta.get('hash_key') ?? '', 'hex');
}

function pair({ name, value }: { readonly name: string; readonly value: string }): readonly [string, string] {
  return [name, value];
}
