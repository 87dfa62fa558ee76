import type { DatabaseSync } from 'node:sqlite';
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
  type ListRequest,
  limitsOf,
  MAX_CLOCK_DIFFERENCE_MS,
  type Neighbour,
  repeatsAnother,
  type WriteForm,
} from '../ledger.js';
import {
  blockerRanges,
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
  jsonOrNull,
  moreRootGroups,
  neighbourSelection,
  rootGroupsName,
  spendParameters,
} from '../ledger-row.codec.js';
import { type Actor, assertTransition, classifyKnownKey, type LedgerRow, type LedgerState } from '../ledger-states.js';
import { prepareStatements } from './sqlite-statements.js';

const identified = z.object({ id: z.number() });
const counted = z.object({ n: z.number() });
const owned = z.object({ owner_id: z.string() });
const lastChanged = z.object({ last_change: z.number().nullable() });
const abandoned = z.object({
  tenant_id: z.string(),
  idempotency_key: z.string(),
  claim: z.number(),
  state: z.enum(['claimed', 'sending']),
});

/**
 * The ledger's statements on SQLite, prepared once. They are synchronous. The caller holds the transaction where
 * several must agree.
 */
export class SqliteRows {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #ownerId: string;

  readonly #onUnreadable: (raw: unknown) => void;

  /** @param onUnreadable called with each stored row that this version cannot read and therefore leaves out */
  constructor(db: DatabaseSync, ownerId: string, onUnreadable: (raw: unknown) => void) {
    this.#statements = prepareStatements(db);
    this.#ownerId = ownerId;
    this.#onUnreadable = onUnreadable;
  }

  /**
   * Decides a claim; no other code does. Call it inside the write transaction, which excludes every other writer until
   * the commit. So every value read here is still valid when the row is stored.
   */
  claim(request: ClaimRequest): ClaimResult {
    const forms = formsOf(request, this.#rootGroups(request));
    const known = this.find(request.tenantId, request.idempotencyKey);
    if (known !== null) {
      const verdict = classifyKnownKey(known, hasForm(known, forms));
      if (verdict !== 'reclaim') {
        return { kind: verdict, row: known };
      }
    }
    const shared = this.#findAmong(request.keysSharedWith ?? [], request.idempotencyKey);
    if (shared !== null) return { kind: 'keyReused', row: shared };
    const { guards } = request;
    if (guards?.forbidden) {
      return { kind: 'refused', row: null, refusal: guards.forbidden };
    }
    const named = guards?.repeats ? this.#findAmong(claimingTenants(request), guards.repeats) : null;
    if (repeatsAnother(request, forms, named)) {
      return { kind: 'repeatsAnother', row: named };
    }
    const blocker = this.#firstBlocker(request, forms);
    if (blocker !== null) {
      return { kind: classifyBlocker(request, forms, blocker), row: blocker };
    }
    const refused = this.#duplicate(request, forms) ?? this.#terms(request);
    if (refused !== null) {
      return refused;
    }
    const row = known === null ? this.#insert(request) : decodeRow(this.#reclaim(request));
    this.#remember(row, known === null ? null : 'not_sent', 'owner', request.atMs, null);
    return { kind: 'claimed', row };
  }

  /** Numbers that settings told for the own group before. Keeps that of the request from then on. */
  #rootGroups(request: ClaimRequest): readonly string[] {
    if (request.ownGroup?.isNamed !== false) return [];
    const name = rootGroupsName(request.tenantId);
    const known = decodeRootGroups(this.#statements.rootGroups.get(name)?.['value']);
    const more = moreRootGroups(request, known);
    if (more !== null) this.#statements.putRootGroups.run(name, more);
    return known;
  }

  /** The oldest open write that blocks the claim. */
  #firstBlocker(request: ClaimRequest, forms: readonly WriteForm[]): LedgerRow | null {
    const { tenantId: tenant, credentialId: credential, idempotencyKey: key } = request;
    const open = (ranges: ReturnType<typeof blockerRanges>) =>
      this.#statements.blockers.all({ tenant, credential, key, ...ranges });
    const found = open(blockerRanges(request));
    for (const { target, fingerprint } of earlierForms(request, forms)) {
      const rows = open({ first: target, last: target, other: target });
      found.push(...rows.filter((raw) => raw['fingerprint'] === fingerprint));
    }
    const [first] = found.sort((one, other) => idOf(one) - idOf(other));
    return first === undefined ? null : decodeRow(first);
  }

