import type { Pool } from 'pg';
import { z } from 'zod';
import { judgeKnownKey } from './claim.policy.js';
import {
  type AuditEntry,
  type Change,
  type ClaimRequest,
  type ClaimResult,
  type LedgerPage,
  LedgerUnavailable,
  type ListRequest,
} from './ledger.js';
import { changeParameters, claimParameters } from './ledger.parameters.js';
import { decodeAudit, decodeCursor, decodeRow, encodeCursor } from './ledger-row.codec.js';
import { changedRow, firstClaim } from './ledger-row.policy.js';
import type { LedgerRow } from './operation.js';
import * as sql from './postgres.statements.js';
import { reconcileDelayMs } from './reconcile-schedule.js';
import { hasErrorCode } from './storage.errors.js';
import { assertTransition } from './transitions.js';

/** PostgreSQL's unique_violation (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const UNIQUE_VIOLATION = '23505';
/** A row in the way may be gone when it is looked at; more than a few times in a row means something else is wrong. */
const CLAIM_ATTEMPTS = 10;

const identified = z.object({ id: z.number() });
const pinged = z.object({ writable: z.boolean() });
const counted = z.object({ n: z.number() });

/** The ledger's statements on PostgreSQL. Each is atomic by itself: a row and its audit entry are one statement, so one commit. */
export class PostgresRows {
  readonly #pool: Pool;
  readonly #ownerId: string;

  constructor(pool: Pool, ownerId: string) {
    this.#pool = pool;
    this.#ownerId = ownerId;
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    for (let attempt = 1; attempt <= CLAIM_ATTEMPTS; attempt += 1) {
      if (await this.#insert(request)) {
        return { kind: 'claimed', row: firstClaim(request, this.#ownerId) };
      }
      const known = await this.find(request.tenantId, request.idempotencyKey);
      if (known !== null) {
        const verdict = judgeKnownKey(known, request.fingerprint);
        if (verdict !== 'reclaim') {
          return { kind: verdict, row: known };
        }
        const row = await this.#reclaim(request, known);
        if (row !== null) {
          return { kind: 'claimed', row };
        }
      }
      const blocker = await this.#one(sql.FIND_BLOCKER, [request.tenantId, request.credentialId, request.target]);
      if (blocker !== null && blocker.idempotencyKey !== request.idempotencyKey) {
        return { kind: 'targetBusy', row: blocker };
      }
    }
    throw new LedgerUnavailable('The target changed hands too often to be claimed.');
  }

  async advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    assertTransition(change.from, change.to, change.by);
    const changed = await this.#all(sql.ADVANCE, [
      ...changeParameters(row, change),
      change.by,
      this.#ownerId,
      change.resolution?.note ?? null,
      change.resolution?.subject ?? null,
    ]);
    return changed.length === 0 ? null : changedRow(row, change);
  }

  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#one(sql.FIND, [tenantId, idempotencyKey]);
  }

  async list(tenantId: string, request: ListRequest): Promise<LedgerPage> {
    const selection = [tenantId, request.states, request.groupIds === null ? null : [...request.groupIds]];
    const before = request.afterCursor === null ? Number.MAX_SAFE_INTEGER : decodeCursor(request.afterCursor);
    const rows = await this.#all(sql.LIST, [...selection, before, request.limit + 1]);
    const [count] = await this.#all(sql.COUNT, selection);
    const edges = rows.slice(0, request.limit).map((raw) => ({
      cursor: encodeCursor(identified.parse(raw).id),
      row: decodeRow(raw),
    }));
    return { edges, hasNextPage: rows.length > request.limit, totalCount: counted.parse(count).n };
  }

  async audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]> {
    return (await this.#all(sql.AUDIT, [tenantId, idempotencyKey])).map((raw) => decodeAudit(raw));
  }

  async due(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return (await this.#all(sql.DUE, [nowMs, limit])).map((raw) => decodeRow(raw));
  }

  async countUnknown(): Promise<number> {
    const [count] = await this.#all(sql.COUNT_UNKNOWN, []);
    return counted.parse(count).n;
  }

  async noteAttempt(row: LedgerRow, atMs: number): Promise<void> {
    const nextAtMs = atMs + reconcileDelayMs(row.reconcileAttempts + 1);
    const attempt = [row.tenantId, row.idempotencyKey, row.claim, row.reconcileAttempts];
    await this.#all(sql.NOTE_ATTEMPT, [nextAtMs, ...attempt]);
  }

  /** Takes the rows of all owners whose lock nobody holds. Returns how many there were. */
  async orphan(atMs: number): Promise<number> {
    const [count] = await this.#all(sql.SWEEP, [this.#ownerId, atMs, atMs + reconcileDelayMs(0)]);
    return counted.parse(count).n;
  }

  /** A standby, and a server that was set to read only, answer and refuse every write. */
  async ping(): Promise<{ readonly writable: boolean }> {
    const [state] = await this.#all(
      "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS writable",
      [],
    );
    return pinged.parse(state);
  }

  /** False: the key is there, or the target is taken, and nothing was stored. */
  async #insert(request: ClaimRequest): Promise<boolean> {
    const inserted = await this.#all(sql.INSERT, claimParameters(request, this.#ownerId));
    return inserted.length > 0;
  }

  /** Null: somebody else was faster, or another write has the target. */
  async #reclaim(request: ClaimRequest, known: LedgerRow): Promise<LedgerRow | null> {
    try {
      return await this.#one(sql.RECLAIM, [
        request.tenantId,
        request.idempotencyKey,
        known.claim,
        request.credentialId,
        this.#ownerId,
        request.atMs,
      ]);
    } catch (error) {
      if (hasErrorCode(error, UNIQUE_VIOLATION)) {
        return null;
      }
      throw error;
    }
  }

  async #one(text: string, values: readonly unknown[]): Promise<LedgerRow | null> {
    const [row] = await this.#all(text, values);
    return row === undefined ? null : decodeRow(row);
  }

  async #all(text: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    return (await this.#pool.query<Record<string, unknown>>(text, [...values])).rows;
  }
}
