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
  type OwnGroup,
} from './ledger.js';
import { isUnfinished, type LedgerRow, type LedgerState, type StoredResponse } from './ledger-states.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { replay, toStoredResponse, unknownFailure } from './replay.js';

/** A write that must happen at most once. */
export interface OnceRequest {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly idempotencyKey: string;
  /** See `ClaimRequest`. */
  readonly keysSharedWith?: readonly string[];
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly groupId: string | null;
  /** See `ClaimRequest`. `on`: the same write on the group of that number. */
  readonly ownGroup?: Pick<OwnGroup, 'isNamed'> & { on(groupId: string | null): Pick<OnceRequest, 'target' | 'input'> };
  /** The normalised input, JSON-safe. Only its keyed hash is stored. */
  readonly input: unknown;
  /**
   * The part of the input that may be stored (ids and counts; nothing personal). Operators see it, and the settlement
   * uses it.
   */
  readonly stored: unknown;
  readonly deletesDocuments: boolean;
  /**
   * Further conditions that are not part of the input. Absent: none. Called for each claim and before the sending,
   * because an operator may change them while the write waits.
   */
  readonly guards?: () => Omit<ClaimGuards, 'duplicateWindowMs'>;
}

/** The state of the target just before sending, for settling an unknown outcome later. */
export interface Baseline {
  /** Ids of the target's history rows. */
  readonly ids: readonly string[];
  /** Further notes of the use case; JSON-safe. */
  readonly before: unknown;
}

export interface OnceSteps<T> {
  /**
   * Reads what the terms need that a request declares as unread. Called only when nothing else blocks the write. The
   * terms are then made of it for each claim.
   */
  readTerms?(): Promise<() => ClaimTerms>;
  /** Null when the baseline cannot be read or is not reliable. Must not throw, must be quick. */
  baseline(): Promise<Baseline | null>;
  /** The one attempt. Never called twice for a key unless the earlier attempt is proved not sent. Must not throw. */
  send(): Promise<WriteOutcome<T>>;
  /** The part of the value that may be stored: no secret, no personal data. */
  toStored(value: T): unknown;
  /**
   * Receives null for a write that an operator or the history settled as succeeded, without the upstream's figures.
   *
   * @param groupId the group of the row, which may be stored in another form than the request's
   */
  fromStored(stored: unknown, groupId: string | null): T;
}

/**
 * - `completed`: sent by this call, or replayed from the ledger (`replayed`). `outcome` is the known result.
 * - `inProgress`: the same key, or another write on the same target, is still under way; `row` is that write.
 * - `keyReused`: the key belongs to another input; `row` has the key.
 * - `priorUnknown`: an earlier write on the same target has an unknown outcome; `row` is that write.
 * - `possibleDuplicate`: an equal write with another key is under way or succeeded recently; `row` is that write.
 * - `repeatsAnother`: the request's `repeats` names a write that is not equal; `row` is that write.
 * - `refused`: the caller's own guards or terms forbid it.
 * - `overLimit`: it does not fit into the rest of the tenant's limits.
 * - `ledgerUnavailable`: nothing was sent, because nothing could be recorded.
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
   * Clock for tests, in Unix epoch milliseconds. Waits are measured on the monotonic clock, so a wrong wall clock
   * changes no decision.
   */
  readonly now?: () => number;
  /**
   * Time after a successful equal write during which another key is refused, in milliseconds. Default 0: never. It is
   * measured on the wall clocks of the replicas, as the ledger's times are.
   */
  readonly duplicateWindowMs?: number;
  /** Longest wait of a duplicate for a write that another process is sending, in milliseconds. Default 10,000. */
  readonly duplicateWaitMs?: number;
  /** Interval between two reads during that wait, in milliseconds. Default 100. */
  readonly pollIntervalMs?: number;
  /**
   * First wait before a failed record is tried again, in milliseconds. It doubles up to fifty times its value. Default
   * 100.
   */
  readonly recordRetryMs?: number;
  /**
   * Called when this process learns that a row was settled wrongly while it could not record what it knew. `settled` is
   * the row before. What the reconciler settled is corrected; an operator's word stays.
   */
  readonly onContradiction?: (settled: LedgerRow, known: LedgerState) => void;
}

/** As {@link OnceResult}, before the outcome is decoded for one caller: `row` is finished. */
type Settled =
  | Exclude<OnceResult<unknown>, { kind: 'completed' }>
  | { readonly kind: 'completed'; readonly row: LedgerRow };

const NO_GUARDS = { forbidden: null, repeats: null, terms: { kind: 'none' } } as const;

/** Result of a claim that met a finished or unknown row. */
const FINISHED = { existing: 'completed', targetBusy: 'priorUnknown', possibleDuplicate: 'possibleDuplicate' } as const;