  /** The newest equal write, if any succeeded within the window, unless the request repeats it on purpose. */
  #duplicate(request: ClaimRequest, forms: readonly WriteForm[]): ClaimResult | null {
    const since = duplicatesSinceMs(request);
    if (since === null) return null;
    const { tenantId: tenant, idempotencyKey: key } = request;
    const equal = forms.map(({ target, fingerprint }) => ({ tenant, target, fingerprint, key }));
    if (equal.every((each) => this.#statements.anyEqual.get({ ...each, since }) === undefined)) return null;
    const [newest] = equal
      .map((each) => this.#statements.newestEqual.get({ ...each, since: since - MAX_CLOCK_DIFFERENCE_MS }))
      .sort((one, other) => lastChangeOf(other) - lastChangeOf(one));
    const row = decodeRow(newest);
    return row.idempotencyKey === request.guards?.repeats ? null : { kind: 'possibleDuplicate', row };
  }

  /** Refusal of the claim by its terms; null: they permit it. */
  #terms(request: ClaimRequest): ClaimResult | null {
    const { terms } = request.guards ?? {};
    if (terms?.kind === 'unread') return { kind: 'termsNeeded', row: null };
    if (terms?.kind === 'refused') return { kind: 'refused', row: null, refusal: terms.refusal };
    const limits = limitsOf(request);
    if (limits === null) return null;
    if (exceededLimit(limits, this.spending(request.tenantId, request.atMs)) === null) return null;
    const since = request.atMs - SPENDING_DAY_MS;
    const writes = this.#statements.spent.all({ tenant: request.tenantId, since }).map((raw) => decodeDatedWrite(raw));
    const limit = lastToFree(limits, writes, request.atMs);
    return limit === null ? null : { kind: 'overLimit', row: null, limit };
  }

  spending(tenantId: string, nowMs: number): readonly CountedWrites[] {
    const since = nowMs - SPENDING_DAY_MS;
    return this.#statements.spending.all({ tenant: tenantId, since }).map((raw) => decodeCountedWrites(raw));
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
      .flatMap((raw) => this.#readable([raw]).map((row) => ({ cursor: encodeCursor(idOf(raw)), row })));
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

  recentWrites({ tenantId, credentialId, groupIds, sinceMs }: RecentWritesRequest): readonly RecentWrite[] {
    const found = this.#statements.recentWrites.all({
      tenant: tenantId,
      credential: credentialId,
      groups: JSON.stringify(groupIds),
      since: sinceMs,
    });
    return found.map((raw) => decodeRecentWrite(raw, this.#ownerId));
  }

  countUnknown(): number {
    return counted.parse(this.#statements.countUnknown.get()).n;
  }

  noteAttempt(row: LedgerRow, nextAtMs: number | null): void {
    this.#statements.noteAttempt.run(nextAtMs, row.tenantId, row.idempotencyKey, row.claim, row.reconcileAttempts);
  }

  /** Other owners with unfinished rows. The rows do not tell whether these owners are alive. */
  unfinishedOwners(): readonly string[] {
    return this.#statements.owners.all(this.#ownerId).map((raw) => owned.parse(raw).owner_id);
  }

  /** Whether this process owns unfinished writes. */
  hasUnfinished(): boolean {
    return this.#statements.unfinishedOf.get(this.#ownerId) !== undefined;
  }

  /** Takes the unfinished rows from a dead owner, also rows that this version cannot read. Returns their number. */
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

  /** Writes a row unchanged. */
  touch(): void {
    this.#statements.touch.run();
  }

  countSend(): void {
    this.#statements.countSend.run();
  }

  #findAmong(tenantIds: readonly string[], idempotencyKey: string): LedgerRow | null {
    for (const tenantId of tenantIds) {
      const row = this.find(tenantId, idempotencyKey);
      if (row !== null) return row;
    }
    return null;
  }

  #insert(request: ClaimRequest): LedgerRow {
    this.#statements.insert.run(...claimParameters(request, this.#ownerId));
    return firstClaim(request, this.#ownerId);
  }

  #readable(raws: readonly unknown[]): readonly LedgerRow[] {
    return decodeRows(raws, this.#onUnreadable);
  }

  #reclaim(request: ClaimRequest): unknown {
    const [amount, currency] = spendParameters(request);
    return this.#statements.reclaim.get({
      tenant: request.tenantId,
      credential: request.credentialId,
      key: request.idempotencyKey,
      owner: this.#ownerId,
      target: request.target,
      group: request.groupId,
      fingerprint: request.fingerprint,
      amount,
      currency,
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

/** 0: there is no such write. */
function lastChangeOf(raw: unknown): number {
  return lastChanged.parse(raw).last_change ?? 0;
}

function idOf(raw: unknown): number {
  return identified.parse(raw).id;
}
