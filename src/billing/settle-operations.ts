import type { XtractaCredential } from '../domain/caller.js';
import { BillingError, badInput } from '../domain/errors.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import { upstreamOperation } from '../domain/upstream-operations.js';
import type { WriteFailure } from '../domain/write.js';
import type { LedgerRow, StoredAnswer } from '../idempotency/ledger.states.js';
import { findVisibleRow, operationView } from './billing-operations.js';
import type { BillingOperation, BillingUserError } from './billing-writes.js';
import { examineRow, findContradiction } from './examine-row.js';
import { orLedgerUnavailable, toUserError } from './write.outcome.js';
import { STORED_WRITES } from './write-definitions.js';
import { checkIdempotencyKey } from './write-input.policy.js';
import type { WriteScope, WriteServices } from './write-scope.js';

export interface OperationPayload {
  readonly operation: BillingOperation | null;
  readonly userErrors: readonly BillingUserError[];
}

/**
 * Reads the history and settles an unknown outcome when it proves that the write was carried out; what it can't prove
 * stays unknown. Any other state is answered as it is. Sends no write.
 */
export async function reconcileBillingOperation(scope: WriteScope, idempotencyKey: string): Promise<OperationPayload> {
  const key = checkIdempotencyKey(idempotencyKey, ['idempotencyKey']);
  try {
    const found = await findVisibleRow(scope, key);
    if (found === null) return operationNotFound();
    const row = await withoutLostOwner(scope, found);
    return await reconcileRow(scope, row);
  } catch (error) {
    return ledgerUnavailablePayload(error);
  }
}

async function reconcileRow(scope: WriteScope, row: LedgerRow): Promise<OperationPayload> {
  const credential = scope.caller.tenant.xtracta;
  if (row.state !== 'unknown' || credential === null)
    return { operation: operationView(scope, row, false), userErrors: [] };
  try {
    const settled = await settleIfProved(scope.services, credential, row, scope.call, scope.caller.subject);
    // Nothing proved, or settled by somebody else in between: what stands now is the answer.
    const current = settled ?? (await findVisibleRow(scope, row.idempotencyKey)) ?? row;
    return { operation: operationView(scope, current, false), userErrors: [] };
  } catch (error) {
    if (!(error instanceof BillingError) || error.code === 'LEDGER_UNAVAILABLE') throw error;
    return { operation: operationView(scope, row, false), userErrors: [toUserError(error.code, error.message)] };
  }
}

/**
 * The row as this call settled it, or null: nothing is proved, or somebody else was first. Throws `BillingError` when
 * the history or the ledger can't be read.
 *
 * @param askedBy who asked for it, for the audit; null: nobody did, or the auth mode names nobody
 */
async function settleIfProved(
  services: Pick<WriteServices, 'xtracta' | 'ledger' | 'forgetReads' | 'audit'>,
  credential: XtractaCredential,
  row: LedgerRow,
  call: UpstreamCall,
  askedBy: string | null,
): Promise<LedgerRow | null> {
  const proof = (await examineRow(services, credential, row, call))?.proof ?? null;
  if (proof === null) return null;
  const value = STORED_WRITES[row.kind].settledAnswer(row.input, row.groupId, proof);
  const settled = await orLedgerUnavailable(
    services.ledger.settle(
      row,
      'succeeded',
      { kind: 'value', value, warnings: [] },
      { by: 'reconciler', atMs: Date.now(), note: `history row ${proof.activity.id}`, subject: askedBy },
    ),
  );
  services.forgetReads(row.credentialId, row.groupId);
  if (settled === null) return null;
  services.audit('billing operation reconciled', {
    kind: row.kind,
    tenantId: row.tenantId,
    groupId: row.groupId,
    subject: askedBy,
  });
  return settled;
}

/** A row that a process left unfinished when it died is unknown from now on, not "in progress". */
async function withoutLostOwner(scope: WriteScope, row: LedgerRow): Promise<LedgerRow> {
  if (row.state !== 'claimed' && row.state !== 'sending') return row;
  await orLedgerUnavailable(scope.services.ledger.sweepOrphans());
  return (await findVisibleRow(scope, row.idempotencyKey)) ?? row;
}

/** The payload for a key that this caller has never used. */
function operationNotFound(): OperationPayload {
  return {
    operation: null,
    userErrors: [
      toUserError('NOT_FOUND', 'No write with this idempotencyKey is known.', { field: ['idempotencyKey'] }),
    ],
  };
}

