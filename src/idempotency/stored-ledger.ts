import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { BillingError } from '../domain/errors.js';
import type { CountedWrites } from '../domain/spending.js';
import type { RecentWrite, RecentWritesRequest } from '../domain/write.js';
import {
  type AuditEntry,
  type Change,
  type ClaimRequest,
  type ClaimResult,
  type Ledger,
  type LedgerLog,
  type LedgerOptions,
  type LedgerPage,
  LedgerUnavailable,
  type ListRequest,
  type Neighbour,
  settlement,
} from './ledger.js';
import { nextAttemptAtMs } from './ledger-row.codec.js';
import { ForbiddenTransition, type LedgerRow, type Resolution, type StoredResponse } from './ledger-states.js';

type Awaitable<T> = T | Promise<T>;

/** Reads of a store. SQLite returns a value at once, PostgreSQL a promise. */
type StoreReads = {
  readonly [Name in
    | 'find'
    | 'findAfterClaims'
    | 'audit'
    | 'dueForReconciliation'
    | 'dueForReview'
    | 'neighbours'
    | 'recentWrites'
    | 'countUnknown'
    | 'spending']: (...asked: Parameters<Ledger[Name]>) => Awaitable<Awaited<ReturnType<Ledger[Name]>>>;
};

/**
 * The database part of a ledger, which differs between SQLite and PostgreSQL. Methods with the same name as in {@link
 * Ledger} have the same meaning. They may throw any error of the driver.
 */
export interface LedgerStore extends StoreReads, Pick<Ledger, 'ownerId' | 'claim' | 'advance' | 'ping' | 'close'> {
  /** Takes the lock of this owner, before the first sweep. */
  start(): Promise<void>;
  /** Called before each regular sweep. Takes the lock of this owner again if it was lost. Never throws. */
  keepLock(): Awaitable<void>;
  list(tenantIds: readonly string[], request: ListRequest): Awaitable<LedgerPage>;
  /** Counts a reconciliation that settled nothing. The next one is due at `nextAtMs`, and never with null. */
  noteAttempt(row: LedgerRow, nextAtMs: number | null): Promise<void>;
  /** Takes the rows of dead owners. Resolves to their number. */
  orphan(atMs: number): Promise<number>;
  /** Tries to take the leader's lock. `ledgerName` distinguishes two ledgers in one database. */
  tryLead(ledgerName: string): Awaitable<boolean>;
}

/** The one ledger for the two stores. Keeps state: a timer. */
export class StoredLedger implements Ledger {
  readonly ownerId: string;
  readonly #store: LedgerStore;
  readonly #hashKey: KeyObject;
  readonly #log: LedgerLog | undefined;
  readonly #now: () => number;
  readonly #sweepIntervalMs: number;
  readonly #isAttached: boolean;
  #sweeping: NodeJS.Timeout | undefined;

  private constructor(store: LedgerStore, hashKey: Buffer, options: LedgerOptions) {
    this.ownerId = store.ownerId;
    this.#store = store;
    this.#hashKey = createSecretKey(hashKey);
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#sweepIntervalMs = options.sweepIntervalMs ?? 5_000;
    this.#isAttached = options.attach === true;
  }

  /**
   * Starts a ledger on a store whose tables are up to date. A process that attaches owns no lock and sweeps nothing.
   */
  static async start(store: LedgerStore, hashKey: Buffer, options: LedgerOptions): Promise<Ledger> {
    const ledger = new StoredLedger(store, hashKey, options);
    if (!ledger.#isAttached) await ledger.#begin();
    return ledger;
  }

  keyedHash(text: string): string {
    return createHmac('sha256', this.#hashKey).update(text).digest('base64url');
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    if (this.#isAttached) throw new LedgerUnavailable('A process that attaches to a ledger makes no write.');
    return guard(() => this.#store.claim(request));
  }

  advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    return guard(() => this.#store.advance(row, change));
  }

  settle(
    row: LedgerRow,
    to: 'succeeded' | 'rejected',
    response: StoredResponse | null,
    resolution: Resolution,
  ): Promise<LedgerRow | null> {
    return this.advance(row, settlement(row, to, response, resolution));
  }

  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return guard(() => this.#store.find(tenantId, idempotencyKey));
  }

  findAfterClaims(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return guard(() => this.#store.findAfterClaims(tenantId, idempotencyKey));
  }

  list(tenantId: string | readonly string[], request: ListRequest): Promise<LedgerPage> {
    return guard(() => this.#store.list([tenantId].flat(), request));
  }

  audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]> {
    return guard(() => this.#store.audit(tenantId, idempotencyKey));
  }

  dueForReconciliation(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return guard(() => this.#store.dueForReconciliation(nowMs, limit));
  }

  dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return guard(() => this.#store.dueForReview(nowMs, limit));
  }

  neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]> {
    return guard(() => this.#store.neighbours(row, sinceMs));
  }

  recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]> {
    return guard(() => this.#store.recentWrites(request));
  }

  countUnknown(): Promise<number> {
    return guard(() => this.#store.countUnknown());
  }

  spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]> {
    return guard(() => this.#store.spending(tenantId, nowMs));
  }

  noteReconcileAttempt(row: LedgerRow, atMs: number, last?: 'last'): Promise<void> {
    return guard(() => this.#store.noteAttempt(row, nextAttemptAtMs(row, atMs, last)));
  }

  async sweepOrphans(): Promise<number> {
    if (this.#isAttached) return 0;
    const rows = await guard(() => this.#store.orphan(this.#now()));
    if (rows > 0) {
      this.#log?.warn(
        { rows },
        'Writes of a process that is gone were closed: see their outcome in billingOperations.',
      );
    }
    return rows;
  }

  async tryLead(): Promise<boolean> {
    return !this.#isAttached && guard(() => this.#store.tryLead(this.keyedHash('leader')));
  }

  ping(): Promise<{ readonly writable: boolean }> {
    return guard(() => this.#store.ping());
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    await this.#store.close();
  }

  async #begin(): Promise<void> {
    await this.#store.start();
    await this.sweepOrphans();
    if (this.#sweepIntervalMs > 0) {
      this.#sweeping = setInterval(() => void this.#sweepQuietly(), this.#sweepIntervalMs).unref();
    }
  }

  async #sweepQuietly(): Promise<void> {
    await this.#store.keepLock();
    try {
      await this.sweepOrphans();
    } catch (error) {
      this.#log?.warn({ err: error }, 'The search for abandoned writes failed; it will be tried again.');
    }
  }
}

async function guard<T>(work: () => Awaitable<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asUnavailable(error);
  }
}

/** Returns the gateway's own errors unchanged. Any other error is the store's, whose message may contain secrets. */
export function asUnavailable(error: unknown): unknown {
  const ours =
    error instanceof LedgerUnavailable || error instanceof ForbiddenTransition || error instanceof BillingError;
  return ours ? error : new LedgerUnavailable('The ledger could not be read or written.', error);
}
