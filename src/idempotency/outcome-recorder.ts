import { setTimeout as delay } from 'node:timers/promises';
import type { WriteOutcome } from '../domain/write.js';
import { type Change, changedRow, type Ledger, type LedgerLog } from './ledger.js';
import type { LedgerRow, LedgerState, StoredResponse } from './ledger-states.js';

export interface RecorderOptions {
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly log: LedgerLog | undefined;
  /** First wait before a failed record is tried again, in milliseconds; it doubles up to `retryMaxMs`. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
}

/** A fact about a write that is not yet in the ledger. */
export type Unrecorded =
  | { readonly kind: 'outcome'; readonly row: LedgerRow; readonly change: Change }
  | ({ readonly kind: 'nothingSent' } & GivenBack);

/** A claim under which nothing was sent. `claim` null: the acknowledgement of the claim's own commit may be lost. */
export interface GivenBack {
  readonly tenantId: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly claim: number | null;
}

/**
 * With the default first wait these attempts take three seconds. A shutdown has that much time, and a ledger needs
 * about that for a restart.
 */
const FINISH_ATTEMPTS = 5;

const STATE_OF: Record<WriteOutcome<unknown>['kind'], LedgerState> = {
  succeeded: 'succeeded',
  rejected: 'rejected',
  notSent: 'not_sent',
  unknown: 'unknown',
};

/**
 * Records outcomes, and retries while the ledger is unavailable. Keeps state: the unrecorded facts, by tenant and key.
 * A crash loses them; the rows then become unknown, which is true.
 */
export class OutcomeRecorder {
  readonly #options: RecorderOptions;
  readonly #unrecorded = new Map<string, Unrecorded>();
  #flushing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #waitMs: number;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#waitMs = options.retryFirstMs;
  }

  get size(): number {
    return this.#unrecorded.size;
  }

  find(tenantId: string, idempotencyKey: string): Unrecorded | undefined {
    return this.#unrecorded.get(nameOf(tenantId, idempotencyKey));
  }

  /**
   * Records the outcome of one attempt. Never throws. It returns the row as it is, or as it will be once the ledger is
   * back.
   */
  async record(row: LedgerRow, outcome: WriteOutcome<unknown>, response: StoredResponse | null): Promise<LedgerRow> {
    const atMs = this.#options.now();
    const change: Change = { from: 'sending', to: STATE_OF[outcome.kind], by: 'owner', atMs, answer: response };
    try {
      return await this.#write(row, change);
    } catch (error) {
      this.#options.log?.error(
        { err: error, kind: row.kind },
        'An outcome could not be recorded; it will be tried again.',
      );
      this.#later({ kind: 'outcome', row, change });
      return changedRow(row, change);
    }
  }

  /** Gives back a claim under which nothing was sent, at once if the ledger can, else later. Never throws. */
  async release(given: GivenBack): Promise<void> {
    const { tenantId, idempotencyKey, fingerprint, claim } = given;
    const entry = { kind: 'nothingSent', tenantId, idempotencyKey, fingerprint, claim } as const;
    try {
      await this.#giveBack(entry);
    } catch {
      this.#later(entry);
    }
  }

  /** Tries each unrecorded fact once; true when none is left. */
  async flush(): Promise<boolean> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = null;
    });
    await this.#flushing;
    return this.#unrecorded.size === 0;
  }

  /** Tries a few times with growing waits, then gives up; true when none is left. */
  async finish(): Promise<boolean> {
    let waitMs = this.#options.retryFirstMs;
    for (let attempt = 1; attempt <= FINISH_ATTEMPTS && !(await this.flush()); attempt += 1) {
      await delay(waitMs);
      waitMs *= 2;
    }
    const isRecorded = await this.flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return isRecorded;
  }

  #later(entry: Unrecorded): void {
    const { tenantId, idempotencyKey } = entry.kind === 'outcome' ? entry.row : entry;
    const name = nameOf(tenantId, idempotencyKey);
    // An outcome waits until it is recorded. A neighbour that meets the row gives back a claim at most, and no outcome.
    if (entry.kind === 'outcome' || this.#unrecorded.get(name)?.kind !== 'outcome') this.#unrecorded.set(name, entry);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, this.#waitMs).unref();
  }

  async #flushAll(): Promise<void> {
    for (const [name, entry] of [...this.#unrecorded]) {
      try {
        await (entry.kind === 'outcome' ? this.#write(entry.row, entry.change) : this.#giveBack(entry));
      } catch {
        this.#waitMs = Math.min(this.#waitMs * 2, this.#options.retryMaxMs);
        this.#schedule();
        return;
      }
      if (this.#unrecorded.get(name) === entry) {
        this.#unrecorded.delete(name);
      }
    }
    this.#waitMs = this.#options.retryFirstMs;
  }

  async #write(row: LedgerRow, change: Change): Promise<LedgerRow> {
    const { ledger } = this.#options;
    const recorded = (await ledger.advance(row, change)) ?? (await this.#writeLate(row, change));
    if (recorded !== null) {
      return recorded;
    }
    // An earlier try has recorded it and its acknowledgement was lost, or another process has settled it. Then the
    // stored row counts.
    const found = await ledger.find(row.tenantId, row.idempotencyKey);
    return found?.claim === row.claim ? found : changedRow(row, change);
  }

  /** Corrects a row that a sweep called unknown while this owner was alive, because the owner knows the outcome. */
  async #writeLate(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    if (change.to === 'unknown') {
      return null;
    }
    const resolution = { by: 'late-answer', atMs: change.atMs, note: null, subject: null } as const;
    return this.#options.ledger.advance(row, { ...change, from: 'unknown', by: 'late-answer', resolution });
  }

  async #giveBack(entry: GivenBack): Promise<void> {
    const { ledger, now } = this.#options;
    const row = await ledger.find(entry.tenantId, entry.idempotencyKey);
    if (row === null || row.ownerId !== ledger.ownerId || row.fingerprint !== entry.fingerprint) {
      return;
    }
    const release = { to: 'not_sent', by: 'owner', atMs: now() } as const;
    if (row.state === 'claimed' && (entry.claim === null || entry.claim === row.claim)) {
      await ledger.advance(row, { from: 'claimed', ...release });
    } else if (row.state === 'sending' && entry.claim === row.claim) {
      await ledger.advance(row, { from: 'sending', ...release });
    } else if (row.state === 'unknown' && entry.claim === row.claim) {
      const resolution = { by: 'late-answer', atMs: release.atMs, note: null, subject: null } as const;
      await ledger.advance(row, { ...release, from: 'unknown', by: 'late-answer', resolution });
    }
  }
}

function nameOf(tenantId: string, idempotencyKey: string): string {
  return JSON.stringify([tenantId, idempotencyKey]);
}
