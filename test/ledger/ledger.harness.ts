import { afterAll, afterEach, beforeEach } from '@jest/globals';
import type { ClaimRequest, Ledger } from '../../src/idempotency/ledger.js';
import type { LedgerRow, LedgerState } from '../../src/idempotency/ledger-states.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { SUCCESS, sampleClaim, T0, UNKNOWN } from './sample-claims.js';

/** Nothing happens in the background, and sweeps happen one minute after T0. */
const QUIET = { sweepIntervalMs: 0, now: () => T0 + 60_000 };

/**
 * Ledgers of one test, and rows in the states that it asks for. Holds what must be closed after it.
 *
 * With `empty`, which deletes all rows of a ledger, the ledgers that a test leaves open serve the next test as well.
 * Reason: opening one on PostgreSQL costs the server three connections and the tables, more than most tests do.
 */
export class LedgerHarness {
  readonly #newUrl: () => Promise<string>;
  readonly #empty: ((url: string) => Promise<void>) | undefined;
  /** Open ledgers on the test's URL that no test has at hand. */
  readonly #idle: Ledger[] = [];
  readonly #opened: Ledger[] = [];
  readonly #strangers: Ledger[] = [];
  #url = '';
  #ledger: Ledger | undefined;

  constructor(newUrl: () => Promise<string>, empty?: (url: string) => Promise<void>) {
    this.#newUrl = newUrl;
    this.#empty = empty;
    beforeEach(async () => {
      if (this.#idle.length === 0) this.#url = await newUrl();
      this.#ledger = await this.openAnother();
    });
    afterEach(() => this.#tidy());
    afterAll(async () => {
      await Promise.all(this.#idle.splice(0).map((ledger) => ledger.close()));
    });
  }

  get url(): string {
    return this.#url;
  }

  get ledger(): Ledger {
    return present(this.#ledger);
  }

  /** Opens what the test's ledger was made of again, as a restart does. */
  async reopen(): Promise<void> {
    this.#ledger = this.#keep(await openLedger(this.#url, QUIET));
  }

  /** A replica on the same store. */
  async openAnother(): Promise<Ledger> {
    return this.#keep(this.#idle.shift() ?? (await openLedger(this.#url, QUIET)));
  }

  /** A ledger that has nothing to do with the test's own. */
  async openStranger(): Promise<Ledger> {
    const stranger = await openLedger(await this.#newUrl(), QUIET);
    this.#strangers.push(stranger);
    return stranger;
  }

  async claimed(ledger: Ledger, change: Partial<ClaimRequest> = {}): Promise<LedgerRow> {
    const { kind, row } = await ledger.claim(sampleClaim(change));
    if (kind !== 'claimed') {
      throw new Error(`The claim answered ${kind}.`);
    }
    return row;
  }

  async sending(ledger: Ledger, change: Partial<ClaimRequest> = {}): Promise<LedgerRow> {
    const row = await this.claimed(ledger, change);
    const known = { baseline: ['1', '2'], before: { plan: null } } as const;
    const send = { from: 'claimed', to: 'sending', by: 'owner', atMs: T0 + 1_000, ...known } as const;
    return present(await ledger.advance(row, send));
  }

  async ended(ledger: Ledger, to: LedgerState, change: Partial<ClaimRequest> = {}): Promise<LedgerRow> {
    const row = await this.sending(ledger, change);
    const answer = to === 'succeeded' ? SUCCESS : UNKNOWN;
    return present(await ledger.advance(row, { from: 'sending', to, by: 'owner', atMs: T0 + 2_000, answer }));
  }

  /** Unknown, and settled as succeeded by the reconciler. */
  async reconciled(ledger: Ledger, change: Partial<ClaimRequest> = {}): Promise<LedgerRow> {
    const row = await this.ended(ledger, 'unknown', change);
    const resolution = { by: 'reconciler', atMs: T0 + 3_000, note: 'history row 3', subject: null } as const;
    return present(await ledger.settle(row, 'succeeded', SUCCESS, resolution));
  }

  #keep(ledger: Ledger): Ledger {
    this.#opened.push(ledger);
    return ledger;
  }

  async #tidy(): Promise<void> {
    const unused = this.#strangers.splice(0);
    for (const ledger of this.#opened.splice(0)) {
      const isOpen = await ledger.ping().then(
        () => true,
        () => false,
      );
      if (this.#empty !== undefined && isOpen) this.#idle.push(ledger);
      else unused.push(ledger);
    }
    await Promise.all(unused.map((ledger) => ledger.close()));
    if (this.#idle.length > 0) await this.#empty?.(this.#url);
  }
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) {
    throw new Error('Something that must be there is not.');
  }
  return value;
}
