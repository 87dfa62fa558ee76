import type { CountedWrites } from '../../src/domain/spending.js';
import type { RecentWrite, RecentWritesRequest } from '../../src/domain/write.js';
import {
  type AuditEntry,
  type Change,
  type ClaimRequest,
  type ClaimResult,
  type Ledger,
  type LedgerPage,
  LedgerUnavailable,
  type ListRequest,
  type Neighbour,
} from '../../src/idempotency/ledger.js';
import type { LedgerRow, Resolution, StoredResponse } from '../../src/idempotency/ledger-states.js';

export type LedgerStep = 'claim' | 'sending' | 'outcome' | 'read' | 'recent';

/** `before`: nothing is stored. `after`: it is stored, and the acknowledgement is lost. */
export type FaultMoment = 'before' | 'after';

/** A real ledger whose steps fail on demand. Holds the faults that are still to come. */
export class FaultyLedger implements Ledger {
  readonly #inner: Ledger;
  readonly #faults = new Map<LedgerStep, FaultMoment[]>();

  constructor(inner: Ledger) {
    this.#inner = inner;
  }

  get ownerId(): string {
    return this.#inner.ownerId;
  }

  /** The next calls of the step fail, one per moment given. */
  fail(step: LedgerStep, ...moments: FaultMoment[]): void {
    this.#faults.set(step, [...(this.#faults.get(step) ?? []), ...moments]);
  }

  heal(): void {
    this.#faults.clear();
  }

  keyedHash(text: string): string {
    return this.#inner.keyedHash(text);
  }

  claim(request: ClaimRequest): Promise<ClaimResult> {
    return this.#step('claim', () => this.#inner.claim(request));
  }

  advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    return this.#step(change.to === 'sending' ? 'sending' : 'outcome', () => this.#inner.advance(row, change));
  }

  settle(
    row: LedgerRow,
    to: 'succeeded' | 'rejected',
    response: StoredResponse | null,
    resolution: Resolution,
  ): Promise<LedgerRow | null> {
    return this.#inner.settle(row, to, response, resolution);
  }

  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#step('read', () => this.#inner.find(tenantId, idempotencyKey));
  }

  list(tenantId: string | readonly string[], request: ListRequest): Promise<LedgerPage> {
    return this.#inner.list(tenantId, request);
  }

  audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]> {
    return this.#inner.audit(tenantId, idempotencyKey);
  }

  dueForReconciliation(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return this.#inner.dueForReconciliation(nowMs, limit);
  }

  dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return this.#inner.dueForReview(nowMs, limit);
  }

  neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]> {
    return this.#inner.neighbours(row, sinceMs);
  }

  noteReconcileAttempt(row: LedgerRow, atMs: number, last?: 'last'): Promise<void> {
    return this.#inner.noteReconcileAttempt(row, atMs, last);
  }

  spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]> {
    return this.#inner.spending(tenantId, nowMs);
  }

  recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]> {
    return this.#step('recent', () => this.#inner.recentWrites(request));
  }

  countUnknown(): Promise<number> {
    return this.#inner.countUnknown();
  }

  sweepOrphans(): Promise<number> {
    return this.#inner.sweepOrphans();
  }

  tryLead(): Promise<boolean> {
    return this.#inner.tryLead();
  }

  ping(): Promise<{ readonly writable: boolean }> {
    return this.#inner.ping();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #step<T>(step: LedgerStep, work: () => Promise<T>): Promise<T> {
    const fault = this.#faults.get(step)?.shift();
    if (fault === 'before') {
      throw new LedgerUnavailable('The disk is full.');
    }
    const result = await work();
    if (fault === 'after') {
      throw new LedgerUnavailable('The acknowledgement was lost.');
    }
    return result;
  }
}
