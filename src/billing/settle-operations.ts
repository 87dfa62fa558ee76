import type { XtractaCredential } from '../domain/caller.js';
import { BillingError, badInput } from '../domain/errors.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import { upstreamOperation } from '../domain/upstream-operations.js';
import type { WriteFailure } from '../domain/write.js';
import type { LedgerRow, StoredResponse } from '../idempotency/ledger-states.js';
import { findVisibleRow, operationView } from './billing-operations.js';
import type { BillingOperation, BillingUserError } from './billing-writes.js';
import { examineRow, findContradiction } from './examine-row.js';
import { STORED_WRITES } from './write-definitions.js';
import { checkIdempotencyKey } from './write-input.policy.js';
import { orLedgerUnavailable, toUserError } from './write-outcome.js';
import type { WriteScope, WriteServices } from './write-scope.js';

export interface OperationPayload {
  readonly operation: BillingOperation | null;
  readonly userErrors: readonly BillingUserError[];
}

/**
 * Reads the history and settles an unknown outcome when the history proves that the write was carried out. An outcome
 * without proof stays unknown. A write in any other state is returned as it is. Sends no write.
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
    // Nothing was proved, or another process settled it meanwhile, so the present row is returned.
    const current = settled ?? (await findVisibleRow(scope, row.idempotencyKey)) ?? row;
    return { operation: operationView(scope, current, false), userErrors: [] };
  } catch (error) {
    if (!(error instanceof BillingError) || error.code === 'LEDGER_UNAVAILABLE') throw error;
    return { operation: operationView(scope, row, false), userErrors: [toUserError(error.code, error.message)] };
  }
}

/**
 * The row as this call settled it. Null: nothing is proved, or another process was first. Throws `BillingError` when
 * the history or the ledger cannot be read.
 *
 * @param askedBy subject of the requester, for the audit. Null: a background round, or the auth mode has no subject.
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
  const value = STORED_WRITES[row.kind].settledResponse(row.input, row.groupId, proof);
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

/** A row that a dead process left unfinished becomes unknown, instead of "in progress". */
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

/** The payload when the ledger is unavailable; throws any other error again. */
function ledgerUnavailablePayload(error: unknown): OperationPayload {
  if (!(error instanceof BillingError) || error.code !== 'LEDGER_UNAVAILABLE') throw error;
  return { operation: null, userErrors: [toUserError(error.code, error.message)] };
}

interface BackgroundReconcilerOptions {
  readonly services: Pick<WriteServices, 'xtracta' | 'ledger' | 'forgetReads' | 'audit' | 'onContradiction'>;
  /**
   * The present credential of a row's tenant, or null where this process has none. The gateway never stores a key that
   * callers bring themselves, so those rows wait for their caller.
   */
  readonly credentialOf: (row: LedgerRow) => XtractaCredential | null;
  readonly callFor: (row: LedgerRow) => UpstreamCall;
  /** Receives the error of a round. The next round tries again. */
  readonly onFailure: (error: unknown) => void;
  readonly roundIntervalMs?: number;
}

const ROUND_INTERVAL_MS = 5_000;
/** Rows per round. They are few, because this background work must not take the pool from clients. */
const ROWS_PER_ROUND = 10;

/**
 * Regularly examines writes with an unknown outcome, and settles those that the history proves by then. It also
 * examines writes that an operator settled as not carried out, because their rows may show late. Only one replica
 * leads, and it sends no writes. The ledger stores when a row is due again, at growing intervals. Keeps state: a timer.
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

  /** Resolves when the running round has ended. No other round begins. */
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

  /** True: the history shows the write after all, which was reported. The review of this row is over. */
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
  /** The operator's reason, which stays in the audit for ever. */
  readonly note: string;
}

/**
 * Records an operator's decision about an unknown outcome, with name and reason. If the same decision is sent again,
 * the row is returned unchanged. A decision may correct what the reconciler settled, but not what the upstream's
 * response or an operator settled.
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
    // Another process settled it meanwhile, so the present row is returned.
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
      ? services.ledger.settle(row, 'succeeded', settledResponse(row), resolution)
      : services.ledger.settle(row, 'rejected', { kind: 'failure', failure: foundRejected(row) }, resolution),
  );
  // Null: another process was first, and reports it.
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

/** The requested items, without figures. */
function settledResponse(row: LedgerRow): StoredResponse {
  const value = STORED_WRITES[row.kind].settledResponse(row.input, row.groupId, null);
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
