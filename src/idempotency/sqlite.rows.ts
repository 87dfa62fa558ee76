import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { judgeKnownKey } from './claim.policy.js';
import type { AuditEntry, Change, ClaimRequest, ClaimResult, LedgerPage, ListRequest } from './ledger.js';
import { changeParameters, claimParameters } from './ledger.parameters.js';
import { decodeAudit, decodeCursor, decodeRow, encodeCursor, jsonOrNull } from './ledger-row.codec.js';
import { changedRow, firstClaim } from './ledger-row.policy.js';
import type { LedgerRow, LedgerState } from './operation.js';
import { reconcileDelayMs } from './reconcile-schedule.js';
import { type Actor, assertTransition } from './transitions.js';

const identified = z.object({ id: z.number() });
const counted = z.object({ n: z.number() });
const owned = z.object({ owner_id: z.string() });

/** The ledger's statements on SQLite, prepared once. Synchronous; the caller holds the transaction where more than one must agree. */
export class SqliteRows {
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #ownerId: string;

  constructor(db: DatabaseSync, ownerId: string) {
    this.#statements = prepareAll(db);
    this.#ownerId = ownerId;
  }

  claim(request: ClaimRequest): ClaimResult {
    if (this.#insert(request)) {
      const row = firstClaim(request, this.#ownerId);
      this.#remember(row, null, 'owner', request.atMs, null);
      return { kind: 'claimed', row };
    }
    const known = this.find(request.tenantId, request.idempotencyKey);
    if (known !== null) {
      const verdict = judgeKnownKey(known, request.fingerprint);
      if (verdict !== 'reclaim') {
        return { kind: verdict, row: known };
      }
    }
    const blocker = this.#statements.blocker.get(request.tenantId, request.credentialId, request.target);
    if (blocker !== undefined) {
      return { kind: 'targetBusy', row: decodeRow(blocker) };
    }
    const row = decodeRow(this.#reclaim(request));
    this.#remember(row, 'not_sent', 'owner', request.atMs, null);
    return { kind: 'claimed', row };
  }

  advance(row: LedgerRow, change: Change): LedgerRow | null {
    assertTransition(change.from, change.to, change.by);
    const { changes } = this.#statements.advance.run(...changeParameters(row, change));
    if (Number(changes) === 0) {
      return null;
    }
    const changed = changedRow(row, change);
    this.#remember(changed, change.from, change.by, change.atMs, change);
    return changed;
  }

  find(tenantId: string, idempotencyKey: string): LedgerRow | null {
    const row = this.#statements.find.get(tenantId, idempotencyKey);
    return row === undefined ? null : decodeRow(row);
  }

  list(tenantId: string, request: ListRequest): LedgerPage {
    const states = jsonOrNull(request.states);
    const groups = request.groupIds === null ? null : JSON.stringify([...request.groupIds]);
    const before = request.afterCursor === null ? Number.MAX_SAFE_INTEGER : decodeCursor(request.afterCursor);
    const rows = this.#statements.list.all({ tenant: tenantId, states, groups, before, limit: request.limit + 1 });
    const { n } = counted.parse(this.#statements.count.get({ tenant: tenantId, states, groups }));
    const edges = rows.slice(0, request.limit).map((raw) => ({
      cursor: encodeCursor(identified.parse(raw).id),
      row: decodeRow(raw),
    }));
    return { edges, hasNextPage: rows.length > request.limit, totalCount: n };
  }

  audit(tenantId: string, idempotencyKey: string): readonly AuditEntry[] {
    return this.#statements.audit.all(tenantId, idempotencyKey).map((raw) => decodeAudit(raw));
  }

  due(nowMs: number, limit: number): readonly LedgerRow[] {
    return this.#statements.due.all(nowMs, limit).map((raw) => decodeRow(raw));
  }

  countUnknown(): number {
    return counted.parse(this.#statements.countUnknown.get()).n;
  }

  noteAttempt(row: LedgerRow, atMs: number): void {
    const nextAtMs = atMs + reconcileDelayMs(row.reconcileAttempts + 1);
    this.#statements.noteAttempt.run(nextAtMs, row.tenantId, row.idempotencyKey, row.claim, row.reconcileAttempts);
  }

  /** Other owners that have unfinished rows; whether they live is not known here. */
  unfinishedOwners(): readonly string[] {
    return this.#statements.owners.all(this.#ownerId).map((raw) => owned.parse(raw).owner_id);
  }

  /** Takes the unfinished rows from an owner that is gone. Returns how many there were. */
  orphan(ownerId: string, atMs: number): number {
    const rows = this.#statements.unfinishedOf.all(ownerId).map((raw) => decodeRow(raw));
    for (const row of rows) {
      this.advance(row, { from: row.state, to: row.state === 'claimed' ? 'not_sent' : 'unknown', by: 'sweep', atMs });
    }
    return rows.length;
  }

  sends(): number {
    return counted.parse(this.#statements.sends.get()).n;
  }

  /** Writes a row as it was. */
  touch(): void {
    this.#statements.touch.run();
  }

  countSend(): void {
    this.#statements.countSend.run();
  }

  /** False: the key is there, or the target is taken, and nothing was stored. */
  #insert(request: ClaimRequest): boolean {
    const { changes } = this.#statements.insert.run(...claimParameters(request, this.#ownerId));
    return Number(changes) > 0;
  }

  #reclaim(request: ClaimRequest): unknown {
    return this.#statements.reclaim.get({
      tenant: request.tenantId,
      credential: request.credentialId,
      key: request.idempotencyKey,
      owner: this.#ownerId,
    });
  }

  #remember(row: LedgerRow, from: LedgerState | null, by: Actor, atMs: number, change: Change | null): void {
    const resolution = change?.resolution;
    this.#statements.remember.run(
      row.tenantId,
      row.idempotencyKey,
      row.claim,
      atMs,
      from,
      row.state,
      by,
      this.#ownerId,
      resolution?.note ?? null,
      resolution?.subject ?? null,
    );
  }
}

