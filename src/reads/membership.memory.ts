import { type HistoryWindow, windowSpan } from './history-window.policy.js';

/**
 * - `below`: the base's recursive answer has named the group.
 * - `apart`: a recursive answer over such a window did not name it, so it has to be asked for on its own: it lies
 *   elsewhere, or has no rows.
 */
export type Standing = 'below' | 'apart' | 'unknown';

/** What is remembered of the groups below one base group, as one credential sees them. */
export interface BaseKnowledge {
  /** Null: no recursive answer yet. */
  readonly size: LearnedSize | null;
  /** A recursive call on this base failed, or its answer could settle nothing: don't try for a while. */
  readonly isAvoided: boolean;
  standing(groupId: string, window: HistoryWindow): Standing;
}

interface BaseRecord {
  readonly below: Map<string, number>;
  readonly apart: Map<string, { readonly spanSeconds: number; readonly expiresMs: number }>;
  size: LearnedSize | null;
  sizeExpiresMs: number;
  avoidedUntilMs: number;
}

export interface MembershipLimits {
  /** Groups remembered over all bases together, at roughly a tenth of a kilobyte each. */
  readonly groups: number;
  /**
   * Groups remembered of one base: clients choose which ids are asked for, and one tenant must not push out the others.
   */
  readonly groupsPerBase: number;
  readonly keptMs: number;
  /** How long a failed recursive call is not tried again. */
  readonly avoidedMs: number;
}

/** Groups are moved and founded rarely. What is remembered decides which calls are made, never what they answer. */
const LIMITS: MembershipLimits = { groups: 100_000, groupsPerBase: 20_000, keptMs: 600_000, avoidedMs: 60_000 };

const NOTHING_KNOWN: BaseKnowledge = { size: null, isAvoided: false, standing: () => 'unknown' };

/**
 * Shared mutable memory of which groups lie below which, learned from recursive answers only. Keyed by a scope that
 * names tenant and credential: another key may see another tree. Bounded; the base that was learned of longest ago goes
 * first.
 */
export class MembershipMemory {
  readonly #clock: () => number;
  readonly #limits: MembershipLimits;
  readonly #bases = new Map<string, BaseRecord>();
  #groups = 0;

  constructor(clock: () => number, limits: MembershipLimits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  of(scope: string, baseGroupId: string): BaseKnowledge {
    const record = this.#bases.get(keyOf(scope, baseGroupId));
    if (record === undefined) return NOTHING_KNOWN;
    const nowMs = this.#clock();
    return {
      size: record.sizeExpiresMs > nowMs ? record.size : null,
      isAvoided: record.avoidedUntilMs > nowMs,
      standing: (groupId, window) => {
        if ((record.below.get(groupId) ?? 0) > nowMs) return 'below';
        const apart = record.apart.get(groupId);
        if (apart === undefined || apart.expiresMs <= nowMs) return 'unknown';
        return windowSpan(window) <= apart.spanSeconds ? 'apart' : 'unknown';
      },
    };
  }

  /** A recursive answer named these groups. */
  learn(scope: string, baseGroupId: string, window: HistoryWindow, rows: number, groupIds: Iterable<string>): void {
    const record = this.#touch(scope, baseGroupId);
    const expiresMs = this.#clock() + this.#limits.keptMs;
    let groups = 0;
    for (const groupId of groupIds) {
      groups += 1;
      if (!this.#makeRoom(record, groupId)) continue;
      record.apart.delete(groupId);
      record.below.set(groupId, expiresMs);
    }
    record.size = { rows, spanSeconds: windowSpan(window), groups };
    record.sizeExpiresMs = expiresMs;
    this.#shrink();
  }

  /** A recursive answer over the window did not settle this group. */
  learnApart(scope: string, baseGroupId: string, window: HistoryWindow, groupId: string): void {
    const record = this.#touch(scope, baseGroupId);
    if (!this.#makeRoom(record, groupId)) return;
    record.below.delete(groupId);
    record.apart.set(groupId, { spanSeconds: windowSpan(window), expiresMs: this.#clock() + this.#limits.keptMs });
    this.#shrink();
  }

  /**
   * @param reason `failed`: it may work again soon; `unusable`: the answer came and settles nothing, which is its
   *   nature
   */
  avoid(scope: string, baseGroupId: string, reason: 'failed' | 'unusable'): void {
    const forMs = reason === 'failed' ? this.#limits.avoidedMs : this.#limits.keptMs;
    this.#touch(scope, baseGroupId).avoidedUntilMs = this.#clock() + forMs;
  }

  #touch(scope: string, baseGroupId: string): BaseRecord {
    const key = keyOf(scope, baseGroupId);
    const record: BaseRecord = this.#bases.get(key) ?? {
      below: new Map(),
      apart: new Map(),
      size: null,
      sizeExpiresMs: 0,
      avoidedUntilMs: 0,
    };
    if (!this.#bases.delete(key)) this.#groups += 1;
    this.#bases.set(key, record);
    return record;
  }

  /** Counts a group that is about to be remembered; a full base starts afresh where that frees anything. */
  #makeRoom(record: BaseRecord, groupId: string): boolean {
    if (record.below.has(groupId) || record.apart.has(groupId)) return true;
    if (record.below.size + record.apart.size >= this.#limits.groupsPerBase) {
      if (record.apart.size === 0) return false;
      this.#groups -= record.apart.size;
      record.apart.clear();
    }
    this.#groups += 1;
    return true;
  }

  /** A base counts as a group, so that bases without groups are bounded too. The one in use stands last. */
  #shrink(): void {
    for (const [key, record] of this.#bases) {
      if (this.#groups <= this.#limits.groups || this.#bases.size === 1) return;
      this.#bases.delete(key);
      this.#groups -= 1 + record.below.size + record.apart.size;
    }
  }
}

function keyOf(scope: string, baseGroupId: string): string {
  return `${baseGroupId} ${scope}`;
}

/** What was learned of a base group's recursive answers. */
export interface LearnedSize {
  readonly rows: number;
  readonly spanSeconds: number;
  /** Groups that had a row in it. */
  readonly groups: number;
}

/**
 * Rows that cost about as much as one call: sending, signing and parsing one small form post took the CPU time of 15 to
 * 20 rows of XML, and a call also takes a place in the pool, a round trip, and a bite of a rate limit that nobody has
 * published.
 */
const ROWS_PER_CALL = 40;

/**
 * How far a base group of unknown size is trusted: a plan's window is 2.2 years, the whole of history is not worth the
 * risk.
 */
const UNLEARNED_SPAN_SECONDS = 3 * 366 * 86_400;

/** Rows of a recursive answer over a window, by proportion. */
function expectedRows(size: LearnedSize, window: HistoryWindow): number {
  return (size.rows * windowSpan(window)) / size.spanSeconds;
}

/**
 * Whether one recursive call over `window` is cheaper than the calls that it saves. Only rows that nobody asked for
 * count against it: those of the asked groups would come anyway.
 *
 * @param planned window of a recursive call that is made in any case and would be widened; null: the recursive call is
 *   extra
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
