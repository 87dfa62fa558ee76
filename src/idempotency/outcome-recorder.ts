import { setTimeout as delay } from 'node:timers/promises';
import type { WriteOutcome } from '../domain/write.js';
import { type Change, changedRow, type Ledger, type LedgerLog, ownersChange } from './ledger.js';
import type { LedgerRow, LedgerState, StoredResponse } from './ledger-states.js';

export interface RecorderOptions {
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly log: LedgerLog | undefined;
  /** First wait before a failed record is tried again, in milliseconds; it doubles up to `retryMaxMs`. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** See `RunOnceOptions`. */
  readonly onContradiction: ((settled: LedgerRow, known: LedgerState) => void) | undefined;
}

/** A fact about a write that is not yet in the ledger. */
export type Unrecorded =
  | { readonly kind: 'outcome'; readonly row: LedgerRow; readonly change: Change }
  | ({ readonly kind: 'nothingSent' } & GivenBack);

/**
 * A claim under which this process sent nothing, and never will. `claim` null: the acknowledgement of the claim's own
 * commit may be lost, so its number is not known.
 */
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
 * Records what this process knows of its writes, and retries while the ledger is unavailable. Keeps state: the
 * unrecorded facts. A crash loses them; the rows then become unknown, which is true.
 *
 * No row of a living owner stays `claimed` or `sending` without a run: each run ends with a recorded outcome, or with
 * one fact here. A fact leaves only when the row has it, or when the ledger proves that there is no such row. An error
 * of the ledger proves nothing, because the change may be stored at any later time: a commit that waits for a standby
 * has no time limit, not even where its connection is cut.
 *
 * `not_sent` is written by proof alone. Only the run that claimed a number sends under it, and only after the ledger
 * has acknowledged `sending`. A fact `nothingSent` comes from a run that had an error instead, so nothing was sent
 * under its number. A change of that run that is stored late alters nothing: it names its number and its earlier state.
 */
export class OutcomeRecorder {
  readonly #options: RecorderOptions;
  readonly #unrecorded = new Set<Unrecorded>();
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

  /** The unrecorded fact of a key. An outcome comes first: requests with another input may have left further facts. */
  find(tenantId: string, idempotencyKey: string): Unrecorded | undefined {
    const found = [...this.#unrecorded].filter((entry) => {
      const claim = claimOf(entry);
      return claim.tenantId === tenantId && claim.idempotencyKey === idempotencyKey;
    });
    return found.find(({ kind }) => kind === 'outcome') ?? found[0];
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
  async release({ tenantId, idempotencyKey, fingerprint, claim }: GivenBack): Promise<void> {
    const entry = { kind: 'nothingSent', tenantId, idempotencyKey, fingerprint, claim } as const;
    try {
      await this.#giveBack(entry);
    } catch {
      this.#later(entry);
    }
  }

  /** Tries each unrecorded fact once, up to the first failure; true when none is left. Never throws. */
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
    this.#unrecorded.add(entry);
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, this.#waitMs).unref();
  }

  async #flushAll(): Promise<void> {
    for (const entry of [...this.#unrecorded]) {
      try {
        await (entry.kind === 'outcome' ? this.#write(entry.row, entry.change) : this.#giveBack(entry));
      } catch {
        // It goes to the end, so that one fact that fails for long does not keep the others.
        this.#unrecorded.delete(entry);
        this.#unrecorded.add(entry);
        this.#waitMs = Math.min(this.#waitMs * 2, this.#options.retryMaxMs);
        this.#schedule();
        return;
      }
      this.#unrecorded.delete(entry);
    }
    this.#waitMs = this.#options.retryFirstMs;
  }

  async #write(row: LedgerRow, change: Change): Promise<LedgerRow> {
    const recorded = (await this.#options.ledger.advance(row, change)) ?? (await this.#follow(row, change));
    return recorded ?? changedRow(row, change);
  }

  #giveBack(entry: GivenBack): Promise<LedgerRow | null> {
    const atMs = this.#options.now();
    return this.#follow(entry, { from: 'claimed', to: 'not_sent', by: 'owner', atMs });
  }

  /**
   * Brings a claim of this process to what the process knows of it, from whatever state it has by now. Null: there is
   * no such claim. A change that finds another state than was read is decided again. That ends, because a claim enters
   * each state once.
   */
  async #follow(claim: GivenBack, known: Change): Promise<LedgerRow | null> {
    const { ledger, onContradiction } = this.#options;
    for (;;) {
      const row = await ledger.findAfterClaims(claim.tenantId, claim.idempotencyKey);
      const isOurs = row?.ownerId === ledger.ownerId && row.fingerprint === claim.fingerprint;
      if (!isOurs || (claim.claim ?? row.claim) !== row.claim) return null;
      // A claim without a number got no further than this state.
      if (claim.claim === null && row.state !== 'claimed') return null;
      const change = ownersChange(row, known);
      const changed = change === null ? row : await ledger.advance(row, change);
      if (changed === null) continue;
      if (contradicts(row.state, known.to)) onContradiction?.(row, known.to);
      return changed;
    }
  }
}

function claimOf(entry: Unrecorded): GivenBack {
  return entry.kind === 'outcome' ? entry.row : entry;
}

/** Whether one of the two says that the write was carried out, and the other that it was not. */
function contradicts(settled: LedgerState, known: LedgerState): boolean {
  if (settled === 'succeeded') return known === 'rejected' || known === 'not_sent';
  return settled === 'rejected' && known === 'succeeded';
}
