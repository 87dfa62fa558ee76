import type { UpstreamService } from '../domain/errors.js';
import type { BillingOperationKind, WriteFailure, WriteOutcome } from '../domain/write.js';
import type { LedgerRow, StoredAnswer } from './operation.js';

/** The upstream method behind each kind of write, for failures that no client reported. */
const UPSTREAM_METHODS: Record<
  BillingOperationKind,
  { readonly service: UpstreamService; readonly operation: string }
> = {
  ORDER_BOOSTER_PACK: { service: 'xtracta', operation: 'orderBoosterPack' },
  CHANGE_PLAN: { service: 'xtracta', operation: 'changePlan' },
  PURCHASE_CREDITS: { service: 'credits', operation: 'purchaseCredits' },
};

export function unknownFailure(kind: BillingOperationKind): WriteFailure {
  return {
    code: 'OUTCOME_UNKNOWN',
    message: 'It is not known whether the upstream carried this write out. It will not be sent again.',
    upstream: UPSTREAM_METHODS[kind],
  };
}

function notSentFailure(kind: BillingOperationKind): WriteFailure {
  return {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'Nothing was sent. The same key may try again.',
    upstream: UPSTREAM_METHODS[kind],
  };
}

function rejectedFailure(kind: BillingOperationKind): WriteFailure {
  return {
    code: 'UPSTREAM_REJECTED',
    message: 'This write was settled as not carried out.',
    upstream: UPSTREAM_METHODS[kind],
  };
}

/** What the ledger keeps of an outcome. */
export function toAnswer<T>(outcome: WriteOutcome<T>, toStored: (value: T) => unknown): StoredAnswer {
  return outcome.kind === 'succeeded'
    ? { kind: 'value', value: toStored(outcome.value), warnings: outcome.warnings }
    : { kind: 'failure', failure: outcome.failure };
}

/** The outcome that a row remembers; null while it is unfinished. The state decides, the answer only fills in the words. */
export function replay<T>(row: LedgerRow, fromStored: (stored: unknown) => T): WriteOutcome<T> | null {
  const failure = row.answer?.kind === 'failure' ? row.answer.failure : null;
  switch (row.state) {
    case 'succeeded': {
      const answer = row.answer?.kind === 'value' ? row.answer : { value: null, warnings: [] };
      return { kind: 'succeeded', value: fromStored(answer.value), warnings: answer.warnings };
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
