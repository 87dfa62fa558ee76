import { randomBytes } from 'node:crypto';
import type { BillingActivity } from '../domain/billing-history.js';
import type { HistoryRead } from './billing-reads.js';
import { windowsEqual } from './history-window.policy.js';

/** Owner of a kept response, and the read that it belongs to. */
export interface SnapshotSubject {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly read: HistoryRead;
}

interface Snapshot extends SnapshotSubject {
  readonly rows: readonly BillingActivity[];
  readonly expiresMs: number;
}

/** A number of responses and of their rows. Rows measure the memory, at roughly 0.5 kB each. */
interface SnapshotAmount {
  readonly entries: number;
  readonly rows: number;
}

export interface SnapshotLimits {
  /** Limit for all tenants together. */
  readonly total: SnapshotAmount;
  /** Limit for one tenant, however little the others keep. */
  readonly tenant: SnapshotAmount;
  /** Milliseconds since the last use, so that a client that keeps paging keeps its list. */
  readonly keptMs: number;
}

const LIMITS: SnapshotLimits = {
  total: { entries: 1_000, rows: 100_000 },
  tenant: { entries: 500, rows: 50_000 },
  keptMs: 60_000,
};

function sameSubject(a: SnapshotSubject, b: SnapshotSubject): boolean {
  return (
    a.credentialId === b.credentialId &&
    a.read.groupId === b.read.groupId &&
    a.read.recursive === b.read.recursive &&
    windowsEqual(a.read, b.read)
  );
}

/** The kept responses of one tenant, by id, the least recently used first. */
class TenantSnapshots {
  readonly #kept = new Map<string, Snapshot>();
  #rows = 0;

  get entries(): number {
    return this.#kept.size;
  }

  get rows(): number {
    return this.#rows;
  }

  get(id: string): Snapshot | undefined {
    return this.#kept.get(id);
  }

  /** Adds one, or makes a kept one the most recently used. */
  put(id: string, snapshot: Snapshot): void {
    this.drop(id);
    this.#kept.set(id, snapshot);
    this.#rows += snapshot.rows.length;
  }

  drop(id: string): void {
    this.#rows -= this.#kept.get(id)?.rows.length ?? 0;
    this.#kept.delete(id);
  }

  dropOldest(): void {
    for (const id of this.#kept.keys()) {
      this.drop(id);
      return;
    }
  }

  dropIf(isToGo: (snapshot: Snapshot) => boolean): void {
    for (const [id, snapshot] of this.#kept) if (isToGo(snapshot)) this.drop(id);
  }

  /** All entries are kept equally long after their last use, so expired ones come first. */
  dropExpired(nowMs: number): void {
    for (const [id, snapshot] of this.#kept) {
      if (snapshot.expiresMs > nowMs) return;
      this.drop(id);
    }
  }
}

function exceeds(held: SnapshotAmount, limit: SnapshotAmount): boolean {
  return held.entries > limit.entries || held.rows > limit.rows;
}

/**
 * Shared mutable memory of the responses that cursors lead to. Reason: the upstream has no pages, so a client that
 * pages costs one call and sees one list. Bounded as a whole and for each tenant. The tenant that keeps the most loses
 * its least recently used response first, so one tenant cannot evict the few responses of another. A lookup must name
 * the same tenant, credential and read, so a guessed or copied id opens nothing.
 */
export class SnapshotStore {
  readonly #clock: () => number;
  readonly #limits: SnapshotLimits;
  readonly #tenants = new Map<string, TenantSnapshots>();

  constructor(clock: () => number, limits: SnapshotLimits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** @returns the id for cursors; for a response too large to keep, an id under which nothing will be found */
  keep(subject: SnapshotSubject, rows: readonly BillingActivity[]): string {
    const id = randomBytes(9).toString('base64url');
    const { total, tenant } = this.#limits;
    if (rows.length > Math.min(total.rows, tenant.rows)) return id;
    const nowMs = this.#clock();
    for (const kept of this.#tenants.values()) kept.dropExpired(nowMs);
    const own = this.#tenants.get(subject.tenantId) ?? new TenantSnapshots();
    this.#tenants.set(subject.tenantId, own);
    own.put(id, { ...subject, rows, expiresMs: nowMs + this.#limits.keptMs });
    while (exceeds(own, tenant)) own.dropOldest();
    this.#shrink();
    return id;
  }

  /** @returns null when the response is gone, or belongs to another subject */
  find(id: string, subject: SnapshotSubject): readonly BillingActivity[] | null {
    const own = this.#tenants.get(subject.tenantId);
    const snapshot = own?.get(id);
    if (own === undefined || snapshot === undefined || !sameSubject(snapshot, subject)) return null;
    if (snapshot.expiresMs <= this.#clock()) {
      own.drop(id);
      return null;
    }
    own.put(id, { ...snapshot, expiresMs: this.#clock() + this.#limits.keptMs });
    return snapshot.rows;
  }

  /**
   * Drops the responses that a write on the group may have changed. Recursive ones are dropped too, because the
   * ancestors of a group are not known for sure.
   */
  forget(credentialId: string, groupId: string | null): void {
    for (const kept of this.#tenants.values()) {
      kept.dropIf(
        (snapshot) =>
          snapshot.credentialId === credentialId &&
          (groupId === null || snapshot.read.recursive || snapshot.read.groupId === groupId),
      );
    }
  }

  #shrink(): void {
    const { total } = this.#limits;
    for (;;) {
      const held = { entries: 0, rows: 0 };
      for (const [tenantId, kept] of this.#tenants) {
        if (kept.entries === 0) this.#tenants.delete(tenantId);
        held.entries += kept.entries;
        held.rows += kept.rows;
      }
      if (!exceeds(held, total)) return;
      this.#largest(held.rows > total.rows ? 'rows' : 'entries')?.dropOldest();
    }
  }

  #largest(measure: keyof SnapshotAmount): TenantSnapshots | null {
    let largest: TenantSnapshots | null = null;
    for (const kept of this.#tenants.values()) {
      if (largest === null || kept[measure] > largest[measure]) largest = kept;
    }
    return largest;
  }
}
