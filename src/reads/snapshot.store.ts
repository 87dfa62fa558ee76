import { randomBytes } from 'node:crypto';
import type { BillingActivity } from '../domain/billing-activity.js';
import type { HistoryRead } from './history-client.port.js';
import { windowsEqual } from './history-window.policy.js';

/** Whose answer it is, and to which question. */
export interface SnapshotSubject {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly read: HistoryRead;
}

interface Snapshot extends SnapshotSubject {
  readonly rows: readonly BillingActivity[];
  expiresMs: number;
}

export interface SnapshotLimits {
  readonly entries: number;
  /** Rows of all entries together: the real measure of memory, at roughly half a kilobyte a row. */
  readonly rows: number;
  /** Counted from the last use, so that a client that keeps paging keeps its list. */
  readonly keptMs: number;
}

const LIMITS: SnapshotLimits = { entries: 1_000, rows: 100_000, keptMs: 60_000 };

function sameSubject(a: SnapshotSubject, b: SnapshotSubject): boolean {
  return (
    a.tenantId === b.tenantId &&
    a.credentialId === b.credentialId &&
    a.read.groupId === b.read.groupId &&
    a.read.recursive === b.read.recursive &&
    windowsEqual(a.read, b.read)
  );
}

/**
 * Shared mutable memory of the answers that cursors were handed out for: the upstream has no pages, so a client that pages costs one
 * call and sees one list. Bounded; the least recently used answer goes first. A lookup must name the same tenant, credential and
 * question, so an id that was guessed or carried over opens nothing.
 */
export class SnapshotStore {
  readonly #snapshots = new Map<string, Snapshot>();
  #rows = 0;

  constructor(
    private readonly clock: () => number,
    private readonly limits: SnapshotLimits = LIMITS,
  ) {}

  /** @returns the id to hand out; of an answer too large to keep, an id under which nothing will be found */
  keep(subject: SnapshotSubject, rows: readonly BillingActivity[]): string {
    const id = randomBytes(9).toString('base64url');
    if (rows.length > this.limits.rows) return id;
    this.#snapshots.set(id, { ...subject, rows, expiresMs: this.clock() + this.limits.keptMs });
    this.#rows += rows.length;
    this.#shrink();
    return id;
  }

  /** @returns null when the answer is gone, or belongs to another subject */
  find(id: string, subject: SnapshotSubject): readonly BillingActivity[] | null {
    const snapshot = this.#snapshots.get(id);
    if (snapshot === undefined || !sameSubject(snapshot, subject)) return null;
    if (snapshot.expiresMs <= this.clock()) {
      this.#drop(id, snapshot);
      return null;
    }
    snapshot.expiresMs = this.clock() + this.limits.keptMs;
    this.#snapshots.delete(id);
    this.#snapshots.set(id, snapshot);
    return snapshot.rows;
  }

  /** A write on a group also changes what its parents' recursive answers hold, and nobody knows its parents for sure. */
  forget(credentialId: string, groupId: string | null): void {
    for (const [id, snapshot] of this.#snapshots) {
      if (snapshot.credentialId !== credentialId) continue;
      if (groupId === null || snapshot.read.recursive || snapshot.read.groupId === groupId) this.#drop(id, snapshot);
    }
  }

  #shrink(): void {
    const nowMs = this.clock();
    // Ordered by last use and kept equally long, so the expired stand first.
    for (const [id, snapshot] of this.#snapshots) {
      const isOver = this.#snapshots.size > this.limits.entries || this.#rows > this.limits.rows;
      if (!isOver && snapshot.expiresMs > nowMs) return;
      this.#drop(id, snapshot);
    }
  }

  #drop(id: string, snapshot: Snapshot): void {
    this.#snapshots.delete(id);
    this.#rows -= snapshot.rows.length;
  }
}
