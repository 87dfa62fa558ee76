import { afterEach, beforeEach } from '@jest/globals';
import type { ClaimRequest, Ledger } from '../../src/idempotency/ledger.js';
import type { LedgerRow, LedgerState } from '../../src/idempotency/ledger-states.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { SUCCESS, sampleClaim, T0, UNKNOWN } from './sample-claims.js';

/** Nothing happens in the background, and sweeps happen one minute after T0. */
const QUIET = { sweepIntervalMs: 0, now: () => T0 + 60_000 };

/** Ledgers of one test, and rows in the states that it asks for. Holds what must be closed after it. */
export class LedgerHarness {
  readonly #newUrl: () => Promise<string>;
  readonly #opened: Ledger[] = [];
  #url = '';
  #ledger: Ledger | undefined;

  constructor(newUrl: () => Promise<string>) {
    this.#newUrl = newUrl;
    beforeEach(async () => {
      this.#url = await newUrl();
      await this.reopen();
    });
    afterEach(async () => {
      await Promise.all(this.#opened.splice(0).map((ledger) => ledger.close()));
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
    this.#ledger = await this.openAnother();
  }

  /** A replica on the same store. */
  async openAnother(): Promise<Ledger> {
    return this.#open(this.#url);
  }

  /** A ledger that has nothing to do with the test's own. */
  async openStranger(): Promise<Ledger> {
    return this.#open(await this.#newUrl());
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

  async #open(url: string): Promise<Ledger> {
    const ledger = await openLedger(url, QUIET);
    this.#opened.push(ledger);
    return ledger;
  }
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) {
    throw new Error('Something that must be there is not.');
  }
  return value;
}
