import { type BillingOperationKind, upstreamOperation } from '../domain/upstream-operations.js';
import type { WriteFailure, WriteOutcome } from '../domain/write.js';
import type { LedgerRow, StoredResponse } from './ledger-states.js';

/** The upstream of a failure that no client of an upstream reported. */
function upstreamOf(kind: BillingOperationKind): WriteFailure['upstream'] {
  const { service, operation } = upstreamOperation(kind);
  return { service, operation };
}

export function unknownFailure(kind: BillingOperationKind): WriteFailure {
  return {
    code: 'OUTCOME_UNKNOWN',
    message: 'It is not known whether the upstream carried this write out. It will not be sent again.',
    upstream: upstreamOf(kind),
  };
}

function notSentFailure(kind: BillingOperationKind): WriteFailure {
  return {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'Nothing was sent. The same key may try again.',
    upstream: upstreamOf(kind),
  };
}

function rejectedFailure(kind: BillingOperationKind): WriteFailure {
  return {
    code: 'UPSTREAM_REJECTED',
    message: 'This write was settled as not carried out.',
    upstream: upstreamOf(kind),
  };
}

/** The stored form of an outcome. */
export function toStoredResponse<T>(outcome: WriteOutcome<T>, toStored: (value: T) => unknown): StoredResponse {
  return outcome.kind === 'succeeded'
    ? { kind: 'value', value: toStored(outcome.value), warnings: outcome.warnings }
    : { kind: 'failure', failure: outcome.failure };
}

/**
 * The outcome in a row; null while it is unfinished. The state decides, and the stored result only adds the details.
 */
export function replay<T>(row: LedgerRow, fromStored: (stored: unknown) => T): WriteOutcome<T> | null {
  const failure = row.answer?.kind === 'failure' ? row.answer.failure : null;
  switch (row.state) {
    case 'succeeded': {
      const stored = row.answer?.kind === 'value' ? row.answer : { value: null, warnings: [] };
      return { kind: 'succeeded', value: fromStored(stored.value), warnings: stored.warnings };
    }
    case 'rejected':
      return { kind: 'rejected', failure: failure ?? rejectedFailure(row.kind) };
    case 'not_sent':
      return { kind: 'notSent', failure: failure ?? notSentFailure(row.kind) };
    case 'unknown':
      return { kind: 'unknown', failure: failure ?? unknownFailure(row.kind) };
    case 'claimed':
    case 'sending':
      return null;
  }
}
