import { type Ledger, LedgerUnavailable } from '../../src/idempotency/ledger.js';
import type { FaultMoment, LedgerStep } from '../ledger/faulty-ledger.js';

/** Called around each step of a write, with its key; it may throw, or take as long as it likes. */
export type Intercept = (step: LedgerStep, moment: FaultMoment, idempotencyKey: string) => Promise<void> | undefined;

/** A real ledger with somebody between it and the gateway. */
export function interceptLedger(inner: Ledger, intercept: Intercept): Ledger {
  const around = async <T>(step: LedgerStep, key: string, work: () => Promise<T>): Promise<T> => {
    await intercept(step, 'before', key);
    const result = await work();
    await intercept(step, 'after', key);
    return result;
  };
  return {
    ownerId: inner.ownerId,
    keyedHash: (text) => inner.keyedHash(text),
    claim: (request) => around('claim', request.idempotencyKey, () => inner.claim(request)),
    advance: (row, change) =>
      around(change.to === 'sending' ? 'sending' : 'outcome', row.idempotencyKey, () => inner.advance(row, change)),
    settle: (row, to, settled, resolution) => inner.settle(row, to, settled, resolution),
    find: (tenantId, key) => around('read', key, () => inner.find(tenantId, key)),
    findAfterClaims: (tenantId, key) => around('read', key, () => inner.findAfterClaims(tenantId, key)),
    list: (tenantId, request) => inner.list(tenantId, request),
    audit: (tenantId, key) => inner.audit(tenantId, key),
    dueForReconciliation: (nowMs, limit) => inner.dueForReconciliation(nowMs, limit),
    dueForReview: (nowMs, limit) => inner.dueForReview(nowMs, limit),
    neighbours: (row, sinceMs) => inner.neighbours(row, sinceMs),
    noteReconcileAttempt: (row, atMs, last) => inner.noteReconcileAttempt(row, atMs, last),
    spending: (tenantId, nowMs) => inner.spending(tenantId, nowMs),
    recentWrites: (request) => inner.recentWrites(request),
    countUnknown: () => inner.countUnknown(),
    sweepOrphans: () => inner.sweepOrphans(),
    tryLead: () => inner.tryLead(),
    ping: () => inner.ping(),
    close: () => inner.close(),
  };
}

/** Faults by key, so that many writes may run at once. Mutable: the faults still to come. */
export class LedgerFaults {
  readonly #faults = new Map<string, () => Promise<void> | undefined>();

  readonly intercept: Intercept = (step, moment, key) => {
    const name = nameOf(step, moment, key);
    const fault = this.#faults.get(name);
    this.#faults.delete(name);
    return fault?.();
  };

  /** The next such step of the key waits until it is released, and then goes on or fails. */
  hold(key: string, step: LedgerStep, moment: FaultMoment): HeldStep {
    const reached = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    this.#faults.set(nameOf(step, moment, key), async () => {
      reached.resolve(undefined);
      await released.promise;
    });
    return {
      reached: reached.promise,
      goOn: () => released.resolve(undefined),
      fail: () =>
        released.reject(
          new LedgerUnavailable(moment === 'before' ? 'The disk is full.' : 'The acknowledgement was lost.'),
        ),
    };
  }
}

/** A write that waits at a step of the ledger. */
export interface HeldStep {
  readonly reached: Promise<unknown>;
  goOn(): void;
  fail(): void;
}

function nameOf(step: LedgerStep, moment: FaultMoment, key: string): string {
  return `${step} ${moment} ${key}`;
}
