import type { CountedWrites, DailyLimits, ExceededLimit, Spend } from '../domain/spending.js';
import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { RecentWrite, RecentWritesRequest, WriteRefusal } from '../domain/write.js';
import type { Actor, LedgerState, Resolution, StoredAnswer } from './ledger.states.js';
import { isUnfinished, type LedgerRow } from './ledger.states.js';

/**
 * The ledger could not read or write. Whoever gets it cannot know whether a change was stored: a commit whose acknowledgement was
 * lost looks the same as one that never happened. `cause` is for the log only.
 */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Throws where tables are not of the version that this process knows; whoever attaches must not change them. */
export function requireVersion(found: number, known: number): void {
  if (found === known) return;
  throw new LedgerUnavailable(
    found > known
      ? 'The ledger was written by a newer version of the gateway.'
      : 'The ledger is of an older version of the gateway, or there is none: start a gateway of this version on it first.',
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
  /** How often owners that are gone are looked for, in milliseconds; 0: only at open and when asked. Default 5,000. */
  readonly sweepIntervalMs?: number;
  /** How long the lock of a live owner may be missing on SQLite, in milliseconds. Default 15,000. */
  readonly missingLockMs?: number;
  /** Epoch milliseconds; for tests. */
  readonly now?: () => number;
  /**
   * Opens a ledger that replicas have open, for an operator beside them: its tables must be there in this very version and are not
   * changed, nothing is swept, and this process owns no write, so it must not claim any.
   */
  readonly attach?: boolean;
  /** Told of each stored row that this version cannot read, once a row and process: a newer version may have written it. */
  readonly onUnreadableRow?: () => void;
}

/** A wish to write: what is kept of it is all that the ledger ever learns of the input. */
export interface ClaimRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  /** Other tenants that the same caller's writes may belong to: a key of theirs is in use, too. */
  readonly keysSharedWith?: readonly string[];
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly groupId: string | null;
  readonly fingerprint: string;
  /** What may be stored of the input: JSON-safe, no secret, no personal data. */
  readonly input: unknown;
  readonly deletesDocuments: boolean;
  readonly atMs: number;
  /** Absent: nothing but the key and the target stands in the way of a claim. */
  readonly guards?: ClaimGuards;
}

/** What else may stand in the way of a new claim. A key that is answered from its row passes them all: it sends nothing. */
export interface ClaimGuards {
  /** A refusal that needs no look at other writes; null: none. */
  readonly forbidden: WriteRefusal | null;
  /** An equal write under another key that succeeded within so many milliseconds, or is under way, is in the way; 0: none is. */
  readonly duplicateWindowMs: number;
  /** The key of the equal write that this one repeats on purpose; null: of none. */
  readonly repeats: string | null;
  readonly terms: ClaimTerms;
}

/**
 * The terms of a claim that nothing else stands in the way of. They are looked at last, so that nothing is read for a replay.
 *
 * - `none`: there are none.
 * - `unread`: something must be read first, which the ledger cannot do: the claim answers `termsNeeded` and stores nothing.
 * - `refused`: what was read forbids the write.
 * - `limited`: the write must fit into what the tenant may still spend.
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
 * - `targetBusy`: another key's write is unfinished or unknown, and its target blocks this one (`blockingTargets`): a write of the
 *   same tenant under whatever credential, or of another tenant that has the same credential. `row` is that write.
 * - `possibleDuplicate`: an equal write of the tenant, under another key, is under way or succeeded within the window; `row` is the
 *   newest such write, which `repeats` does not name.
 * - `repeatsAnother`: `repeats` names a write that is not equal; `row` is that write.
 * - `termsNeeded`: nothing is in the way, and the terms are unread.
 * - `refused`: the guards or the terms forbid it.
 * - `overLimit`: it does not fit into what the tenant may still spend.
 *
 * Everything but `claimed` has stored nothing.
 */
