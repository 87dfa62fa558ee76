import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { WriteOutcome } from '../domain/write.js';
import { fingerprint } from './fingerprint.js';
import { attemptOnce, readBaseline, storableAnswer } from './guarded-steps.js';
import type { ClaimResult, Ledger, LedgerLog } from './ledger.js';
import { changedRow } from './ledger-row.policy.js';
import type { LedgerRow } from './operation.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { replay } from './replay.js';
import type { OnceRequest, OnceResult, OnceSteps } from './run-once.port.js';
import { isUnfinished } from './transitions.js';

export interface RunOnceOptions {
  readonly ledger: Ledger;
  readonly log?: LedgerLog;
  /** Epoch milliseconds; for tests. Waits are measured on the monotonic clock, so a wrong wall clock changes no decision. */
  readonly now?: () => number;
  /** How long a duplicate waits for a write that another process is sending, in milliseconds. Default 10,000. */
  readonly duplicateWaitMs?: number;
  /** How often it looks, in milliseconds. Default 100. */
  readonly pollIntervalMs?: number;
  /** First wait before a failed record is tried again, in milliseconds; it doubles up to fifty times itself. Default 100. */
  readonly recordRetryMs?: number;
}

/** As {@link OnceResult}, before the outcome is put into the words of one caller: `row` is finished. */
type Settled =
  | Exclude<OnceResult<unknown>, { kind: 'completed' }>
  | { readonly kind: 'completed'; readonly row: LedgerRow };

/**
 * Runs each write at most once: claim, baseline, `sending` (durable), the one attempt, outcome. Every step that fails before
 * `sending` is durable ends with nothing sent; every doubt after it ends as unknown, which nobody sends again.
 *
 * A run is never cancelled, whoever stops waiting for it. Holds mutable state: the runs under way in this process.
 */
export class RunOnce {
  readonly #ledger: Ledger;
  readonly #log: LedgerLog | undefined;
  readonly #now: () => number;
  readonly #duplicateWaitMs: number;
  readonly #pollIntervalMs: number;
  readonly #recorder: OutcomeRecorder;
  /** By tenant, key and fingerprint: another input under the same key is for the ledger to judge. */
  readonly #running = new Map<string, Promise<Settled>>();
  #isDraining = false;

