import { badInput } from '../domain/errors.js';
import { upstreamOperation } from '../domain/upstream-operations.js';
import type { WriteFailure } from '../domain/write.js';
import type { LedgerRow, StoredAnswer } from '../idempotency/ledger.states.js';
import { findVisibleRow, operationView } from './billing-operations.js';
import { ledgerUnavailablePayload, type OperationPayload, operationNotFound } from './reconcile.js';
import { orLedgerUnavailable, toUserError } from './write.outcome.js';
import { STORED_WRITES } from './write-definitions.js';
import { checkIdempotencyKey } from './write-input.policy.js';
import type { WriteScope } from './write-scope.js';

const MAX_NOTE = 500;

export interface ResolveInput {
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