export type ClaimResult =
  | { readonly kind: 'claimed'; readonly row: LedgerRow }
  | { readonly kind: 'keyReused' | 'repeatsAnother'; readonly row: LedgerRow }
  | { readonly kind: 'existing' | 'targetBusy' | 'possibleDuplicate'; readonly row: LedgerRow }
  | { readonly kind: 'termsNeeded'; readonly row: null }
  | { readonly kind: 'refused'; readonly row: null; readonly refusal: WriteRefusal }
  | { readonly kind: 'overLimit'; readonly row: null; readonly limit: ExceededLimit };

/** A compare-and-set from one state to another, which the transition table must allow. */
export interface Change {
  readonly from: LedgerState;
  readonly to: LedgerState;
  readonly by: Actor;
  readonly atMs: number;
  /** Kept from then on; absent: as it was. */
  readonly baseline?: readonly string[] | null;
  /** Kept from then on, JSON-safe; absent: as it was. */
  readonly before?: unknown;
  /** Replaces the answer; absent: none. */
  readonly answer?: StoredAnswer | null;
  /** Set when an unknown outcome is settled. */
  readonly resolution?: Resolution;
}

export interface ListRequest {
  /** Null: every state. */
  readonly states: readonly LedgerState[] | null;
  /** Only writes of these groups, and those that concern the whole account; null: all. */
  readonly groupIds: ReadonlySet<string> | null;
  readonly limit: number;
  /** A cursor of an earlier page; null: from the newest. */
  readonly afterCursor: string | null;
}

export interface LedgerPage {
  readonly edges: readonly { readonly cursor: string; readonly row: LedgerRow }[];
  readonly hasNextPage: boolean;
  /** Rows of the tenant that the request selects, on all pages. */
  readonly totalCount: number;
}

/** What must be known of another write on the same target to tell whose a history row is. */
export interface Neighbour {
  readonly kind: string;
  readonly sentAtMs: number;
  /** False: it was for its api key's own group, which may be this one. */
  readonly namesGroup: boolean;
  /** Of the same tenant, or by the same api key. */
  readonly sharesAccount: boolean;
}

/** One state change as it is kept for audits, for ever. */
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

/** More are not told of. Whoever gets so many cannot know what else there was. */
export const MAX_RECENT_WRITES = 1_000;

/**
 * The durable memory of writes. A promise that resolves means that the change would survive a power cut. Every method may throw
 * {@link LedgerUnavailable}. Keys are never forgotten and answers never deleted.
 */
export interface Ledger {
  /** This process, as rows name it; new at every start. */
  readonly ownerId: string;
  /** HMAC-SHA-256 under the ledger's own random key, base64url: the same text gives the same hash on all replicas, for ever. */
  keyedHash(text: string): string;
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /**
   * Makes one change if the row is still in `from` under the same claim; null: it is not, and nothing changed. `row` may be as it was
   * in an earlier state of that claim. Throws `ForbiddenTransition` for a change outside the transition table.
   */
  advance(row: LedgerRow, change: Change): Promise<LedgerRow | null>;
  /**
   * Settles an unknown outcome, audited; null: it was no longer unknown. A `succeeded` without an answer replays without the
   * upstream's figures. `rejected` by an operator also corrects a row that the reconciler had settled as succeeded; null: it is no
   * such row.
   */
  settle(
    row: LedgerRow,
    to: 'succeeded' | 'rejected',
    answer: StoredAnswer | null,
    resolution: Resolution,
  ): Promise<LedgerRow | null>;
  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null>;
  /** Of one or more tenants, newest first. Throws `BillingError` BAD_USER_INPUT for a cursor that no page gave out. */
  list(tenantId: string | readonly string[], request: ListRequest): Promise<LedgerPage>;
  /** Every change of a key, oldest first. */
  audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]>;
  /** Unknown rows of all tenants whose next background reconciliation is due, longest due first. */
  dueForReconciliation(nowMs: number, limit: number): Promise<readonly LedgerRow[]>;
  /** Writes that an operator settled as not carried out and whose row may still show, as above. */
  dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]>;
  /**
   * Other writes of the same target (`blockingTargets`) that were sent since `sinceMs` and may have been carried out, in no order.
   * Of all tenants: two of them may act on one group of the upstream, each by its own api key.
   */
  neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]>;
  /**
   * Writes that are open, or were finished since then, in no order: of the tenant, of the credential, and of all tenants on the groups.
   * At most {@link MAX_RECENT_WRITES}. Throws also where the ledger may lack writes that were made: a deleted file, a standby.
   */
  recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]>;
  /** Writes of all tenants whose outcome is unknown. */
  countUnknown(): Promise<number>;
  /** What counts towards the limits of a tenant at the moment, by what it costs. */
  spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]>;
  /**
   * Counts a reconciliation that settled nothing, and sets when the next one is due (growing intervals). A review ends after the
   * last interval, or at once with `last`.
   */
  noteReconcileAttempt(row: LedgerRow, atMs: number, last?: 'last'): Promise<void>;
  /**
   * Takes rows from owners that are gone: `claimed` becomes `not_sent`, `sending` becomes `unknown`. Resolves to the number of
   * rows changed. Also runs by itself at open and every few seconds.
   */
  sweepOrphans(): Promise<number>;
  /** True while this process leads the replicas: at most one does. Ask before each round of background work. */
  tryLead(): Promise<boolean>;
  /** Throws when the ledger cannot be reached. `writable: false`: it can be read, and refuses writes until an operator acts. */
  ping(): Promise<{ readonly writable: boolean }>;
  close(): Promise<void>;
}

