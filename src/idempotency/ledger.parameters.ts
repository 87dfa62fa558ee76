import type { Change, ClaimRequest } from './ledger.js';
import { jsonOrNull } from './ledger-row.codec.js';
import type { LedgerRow } from './operation.js';
import { reconcileDelayMs } from './reconcile-schedule.js';

// The statements of both stores take the same values in the same order, in types that both databases know.

type Parameters = (string | number | null)[];

/** Of the statement that stores the first claim of a key. */
export function claimParameters(request: ClaimRequest, ownerId: string): Parameters {
  return [
    request.tenantId,
    request.credentialId,
    request.idempotencyKey,
    request.kind,
    request.target,
    request.groupId,
    request.fingerprint,
    JSON.stringify(request.input ?? null),
    ownerId,
    request.atMs,
    request.deletesDocuments ? 1 : 0,
  ];
}

/** Of the statement that moves a claim on from one state to the next. */
export function changeParameters(row: LedgerRow, change: Change): Parameters {
  return [
    row.tenantId,
    row.idempotencyKey,
    row.claim,
    change.from,
    change.to,
    change.atMs,
    jsonOrNull(change.baseline),
    jsonOrNull(change.answer),
    jsonOrNull(change.resolution),
    change.atMs + reconcileDelayMs(0),
  ];
}
