import { badInput } from '../domain/errors.js';
import type { LedgerRow } from '../idempotency/operation.js';
import { findVisibleRow, operationView } from './billing-operations.js';
import { orLedgerUnavailable } from './ledger-errors.js';
import { ledgerUnavailablePayload, type OperationPayload, operationNotFound } from './reconcile-billing-operation.js';
import { settledRejection, settledSuccess } from './settled-answer.policy.js';
import { checkIdempotencyKey } from './write-input.policy.js';
import { toUserError } from './write-payload.mapper.js';
import type { WriteScope } from './write-scope.js';

const MAX_NOTE = 500;

export interface ResolveInput {
  readonly idempotencyKey: string;
  readonly outcome: 'SUCCEEDED' | 'REJECTED';
  /** Why the operator is sure; kept in the audit for ever. */
  readonly note: string;
}

/**
 * Records an operator's decision about an unknown outcome, with who and why. The same decision again is answered as it stands;
 * nothing but an unknown outcome can be decided.
 */
export async function resolveBillingOperation(scope: WriteScope, input: ResolveInput): Promise<OperationPayload> {
  const key = checkIdempotencyKey(input.idempotencyKey);
  const note = checkNote(input.note);
  try {
    const row = await findVisibleRow(scope, key);
    if (row === null) return operationNotFound();
    if (row.state !== 'unknown') return notUnknown(scope, row, input.outcome);
    const settled = await settle(scope, row, input.outcome, note);
    if (settled !== null) return { operation: operationView(scope, settled, false), userErrors: [] };
    // Settled by somebody else in between: what stands now is the answer.
    const current = (await findVisibleRow(scope, key)) ?? row;
    return notUnknown(scope, current, input.outcome);
  } catch (error) {
    return ledgerUnavailablePayload(error);
  }
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
      ? services.ledger.settle(row, 'succeeded', settledSuccess(row, null), resolution)
      : services.ledger.settle(row, 'rejected', settledRejection(row), resolution),
  );
  // Null: somebody else was first, and it is theirs to tell.
  if (settled === null) return null;
  services.audit('billing operation resolved', {
    kind: row.kind,
    tenantId: row.tenantId,
    groupId: row.groupId,
    outcome,
    subject: caller.subject,
  });
  return settled;
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
