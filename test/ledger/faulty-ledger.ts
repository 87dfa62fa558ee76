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

/** `late`: the call fails, and it is stored only after that, as by a server whose commit waits for a standby. */
export type LedgerFault = FaultMoment | 'late';

/** A real ledger whose steps fail on demand. Holds the faults that are still to come, and the late steps. */
export class FaultyLedger implements Ledger {
  readonly #inner: Ledger;
  readonly #faults = new Map<LedgerStep, LedgerFault[]>();
  readonly #late = new Map<LedgerStep, () => Promise<unknown>>();
  #arriving: Promise<unknown> = Promise.resolve();

  constructor(inner: Ledger) {
    this.#inner = inner;
  }

  get ownerId(): string {
    return this.#inner.ownerId;
  }

  /** The next calls of the step fail, one per fault given. */
  fail(step: LedgerStep, ...faults: LedgerFault[]): void {
    this.#faults.set(step, [...(this.#faults.get(step) ?? []), ...faults]);
  }

  heal(): void {
    this.#faults.clear();
  }

  keyedHash(text: string): string {
    return this.#inner.keyedHash(text);
  }

  /** Stores what is late: without a name all of it. */
  async arrive(...steps: readonly LedgerStep[]): Promise<void> {
    for (const step of steps.length === 0 ? [...this.#late.keys()] : steps) {
      const work = this.#late.get(step);
      this.#late.delete(step);
      if (work !== undefined) this.#arriving = this.#arriving.then(work);
    }
    await this.#arriving;
  }

  /** The claims of a tenant come one after the other. */
  async claim(request: ClaimRequest): Promise<ClaimResult> {
    await this.arrive('claim');
    return this.#step('claim', () => this.#inner.claim(request));
  }

  /** A late change comes at the worst moment: when the row was read, and is about to be changed by what was read. */
  async advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    if (change.to !== 'sending') await this.arrive('sending');
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

  findAfterClaims(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#step('read', async () => {
      await this.arrive('claim');
      return this.#inner.findAfterClaims(tenantId, idempotencyKey);
    });
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
    if (fault === 'late') {
      if (step !== 'read') this.#late.set(step, work);
      throw new LedgerUnavailable('The server does not respond.');
    }
    const result = await work();
    if (fault === 'after') {
      throw new LedgerUnavailable('The acknowledgement was lost.');
    }
    return result;
  }
}