// What a row holds after a change follows from what it held before: a claim enters each state once, and nobody changes a row without a
// state change but the count of reconciliations. So a store that made a change need not read the row back, which costs more than the change.

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

/** The row after a change that was made. `row`: the same claim in that or any earlier state. */
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
  };
}

/** The change that settles a row: an unknown one, or one that the reconciler settled and an operator corrects. */
export function settlement(
  row: LedgerRow,
  to: 'succeeded' | 'rejected',
  answer: StoredAnswer | null,
  resolution: Resolution,
): Change {
  const corrects = row.state === 'succeeded' && to === 'rejected' && resolution.by === 'operator';
  const from = corrects ? 'succeeded' : 'unknown';
  return { from, to, by: resolution.by, atMs: resolution.atMs, answer, resolution };
}

// What stands in the way of a claim besides its key and its target. Both stores decide by these, inside the transaction
// of the claim.

/** The tenants among whose writes a key of the caller is looked up. */
export function claimingTenants({ tenantId, keysSharedWith = [] }: ClaimRequest): readonly string[] {
  return [tenantId, ...keysSharedWith];
}

/**
 * Whether `repeats` of the request names a write that is not equal to it. `named`: the row that it names; null: there
 * is none.
 */
export function repeatsAnother(request: ClaimRequest, named: LedgerRow | null): named is LedgerRow {
  return named !== null && (named.tenantId !== request.tenantId || named.fingerprint !== request.fingerprint);
}

/**
 * What an open write in the way means. An equal one of the tenant that is under way is what a careless client sends
 * twice, unless the request says that it repeats it: then the target is busy, as with any other write.
 */
export function judgeBlocker(request: ClaimRequest, blocker: LedgerRow): 'possibleDuplicate' | 'targetBusy' {
  const { guards } = request;
  const isEqual = blocker.tenantId === request.tenantId && blocker.fingerprint === request.fingerprint;
  const isGuarded = guards !== undefined && guards.duplicateWindowMs > 0 && guards.repeats !== blocker.idempotencyKey;
  return isEqual && isGuarded && isUnfinished(blocker.state) ? 'possibleDuplicate' : 'targetBusy';
}

/** Since when an equal write that succeeded is in the way, in epoch milliseconds; null: none is. */
export function duplicatesSinceMs({ guards, atMs }: ClaimRequest): number | null {
  return guards === undefined || guards.duplicateWindowMs === 0 ? null : atMs - guards.duplicateWindowMs;
}

/** The limits that the claim must fit into; null: none. */
export function limitsOf({ guards }: ClaimRequest): DailyLimits | null {
  return guards?.terms.kind === 'limited' ? guards.terms.limits : null;
}

/** What is stored with the claim of what the write costs; null: not known, or nobody counts it. */
export function storedSpend(request: ClaimRequest): Spend | null {
  return limitsOf(request)?.spend ?? null;
}
