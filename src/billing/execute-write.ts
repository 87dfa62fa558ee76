import type { OnceRequest, OnceSteps } from '../idempotency/run-once.port.js';
import { statusOfState } from './billing-operation.mapper.js';
import { visibleOperation } from './billing-operations.js';
import type { WritePayload } from './billing-writes.js';
import { toWritePayload } from './write-payload.mapper.js';
import type { WriteScope } from './write-scope.js';

/** Runs a checked write through the ledger and words the result. What was read about the group is dropped either way. */
export async function executeWrite<T>(
  scope: WriteScope,
  request: Omit<OnceRequest, 'tenantId'>,
  steps: OnceSteps<T>,
): Promise<WritePayload<T>> {
  const result = await scope.services.runOnce.run({ ...request, tenantId: scope.caller.tenant.id }, steps);
  if (result.kind === 'completed' && !result.replayed) {
    scope.services.forgetReads(request.credentialId, request.groupId);
    scope.services.onWrite(request.kind, statusOfState(result.row.state));
  }
  const payload = toWritePayload(result, (row, replayed) => visibleOperation(scope, row, replayed));
  const row = 'row' in result ? result.row : null;
  scope.onAnswered?.({
    kind: request.kind,
    idempotencyKey: request.idempotencyKey,
    status: row === null ? null : statusOfState(row.state),
    replayed: result.kind === 'completed' && result.replayed,
    errorCodes: payload.userErrors.map((error) => error.code),
    createdAtMs: row?.createdAtMs ?? null,
    sentAtMs: row?.sentAtMs ?? null,
    completedAtMs: row?.completedAtMs ?? null,
  });
  return payload;
}
