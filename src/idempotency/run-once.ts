import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExceededLimit } from '../domain/spending.js';
import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { WriteOutcome, WriteRefusal } from '../domain/write.js';
import {
  type ClaimGuards,
  type ClaimResult,
  type ClaimTerms,
  changedRow,
  type Ledger,
  type LedgerLog,
} from './ledger.js';
import { isUnfinished, type LedgerRow, type StoredAnswer } from './ledger.states.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { replay, toAnswer, unknownFailure } from './replay.js';

/** A write that must happen at most once. */
export interface OnceRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  /** As in `ClaimRequest`. */
  readonly keysSharedWith?: readonly string[];
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly groupId: string | null;
  /** The normalised input, JSON-safe; only its keyed hash is kept. */
  readonly input: unknown;
  /**
   * The part of the input that may be stored (ids and counts; nothing personal): shown to operators, used when
   * settling.
   */
  readonly stored: unknown;
  readonly deletesDocuments: boolean;
  /** What else may stand in the way, and is no part of the input. Absent: nothing does. */
  readonly guards?: Omit<ClaimGuards, 'duplicateWindowMs'>;
}

/** The state of the target just before sending, for settling an unknown outcome later. */
export interface Baseline {
  /** Ids of the target's history rows. */
  readonly ids: readonly string[];
  /** What else the use case wants to find again; JSON-safe. */
  readonly before: unknown;
}

export interface OnceSteps<T> {
  /**
   * Reads the terms that a request declares as unread. Called only when nothing else stands in the way of the write.
   */
  readTerms?(): Promise<ClaimTerms>;
  /** Null when it cannot be read, or what was read is not to be trusted. Must not throw, must be quick. */
  baseline(): Promise<Baseline | null>;
  /** The one attempt. Never called twice for a key unless the earlier attempt is proved not sent. Must not throw. */
  send(): Promise<WriteOutcome<T>>;
  /** What may be stored of the value: no secret, no personal data. */
  toStored(value: T): unknown;
  /**
   * Gets null for a write that was settled as succeeded without the upstream's figures (by an operator or the history).
   */
  fromStored(stored: unknown): T;
}

/**
 * - `completed`: sent by this call, or replayed from the ledger (`replayed`). `outcome` says what is known.
 * - `inProgress`: the same key, or another write on the same target, is still under way; `row` is that write.
 * - `keyReused`: the key belongs to another input; `row` holds it.
 * - `priorUnknown`: an earlier write on the same target has an unknown outcome; `row` is that write.
 * - `possibleDuplicate`: an equal write under another key is under way or succeeded a short while ago; `row` is that
 *   write.
 * - `repeatsAnother`: the request says that it repeats a write which is not equal; `row` is that write.
 * - `refused`: the caller's own guards or terms forbid it.
 * - `overLimit`: it does not fit into what the tenant may still spend.
 * - `ledgerUnavailable`: nothing was sent, because nothing could be written down.
 * - `draining`: nothing was sent, because the process is about to end.
 */
export type OnceResult<T> =
  | {
      readonly kind: 'completed';
      readonly outcome: WriteOutcome<T>;
      readonly row: LedgerRow;
      readonly replayed: boolean;
    }
  | { readonly kind: 'inProgress'; readonly row: LedgerRow }
  | { readonly kind: 'keyReused'; readonly row: LedgerRow }
  | { readonly kind: 'priorUnknown'; readonly row: LedgerRow }
  | { readonly kind: 'possibleDuplicate'; readonly row: LedgerRow }
  | { readonly kind: 'repeatsAnother'; readonly row: LedgerRow }
  | { readonly kind: 'refused'; readonly refusal: WriteRefusal }
  | { readonly kind: 'overLimit'; readonly limit: ExceededLimit }
  | { readonly kind: 'ledgerUnavailable' }
  | { readonly kind: 'draining' };

