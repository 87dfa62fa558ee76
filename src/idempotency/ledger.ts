import type { CountedWrites, DailyLimits, ExceededLimit, Spend } from '../domain/spending.js';
import type { BillingOperationKind } from '../domain/upstream-operations.js';
import { groupTarget, type RecentWrite, type RecentWritesRequest, type WriteRefusal } from '../domain/write.js';
import type { Actor, LedgerState, Resolution, StoredResponse } from './ledger-states.js';
import { findTransition, isUnfinished, type LedgerRow } from './ledger-states.js';

/**
 * The ledger could not read or write. After this error it is unknown whether a change was stored, because a commit with
 * a lost acknowledgement looks like no commit. `cause` is for the log only.
 */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Throws where the tables have another version than this process. A process that attaches must not change them. */
export function requireVersion(found: number, known: number): void {
  if (found === known) return;
  throw new LedgerUnavailable(
    found > known
      ? 'The ledger was written by a newer version of the gateway.'
      : 'The ledger is of an older version of the gateway, or there is none: ' +
          'start a gateway of this version on it first.',
  );
}

/** The part of a structured logger that the ledger needs; a pino logger fits. Facts hold no key, secret or input. */
export interface LedgerLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface LedgerOptions {
  readonly log?: LedgerLog;
  /** Interval between two searches for dead owners, in milliseconds. 0: only at open and on request. Default 5,000. */
  readonly sweepIntervalMs?: number;
  /** Longest time that the lock of a live owner may be missing on SQLite, in milliseconds. Default 15,000. */
  readonly missingLockMs?: number;
  /** Clock for tests, in Unix epoch milliseconds. */
  readonly now?: () => number;
  /**
   * Opens a ledger for an operator while replicas have it open. Its tables must have exactly this version and are not
   * changed. Nothing is swept. This process owns no write, so it must not claim any.
   */
  readonly attach?: boolean;
  /**
   * Called for each stored row that this version cannot read, once per row and process. A newer version may have
   * written it.
   */
  readonly onUnreadableRow?: () => void;
}

/** A request for a write. The ledger knows no more of the input than the fields here. */
export interface ClaimRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  /** Other tenants to which the same caller's writes may belong. A key of theirs is in use, too. */
  readonly keysSharedWith?: readonly string[];
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly groupId: string | null;
  readonly fingerprint: string;
  /** Absent: the write is not on the own group of the api key, as far as the settings tell. */
  readonly ownGroup?: OwnGroup;
  /** The part of the input that may be stored: JSON-safe, no secret, no personal data. */
  readonly input: unknown;
  readonly deletesDocuments: boolean;
  readonly atMs: number;
  /** Absent: only the key and the target may prevent the claim. */
  readonly guards?: ClaimGuards;
}

/** What the ledger compares of a write. */
export interface WriteForm {
  readonly target: string;
  readonly fingerprint: string;
}

/**
 * A write on the own group of the api key. Its row has the number of the group where a setting tells it, else none. So
 * equal writes have two forms or more where the setting came, went or changed: docs/adr/0015-what-proves-a-write.md.
 */
export interface OwnGroup {
  /** Whether the request names the number. If not, it also equals writes from the time of another number. */
  readonly isNamed: boolean;
  /** The same write on the group of that number; null: on the own group of unknown number. */
  form(groupId: string | null): WriteForm;
}

/** Further conditions of a new claim. A replay of a known key passes them all, because it sends nothing. */
export interface ClaimGuards {
  /** A refusal that does not depend on other writes; null: none. */
  readonly forbidden: WriteRefusal | null;
  /**
   * An equal write with another key blocks the claim while it is under way, and for this time after it succeeded. 0: it
   * never blocks.
   */
  readonly duplicateWindowMs: number;
  /** The key of the equal write that this one repeats on purpose; null: none. */
  readonly repeats: string | null;
  readonly terms: ClaimTerms;
}

/**
 * The terms of a claim that nothing else blocks. They are checked last, so that a replay needs no read.
 *
 * - `none`: there are none.
 * - `unread`: something must be read first, which the ledger cannot do. The claim returns `termsNeeded` and stores
 *   nothing.
 * - `refused`: the read terms forbid the write.
 * - `limited`: the write must fit into the rest of the tenant's limits.
 */
export type ClaimTerms =
  | { readonly kind: 'none' }
  | { readonly kind: 'unread' }
  | { readonly kind: 'refused'; readonly refusal: WriteRefusal }
  | { readonly kind: 'limited'; readonly limits: DailyLimits };

