import { blockingTargets } from '../domain/write.js';
import type { Change, ClaimRequest } from './ledger.js';
import { jsonOrNull } from './ledger-row.codec.js';
import type { LedgerRow } from './operation.js';
import { RECONCILE_INTERVALS_MS, reconcileDelayMs } from './reconcile-schedule.js';

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
export function changeParameters(
  row: Pick<LedgerRow, 'tenantId' | 'idempotencyKey' | 'claim'>,
  change: Change,
): Parameters {
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
    nextLookAtMs(change),
    jsonOrNull(change.before),
  ];
}

/**
 * When the background reconciler looks at the row next. An unknown outcome is to be settled. An operator's finding that an unknown
 * write was not carried out is watched for a while, because a row of it may show up late.
 */
function nextLookAtMs({ from, to, by, atMs }: Change): number | null {
  const isWatched = to === 'unknown' || (from === 'unknown' && to === 'rejected' && by === 'operator');
  return isWatched ? atMs + reconcileDelayMs(0) : null;
}

/** When a reconciliation that settled nothing is to be repeated. A review of a settled row ends; an unknown outcome never does. */
export function nextAttemptAtMs(row: LedgerRow, atMs: number, last: 'last' | undefined): number | null {
  const attempts = row.reconcileAttempts + 1;
  const isOver = row.state !== 'unknown' && (last === 'last' || attempts > RECONCILE_INTERVALS_MS.length);
  return isOver ? null : atMs + reconcileDelayMs(attempts);
}

/** Named values of the statement that looks for an open write in the way of a claim. */
export function blockerSelection(request: ClaimRequest) {
  const blocking = blockingTargets(request.target);
  return {
    tenant: request.tenantId,
    credential: request.credentialId,
    key: request.idempotencyKey,
    targets: JSON.stringify(blocking.kind === 'these' ? blocking.targets : []),
    everyGroup: blocking.kind === 'everyGroup' ? 1 : 0,
  };
}

/** Named values of the statement that looks for other writes of a row's target. */
export function neighbourSelection(row: LedgerRow) {
  const blocking = blockingTargets(row.target);
  return {
    tenant: row.tenantId,
    key: row.idempotencyKey,
    targets: JSON.stringify(blocking.kind === 'these' ? blocking.targets : [row.target]),
  };
}

/** SQL text of a list of constants of this code. */
export function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