export interface RunOnceOptions {
  readonly ledger: Ledger;
  readonly log?: LedgerLog;
  /**
   * Epoch milliseconds; for tests. Waits are measured on the monotonic clock, so a wrong wall clock changes no
   * decision.
   */
  readonly now?: () => number;
  /**
   * How long after an equal write succeeded another key is refused, in milliseconds. Default 0: it is not. Measured on
   * the wall clocks of the replicas, as the ledger's times are.
   */
  readonly duplicateWindowMs?: number;
  /** How long a duplicate waits for a write that another process is sending, in milliseconds. Default 10,000. */
  readonly duplicateWaitMs?: number;
  /** How often it looks, in milliseconds. Default 100. */
  readonly pollIntervalMs?: number;
  /**
   * First wait before a failed record is tried again, in milliseconds; it doubles up to fifty times itself. Default
   * 100.
   */
  readonly recordRetryMs?: number;
}

/** As {@link OnceResult}, before the outcome is put into the words of one caller: `row` is finished. */
type Settled =
  | Exclude<OnceResult<unknown>, { kind: 'completed' }>
  | { readonly kind: 'completed'; readonly row: LedgerRow };

const NO_TERMS: ClaimTerms = { kind: 'none' };

/** What a claim means that came upon a row which nobody is at work on. */
const FINISHED = { existing: 'completed', targetBusy: 'priorUnknown', possibleDuplicate: 'possibleDuplicate' } as const;

/**
 * Runs each write at most once: claim, baseline, `sending` (durable), the one attempt, outcome. Every step that fails
 * before `sending` is durable ends with nothing sent; every doubt after it ends as unknown, which nobody sends again.
 *
 * A run is never cancelled, whoever stops waiting for it. Holds mutable state: the runs under way in this process.
 */
export class RunOnce {
  readonly #ledger: Ledger;
  readonly #log: LedgerLog | undefined;
  readonly #now: () => number;
  readonly #duplicateWindowMs: number;
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
    this.#duplicateWindowMs = options.duplicateWindowMs ?? 0;
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

