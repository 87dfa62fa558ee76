import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { type CountedWrites, exceededLimit, lastToFree, SPENDING_DAY_MS } from '../../domain/spending.js';
import type { RecentWrite, RecentWritesRequest } from '../../domain/write.js';
import {
  type AuditEntry,
  type Change,
  type ClaimRequest,
  type ClaimResult,
  changedRow,
  claimingTenants,
  classifyBlocker,
  duplicatesSinceMs,
  earlierForms,
  firstClaim,
  formsOf,
  hasForm,
  type LedgerPage,
  LedgerUnavailable,
  type ListRequest,
  limitsOf,
  type Neighbour,
  repeatsAnother,
} from '../ledger.js';
import {
  blockerSelection,
  changeParameters,
  claimParameters,
  decodeAudit,
  decodeCountedWrites,
  decodeCursor,
  decodeDatedWrite,
  decodeNeighbour,
  decodeRecentWrite,
  decodeRootGroups,
  decodeRow,
  decodeRows,
  encodeCursor,
  moreRootGroups,
  neighbourSelection,
  rootGroupsName,
  spendParameters,
} from '../ledger-row.codec.js';
import { assertTransition, classifyKnownKey, type LedgerRow, reconcileDelayMs } from '../ledger-states.js';
import { hasErrorCode } from '../sqlite/group-commit.js';
import * as sql from './postgres-statements.js';

/** PostgreSQL's unique_violation (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const UNIQUE_VIOLATION = '23505';
/**
 * Attempts of a claim. A blocking row may be gone when it is read; more than a few times in a row means another fault.
 */
const CLAIM_ATTEMPTS = 10;

const identified = z.object({ id: z.number() });
const pinged = z.object({ writable: z.boolean() });
const counted = z.object({ n: z.number() });
const standby = z.object({ on_standby: z.boolean(), kind: z.string().nullable() });

/**
 * The ledger's statements on PostgreSQL. Except for a claim, each is atomic by itself: a row and its audit entry are
 * one statement, so one commit.
 */
export class PostgresRows {
  readonly #pool: Pool;
  readonly #ownerId: string;

  readonly #onUnreadable: (raw: unknown) => void;

  /** @param onUnreadable called with each stored row that this version cannot read and therefore leaves out */
  constructor(pool: Pool, ownerId: string, onUnreadable: (raw: unknown) => void) {
    this.#pool = pool;
    this.#ownerId = ownerId;
    this.#onUnreadable = onUnreadable;
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    for (let attempt = 1; attempt <= CLAIM_ATTEMPTS; attempt += 1) {
      const decided = await this.#inTransaction((client) => this.#decide(client, request));
      if (decided !== null) {
        return decided;
      }
    }
    throw new LedgerUnavailable('The target was claimed and released too often.');
  }

