import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { ACCOUNT_KINDS, BILLING_OPERATION_KINDS } from '../domain/upstream-operations.js';
import { judgeKnownKey } from './claim.policy.js';
import type { AuditEntry, Change, ClaimRequest, ClaimResult, LedgerPage, ListRequest, Neighbour } from './ledger.js';
import {
  blockerSelection,
  changeParameters,
  claimParameters,
  neighbourSelection,
  quoted,
} from './ledger.parameters.js';
import {
  decodeAudit,
  decodeCursor,
  decodeNeighbour,
  decodeRow,
  decodeRows,
  encodeCursor,
  jsonOrNull,
} from './ledger-row.codec.js';
import { changedRow, firstClaim } from './ledger-row.policy.js';
import type { LedgerRow, LedgerState } from './operation.js';
import { type Actor, assertTransition } from './transitions.js';

const identified = z.object({ id: z.number() });
const counted = z.object({ n: z.number() });
const owned = z.object({ owner_id: z.string() });
const abandoned = z.object({
  tenant_id: z.string(),
  idempotency_key: z.string(),
  claim: z.number(),
  state: z.enum(['claimed', 'sending']),
});

/** The ledger's statements on SQLite, prepared once. Synchronous; the caller holds the transaction where more than one must agree. */
export class SqliteRows {
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #ownerId: string;

  readonly #onUnreadable: (raw: unknown) => void;

  /** @param onUnreadable told of each stored row that this version cannot read and therefore leaves out */
  constructor(db: DatabaseSync, ownerId: string, onUnreadable: (raw: unknown) => void) {
    this.#statements = prepareAll(db);
    this.#ownerId = ownerId;
    this.#onUnreadable = onUnreadable;
  }