/**
 * Runs each write at most once: claim, baseline, `sending` (durable), the one attempt, outcome. If a step fails before
 * `sending` is durable, nothing is sent. Every doubt after it ends as unknown, which nobody sends again.
 *
 * A run is never cancelled, even if no request waits for it any more. Keeps state: the runs under way in this process.
 */
export class RunOnce {
  readonly #ledger: Ledger;
  readonly #log: LedgerLog | undefined;
  readonly #now: () => number;
  readonly #duplicateWindowMs: number;
  readonly #duplicateWaitMs: number;
  readonly #pollIntervalMs: number;
  readonly #recorder: OutcomeRecorder;
  /** Runs by tenant, key and fingerprint. The ledger decides about another input with the same key. */
  readonly #running = new Map<string, Promise<Settled>>();
  #isDraining = false;

  constructor(options: RunOnceOptions) {
    this.#ledger = options.ledger;
    this.#log = options.log;
    this.#now = options.now ?? (() => Date.now());
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
      onContradiction: options.onContradiction,
    });
  }

  /**
   * Runs a write. Never rejects because of the ledger or the upstream. Duplicates in this process wait for the first
   * one as long as it takes.
   */
  async run<T>(request: OnceRequest, steps: OnceSteps<T>): Promise<OnceResult<T>> {
    if (this.#isDraining) {
      return { kind: 'draining' };
    }
    const print = this.#fingerprint(request);
    const name = runName(request.tenantId, request.idempotencyKey, print);
    for (let running = this.#running.get(name); running !== undefined; running = this.#running.get(name)) {
      const settled = await running;
      // A request that was refused for its guards has stored nothing. So this request is decided by its own guards.
      if (!isOwnRefusal(settled)) return asReplay(settled, steps);
    }
    // Kept for the first caller, because the stored result lacks the parts that may not be stored.
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
   * Refuses new runs, waits for the runs under way, and tries a few more times to record the unrecorded outcomes.
   * Resolves to false when some are left; those rows become unknown once this process has ended.
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
    let readTerms: (() => ClaimTerms) | undefined;
    let hasLookedForAbandoned = false;
    for (;;) {
      const claim = await this.#claim(request, print, readTerms);
      if (claim === null) return { kind: 'ledgerUnavailable' };
      switch (claim.kind) {
        case 'keyReused':
        case 'repeatsAnother':
          return { kind: claim.kind, row: claim.row };
        case 'refused':
          return { kind: 'refused', refusal: claim.refusal };
        case 'termsNeeded':
          readTerms = (await steps.readTerms?.()) ?? (() => NO_GUARDS.terms);
          break;
        case 'overLimit':
          // A claimed write counts even if its owner is gone and nothing was sent. So a sweep comes before the refusal.
          if (hasLookedForAbandoned) return { kind: 'overLimit', limit: claim.limit };
          hasLookedForAbandoned = true;
          await this.#recorder.flush();
          await this.#sweepQuietly();
          break;
        case 'claimed': {
          const settled = await this.#send(claim.row, request, steps);
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
            await this.#closeAbandoned(row.ownerId);
          } else if (kind !== 'existing') {
            return { kind: kind === 'targetBusy' ? 'inProgress' : kind, row };
          } else {
            const waited = await this.#waitFor(row, giveUpAt);
            if (waited !== null) return waited;
            // The terms were read before the wait, so they are read again.
            readTerms = undefined;
          }
          if (performance.now() > giveUpAt) return { kind: 'inProgress', row };
        }
      }
    }
  }

  /** The outcome of the key that this process knows and could not record yet. */
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
    if (row.fingerprint === print) return { kind: 'completed', row };
    const ownGroup = this.#ownGroup(request);
    if (ownGroup?.form(row.groupId).fingerprint !== row.fingerprint) return { kind: 'keyReused', row };
    if (row.groupId === null) return { kind: 'completed', row };
    // Only the ledger knows whether the group of the row had the place of the own group.
    return ownGroup.isNamed ? { kind: 'keyReused', row } : { kind: 'ledgerUnavailable' };
  }

  #ownGroup({ kind, ownGroup }: OnceRequest): OwnGroup | undefined {
    if (ownGroup === undefined) return undefined;
    return {
      isNamed: ownGroup.isNamed,
      form: (groupId) => {
        const { target, input } = ownGroup.on(groupId);
        return { target, fingerprint: this.#fingerprint({ kind, target, input }) };
      },
    };
  }

  #fingerprint(write: Fingerprinted): string {
    return fingerprint((text) => this.#ledger.keyedHash(text), write);
  }

  async #claim(request: OnceRequest, print: string, readTerms?: () => ClaimTerms): Promise<ClaimResult | null> {
    const { stored, guards: _own, ownGroup: _group, ...rest } = request;
    const ownGroup = this.#ownGroup(request);
    const own = request.guards?.() ?? NO_GUARDS;
    const guards = { ...own, terms: readTerms?.() ?? own.terms, duplicateWindowMs: this.#duplicateWindowMs };
    try {
      const claim = { ...rest, input: stored, fingerprint: print, atMs: this.#now(), guards };
      return await this.#ledger.claim(ownGroup === undefined ? claim : { ...claim, ownGroup });
    } catch (error) {
      this.#log?.error({ err: error, kind: request.kind }, 'A write was refused: it could not be recorded.');
      // The claim may be stored all the same, now or later. It would block its target for as long as this process
      // lives.
      await this.#recorder.release({ ...rest, fingerprint: print, claim: null });
      return null;
    }
  }

  /** Null: the claim was lost before anything was sent, because this process counted as dead. */
  async #send<T>(claimed: LedgerRow, request: OnceRequest, steps: OnceSteps<T>): Promise<Settled | null> {
    const baseline = await readBaseline(steps);
    const refusal = request.guards?.().forbidden ?? null;
    if (refusal !== null) {
      await this.#recorder.release(claimed);
      return { kind: 'refused', refusal };
    }
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
      this.#log?.error({ err: error, kind: claimed.kind }, 'A write was refused: it could not be recorded as sending.');
      await this.#recorder.release(claimed);
      return { kind: 'ledgerUnavailable' };
    }
    if (sending === null) {
      return null;
    }
    const outcome = await steps.send();
    return { kind: 'completed', row: await this.#recorder.record(sending, outcome, storableResponse(outcome, steps)) };
  }

  /** Closes rows without a run. A row of this process has one, or is left to the recorder. Never throws. */
  async #closeAbandoned(ownerId: string): Promise<void> {
    await (ownerId === this.#ledger.ownerId ? this.#recorder.flush() : this.#sweepQuietly());
  }

  /** Closes the rows of dead owners, before a duplicate waits or is refused. Never throws. */
  async #sweepQuietly(): Promise<void> {
    try {
      await this.#ledger.sweepOrphans();
    } catch (error) {
      this.#log?.warn({ err: error }, 'The search for abandoned writes failed; they count as under way.');
    }
  }

  /** Null: claim again, because the row was given back. */
  async #waitFor(row: LedgerRow, giveUpAt: number): Promise<Settled | null> {
    for (;;) {
      await delay(this.#pollIntervalMs);
      let current: LedgerRow | null;
      try {
        current = await this.#ledger.find(row.tenantId, row.idempotencyKey);
      } catch {
        // As far as is known, another process is working on it. "Nothing was sent" would be a guess.
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
  const outcome = replay(settled.row, (stored) => steps.fromStored(stored, settled.row.groupId));
  return outcome === null
    ? { kind: 'inProgress', row: settled.row }
    : { kind: 'completed', outcome, row: settled.row, replayed: true };
}

function runName(...parts: readonly [tenantId: string, idempotencyKey: string, print: string]): string {
  return JSON.stringify(parts);
}

// A step may throw although it must not. Such an error must neither keep a row unfinished nor make its outcome a guess.

/** Makes the one attempt. A client that throws may have sent the request, so only unknown is true then. */
async function attemptOnce<T>(kind: BillingOperationKind, steps: OnceSteps<T>): Promise<WriteOutcome<T>> {
  try {
    return await steps.send();
  } catch {
    return { kind: 'unknown', failure: unknownFailure(kind) };
  }
}

/** Reads the baseline. It only helps to settle an unknown outcome later, so a write does not fail without one. */
async function readBaseline<T>(steps: OnceSteps<T>): Promise<Baseline | null> {
  try {
    return await steps.baseline();
  } catch {
    return null;
  }
}

/** The stored form of the outcome. A mapping that fails loses the figures, not the outcome. */
function storableResponse<T>(outcome: WriteOutcome<T>, steps: OnceSteps<T>): StoredResponse | null {
  try {
    return toStoredResponse(outcome, (value) => steps.toStored(value));
  } catch {
    return null;
  }
}

/**
 * JSON with object keys sorted by code unit at every depth, so that equal inputs give equal text in whatever order
 * their fields were written. Undefined members are left out, as in JSON. Throws `TypeError` for values without an exact
 * JSON form: NaN, infinities, bigints, functions, symbols, and objects that are not plain.
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

/** Compares the string tag and not the prototype, which differs between realms. */
function isPlain(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}

export interface Fingerprinted {
  readonly kind: BillingOperationKind;
  readonly target: string;
  readonly input: unknown;
}

/**
 * Fingerprint that decides whether a key is used again for the same write: the keyed hash of kind, target and
 * normalised input. The credential is not part of it, so that a replay still works after a rotation of the api key.
 */
export function fingerprint(keyedHash: (text: string) => string, write: Fingerprinted): string {
  return keyedHash(`fingerprint\n${canonicalJson({ kind: write.kind, target: write.target, input: write.input })}`);
}
