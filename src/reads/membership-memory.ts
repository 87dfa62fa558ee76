import { type HistoryWindow, windowSpan } from './history-window.policy.js';

/**
 * - `descendant`: the ancestor's recursive response has named the group.
 * - `outside`: a recursive response over a window of this length did not name the group. It needs a call of its own,
 *   because it is outside the tree or has no rows.
 */
export type Membership = 'descendant' | 'outside' | 'unknown';

/** Knowledge about the descendants of one ancestor group, as one credential sees them. */
export interface AncestorKnowledge {
  /** Null: no recursive response so far. */
  readonly size: LearnedSize | null;
  /**
   * True after a recursive call on this ancestor failed, or its response could settle nothing. The planner then avoids
   * it for a while.
   */
  readonly isAvoided: boolean;
  membership(groupId: string, window: HistoryWindow): Membership;
}

interface AncestorRecord {
  readonly descendants: Map<string, number>;
  readonly outside: Map<string, { readonly spanSeconds: number; readonly expiresMs: number }>;
  size: LearnedSize | null;
  sizeExpiresMs: number;
  avoidedUntilMs: number;
}

export interface MembershipLimits {
  /** Groups remembered under all ancestors together, at roughly 100 bytes each. */
  readonly groups: number;
  /**
   * Groups remembered under one ancestor. Reason: clients choose the requested ids, and one tenant must not evict the
   * others.
   */
  readonly groupsPerAncestor: number;
  readonly keptMs: number;
  /** Time during which a failed recursive call is not tried again, in milliseconds. */
  readonly avoidedMs: number;
}

/** Groups are moved and created rarely. The memory decides which calls are made, never what they return. */
const LIMITS: MembershipLimits = { groups: 100_000, groupsPerAncestor: 20_000, keptMs: 600_000, avoidedMs: 60_000 };

export const NOTHING_KNOWN: AncestorKnowledge = { size: null, isAvoided: false, membership: () => 'unknown' };

/**
 * Shared mutable memory of the descendants of groups, learned from recursive responses only. It is keyed by a scope
 * that names tenant and credential, because another key may see another tree. Bounded; evicts the ancestor that has not
 * been learned about for the longest time.
 */
export class MembershipMemory {
  readonly #clock: () => number;
  readonly #limits: MembershipLimits;
  readonly #ancestors = new Map<string, AncestorRecord>();
  #groups = 0;