  /**
   * Never rejects because of the ledger or the upstream. Duplicates in this process wait for the first as long as it
   * takes.
   */
  async run<T>(request: OnceRequest, steps: OnceSteps<T>): Promise<OnceResult<T>> {
    if (this.#isDraining) {
      return { kind: 'draining' };
    }
    const print = fingerprint((text) => this.#ledger.keyedHash(text), request);
    const name = runName(request.tenantId, request.idempotencyKey, print);
    for (let running = this.#running.get(name); running !== undefined; running = this.#running.get(name)) {
      const settled = await running;
      // A request that was refused for what stands beside its input has left nothing: another one is asked on its own
      // terms.
      if (!isOwnRefusal(settled)) return asReplay(settled, steps);
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
   * Refuses new runs, waits for those under way, and tries a few times more to record what is not recorded. Resolves to
   * false when something is left: those rows become unknown once this process is gone.
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
    let terms = request.guards?.terms ?? NO_TERMS;
    let hasLookedForAbandoned = false;
    for (;;) {
      const claim = await this.#claim(request, print, terms);
      if (claim === null) return { kind: 'ledgerUnavailable' };
      switch (claim.kind) {
        case 'keyReused':
        case 'repeatsAnother':
          return { kind: claim.kind, row: claim.row };
        case 'refused':
          return { kind: 'refused', refusal: claim.refusal };
        case 'termsNeeded':
          terms = (await steps.readTerms?.()) ?? NO_TERMS;
          break;
        case 'overLimit':
          // What is about to be sent counts, also when its owner is gone: then nothing of it was sent.
          if (hasLookedForAbandoned) return { kind: 'overLimit', limit: claim.limit };
          hasLookedForAbandoned = true;
          await this.#sweepQuietly();
          break;
        case 'claimed': {
          const settled = await this.#send(claim.row, steps);
          if (settled !== null) return settled;
          if (performance.now() > giveUpAt) return { kind: 'inProgress', row: claim.row };
          break;
        }
        case 'existing':
        case 'targetBusy':
        case 'possibleDuplicate': {
          const { kind, row } = claim;
          if (!isUnfinished(row.state)) return { kind: FINISHED[kind], row };
          if (!hasLookedForAbandoned) {
            hasLookedForAbandoned = true;
            await this.#closeAbandoned(row);
          } else if (kind !== 'existing') {
            return { kind: kind === 'targetBusy' ? 'inProgress' : kind, row };
          } else {
            const waited = await this.#waitFor(row, giveUpAt);
            if (waited !== null) return waited;
            // They were read a while ago.
            terms = request.guards?.terms ?? NO_TERMS;
          }
          if (performance.now() > giveUpAt) return { kind: 'inProgress', row };
        }
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

  async #claim(request: OnceRequest, print: string, terms: ClaimTerms): Promise<ClaimResult | null> {
    const { stored, guards: own, ...rest } = request;
    const { forbidden = null, repeats = null } = own ?? {};
    const guards = { forbidden, repeats, terms, duplicateWindowMs: this.#duplicateWindowMs };
    try {
      return await this.#ledger.claim({ ...rest, input: stored, fingerprint: print, atMs: this.#now(), guards });
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
        await this.#sweepQuietly();
      } else if (!this.#running.has(runName(row.tenantId, row.idempotencyKey, row.fingerprint))) {
        await this.#recorder.flush();
        // A claim of ours that was stored after we had given it up. Without its number only a claim is given back: a
        // row that is `sending` is in the recorder's hands, and may have been sent.
        await this.#recorder.release({ ...row, claim: null });
      }
    } catch (error) {
      this.#log?.warn({ err: error }, 'Looking for abandoned writes failed; the write counts as under way.');
    }
  }

  async #sweepQuietly(): Promise<void> {
    try {
      await this.#ledger.sweepOrphans();
    } catch (error) {
      this.#log?.warn({ err: error }, 'Looking for abandoned writes failed; they count as under way.');
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

function isOwnRefusal({ kind }: Settled): boolean {
  return kind === 'possibleDuplicate' || kind === 'repeatsAnother' || kind === 'refused' || kind === 'overLimit';
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

// A caller's step that breaks its promise not to throw must neither keep a row from its end nor make its outcome a
// guess.

/** The one attempt. A client that throws may have sent: nothing but unknown is true then. */
async function attemptOnce<T>(kind: BillingOperationKind, steps: OnceSteps<T>): Promise<WriteOutcome<T>> {
  try {
    return await steps.send();
  } catch {
    return { kind: 'unknown', failure: unknownFailure(kind) };
  }
}

/** A baseline only helps to settle an unknown outcome later; a write does not fail for want of one. */
async function readBaseline<T>(steps: OnceSteps<T>): Promise<Baseline | null> {
  try {
    return await steps.baseline();
  } catch {
    return null;
  }
}

/** What is kept of the outcome. A mapping that fails costs the figures, not the outcome. */
function storableAnswer<T>(outcome: WriteOutcome<T>, steps: OnceSteps<T>): StoredAnswer | null {
  try {
    return toAnswer(outcome, (value) => steps.toStored(value));
  } catch {
    return null;
  }
}

/**
 * JSON with object keys sorted by code unit at every depth, so that equal inputs give equal text whatever order their
 * fields were written in. Members that are undefined are left out, as JSON does. Throws `TypeError` for what JSON
 * cannot say exactly: NaN, infinities, bigints, functions, symbols, and objects that are not plain.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return JSON.stringify(value);
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      throw new TypeError('A number without a JSON form has no fingerprint.');
    }
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  }
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`A ${typeof value} has no fingerprint.`);
}

/** By its string tag and not by its prototype, which differs between realms. */
function isPlain(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

export interface Fingerprinted {
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly input: unknown;
}

/**
 * What decides whether a key is used again for the same write: the keyed hash of kind, target and normalised input. The
 * credential is left out, so that a replay still works after an api key was rotated.
 */
export function fingerprint(keyedHash: (text: string) => string, write: Fingerprinted): string {
  return keyedHash(`fingerprint\n${canonicalJson({ kind: write.kind, target: write.target, input: write.input })}`);
}
