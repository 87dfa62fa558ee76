import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import { z } from 'zod';
import { ACCOUNT_KINDS, BILLING_OPERATION_KINDS } from '../../domain/upstream-operations.js';
import { LedgerUnavailable, MAX_CLOCK_DIFFERENCE_MS, MAX_RECENT_WRITES, requireVersion } from '../ledger.js';
import { FINISHER, NEIGHBOUR, quoted } from '../ledger-row.codec.js';

// Statements are not prepared by name. Reason: when a newer version adds a column during a rolling deployment, the
// cached plans of this version would fail.

const AUDIT_COLUMNS = 'tenant_id, idempotency_key, claim, at, from_state, to_state, actor, owner_id, note, subject';

export const FIND = 'SELECT * FROM ledger_operations WHERE tenant_id = $1 AND idempotency_key = $2';

/** As {@link FIND}, with the root groups of the tenant: $3 their name. One row is always returned. */
export const FIND_WITH_ROOT_GROUPS = `SELECT found.*, meta.value AS root_groups FROM (SELECT 1) AS always
  LEFT JOIN ledger_meta AS meta ON meta.name = $3
  LEFT JOIN ledger_operations AS found ON found.tenant_id = $1 AND found.idempotency_key = $2`;

export const PUT_ROOT_GROUPS = `INSERT INTO ledger_meta (name, value) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

/**
 * Locks that are held until the transaction ends. Values that a claim reads of its tenant and credential are then still
 * valid when its row is stored. The locks are always taken in the same order, so that two claims never wait for each
 * other.
 */
export const LOCK_CLAIMS = `SELECT pg_advisory_xact_lock(lock_key) FROM (
  SELECT DISTINCT hashtextextended(name, 0) AS lock_key FROM unnest($1::text[]) AS name ORDER BY lock_key) AS locks`;

const IN_THE_WAY = `state IN ('claimed', 'sending', 'unknown')
  AND (target IN (SELECT jsonb_array_elements_text($4::jsonb)) OR ($5::int = 1 AND target LIKE 'group:%')
    OR fingerprint = ANY ($6::text[]))
  AND NOT (tenant_id = $1 AND idempotency_key = $3)`;

/**
 * An open write that blocks a claim: $1 tenant, $2 credential, $3 key, $4 targets as JSON, $5 whether every group
 * blocks, $6 fingerprints that block from any target. There is one search for each index of open writes, because a
 * search with OR may read the whole ledger.
 */
export const FIND_BLOCKER = `SELECT * FROM ledger_operations WHERE id IN (
    SELECT id FROM ledger_operations WHERE tenant_id = $1 AND ${IN_THE_WAY}
    UNION ALL SELECT id FROM ledger_operations WHERE credential_id = $2 AND ${IN_THE_WAY}
  ) ORDER BY id LIMIT 1`;

const EQUAL = "tenant_id = $1 AND fingerprint = ANY ($2::text[]) AND state = 'succeeded' AND idempotency_key <> $4";

/** The newest equal write, if one succeeded since: $1 tenant, $2 fingerprints, $3 earliest time, $4 the own key. */
export const FIND_NEWEST_EQUAL = `SELECT * FROM ledger_operations AS equal
  WHERE ${EQUAL} AND completed_at > $3::bigint - ${MAX_CLOCK_DIFFERENCE_MS}
  AND EXISTS (SELECT 1 FROM ledger_operations WHERE ${EQUAL} AND completed_at > $3::bigint)
  ORDER BY (SELECT max(id) FROM ledger_audit WHERE ledger_audit.tenant_id = equal.tenant_id
    AND ledger_audit.idempotency_key = equal.idempotency_key) DESC LIMIT 1`;

/** Writes that count towards the limits of a tenant: $1 tenant, $2 earliest time. */
export const SPENT = `SELECT spend_amount, spend_currency, sent_at FROM ledger_operations
  WHERE tenant_id = $1 AND state IN ('sending', 'succeeded', 'unknown') AND sent_at > $2
  UNION ALL SELECT spend_amount, spend_currency, NULL FROM ledger_operations
  WHERE tenant_id = $1 AND state IN ('claimed', 'sending', 'unknown') AND state = 'claimed'`;

export const SPENDING = `SELECT spend_amount, spend_currency, count(*) AS n FROM (${SPENT}) AS spent
  GROUP BY spend_amount, spend_currency`;

/**
 * Returns no row after a conflict with a unique index. A replica of an older version may cause one, because it takes no
 * lock for a claim.
 */
export const INSERT = `
  WITH changed AS (
    INSERT INTO ledger_operations (tenant_id, credential_id, idempotency_key, kind, target, group_id, fingerprint, input,
      state, owner_id, claim, created_at, deletes_documents, spend_amount, spend_currency)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'claimed', $9, 1, $10, $11, $12, $13)
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, idempotency_key, claim, created_at, state, owner_id
  ), remembered AS (
    INSERT INTO ledger_audit (${AUDIT_COLUMNS})
    SELECT tenant_id, idempotency_key, claim, created_at, NULL, state, 'owner', owner_id, NULL, NULL FROM changed
  )
  SELECT 1 FROM changed`;

export const RECLAIM = `
  WITH changed AS (
    UPDATE ledger_operations SET state = 'claimed', claim = claim + 1, owner_id = $5, credential_id = $4,
      sent_at = NULL, completed_at = NULL, baseline = NULL, before_send = NULL, answer = NULL, resolution = NULL, lock_slot = 0,
      spend_amount = $7, spend_currency = $8, target = $9, group_id = $10, fingerprint = $11
    WHERE tenant_id = $1 AND idempotency_key = $2 AND claim = $3 AND state = 'not_sent' RETURNING *
  ), remembered AS (
    INSERT INTO ledger_audit (${AUDIT_COLUMNS})
    SELECT tenant_id, idempotency_key, claim, $6::bigint, 'not_sent', state, 'owner', owner_id, NULL, NULL FROM changed
  )
  SELECT * FROM changed`;

export const ADVANCE = `
  WITH changed AS (
    UPDATE ledger_operations SET state = $5::text,
      sent_at = CASE $5::text WHEN 'sending' THEN $6::bigint WHEN 'not_sent' THEN NULL ELSE sent_at END,
      completed_at = CASE $5::text WHEN 'sending' THEN NULL ELSE $6::bigint END,
      baseline = COALESCE($7::text, baseline), answer = $8::text, resolution = $9::text,
      next_reconcile_at = $10::bigint, reconcile_attempts = 0, before_send = COALESCE($11::text, before_send)
    WHERE tenant_id = $1 AND idempotency_key = $2 AND claim = $3 AND state = $4::text
      AND ($4::text <> 'succeeded' OR resolution::jsonb ->> 'by' = 'reconciler')
    RETURNING tenant_id, idempotency_key, claim, state
  ), remembered AS (
    INSERT INTO ledger_audit (${AUDIT_COLUMNS})
    SELECT tenant_id, idempotency_key, claim, $6::bigint, $4::text, state, $12::text, $13::text, $14::text, $15::text
    FROM changed
  )
  SELECT 1 FROM changed`;

/**
 * An owner is alive while some session holds the advisory lock of its id. pg_locks shows a 64-bit key as two halves
 * (https://www.postgresql.org/docs/current/view-pg-locks.html). Reading that view, unlike trying the lock, disturbs no
 * other session.
 */
export const SWEEP = `
  WITH alive AS MATERIALIZED (
    SELECT (classid::bigint << 32) | objid::bigint AS lock_key FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  ), gone AS (
    SELECT id, state FROM ledger_operations
    WHERE state IN ('claimed', 'sending') AND owner_id <> $1
      AND NOT EXISTS (SELECT 1 FROM alive WHERE lock_key = hashtextextended(owner_id, 0))
    FOR UPDATE SKIP LOCKED
  ), changed AS (
    UPDATE ledger_operations AS operation SET
      state = CASE gone.state WHEN 'claimed' THEN 'not_sent' ELSE 'unknown' END,
      completed_at = $2::bigint,
      next_reconcile_at = CASE gone.state WHEN 'sending' THEN $3::bigint END
    FROM gone WHERE operation.id = gone.id AND operation.state = gone.state
    RETURNING operation.*, gone.state AS from_state
  ), remembered AS (
    INSERT INTO ledger_audit (${AUDIT_COLUMNS})
    SELECT tenant_id, idempotency_key, claim, $2::bigint, from_state, state, 'sweep', $1, NULL, NULL FROM changed
  )
  SELECT count(*) AS n FROM changed`;

const SELECTION = `tenant_id = ANY ($1::text[]) AND kind IN (${quoted(BILLING_OPERATION_KINDS)})
  AND ($2::text[] IS NULL OR state = ANY ($2::text[]))
  AND ($3::text[] IS NULL OR kind IN (${quoted(ACCOUNT_KINDS)}) OR group_id = ANY ($3::text[]))`;

export const LIST = `SELECT * FROM ledger_operations WHERE ${SELECTION} AND id < $4 ORDER BY id DESC LIMIT $5`;

export const COUNT = `SELECT count(*) AS n FROM ledger_operations WHERE ${SELECTION}`;

export const AUDIT = 'SELECT * FROM ledger_audit WHERE tenant_id = $1 AND idempotency_key = $2 ORDER BY id';

export const DUE = `SELECT * FROM ledger_operations WHERE state = 'unknown' AND next_reconcile_at <= $1
  ORDER BY next_reconcile_at, id LIMIT $2`;

export const DUE_FOR_REVIEW = `SELECT * FROM ledger_operations WHERE state = 'rejected' AND next_reconcile_at <= $1
  ORDER BY next_reconcile_at, id LIMIT $2`;

export const NEIGHBOURS = `SELECT ${NEIGHBOUR} FROM ledger_operations
  WHERE target IN (SELECT jsonb_array_elements_text($3::jsonb)) AND sent_at >= $4
  AND NOT (tenant_id = $1 AND idempotency_key = $2)
  AND (state IN ('sending', 'succeeded', 'unknown')
    OR (state = 'rejected' AND resolution::jsonb ->> 'by' = 'operator'))`;

const CONCERNED = '(tenant_id = $1 OR credential_id = $2 OR group_id = ANY ($3::text[]))';

/**
 * Open writes, and writes finished since: $1 tenant, $2 credential, $3 groups, $4 earliest time. One row is always
 * returned, to report whether the server is a standby even if there is no write.
 */
export const RECENT_WRITES = `SELECT pg_is_in_recovery() AS on_standby, writes.* FROM (SELECT 1) AS always LEFT JOIN (
  SELECT kind, group_id, ${FINISHER}, NULL::bigint AS completed_at FROM ledger_operations
  WHERE state IN ('claimed', 'sending', 'unknown') AND ${CONCERNED}
  UNION ALL SELECT kind, group_id, ${FINISHER}, completed_at FROM ledger_operations
  WHERE completed_at >= $4 AND state IN ('succeeded', 'rejected') AND ${CONCERNED} LIMIT ${MAX_RECENT_WRITES}
  ) AS writes ON true`;

export const COUNT_UNKNOWN = `SELECT count(*) AS n FROM ledger_operations WHERE state = 'unknown'`;

export const NOTE_ATTEMPT = `UPDATE ledger_operations
  SET reconcile_attempts = reconcile_attempts + 1, next_reconcile_at = $1
  WHERE tenant_id = $2 AND idempotency_key = $3 AND claim = $4 AND reconcile_attempts = $5
  AND state IN ('unknown', 'rejected')`;

/**
 * One entry per version, applied in order and never edited afterwards. A version may only add, because the previous
 * version is still running during a rolling deployment. The unique indexes guarantee the ledger's promises, as on
 * SQLite.
 *
 * Version 2: see SQLite's. A replica of the previous version experiences the new indexes as a busy target.
 *
 * Version 3: see SQLite's. A replica of the previous version searches for no equal write and counts no spend.
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
  CREATE INDEX ledger_spent ON ledger_operations (tenant_id, sent_at)
    WHERE state IN ('sending', 'succeeded', 'unknown');
  `,
  `
  CREATE INDEX ledger_completed ON ledger_operations (completed_at);
  `,
];

const metaRows = z.array(z.object({ name: z.string(), value: z.string() }));

/** Brings the tables up to date. Replicas that start together do it one after the other. Returns the hash key. */
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

/** Returns the hash key of existing tables of this version, which are only read. Throws {@link LedgerUnavailable}. */
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
