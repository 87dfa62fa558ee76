import { BillingError, type BillingErrorCode, badInput } from '../domain/errors.js';
import type { WriteFailure, WriteRefusal, WriteSubject } from '../domain/write.js';
import { LedgerUnavailable } from '../idempotency/ledger.js';
import type { LedgerRow, LedgerState } from '../idempotency/ledger-states.js';
import type { OnceResult } from '../idempotency/run-once.js';
import type { BillingOperation, BillingOperationStatus, BillingUserError, WritePayload } from './billing-writes.js';
import type { Evidence } from './evidence.js';
import { overLimitRefusal } from './spending.policy.js';

/**
 * Codes after which the same key may be sent again, because nothing was charged or the first attempt is still under
 * way.
 */
const RETRYABLE: ReadonlySet<BillingErrorCode> = new Set([
  'UPSTREAM_UNAVAILABLE',
  'OPERATION_IN_PROGRESS',
  'LEDGER_UNAVAILABLE',
]);

interface UserErrorExtras {
  readonly field?: readonly string[] | null;
  readonly failure?: WriteFailure;
}

/** A refusal or doubt as data. */
export function toUserError(code: BillingErrorCode, message: string, extras: UserErrorExtras = {}): BillingUserError {
  return {
    code,
    message,
    field: extras.field ?? null,
    upstreamStatus: extras.failure?.upstream.status ?? extras.failure?.upstream.httpStatus?.toString() ?? null,
    upstreamMessage: extras.failure?.upstream.message ?? null,
    retryable: RETRYABLE.has(code),
  };
}

export function toRefusedError({ code, message, field }: WriteRefusal): BillingUserError {
  return toUserError(code, message, { field });
}

/** Functions that turn a row into an operation and into words. */
export interface RowWords {
  /** Null: this caller may not see the row. */
  readonly toOperation: (row: LedgerRow, replayed: boolean) => BillingOperation | null;
  /** The request as words that follow "You". */
  readonly inWords: (row: LedgerRow) => string;
  /** The present time in Unix epoch milliseconds, from which ages are computed. */
  readonly nowMs: number;
}

/** A payload with one refusal and no value. */
export function refusedPayload<T>(error: BillingUserError, operation: BillingOperation | null): WritePayload<T> {
  return { value: null, operation, warnings: [], userErrors: [error] };
}

/**
 * The payload of a write that passed the ledger. It covers every {@link OnceResult}; `value` is non-null exactly when
 * `userErrors` is empty. Throws `SHUTTING_DOWN` where the process is about to end, because that request never became a
 * write.
 */
export function toWritePayload<T>(result: OnceResult<T>, { toOperation, inWords, nowMs }: RowWords): WritePayload<T> {
  switch (result.kind) {
    case 'completed': {
      const operation = toOperation(result.row, result.replayed);
      const { outcome } = result;
      if (outcome.kind === 'succeeded') {
        return { value: outcome.value, operation, warnings: outcome.warnings, userErrors: [] };
      }
      const { failure } = outcome;
      return refusedPayload(toUserError(failure.code, failure.message, { failure }), operation);
    }
    case 'inProgress':
      return refusedPayload(
        toUserError('OPERATION_IN_PROGRESS', 'A write with this key or on this target is still under way; ask again.'),
        toOperation(result.row, false),
      );
    case 'keyReused':
      return refusedPayload(
        toUserError('IDEMPOTENCY_KEY_REUSED', 'This idempotencyKey belongs to another input; nothing was sent.', {
          field: ['input', 'idempotencyKey'],
        }),
        toOperation(result.row, false),
      );
    case 'priorUnknown':
      return refusedPayload(
        toUserError(
          'PRIOR_OUTCOME_UNKNOWN',
          'An earlier write on this target has an unknown outcome; reconcile or resolve it first. Nothing was sent.',
        ),
        toOperation(result.row, false),
      );
    case 'possibleDuplicate': {
      const { row } = result;
      const ago = timeInWords(nowMs - (row.sentAtMs ?? row.createdAtMs));
      const so = row.completedAtMs === null ? ', and that is still under way' : '';
      const message =
        `You already ${inWords(row)} ${ago}, under another idempotencyKey${so}. Nothing was sent. ` +
        'To do it once more, send repeats with the idempotencyKey of that operation.';
      return refusedPayload(toUserError('POSSIBLE_DUPLICATE', message), toOperation(row, false));
    }
    case 'repeatsAnother':
      throw badInput('repeats names a write with another input; it must name an equal one.', ['input', 'repeats']);
    case 'refused':
      return refusedPayload(toRefusedError(result.refusal), null);
    case 'overLimit':
      return refusedPayload(toRefusedError(overLimitRefusal(result.limit)), null);
    case 'draining':
      throw new BillingError('SHUTTING_DOWN', 'The gateway is shutting down; nothing was sent.', { retryable: true });
    case 'ledgerUnavailable':
      return refusedPayload(
        toUserError('LEDGER_UNAVAILABLE', 'The write could not be recorded safely, so nothing was sent.'),
        null,
      );
  }
}