/** The payload when the ledger does not answer; throws any other error on. */
function ledgerUnavailablePayload(error: unknown): OperationPayload {
  if (!(error instanceof BillingError) || error.code !== 'LEDGER_UNAVAILABLE') throw error;
  return { operation: null, userErrors: [toUserError(error.code, error.message)] };
}

interface BackgroundReconcilerOptions {
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
      const call = this.#options.callFor(row);
      return (await settleIfProved(this.#options.services, credential, row, call, null)) !== null;
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

const MAX_NOTE = 500;

interface ResolveInput {
  readonly idempotencyKey: string;
  readonly outcome: 'SUCCEEDED' | 'REJECTED';
  /** Why the operator is sure; kept in the audit for ever. */
  readonly note: string;
}

/**
 * Records an operator's decision about an unknown outcome, with who and why. The same decision again is answered as it
 * stands. What the reconciler settled can be corrected; what the upstream's response or an operator settled cannot.
 */
export async function resolveBillingOperation(scope: WriteScope, input: ResolveInput): Promise<OperationPayload> {
  const key = checkIdempotencyKey(input.idempotencyKey);
  const note = checkNote(input.note);
  try {
    const row = await findVisibleRow(scope, key);
    if (row === null) return operationNotFound();
    if (!isOpen(row, input.outcome)) return notUnknown(scope, row, input.outcome);
    const settled = await settle(scope, row, input.outcome, note);
    if (settled !== null) return { operation: operationView(scope, settled, false), userErrors: [] };
    // Settled by somebody else in between: what stands now is the answer.
    const current = (await findVisibleRow(scope, key)) ?? row;
    return notUnknown(scope, current, input.outcome);
  } catch (error) {
    return ledgerUnavailablePayload(error);
  }
}

function isOpen(row: LedgerRow, outcome: ResolveInput['outcome']): boolean {
  if (row.state === 'unknown') return true;
  return row.state === 'succeeded' && outcome === 'REJECTED' && row.resolution?.by === 'reconciler';
}

async function settle(
  scope: WriteScope,
  row: LedgerRow,
  outcome: ResolveInput['outcome'],
  note: string,
): Promise<LedgerRow | null> {
  const { services, caller } = scope;
  const resolution = { by: 'operator', atMs: Date.now(), note, subject: caller.subject } as const;
  const settled = await orLedgerUnavailable(
    outcome === 'SUCCEEDED'
      ? services.ledger.settle(row, 'succeeded', settledAnswer(row), resolution)
      : services.ledger.settle(row, 'rejected', { kind: 'failure', failure: foundRejected(row) }, resolution),
  );
  // Null: somebody else was first, and it is theirs to tell.
  if (settled === null) return null;
  if (row.state !== 'unknown') services.forgetReads(row.credentialId, row.groupId);
  services.audit(row.state === 'unknown' ? 'billing operation resolved' : 'billing operation corrected', {
    kind: row.kind,
    tenantId: row.tenantId,
    groupId: row.groupId,
    outcome,
    subject: caller.subject,
  });
  return settled;
}

/** What was asked for, without figures. */
function settledAnswer(row: LedgerRow): StoredAnswer {
  const value = STORED_WRITES[row.kind].settledAnswer(row.input, row.groupId, null);
  return { kind: 'value', value, warnings: [] };
}

function foundRejected(row: LedgerRow): WriteFailure {
  const { service, operation } = upstreamOperation(row.kind);
  return {
    code: 'UPSTREAM_REJECTED',
    message: 'An operator found that this write was not carried out.',
    upstream: { service, operation },
  };
}

function notUnknown(scope: WriteScope, row: LedgerRow, outcome: ResolveInput['outcome']): OperationPayload {
  const operation = operationView(scope, row, false);
  if (operation.status === outcome) return { operation, userErrors: [] };
  const error =
    operation.status === 'IN_PROGRESS'
      ? toUserError('OPERATION_IN_PROGRESS', 'The write is still under way; ask again.')
      : toUserError('NOT_FOUND', 'The outcome of this write is not unknown, so there is nothing to resolve.');
  return { operation, userErrors: [error] };
}

function checkNote(note: string): string {
  const text = note.trim();
  if (text === '' || text.length > MAX_NOTE || /[\p{Cc}--[\n\t]]/v.test(text) || !text.isWellFormed()) {
    throw badInput(`note must be plain text of 1 to ${MAX_NOTE} characters`, ['input', 'note']);
  }
  return text;
}
