import { BillingError, type BillingErrorCode, type UpstreamFacts, type UpstreamService } from '../domain/errors.js';
import type { BillingWarning, WriteFailure, WriteOutcome } from '../domain/write.js';

/** Codes in which an upstream call can end, with the messages for clients. No message contains text of the upstream. */
const MESSAGES = {
  FORBIDDEN: 'The upstream does not let this account act on that group.',
  NOT_FOUND: 'The upstream does not know the requested resource.',
  UPSTREAM_UNAUTHENTICATED: "The upstream refused the gateway's credentials.",
  UPSTREAM_REJECTED: 'The upstream refused the request.',
  UPSTREAM_UNAVAILABLE: 'The upstream cannot be reached at the moment.',
  UPSTREAM_TIMEOUT: 'The upstream did not respond in time.',
  UPSTREAM_INVALID_RESPONSE: "The upstream's response could not be read.",
  OUTCOME_UNKNOWN:
    'The request was sent, and whether it took effect is not known. It must not be sent again before that is settled.',
} as const satisfies Partial<Record<BillingErrorCode, string>>;

export type UpstreamErrorCode = keyof typeof MESSAGES;

/** Facts about one response, as far as there was one. Unknown facts have no key. */
export function upstreamFacts(
  service: UpstreamService,
  operation: string,
  known: {
    readonly httpStatus?: number | null;
    readonly status?: string | null;
    readonly message?: string | null;
  } = {},
): UpstreamFacts {
  return {
    service,
    operation,
    ...(typeof known.httpStatus === 'number' ? { httpStatus: known.httpStatus } : {}),
    ...(typeof known.status === 'string' ? { status: known.status } : {}),
    ...(typeof known.message === 'string' && known.message !== '' ? { message: known.message } : {}),
  };
}

/** A failed read. */
export function upstreamError(code: UpstreamErrorCode, upstream: UpstreamFacts, retryable: boolean): BillingError {
  return new BillingError(code, MESSAGES[code], { upstream, retryable });
}

/** The outcome of a write that was provably not sent. */
export function notSent(
  upstream: UpstreamFacts,
  code: UpstreamErrorCode = 'UPSTREAM_UNAVAILABLE',
): WriteOutcome<never> {
  return { kind: 'notSent', failure: failure(code, upstream) };
}

/** A well-formed refusal by the upstream itself. */
export function rejected(upstream: UpstreamFacts, code: UpstreamErrorCode): WriteOutcome<never> {
  return { kind: 'rejected', failure: failure(code, upstream) };
}

/** Everything that is neither a whole success, nor a refusal, nor proved unsent. */
export function outcomeUnknown(upstream: UpstreamFacts): WriteOutcome<never> {
  return { kind: 'unknown', failure: failure('OUTCOME_UNKNOWN', upstream) };
}

function failure(code: UpstreamErrorCode, upstream: UpstreamFacts): WriteFailure {
  return { code, message: MESSAGES[code], upstream };
}

/**
 * Whether an HTTP status may come with a result: 2xx except 204 and 205. These two have no body by definition, whatever
 * was received.
 */
export function carriesPayload(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus < 300 && httpStatus !== 204 && httpStatus !== 205;
}

/** Warning for a successful write with an unreadable value in its response. */
export const VALUE_UNREADABLE: BillingWarning = {
  code: 'VALUE_UNREADABLE',
  message: "A value of the upstream's response could not be read and is null.",
};