/**
 * - `claimed`: the row is this owner's; `row.claim` is the number that later changes must name.
 * - `existing`: the same key with the same fingerprint; the row's state decides.
 * - `keyReused`: the same key with another fingerprint, or under a tenant that shares its keys.
 * - `targetBusy`: another key's write is unfinished or unknown, and its target blocks this one (`blockingTargets`). It
 *   is a write of the same tenant with any credential, or of another tenant with the same credential. `row` is that
 *   write.
 * - `possibleDuplicate`: an equal write of the tenant with another key is under way or succeeded within the window.
 *   `row` is the newest equal write, which `repeats` does not name.
 * - `repeatsAnother`: `repeats` names a write that is not equal; `row` is that write.
 * - `termsNeeded`: nothing blocks the claim, and the terms are unread.
 * - `refused`: the guards or the terms forbid it.
 * - `overLimit`: it does not fit into the rest of the tenant's limits.
 *
 * Only `claimed` has stored anything.
 */
export type ClaimResult =
  | { readonly kind: 'claimed'; readonly row: LedgerRow }
  | { readonly kind: 'keyReused' | 'repeatsAnother'; readonly row: LedgerRow }
  | { readonly kind: 'existing' | 'targetBusy' | 'possibleDuplicate'; readonly row: LedgerRow }
  | { readonly kind: 'termsNeeded'; readonly row: null }
  | { readonly kind: 'refused'; readonly row: null; readonly refusal: WriteRefusal }
  | { readonly kind: 'overLimit'; readonly row: null; readonly limit: ExceededLimit };

/** A compare-and-set from one state to another, which the transition table must permit. */
export interface Change {
  readonly from: LedgerState;
  readonly to: LedgerState;
  readonly by: Actor;
  readonly atMs: number;
  /** Stored from then on; absent: unchanged. */
  readonly baseline?: readonly string[] | null;
  /** Stored from then on, JSON-safe; absent: unchanged. */
  readonly before?: unknown;
  /** Replaces the stored result; absent: none. */
  readonly answer?: StoredResponse | null;
  /** Set when an unknown outcome is settled. */
  readonly resolution?: Resolution;
}

export interface ListRequest {
  /** Null: every state. */
  readonly states: readonly LedgerState[] | null;
  /** Only writes of these groups, and writes on the whole account; null: all. */
  readonly groupIds: ReadonlySet<string> | null;
  readonly limit: number;
  /** A cursor of an earlier page; null: starts at the newest. */
  readonly afterCursor: string | null;
}

export interface LedgerPage {
  readonly edges: readonly { readonly cursor: string; readonly row: LedgerRow }[];
  readonly hasNextPage: boolean;
  /** Rows of the tenant that the request selects, on all pages. */
  readonly totalCount: number;
}

/** Facts about another write on the same target, which decide to which write a history row belongs. */
export interface Neighbour {
  readonly kind: string;
  /** Whether an operator settled it as not carried out. */
  readonly isRejected: boolean;
  readonly input: unknown;
  readonly before: unknown;
  readonly sentAtMs: number;
  /** Time at which its sender stopped waiting; null: not known. */
  readonly endedAtMs: number | null;
  /** False: it concerned its api key's own group, which may be this one. */
  readonly namesGroup: boolean;
  /** Whether it has the same tenant or the same api key. */
  readonly sharesAccount: boolean;
}

/** One state change in the audit, which is kept for ever. */
export interface AuditEntry {
  readonly atMs: number;
  readonly claim: number;
  /** Null for the first claim of a key. */
  readonly from: LedgerState | null;
  readonly to: LedgerState;
  readonly by: Actor;
  readonly ownerId: string;
  readonly note: string | null;
  readonly subject: string | null;
}

/** Most recent writes that one request returns. A result of this length may be incomplete. */
export const MAX_RECENT_WRITES = 1_000;

/**
 * The durable record of writes. A change whose promise has resolved survives a power cut. Every method may throw {@link
 * LedgerUnavailable}. Keys are never forgotten and results never deleted.
 */
