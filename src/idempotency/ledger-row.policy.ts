import type { Change, ClaimRequest } from './ledger.js';
import type { LedgerRow, Resolution, StoredAnswer } from './operation.js';

// What a row holds after a change follows from what it held before: a claim enters each state once, and nobody changes a row without a
// state change but the count of reconciliations. So a store that made a change need not read the row back, which costs more than the change.

/** The row that the first claim of a key stores. */
export function firstClaim(request: ClaimRequest, ownerId: string): LedgerRow {
  const { atMs, tenantId, credentialId, idempotencyKey, kind, target, groupId, fingerprint, deletesDocuments } =
    request;
  return {
    tenantId,
    credentialId,
    idempotencyKey,
    kind,
    target,
    groupId,
    fingerprint,
    input: request.input ?? null,
    state: 'claimed',
    ownerId,
    claim: 1,
    createdAtMs: atMs,
    sentAtMs: null,
    completedAtMs: null,
    deletesDocuments,
    baseline: null,
    before: null,
    answer: null,
    resolution: null,
    reconcileAttempts: 0,
  };
}

/** The row after a change that was made. `row`: the same claim in that or any earlier state. */
export function changedRow(row: LedgerRow, change: Change): LedgerRow {
  const { to, atMs } = change;
  return {
    ...row,
    state: to,
    sentAtMs: to === 'sending' ? atMs : to === 'not_sent' ? null : row.sentAtMs,
    completedAtMs: to === 'sending' ? null : atMs,
    baseline: change.baseline ?? row.baseline,
    before: change.before ?? row.before,
    answer: change.answer ?? null,
    resolution: change.resolution ?? null,
  };
}

/** The change that settles a row: an unknown one, or one that the reconciler settled and an operator corrects. */
export function settlement(
  row: LedgerRow,
  to: 'succeeded' | 'rejected',
  answer: StoredAnswer | null,
  resolution: Resolution,
): Change {
  const corrects = row.state === 'succeeded' && to === 'rejected' && resolution.by === 'operator';
  const from = corrects ? 'succeeded' : 'unknown';
  return { from, to, by: resolution.by, atMs: resolution.atMs, answer, resolution };
}