/** An age in words: `2 minutes ago`. A time in the future, from a clock that is ahead, is a moment ago. */
function timeInWords(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  if (seconds < 5) return 'a moment ago';
  if (seconds < 90) return `${seconds} seconds ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} minutes ago` : `${Math.round(minutes / 60)} hours ago`;
}

const NOT_CONFIGURED_MESSAGE = {
  xtracta: 'No Xtracta credential is configured for this caller.',
  credits: 'The PurchaseCredits API is not configured for this caller.',
} as const;

/**
 * The payload where the upstream, or the caller's credential for it, is not configured. Nothing was sent, and there is
 * no row.
 */
export function notConfigured(service: keyof typeof NOT_CONFIGURED_MESSAGE): WritePayload<never> {
  return refusedPayload(toUserError('NOT_CONFIGURED', NOT_CONFIGURED_MESSAGE[service]), null);
}

/** The error for a request that needs the ledger while the ledger cannot be read. */
export function ledgerUnavailable(cause: unknown): BillingError {
  return new BillingError('LEDGER_UNAVAILABLE', 'The record of writes is not available just now.', {
    retryable: true,
    cause,
  });
}

/** The result, or `LEDGER_UNAVAILABLE` with the gateway's own message. */
export async function orLedgerUnavailable<T>(pending: Promise<T>): Promise<T> {
  try {
    return await pending;
  } catch (error) {
    throw error instanceof LedgerUnavailable ? ledgerUnavailable(error) : error;
  }
}

const STATUS_OF_STATE: Readonly<Record<LedgerState, BillingOperationStatus>> = {
  claimed: 'IN_PROGRESS',
  sending: 'IN_PROGRESS',
  succeeded: 'SUCCEEDED',
  rejected: 'REJECTED',
  not_sent: 'NOT_SENT',
  unknown: 'OUTCOME_UNKNOWN',
};

/** States in which the upstream may have received and carried out the request. */
const MAY_HAVE_ACTED: ReadonlySet<LedgerState> = new Set(['sending', 'succeeded', 'unknown']);

export function statusOfState(state: LedgerState): BillingOperationStatus {
  return STATUS_OF_STATE[state];
}

/** The ledger states of a status by which a client filters. */
export function statesOfStatus(status: BillingOperationStatus): readonly LedgerState[] {
  const states: LedgerState[] = ['claimed', 'sending', 'succeeded', 'rejected', 'not_sent', 'unknown'];
  return states.filter((state) => STATUS_OF_STATE[state] === status);
}

/**
 * A ledger row in the schema's terms. `readEvidence` is called only when a client requests evidence and the outcome is
 * unknown. It is called once, however often the evidence is requested.
 */
export function toBillingOperation(
  row: LedgerRow,
  subject: WriteSubject,
  replayed: boolean,
  readEvidence: (beforeMore?: () => void) => Promise<readonly Evidence[]>,
): BillingOperation {
  let reading: Promise<readonly Evidence[]> | undefined;
  const evidence = (beforeMore?: () => void): Promise<readonly Evidence[]> => {
    reading ??= row.state === 'unknown' ? readEvidence(beforeMore) : Promise.resolve([]);
    return reading;
  };
  return {
    idempotencyKey: row.idempotencyKey,
    kind: row.kind,
    status: STATUS_OF_STATE[row.state],
    replayed,
    groupId: row.groupId,
    createdAt: toText(row.createdAtMs),
    sentAt: row.sentAtMs === null ? null : toText(row.sentAtMs),
    completedAt: row.completedAtMs === null ? null : toText(row.completedAtMs),
    documentsMayHaveBeenDeleted: row.deletesDocuments && MAY_HAVE_ACTED.has(row.state),
    ...subject,
    evidenceFit: evidence,
  };
}

function toText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