export interface Ledger {
  /** Name of this process in rows; new at every start. */
  readonly ownerId: string;
  /**
   * HMAC-SHA-256 with the ledger's own random key, as base64url. The same text has the same hash on all replicas, for
   * ever.
   */
  keyedHash(text: string): string;
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /**
   * Makes one change if the row is still in `from` under the same claim; null: it is not, and nothing changed. `row`
   * may be an earlier state of that claim. Throws `ForbiddenTransition` for a change outside the transition table.
   */
  advance(row: LedgerRow, change: Change): Promise<LedgerRow | null>;
  /**
   * Settles an unknown outcome, with an audit entry; null: it was no longer unknown. A `succeeded` without a result
   * replays without the upstream's figures. `rejected` by an operator also corrects a row that the reconciler had
   * settled as succeeded; null: the row is not such a row.
   */
  settle(
    row: LedgerRow,
    to: 'succeeded' | 'rejected',
    response: StoredResponse | null,
    resolution: Resolution,
  ): Promise<LedgerRow | null>;
  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null>;
  /**
   * As `find`, once each earlier claim of the tenant is decided: stored, or never to be. The acknowledgement of such a
   * claim may be lost, and its commit under way. Throws while that is open, and where it cannot be seen (a standby).
   */
  findAfterClaims(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null>;
  /**
   * Writes of one or more tenants, newest first. Throws `BillingError` BAD_USER_INPUT for a cursor that no page
   * contained.
   */
  list(tenantId: string | readonly string[], request: ListRequest): Promise<LedgerPage>;
  /** Every change of a key, oldest first. */
  audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]>;
  /** Unknown rows of all tenants whose next background reconciliation is due, the longest due first. */
  dueForReconciliation(nowMs: number, limit: number): Promise<readonly LedgerRow[]>;
  /** Writes that an operator settled as not carried out and whose history row may still show; the longest due first. */
  dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]>;
  /**
   * Other writes of the same target (`blockingTargets`) that were sent since `sinceMs` and may have been carried out,
   * in no order. They are of all tenants, because two tenants may act on one group of the upstream, each with its own
   * api key.
   */
  neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]>;
  /**
   * Writes that are open, or were finished since then, in no order: of the tenant, of the credential, and of all
   * tenants on the groups. At most {@link MAX_RECENT_WRITES}. Throws also where the ledger may lack writes, because its
   * file was deleted or it is a standby.
   */
  recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]>;
  /** Number of writes of all tenants with an unknown outcome. */
  countUnknown(): Promise<number>;
  /** Writes that count towards the limits of a tenant at the moment, by price. */
  spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]>;
  /**
   * Counts a reconciliation that settled nothing, and sets when the next one is due (growing intervals). A review ends
   * after the last interval, or at once with `last`.
   */
  noteReconcileAttempt(row: LedgerRow, atMs: number, last?: 'last'): Promise<void>;
  /**
   * Takes rows from dead owners: `claimed` becomes `not_sent`, `sending` becomes `unknown`. Resolves to the number of
   * changed rows. The ledger also does this by itself at open and every few seconds.
   */
  sweepOrphans(): Promise<number>;
  /** True while this process leads the replicas. At most one leads. Call it before each round of background work. */
  tryLead(): Promise<boolean>;
  /**
   * Throws when the ledger cannot be reached. `writable: false`: it can be read, but refuses writes until an operator
   * acts.
   */
  ping(): Promise<{ readonly writable: boolean }>;
  close(): Promise<void>;
}

// The content of a row after a change follows from its content before. A claim enters each state once, and only the
// count of reconciliations changes without a state change. So a store need not read the row back after a change, which
// would cost more than the change.

/** The row that the first claim of a key stores. */
export function firstClaim(request: ClaimRequest, ownerId: string): LedgerRow {
  const { atMs, tenantId, credentialId, idempotencyKey, kind, target, groupId, fingerprint, deletesDocuments } =
    request;
  return {
    tenantId,
    credentialId,
    idempotencyKey,
    kind,
    target,
    groupId,
    fingerprint,
    input: request.input ?? null,
    state: 'claimed',
    ownerId,
    claim: 1,
    createdAtMs: atMs,
    sentAtMs: null,
    completedAtMs: null,
    deletesDocuments,
    baseline: null,
    before: null,
    answer: null,
    resolution: null,
    reconcileAttempts: 0,
  };
}

/** The row after a successful change. `row`: the same claim in that or any earlier state. */
export function changedRow(row: LedgerRow, change: Change): LedgerRow {
  const { to, atMs } = change;
  return {
    ...row,
    state: to,
    sentAtMs: to === 'sending' ? atMs : to === 'not_sent' ? null : row.sentAtMs,
    completedAtMs: to === 'sending' ? null : atMs,
    baseline: change.baseline ?? row.baseline,
    before: change.before ?? row.before,
    answer: change.answer ?? null,
    resolution: change.resolution ?? null,
    reconcileAttempts: 0,
  };
}

