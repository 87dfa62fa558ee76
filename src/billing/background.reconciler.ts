import type { XtractaCredential } from '../domain/caller.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { LedgerRow } from '../idempotency/ledger.states.js';
import { findContradiction } from './examine-row.js';
import { settleIfProved } from './reconcile-billing-operation.js';
import type { WriteServices } from './write-scope.js';

export interface BackgroundReconcilerOptions {
  readonly services: Pick<WriteServices, 'xtracta' | 'ledger' | 'forgetReads' | 'audit' | 'onContradiction'>;
  /**
   * The credential of a row's tenant as it is today, or null where this process holds none: a key that callers bring
   * themselves is never kept, so those rows wait for their caller.
   */
  readonly credentialOf: (row: LedgerRow) => XtractaCredential | null;
  readonly callFor: (row: LedgerRow) => UpstreamCall;
  /** Receives what went wrong in a round; the next round tries again. */
  readonly onFailure: (error: unknown) => void;
  readonly roundIntervalMs?: number;
}

const ROUND_INTERVAL_MS = 5_000;
/** Few at a time: this is housekeeping and must not take the pool from clients. */
const ROWS_PER_ROUND = 10;

/**
 * Looks now and then at writes with an unknown outcome and settles what the history proves by then; and at those that
 * an operator settled as not carried out, whose row may show late. One replica leads; it only reads; the ledger keeps
 * when a row is due again, at growing intervals. Holds a timer: state.
 */
export class BackgroundReconciler {
  readonly #options: BackgroundReconcilerOptions;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: BackgroundReconcilerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule();
  }

  /** Resolves when the running round has ended; no other begins. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** One round now. Resolves to the number of rows settled. */
  async runRound(): Promise<number> {
    const { services } = this.#options;
    if (!(await services.ledger.tryLead())) return 0;
    let settled = 0;
    for (const row of await services.ledger.dueForReconciliation(Date.now(), ROWS_PER_ROUND)) {
      if (this.#stopped) break;
      if (await this.#settle(row)) settled += 1;
      else await services.ledger.noteReconcileAttempt(row, Date.now());
    }
    for (const row of await services.ledger.dueForReview(Date.now(), ROWS_PER_ROUND)) {
      if (this.#stopped) break;
      const isOver = await this.#review(row);
      await services.ledger.noteReconcileAttempt(row, Date.now(), ...(isOver ? (['last'] as const) : []));
    }
    return settled;
  }

  /** True: a row of the write shows after all, which was told; there is nothing more to look for. */
  async #review(row: LedgerRow): Promise<boolean> {
    const { services } = this.#options;
    const credential = this.#options.credentialOf(row);
    if (credential === null) return false;
    try {
      const activity = await findContradiction(services, credential, row, this.#options.callFor(row));
      if (activity !== null) services.onContradiction(row, activity.id);
      return activity !== null;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }

  async #settle(row: LedgerRow): Promise<boolean> {
    const credential = this.#options.credentialOf(row);
    if (credential === null) return false;
    try {
      return (await settleIfProved(this.#options.services, credential, row, this.#options.callFor(row))) !== null;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#round = this.runRound().then(
        () => undefined,
        (error: unknown) => this.#options.onFailure(error),
      );
      void this.#round.then(() => this.#schedule());
    }, this.#options.roundIntervalMs ?? ROUND_INTERVAL_MS).unref();
  }
}