  constructor(options: RunOnceOptions) {
    this.#ledger = options.ledger;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#duplicateWaitMs = options.duplicateWaitMs ?? 10_000;
    this.#pollIntervalMs = options.pollIntervalMs ?? 100;
    const retryFirstMs = options.recordRetryMs ?? 100;
    this.#recorder = new OutcomeRecorder({
      ledger: this.#ledger,
      log: this.#log,
      now: this.#now,
      retryFirstMs,
      retryMaxMs: retryFirstMs * 50,
    });
  }

  /** Never rejects because of the ledger or the upstream. Duplicates in this process wait for the first as long as it takes. */
  async run<T>(request: OnceRequest, steps: OnceSteps<T>): Promise<OnceResult<T>> {
    if (this.#isDraining) {
      return { kind: 'draining' };
    }
    const print = fingerprint((text) => this.#ledger.keyedHash(text), request);
    const name = runName(request.tenantId, request.idempotencyKey, print);
    const running = this.#running.get(name);
    if (running !== undefined) {
      return asReplay(await running, steps);
    }
    // Kept aside for the first caller: the ledger's copy has lost what may not be stored.
    const own: { outcome?: WriteOutcome<T> } = {};
    const run = this.#settle(request, print, {
      ...steps,
      send: async () => {
        own.outcome = await attemptOnce(request.kind, steps);
        return own.outcome;
      },
    }).finally(() => this.#running.delete(name));
    this.#running.set(name, run);
    const settled = await run;
    return settled.kind === 'completed' && own.outcome !== undefined
      ? { kind: 'completed', outcome: own.outcome, row: settled.row, replayed: false }
      : asReplay(settled, steps);
  }

  /**
   * Refuses new runs, waits for those under way, and tries a few times more to record what is not recorded. Resolves to false
   * when something is left: those rows become unknown once this process is gone.
   */
  async drain(): Promise<boolean> {
    this.#isDraining = true;
    await Promise.allSettled(this.#running.values());
    const isRecorded = await this.#recorder.finish();
    if (!isRecorded) {
      this.#log?.error(
        { writes: this.#recorder.size },
        'Outcomes could not be recorded; these writes will show as unknown.',
      );
    }
    return isRecorded;
  }

  async #settle<T>(request: OnceRequest, print: string, steps: OnceSteps<T>): Promise<Settled> {
    const remembered = await this.#fromMemory(request, print);
    if (remembered !== null) {
      return remembered;
    }
    const giveUpAt = performance.now() + this.#duplicateWaitMs;
    for (let round = 1; ; round += 1) {
      const claim = await this.#claim(request, print);
      if (claim === null) {
        return { kind: 'ledgerUnavailable' };
      }
      const { row } = claim;
      if (claim.kind === 'claimed') {
        const settled = await this.#send(row, steps);
        if (settled !== null) {
          return settled;
        }
      } else if (claim.kind === 'keyReused') {
        return { kind: 'keyReused', row };
      } else if (!isUnfinished(row.state)) {
        return claim.kind === 'existing' ? { kind: 'completed', row } : { kind: 'priorUnknown', row };
      } else if (round > 1 && claim.kind === 'targetBusy') {
        return { kind: 'inProgress', row };
      } else if (round > 1) {
        const waited = await this.#waitFor(row, giveUpAt);
        if (waited !== null) {
          return waited;
        }
      } else {
        await this.#closeAbandoned(row);
      }
      if (performance.now() > giveUpAt) {
        return { kind: 'inProgress', row };
      }
    }
  }

  /** What this process knows of the key and could not record yet. */
  async #fromMemory(request: OnceRequest, print: string): Promise<Settled | null> {
    if (this.#recorder.find(request.tenantId, request.idempotencyKey) === undefined) {
      return null;
    }
    await this.#recorder.flush();
    const entry = this.#recorder.find(request.tenantId, request.idempotencyKey);
    if (entry?.kind !== 'outcome') {
      return entry === undefined ? null : { kind: 'ledgerUnavailable' };
    }
    const row = changedRow(entry.row, entry.change);
    return { kind: row.fingerprint === print ? 'completed' : 'keyReused', row };
  }

  async #claim(request: OnceRequest, print: string): Promise<ClaimResult | null> {
    const { stored, ...rest } = request;
    try {
      return await this.#ledger.claim({ ...rest, input: stored, fingerprint: print, atMs: this.#now() });
    } catch (error) {
      this.#log?.error({ err: error, kind: request.kind }, 'A write was refused: it could not be written down.');
      // The claim may have been stored all the same; it would block its target for as long as this process lives.
      await this.#recorder.release({ ...rest, fingerprint: print, claim: null });
      return null;
    }
  }

  /** Null: the claim was lost before anything was sent, because this process was thought gone. */
  async #send<T>(claimed: LedgerRow, steps: OnceSteps<T>): Promise<Settled | null> {
    const baseline = await readBaseline(steps);
    let sending: LedgerRow | null;
    try {
      sending = await this.#ledger.advance(claimed, {
        from: 'claimed',
        to: 'sending',
        by: 'owner',
        atMs: this.#now(),
        baseline: baseline?.ids ?? null,
        before: baseline?.before ?? null,
      });
    } catch (error) {
      this.#log?.error(
        { err: error, kind: claimed.kind },
        'A write was refused: it could not be written down as sending.',
      );
      await this.#recorder.release(claimed);
      return { kind: 'ledgerUnavailable' };
    }
    if (sending === null) {
      return null;
    }
    const outcome = await steps.send();
    return { kind: 'completed', row: await this.#recorder.record(sending, outcome, storableAnswer(outcome, steps)) };
  }

  /** Before a duplicate waits or is refused: closes the row if nobody is at work on it any more. Never throws. */
  async #closeAbandoned(row: LedgerRow): Promise<void> {
    try {
      if (row.ownerId !== this.#ledger.ownerId) {
        await this.#ledger.sweepOrphans();
      } else if (!this.#running.has(runName(row.tenantId, row.idempotencyKey, row.fingerprint))) {
        await this.#recorder.flush();
        // A claim of ours that was stored after we had given it up. Without its number only a claim is given back: a row that is
        // `sending` is in the recorder's hands, and may have been sent.
        await this.#recorder.release({ ...row, claim: null });
      }
    } catch (error) {
      this.#log?.warn({ err: error }, 'Looking for abandoned writes failed; the write counts as under way.');
    }
  }

  /** Null: look again, because the row was given back or the ledger could not be read. */
  async #waitFor(row: LedgerRow, giveUpAt: number): Promise<Settled | null> {
    for (;;) {
      await delay(this.#pollIntervalMs);
      let current: LedgerRow | null;
      try {
        current = await this.#ledger.find(row.tenantId, row.idempotencyKey);
      } catch {
        // Another process is at work on it as far as is known: "nothing was sent" would be a guess.
        return { kind: 'inProgress', row };
      }
      if (current === null || (current.state === 'not_sent' && current.answer === null)) {
        return null;
      }
      if (!isUnfinished(current.state)) {
        return { kind: 'completed', row: current };
      }
      if (performance.now() > giveUpAt) {
        return { kind: 'inProgress', row: current };
      }
    }
  }
}

function asReplay<T>(settled: Settled, steps: OnceSteps<T>): OnceResult<T> {
  if (settled.kind !== 'completed') {
    return settled;
  }
  const outcome = replay(settled.row, (stored) => steps.fromStored(stored));
  return outcome === null
    ? { kind: 'inProgress', row: settled.row }
    : { kind: 'completed', outcome, row: settled.row, replayed: true };
}

function runName(...parts: readonly [tenantId: string, idempotencyKey: string, print: string]): string {
  return JSON.stringify(parts);
}