  constructor(clock: () => number, limits: MembershipLimits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  of(scope: string, ancestorId: string): AncestorKnowledge {
    const record = this.#ancestors.get(keyOf(scope, ancestorId));
    if (record === undefined) return NOTHING_KNOWN;
    const nowMs = this.#clock();
    return {
      size: record.sizeExpiresMs > nowMs ? record.size : null,
      isAvoided: record.avoidedUntilMs > nowMs,
      membership: (groupId, window) => {
        if ((record.descendants.get(groupId) ?? 0) > nowMs) return 'descendant';
        const outside = record.outside.get(groupId);
        if (outside === undefined || outside.expiresMs <= nowMs) return 'unknown';
        return windowSpan(window) <= outside.spanSeconds ? 'outside' : 'unknown';
      },
    };
  }

  /** Call when a recursive response named these groups. */
  learn(scope: string, ancestorId: string, window: HistoryWindow, rows: number, groupIds: Iterable<string>): void {
    const record = this.#touch(scope, ancestorId);
    const expiresMs = this.#clock() + this.#limits.keptMs;
    let groups = 0;
    for (const groupId of groupIds) {
      groups += 1;
      if (!this.#makeRoom(record, groupId)) continue;
      record.outside.delete(groupId);
      record.descendants.set(groupId, expiresMs);
    }
    record.size = { rows, spanSeconds: windowSpan(window), groups };
    record.sizeExpiresMs = expiresMs;
    this.#shrink();
  }

  /** Call when a recursive response over the window did not settle this group. */
  learnOutside(scope: string, ancestorId: string, window: HistoryWindow, groupId: string): void {
    const record = this.#touch(scope, ancestorId);
    if (!this.#makeRoom(record, groupId)) return;
    record.descendants.delete(groupId);
    record.outside.set(groupId, { spanSeconds: windowSpan(window), expiresMs: this.#clock() + this.#limits.keptMs });
    this.#shrink();
  }

  /**
   * @param reason `failed`: the call may work again soon; `unusable`: the response settles nothing, and later ones will
   *   not either
   */
  avoid(scope: string, ancestorId: string, reason: 'failed' | 'unusable'): void {
    const forMs = reason === 'failed' ? this.#limits.avoidedMs : this.#limits.keptMs;
    this.#touch(scope, ancestorId).avoidedUntilMs = this.#clock() + forMs;
  }

  #touch(scope: string, ancestorId: string): AncestorRecord {
    const key = keyOf(scope, ancestorId);
    const record: AncestorRecord = this.#ancestors.get(key) ?? {
      descendants: new Map(),
      outside: new Map(),
      size: null,
      sizeExpiresMs: 0,
      avoidedUntilMs: 0,
    };
    if (!this.#ancestors.delete(key)) this.#groups += 1;
    this.#ancestors.set(key, record);
    return record;
  }

  /** Counts a group before it is remembered. A full ancestor forgets its outside groups where it has any. */
  #makeRoom(record: AncestorRecord, groupId: string): boolean {
    if (record.descendants.has(groupId) || record.outside.has(groupId)) return true;
    if (record.descendants.size + record.outside.size >= this.#limits.groupsPerAncestor) {
      if (record.outside.size === 0) return false;
      this.#groups -= record.outside.size;
      record.outside.clear();
    }
    this.#groups += 1;
    return true;
  }

  /**
   * An ancestor counts as a group, so that ancestors without groups are bounded too. The most recently used one comes
   * last.
   */
  #shrink(): void {
    for (const [key, record] of this.#ancestors) {
      if (this.#groups <= this.#limits.groups || this.#ancestors.size === 1) return;
      this.#ancestors.delete(key);
      this.#groups -= 1 + record.descendants.size + record.outside.size;
    }
  }
}

function keyOf(scope: string, ancestorId: string): string {
  return `${ancestorId} ${scope}`;
}

/** Size of an ancestor's last recursive response. */
export interface LearnedSize {
  readonly rows: number;
  readonly spanSeconds: number;
  /** Groups with a row in it. */
  readonly groups: number;
}

/**
 * Number of rows that cost about as much as one call. Sending, signing and parsing one small form post took the CPU
 * time of 15 to 20 rows of XML. A call also takes a place in the pool, a round trip, and a part of a rate limit that is
 * not published.
 */
const ROWS_PER_CALL = 40;

/**
 * Longest window for which an ancestor of unknown size is read. A plan's window is 2.2 years; the whole history is not
 * worth the risk.
 */
const UNLEARNED_SPAN_SECONDS = 3 * 366 * 86_400;

/** Expected rows of a recursive response over a window, by proportion. */
function expectedRows(size: LearnedSize, window: HistoryWindow): number {
  return (size.rows * windowSpan(window)) / size.spanSeconds;
}

/**
 * Whether one recursive call over `window` is cheaper than the calls that it saves. Only rows of groups that were not
 * requested count as its cost, because single calls would return the others too.
 *
 * @param planned window of a recursive call that is made in any case and would be widened; null: the recursive call is
 *   additional
 */
export function isBatchWorthwhile(
  size: LearnedSize | null,
  groups: number,
  window: HistoryWindow,
  planned: HistoryWindow | null,
): boolean {
  const callsSaved = planned === null ? groups - 1 : groups;
  if (callsSaved < 1) return false;
  if (size === null) return windowSpan(window) <= UNLEARNED_SPAN_SECONDS;
  const added = expectedRows(size, window) - (planned === null ? 0 : expectedRows(size, planned));
  const unasked = 1 - Math.min(1, groups / Math.max(1, size.groups));
  return added * unasked <= callsSaved * ROWS_PER_CALL;
}