/** The change that settles a row: an unknown one, or one that the reconciler settled and an operator corrects. */
export function settlement(
  row: LedgerRow,
  to: 'succeeded' | 'rejected',
  response: StoredResponse | null,
  resolution: Resolution,
): Change {
  const corrects = row.state === 'succeeded' && to === 'rejected' && resolution.by === 'operator';
  const from = corrects ? 'succeeded' : 'unknown';
  return { from, to, by: resolution.by, atMs: resolution.atMs, answer: response, resolution };
}

/**
 * The change by which the owner of a claim records what it knows, whatever became of the row meanwhile; null: none. The
 * upstream's response also corrects what the reconciler settled, because it knows better than a comparison. An
 * operator's word stays, because only a person may take it back.
 */
export function ownersChange(row: LedgerRow, known: Change): Change | null {
  const { state: from, resolution: settled } = row;
  if (findTransition(from, known.to, 'owner') !== undefined) return { ...known, from };
  const by = 'late-answer';
  const isFinal = from === 'succeeded' && settled?.by !== 'reconciler';
  if (isFinal || findTransition(from, known.to, by) === undefined) return null;
  return { ...known, from, by, resolution: { by, atMs: known.atMs, note: null, subject: null } };
}

// Conditions of a claim besides its key and its target. Both stores decide by these functions, inside the transaction
// of the claim.

/**
 * All forms of the request's write, the request's own first.
 *
 * @param rootGroups numbers that settings ever told for the own group of the tenant
 */
export function formsOf(request: ClaimRequest, rootGroups: readonly string[]): readonly WriteForm[] {
  const { ownGroup, groupId } = request;
  if (ownGroup === undefined) return [request];
  const others = new Set([null, ...(ownGroup.isNamed ? [] : rootGroups)].filter((other) => other !== groupId));
  return [request, ...[...others].map((other) => ownGroup.form(other))];
}

/**
 * The forms on groups that had the place of the own group before. An open write there blocks the request only where it
 * is equal, because it is on another group.
 */
export function earlierForms({ target }: ClaimRequest, forms: readonly WriteForm[]): readonly WriteForm[] {
  return forms.filter((form) => form.target !== target && form.target !== groupTarget(null));
}

/** Whether the row is of the write that has these forms. */
export function hasForm(row: Pick<LedgerRow, 'fingerprint'>, forms: readonly WriteForm[]): boolean {
  return forms.some(({ fingerprint }) => fingerprint === row.fingerprint);
}

/** Tenants under which a key of the caller is looked up. */
export function claimingTenants({ tenantId, keysSharedWith = [] }: ClaimRequest): readonly string[] {
  return [tenantId, ...keysSharedWith];
}

/** Whether the request's `repeats` names a write that is not equal to it. `named`: that write; null: there is none. */
export function repeatsAnother(
  { tenantId }: ClaimRequest,
  forms: readonly WriteForm[],
  named: LedgerRow | null,
): named is LedgerRow {
  return named !== null && (named.tenantId !== tenantId || !hasForm(named, forms));
}

/**
 * Classifies an open write that blocks a claim. An equal write of the tenant under way is a possible duplicate from a
 * careless client. If the request says that it repeats that write, the target is only busy, as with any other write.
 */
export function classifyBlocker(
  { tenantId, guards }: ClaimRequest,
  forms: readonly WriteForm[],
  blocker: LedgerRow,
): 'possibleDuplicate' | 'targetBusy' {
  const isEqual = blocker.tenantId === tenantId && hasForm(blocker, forms);
  const isGuarded = guards !== undefined && guards.duplicateWindowMs > 0 && guards.repeats !== blocker.idempotencyKey;
  return isEqual && isGuarded && isUnfinished(blocker.state) ? 'possibleDuplicate' : 'targetBusy';
}

/**
 * Equal writes exclude each other from the claim to the end. So the newest is the one whose last audit entry has the
 * highest number, whatever the clocks say. It is looked for where clocks differ by at most this time, in milliseconds.
 * Reason: a search without a limit costs as much as a target has equal writes.
 */
export const MAX_CLOCK_DIFFERENCE_MS = 86_400_000;

/** Time since which a successful equal write blocks the claim, in Unix epoch milliseconds; null: none does. */
export function duplicatesSinceMs({ guards, atMs }: ClaimRequest): number | null {
  return guards === undefined || guards.duplicateWindowMs === 0 ? null : atMs - guards.duplicateWindowMs;
}

/** The limits of the claim; null: none. */
export function limitsOf({ guards }: ClaimRequest): DailyLimits | null {
  return guards?.terms.kind === 'limited' ? guards.terms.limits : null;
}

/** The price of the write that is stored with the claim; null: not known, or not counted. */
export function storedSpend(request: ClaimRequest): Spend | null {
  return limitsOf(request)?.spend ?? null;
}