  /**
   * The one place where a claim is decided. Call inside the write transaction, which keeps every other writer out until the commit:
   * what is read here still holds when the row is stored.
   */
  claim(request: ClaimRequest): ClaimResult {
    const known = this.find(request.tenantId, request.idempotencyKey);
    if (known !== null) {
      const verdict = judgeKnownKey(known, request.fingerprint);
      if (verdict !== 'reclaim') {
        return { kind: verdict, row: known };
      }
    }
    for (const tenantId of request.keysSharedWith ?? []) {
      const shared = this.find(tenantId, request.idempotencyKey);
      if (shared !== null) return { kind: 'keyReused', row: shared };
    }
    const blocker = this.#statements.blocker.get(blockerSelection(request));
    if (blocker !== undefined) {
      return { kind: 'targetBusy', row: decodeRow(blocker) };
    }
    const row = known === null ? this.#insert(request) : decodeRow(this.#reclaim(request));
    this.#remember(row, known === null ? null : 'not_sent', 'owner', request.atMs, null);
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

  list(tenantIds: readonly string[], request: ListRequest): LedgerPage {
    const tenants = JSON.stringify(tenantIds);
    const states = jsonOrNull(request.states);
    const groups = request.groupIds === null ? null : JSON.stringify([...request.groupIds]);
    const before = request.afterCursor === null ? Number.MAX_SAFE_INTEGER : decodeCursor(request.afterCursor);
    const rows = this.#statements.list.all({ tenants, states, groups, before, limit: request.limit + 1 });
    const { n } = counted.parse(this.#statements.count.get({ tenants, states, groups }));
    const edges = rows
      .slice(0, request.limit)
      .flatMap((raw) => this.#readable([raw]).map((row) => ({ cursor: encodeCursor(identified.parse(raw).id), row })));
    return { edges, hasNextPage: rows.length > request.limit, totalCount: n };
  }

  audit(tenantId: string, idempotencyKey: string): readonly AuditEntry[] {
    return this.#statements.audit.all(tenantId, idempotencyKey).map((raw) => decodeAudit(raw));
  }

  due(nowMs: number, limit: number): readonly LedgerRow[] {
    return this.#readable(this.#statements.due.all(nowMs, limit));
  }

  dueForReview(nowMs: number, limit: number): readonly LedgerRow[] {
    return this.#readable(this.#statements.dueForReview.all(nowMs, limit));
  }

  neighbours(row: LedgerRow, sinceMs: number): readonly Neighbour[] {
    const found = this.#statements.neighbours.all({ ...neighbourSelection(row), since: sinceMs });
    return found.map((raw) => decodeNeighbour(raw, row));
  }

  countUnknown(): number {
    return counted.parse(this.#statements.countUnknown.get()).n;
  }

  noteAttempt(row: LedgerRow, nextAtMs: number | null): void {
    this.#statements.noteAttempt.run(nextAtMs, row.tenantId, row.idempotencyKey, row.claim, row.reconcileAttempts);
  }

  /** Other owners that have unfinished rows; whether they live is not known here. */
  unfinishedOwners(): readonly string[] {
    return this.#statements.owners.all(this.#ownerId).map((raw) => owned.parse(raw).owner_id);
  }

  /** Takes the unfinished rows from an owner that is gone, also those that this version cannot read. Returns how many there were. */
  orphan(ownerId: string, atMs: number): number {
    const rows = this.#statements.unfinishedOf.all(ownerId).map((raw) => abandoned.parse(raw));
    for (const { tenant_id, idempotency_key, claim, state } of rows) {
      const row = { tenantId: tenant_id, idempotencyKey: idempotency_key, claim };
      const change = { from: state, to: state === 'claimed' ? 'not_sent' : 'unknown', by: 'sweep', atMs } as const;
      this.#statements.advance.run(...changeParameters(row, change));
      this.#remember({ ...row, state: change.to }, state, 'sweep', atMs, null);
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

  #insert(request: ClaimRequest): LedgerRow {
    this.#statements.insert.run(...claimParameters(request, this.#ownerId));
    return firstClaim(request, this.#ownerId);
  }

  #readable(raws: readonly unknown[]): readonly LedgerRow[] {
    return decodeRows(raws, this.#onUnreadable);
  }

  #reclaim(request: ClaimRequest): unknown {
    return this.#statements.reclaim.get({
      tenant: request.tenantId,
      credential: request.credentialId,
      key: request.idempotencyKey,
      owner: this.#ownerId,
    });
  }

  #remember(
    row: Pick<LedgerRow, 'tenantId' | 'idempotencyKey' | 'claim' | 'state'>,
    from: LedgerState | null,
    by: Actor,
    atMs: number,
    change: Change | null,
  ): void {
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

const SELECTION = `tenant_id IN (SELECT value FROM json_each(:tenants)) AND kind IN (${quoted(BILLING_OPERATION_KINDS)})
  AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
  AND (:groups IS NULL OR kind IN (${quoted(ACCOUNT_KINDS)}) OR group_id IN (SELECT value FROM json_each(:groups)))`;

function prepareAll(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text);
  return {
    find: sql('SELECT * FROM ledger_operations WHERE tenant_id = ? AND idempotency_key = ?'),
    blocker: sql(`SELECT * FROM ledger_operations WHERE state IN ('claimed', 'sending', 'unknown')
      AND (tenant_id = :tenant OR credential_id = :credential)
      AND (target IN (SELECT value FROM json_each(:targets)) OR (:everyGroup AND target LIKE 'group:%'))
      AND NOT (tenant_id = :tenant AND idempotency_key = :key) ORDER BY id LIMIT 1`),
    insert:
      sql(`INSERT INTO ledger_operations (tenant_id, credential_id, idempotency_key, kind, target, group_id, fingerprint,
      input, state, owner_id, claim, created_at, deletes_documents)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'claimed', ?, 1, ?, ?)`),
    reclaim: sql(`UPDATE ledger_operations SET state = 'claimed', claim = claim + 1, owner_id = :owner,
      credential_id = :credential, sent_at = NULL, completed_at = NULL, baseline = NULL, before_send = NULL, answer = NULL,
      resolution = NULL, lock_slot = 0
      WHERE tenant_id = :tenant AND idempotency_key = :key AND state = 'not_sent' RETURNING *`),
    advance: sql(`UPDATE ledger_operations SET state = ?5,
      sent_at = CASE ?5 WHEN 'sending' THEN ?6 WHEN 'not_sent' THEN NULL ELSE sent_at END,
      completed_at = CASE ?5 WHEN 'sending' THEN NULL ELSE ?6 END,
      baseline = COALESCE(?7, baseline), answer = ?8, resolution = ?9, next_reconcile_at = ?10,
      before_send = COALESCE(?11, before_send)
      WHERE tenant_id = ?1 AND idempotency_key = ?2 AND claim = ?3 AND state = ?4
      AND (?4 <> 'succeeded' OR json_extract(resolution, '$.by') = 'reconciler')`),
    remember:
      sql(`INSERT INTO ledger_audit (tenant_id, idempotency_key, claim, at, from_state, to_state, actor, owner_id, note,
      subject) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    audit: sql('SELECT * FROM ledger_audit WHERE tenant_id = ? AND idempotency_key = ? ORDER BY id'),
    list: sql(`SELECT * FROM ledger_operations WHERE ${SELECTION} AND id < :before ORDER BY id DESC LIMIT :limit`),
    count: sql(`SELECT count(*) AS n FROM ledger_operations WHERE ${SELECTION}`),
    due: sql(`SELECT * FROM ledger_operations WHERE state = 'unknown' AND next_reconcile_at <= ?
      ORDER BY next_reconcile_at, id LIMIT ?`),
    dueForReview: sql(`SELECT * FROM ledger_operations WHERE state = 'rejected' AND next_reconcile_at <= ?
      ORDER BY next_reconcile_at, id LIMIT ?`),
    neighbours: sql(`SELECT kind, sent_at, target, tenant_id, credential_id FROM ledger_operations
      WHERE target IN (SELECT value FROM json_each(:targets)) AND sent_at >= :since
      AND NOT (tenant_id = :tenant AND idempotency_key = :key)
      AND (state IN ('sending', 'succeeded', 'unknown')
        OR (state = 'rejected' AND json_extract(resolution, '$.by') = 'operator'))`),
    countUnknown: sql(`SELECT count(*) AS n FROM ledger_operations WHERE state = 'unknown'`),
    noteAttempt: sql(`UPDATE ledger_operations SET reconcile_attempts = reconcile_attempts + 1, next_reconcile_at = ?
      WHERE tenant_id = ? AND idempotency_key = ? AND claim = ? AND reconcile_attempts = ?
      AND state IN ('unknown', 'rejected')`),
    owners: sql(
      `SELECT DISTINCT owner_id FROM ledger_operations WHERE state IN ('claimed', 'sending') AND owner_id <> ?`,
    ),
    unfinishedOf: sql(
      `SELECT tenant_id, idempotency_key, claim, state FROM ledger_operations WHERE state IN ('claimed', 'sending') AND owner_id = ?`,
    ),
    sends: sql("SELECT CAST(value AS INTEGER) AS n FROM ledger_meta WHERE name = 'sends'"),
    // Not RETURNING the count: that makes SQLite open a table of its own each time.
    touch: sql("UPDATE ledger_meta SET value = value WHERE name = 'sends'"),
    countSend: sql("UPDATE ledger_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'sends'"),
  };
}