  /**
   * Decides a claim; no other code does. The transaction holds the locks of the tenant and the credential, so every
   * value read here is still valid when the row is stored. Null means "decide again": a replica of an older version,
   * which takes no lock, stored a row meanwhile.
   */
  async #decide(client: PoolClient, request: ClaimRequest): Promise<ClaimResult | null> {
    const one = async (text: string, values: readonly unknown[]): Promise<LedgerRow | null> => {
      const [row] = (await client.query<Record<string, unknown>>(text, [...values])).rows;
      return row === undefined ? null : decodeRow(row);
    };
    const { tenantId, credentialId, idempotencyKey } = request;
    const tenants = claimingTenants(request).map(lockOfTenant);
    await client.query(sql.LOCK_CLAIMS, [[...tenants, `ledger credential ${credentialId}`]]);
    const { known, rootGroups } = await findKnown(client, request);
    const forms = formsOf(request, rootGroups);
    if (known !== null) {
      const verdict = classifyKnownKey(known, hasForm(known, forms));
      if (verdict !== 'reclaim') {
        return { kind: verdict, row: known };
      }
    }
    const findAmong = async (owners: readonly string[], key: string): Promise<LedgerRow | null> => {
      for (const owner of owners) {
        const row = await one(sql.FIND, [owner, key]);
        if (row !== null) return row;
      }
      return null;
    };
    const shared = await findAmong(request.keysSharedWith ?? [], idempotencyKey);
    if (shared !== null) {
      return { kind: 'keyReused', row: shared };
    }
    const { guards } = request;
    if (guards?.forbidden) {
      return { kind: 'refused', row: null, refusal: guards.forbidden };
    }
    const named = guards?.repeats ? await findAmong(claimingTenants(request), guards.repeats) : null;
    if (repeatsAnother(request, forms, named)) {
      return { kind: 'repeatsAnother', row: named };
    }
    const { targets, everyGroup } = blockerSelection(request);
    const earlier = earlierForms(request, forms).map(({ fingerprint }) => fingerprint);
    const blocking = [tenantId, credentialId, idempotencyKey, targets, everyGroup, earlier];
    const blocker = await one(sql.FIND_BLOCKER, blocking);
    if (blocker !== null) {
      return { kind: classifyBlocker(request, forms, blocker), row: blocker };
    }
    const since = duplicatesSinceMs(request);
    const prints = forms.map(({ fingerprint }) => fingerprint);
    const equal = since === null ? null : await one(sql.FIND_NEWEST_EQUAL, [tenantId, prints, since, idempotencyKey]);
    if (equal !== null && equal.idempotencyKey !== guards?.repeats) {
      return { kind: 'possibleDuplicate', row: equal };
    }
    const refused = await whyTermsForbid(client, request);
    if (refused !== null) {
      return refused;
    }
    if (known === null) {
      const inserted = await client.query(sql.INSERT, claimParameters(request, this.#ownerId));
      return inserted.rows.length === 0 ? null : { kind: 'claimed', row: firstClaim(request, this.#ownerId) };
    }
    const again = [
      tenantId,
      idempotencyKey,
      known.claim,
      credentialId,
      this.#ownerId,
      request.atMs,
      ...spendParameters(request),
      request.target,
      request.groupId,
      request.fingerprint,
    ];
    const row = await one(sql.RECLAIM, again);
    return row === null ? null : { kind: 'claimed', row };
  }

  /**
   * Null also after a violation of a unique index. A connection whose transaction could not be ended is not used again.
   */
  async #inTransaction<T>(work: (client: PoolClient) => Promise<T | null>): Promise<T | null> {
    const client = await this.#pool.connect();
    let isBroken = true;
    try {
      // After a wait for a lock, a statement must see what was committed meanwhile, however the database is set.
      await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
      const result = await work(client);
      await client.query('COMMIT');
      isBroken = false;
      return result;
    } catch (error) {
      isBroken = await client.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      if (hasErrorCode(error, UNIQUE_VIOLATION)) {
        return null;
      }
      throw error;
    } finally {
      client.release(isBroken);
    }
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

  /**
   * A claim holds the lock of its tenant from before it stores anything until its transaction has ended, also while its
   * commit waits for a standby, and while the server has not noticed that its connection broke. So whoever gets the
   * lock after it sees what became of it. A standby has no such locks of its primary, and refuses the first statement.
   */
  findAfterClaims(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#inTransaction(async (client) => {
      await client.query('SET TRANSACTION READ WRITE');
      await client.query(sql.LOCK_CLAIMS, [[lockOfTenant(tenantId)]]);
      const { rows } = await client.query<Record<string, unknown>>(sql.FIND, [tenantId, idempotencyKey]);
      return rows[0] === undefined ? null : decodeRow(rows[0]);
    });
  }

  async list(tenantIds: readonly string[], request: ListRequest): Promise<LedgerPage> {
    const selection = [[...tenantIds], request.states, request.groupIds === null ? null : [...request.groupIds]];
    const before = request.afterCursor === null ? Number.MAX_SAFE_INTEGER : decodeCursor(request.afterCursor);
    const rows = await this.#all(sql.LIST, [...selection, before, request.limit + 1]);
    const [count] = await this.#all(sql.COUNT, selection);
    const edges = rows
      .slice(0, request.limit)
      .flatMap((raw) =>
        decodeRows([raw], this.#onUnreadable).map((row) => ({ cursor: encodeCursor(identified.parse(raw).id), row })),
      );
    return { edges, hasNextPage: rows.length > request.limit, totalCount: counted.parse(count).n };
  }

  async audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]> {
    return (await this.#all(sql.AUDIT, [tenantId, idempotencyKey])).map((raw) => decodeAudit(raw));
  }

  async due(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return decodeRows(await this.#all(sql.DUE, [nowMs, limit]), this.#onUnreadable);
  }

  async dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return decodeRows(await this.#all(sql.DUE_FOR_REVIEW, [nowMs, limit]), this.#onUnreadable);
  }

  async neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]> {
    const { tenant, key, targets } = neighbourSelection(row);
    const found = await this.#all(sql.NEIGHBOURS, [tenant, key, targets, sinceMs]);
    return found.map((raw) => decodeNeighbour(raw, row));
  }

  async recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]> {
    const { tenantId, credentialId, groupIds, sinceMs } = request;
    const found = await this.#all(sql.RECENT_WRITES, [tenantId, credentialId, [...groupIds], sinceMs]);
    if (found.some((raw) => standby.parse(raw).on_standby)) {
      throw new LedgerUnavailable('The ledger is on a standby, which may lack writes.');
    }
    return found.flatMap((raw) => (standby.parse(raw).kind === null ? [] : [decodeRecentWrite(raw, this.#ownerId)]));
  }

  async countUnknown(): Promise<number> {
    const [count] = await this.#all(sql.COUNT_UNKNOWN, []);
    return counted.parse(count).n;
  }

  spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]> {
    return spendingOf(this.#pool, tenantId, nowMs);
  }

  async noteAttempt(row: LedgerRow, nextAtMs: number | null): Promise<void> {
    const attempt = [row.tenantId, row.idempotencyKey, row.claim, row.reconcileAttempts];
    await this.#all(sql.NOTE_ATTEMPT, [nextAtMs, ...attempt]);
  }

  /** Takes the rows of all owners whose lock is free. Returns their number. */
  async orphan(atMs: number): Promise<number> {
    const [count] = await this.#all(sql.SWEEP, [this.#ownerId, atMs, atMs + reconcileDelayMs(0)]);
    return counted.parse(count).n;
  }

  /** A standby and a read-only server can be read, but refuse every write. */
  async ping(): Promise<{ readonly writable: boolean }> {
    const [state] = await this.#all(
      "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS writable",
      [],
    );
    return pinged.parse(state);
  }

  async #one(text: string, values: readonly unknown[]): Promise<LedgerRow | null> {
    const [row] = await this.#all(text, values);
    return row === undefined ? null : decodeRow(row);
  }

  async #all(text: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    return (await this.#pool.query<Record<string, unknown>>(text, [...values])).rows;
  }
}

function lockOfTenant(tenantId: string): string {
  return `ledger tenant ${tenantId}`;
}

type Connection = Pick<PoolClient, 'query'>;

/**
 * The row with the key of the claim, and the numbers that settings told for the own group before. Keeps that of the
 * request from then on. Call inside the transaction of the claim.
 */
async function findKnown(
  client: Connection,
  request: ClaimRequest,
): Promise<{ readonly known: LedgerRow | null; readonly rootGroups: readonly string[] }> {
  const key = [request.tenantId, request.idempotencyKey];
  const name = request.ownGroup?.isNamed === false ? rootGroupsName(request.tenantId) : null;
  const find = (text: string, values: string[]) => client.query<Record<string, unknown>>(text, values);
  const [raw] = (await (name === null ? find(sql.FIND, key) : find(sql.FIND_WITH_ROOT_GROUPS, [...key, name]))).rows;
  const rootGroups = decodeRootGroups(raw?.['root_groups']);
  const more = name === null ? null : moreRootGroups(request, rootGroups);
  if (more !== null) await client.query(sql.PUT_ROOT_GROUPS, [name, more]);
  const isThere = raw !== undefined && raw['tenant_id'] !== null;
  return { known: isThere ? decodeRow(raw) : null, rootGroups };
}

/** Refusal of a claim by its terms; null: they permit it. Call inside the transaction of the claim. */
async function whyTermsForbid(client: Connection, request: ClaimRequest): Promise<ClaimResult | null> {
  const { tenantId, atMs, guards } = request;
  if (guards?.terms.kind === 'unread') return { kind: 'termsNeeded', row: null };
  if (guards?.terms.kind === 'refused') return { kind: 'refused', row: null, refusal: guards.terms.refusal };
  const limits = limitsOf(request);
  if (limits === null) return null;
  if (exceededLimit(limits, await spendingOf(client, tenantId, atMs)) === null) return null;
  const { rows } = await client.query<Record<string, unknown>>(sql.SPENT, [tenantId, atMs - SPENDING_DAY_MS]);
  const limit = lastToFree(limits, rows.map(decodeDatedWrite), atMs);
  return limit === null ? null : { kind: 'overLimit', row: null, limit };
}

async function spendingOf(client: Connection, tenantId: string, nowMs: number): Promise<readonly CountedWrites[]> {
  const { rows } = await client.query<Record<string, unknown>>(sql.SPENDING, [tenantId, nowMs - SPENDING_DAY_MS]);
  return rows.map((raw) => decodeCountedWrites(raw));
}