function prepareAll(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text);
  return {
    find: sql('SELECT * FROM ledger_operations WHERE tenant_id = ? AND idempotency_key = ?'),
    blocker: sql(`SELECT * FROM ledger_operations WHERE tenant_id = ? AND credential_id = ? AND target = ?
      AND state IN ('claimed', 'sending', 'unknown')`),
    insert:
      sql(`INSERT INTO ledger_operations (tenant_id, credential_id, idempotency_key, kind, target, group_id, fingerprint,
      input, state, owner_id, claim, created_at, deletes_documents)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'claimed', ?, 1, ?, ?) ON CONFLICT DO NOTHING`),
    reclaim: sql(`UPDATE ledger_operations SET state = 'claimed', claim = claim + 1, owner_id = :owner,
      credential_id = :credential, sent_at = NULL, completed_at = NULL, baseline = NULL, answer = NULL, resolution = NULL
      WHERE tenant_id = :tenant AND idempotency_key = :key AND state = 'not_sent' RETURNING *`),
    advance: sql(`UPDATE ledger_operations SET state = ?5,
      sent_at = CASE ?5 WHEN 'sending' THEN ?6 WHEN 'not_sent' THEN NULL ELSE sent_at END,
      completed_at = CASE ?5 WHEN 'sending' THEN NULL ELSE ?6 END,
      baseline = COALESCE(?7, baseline), answer = ?8, resolution = ?9,
      next_reconcile_at = CASE ?5 WHEN 'unknown' THEN ?10 END
      WHERE tenant_id = ?1 AND idempotency_key = ?2 AND claim = ?3 AND state = ?4`),
    remember:
      sql(`INSERT INTO ledger_audit (tenant_id, idempotency_key, claim, at, from_state, to_state, actor, owner_id, note,
      subject) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    audit: sql('SELECT * FROM ledger_audit WHERE tenant_id = ? AND idempotency_key = ? ORDER BY id'),
    list: sql(`SELECT * FROM ledger_operations WHERE tenant_id = :tenant AND id < :before
      AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
      AND (:groups IS NULL OR kind = 'PURCHASE_CREDITS' OR group_id IN (SELECT value FROM json_each(:groups)))
      ORDER BY id DESC LIMIT :limit`),
    count: sql(`SELECT count(*) AS n FROM ledger_operations WHERE tenant_id = :tenant
      AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
      AND (:groups IS NULL OR kind = 'PURCHASE_CREDITS' OR group_id IN (SELECT value FROM json_each(:groups)))`),
    due: sql(`SELECT * FROM ledger_operations WHERE state = 'unknown' AND next_reconcile_at <= ?
      ORDER BY next_reconcile_at, id LIMIT ?`),
    countUnknown: sql(`SELECT count(*) AS n FROM ledger_operations WHERE state = 'unknown'`),
    noteAttempt: sql(`UPDATE ledger_operations SET reconcile_attempts = reconcile_attempts + 1, next_reconcile_at = ?
      WHERE tenant_id = ? AND idempotency_key = ? AND claim = ? AND reconcile_attempts = ? AND state = 'unknown'`),
    owners: sql(
      `SELECT DISTINCT owner_id FROM ledger_operations WHERE state IN ('claimed', 'sending') AND owner_id <> ?`,
    ),
    unfinishedOf: sql(`SELECT * FROM ledger_operations WHERE state IN ('claimed', 'sending') AND owner_id = ?`),
    sends: sql("SELECT CAST(value AS INTEGER) AS n FROM ledger_meta WHERE name = 'sends'"),
    // Not RETURNING the count: that makes SQLite open a table of its own each time.
    touch: sql("UPDATE ledger_meta SET value = value WHERE name = 'sends'"),
    countSend: sql("UPDATE ledger_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'sends'"),
  };
}
