import { BillingError } from '../../domain/errors.js';
import type { BillingWarning, WriteOutcome } from '../../domain/write.js';
import type { ReadVerdict } from '../http/channel.js';
import type { TransportFailure, TransportResponse, TransportResult } from '../http/transport.js';
import {
  carriesPayload,
  notSent,
  outcomeUnknown,
  rejected,
  type UpstreamErrorCode,
  upstreamError,
  upstreamFacts,
} from '../upstream-errors.js';
import type { Envelope } from './xtracta-envelope.js';

/** Reads the envelope of a response; null when the response is not this upstream's XML. */
export type EnvelopeReader = (response: TransportResponse) => Envelope | null;

/** A whole success, with warnings about oddities of the response. */
export interface WholePayload<T> {
  readonly value: T;
  readonly warnings: readonly BillingWarning[];
}

export const STATUS_MISSING: BillingWarning = {
  code: 'STATUS_MISSING',
  message: 'The upstream sent the result without saying whether it succeeded.',
};

/**
 * Outcome of one attempt at a write:
 *
 * | HTTP                 | `<status>`       | payload | outcome                     |
 * |----------------------|------------------|---------|-----------------------------|
 * | never connected      |                  |         | notSent                     |
 * | broken, late, unread |                  |         | unknown                     |
 * | 2xx, not 204, 205    | 2xx, true        | whole   | succeeded                   |
 * | 2xx, not 204, 205    | absent           | whole   | succeeded, `STATUS_MISSING` |
 * | 2xx, not 204, 205    | other, not 5xx   | none    | rejected                    |
 * | 4xx                  | not 2xx, not 5xx | none    | rejected                    |
 * | any                  | anything else    |         | unknown                     |
 *
 * "Payload: none" means that the response has no success marker. A refusal with a success marker contradicts itself,
 * and so does 4xx with status 200. Then money may have moved.
 *
 * @param payloadOf returns the payload if it is whole, else null
 * @param hasMarker whether the response has a success marker, which is any part of the payload
 * @param namesGroup whether the request names a group; then a 403 concerns that group, and not the credentials
 */
export function classifyWrite<T>(
  operation: string,
  result: TransportResult,
  read: EnvelopeReader,
  payloadOf: (envelope: Envelope) => WholePayload<T> | null,
  hasMarker: (envelope: Envelope) => boolean,
  namesGroup = false,
): WriteOutcome<T> {
  const facts = upstreamFacts('xtracta', operation, { httpStatus: result.status });
  if (result.kind === 'failure') return result.sent ? outcomeUnknown(facts) : notSent(facts);
  const envelope = read(result);
  if (envelope === null) return outcomeUnknown(facts);
  if (isRefusal(result.status, envelope)) {
    return hasMarker(envelope)
      ? outcomeUnknown(envelope.facts())
      : rejected(envelope.facts(), refusalCode(result.status, envelope, namesGroup));
  }
  const saysYes = envelope.verdict === 'ok' || envelope.verdict === 'absent';
  const payload = carriesPayload(result.status) && saysYes ? payloadOf(envelope) : null;
  if (payload === null) return outcomeUnknown(envelope.facts());
  const missing = envelope.verdict === 'absent' ? [STATUS_MISSING] : [];
  return { kind: 'succeeded', value: payload.value, warnings: [...missing, ...payload.warnings] };
}

function isRefusal(httpStatus: number, { verdict }: Envelope): boolean {
  if (carriesPayload(httpStatus)) return verdict === 'refused';
  return httpStatus >= 400 && httpStatus < 500 && (verdict === 'refused' || verdict === 'absent');
}

/** Code of a refused write. `NOT_FOUND` is for reads only, where it concerns the requested resource. */
function refusalCode(httpStatus: number, { code }: Envelope, namesGroup: boolean): UpstreamErrorCode {
  return [httpStatus, code].some((status) => status === 401 || (status === 403 && !namesGroup))
    ? 'UPSTREAM_UNAUTHENTICATED'
    : 'UPSTREAM_REJECTED';
}

/**
 * Result of a read:
 *
 * | HTTP              | `<status>`  | result                                                 |
 * |-------------------|-------------|--------------------------------------------------------|
 * | no whole response |             | see {@link failedRead}                                 |
 * | 401               | any         | `UPSTREAM_UNAUTHENTICATED`                             |
 * | 403               | own XML     | `FORBIDDEN` where the request names a group            |
 * | 403               | otherwise   | `UPSTREAM_UNAUTHENTICATED`                             |
 * | 408, 425, 429     | any         | `UPSTREAM_UNAVAILABLE`, may be retried                 |
 * | 5xx               | any         | `UPSTREAM_UNAVAILABLE`, may be retried except 501, 505 |
 * | 404               | own XML     | `NOT_FOUND`                                            |
 * | other 4xx         | own XML     | `UPSTREAM_REJECTED`                                    |
 * | 2xx               | 2xx, absent | the payload, where it can be read                      |
 * | 2xx               | other       | as the same HTTP status                                |
 * | anything else     |             | `UPSTREAM_INVALID_RESPONSE`                            |
 *
 * An unreadable 2xx that only the end of the connection terminated may have been cut, so it may be retried.
 */
export function classifyRead<T>(
  operation: string,
  result: TransportResult,
  read: EnvelopeReader,
  toValue: (envelope: Envelope) => T | null,
  namesGroup = false,
): ReadVerdict<T> {
  if (result.kind === 'failure') return failedRead(operation, result);
  const facts = upstreamFacts('xtracta', operation, { httpStatus: result.status });
  const envelope = result.status >= 500 ? null : read(result);
  const refusal = errorOfStatus(result.status, envelope !== null, namesGroup);
  if (refusal !== null) {
    return { kind: 'error', error: upstreamError(refusal.code, envelope?.facts() ?? facts, refusal.retryable) };
  }
  const invalid = (retryable: boolean): ReadVerdict<T> => ({
    kind: 'error',
    error: upstreamError('UPSTREAM_INVALID_RESPONSE', envelope?.facts() ?? facts, retryable),
  });
  if (!carriesPayload(result.status)) return invalid(false);
  if (envelope === null) return invalid(!result.complete);
  switch (envelope.verdict) {
    case 'ok':
    case 'absent': {
      const value = toValue(envelope);
      return value === null ? invalid(false) : { kind: 'ok', value };
    }
    case 'invalid':
      return invalid(false);
    case 'refused':
    case 'serverError': {
      const { code, retryable } = errorOfStatus(envelope.code ?? 400, true, namesGroup) ?? REJECTED;
      return { kind: 'error', error: upstreamError(code, envelope.facts(), retryable) };
    }
  }
}

/**
 * As {@link classifyRead}, for the one endpoint with an uncertain path. A 404 that is not the upstream's own XML means
 * that the path is wrong, which a setting can correct.
 */
export function classifyCatalogue<T>(
  operation: string,
  result: TransportResult,
  read: EnvelopeReader,
  toValue: (envelope: Envelope) => T | null,
  namesGroup = false,
): ReadVerdict<T> {
  if (result.kind === 'failure' || result.status !== 404 || read(result) !== null) {
    return classifyRead(operation, result, read, toValue, namesGroup);
  }
  const upstream = upstreamFacts('xtracta', operation, { httpStatus: result.status });
  const message = 'The upstream has no catalogue at the path that XTRACTA_CATALOGUE_PATH names.';
  return { kind: 'error', error: new BillingError('NOT_CONFIGURED', message, { upstream }) };
}

interface ReadError {
  readonly code: UpstreamErrorCode;
  readonly retryable: boolean;
}

const REJECTED: ReadError = { code: 'UPSTREAM_REJECTED', retryable: false };

/** The error for a status, in HTTP or in the XML; null when the status is not an error. */
function errorOfStatus(status: number, isOwnXml: boolean, namesGroup: boolean): ReadError | null {
  if (status >= 500) return { code: 'UPSTREAM_UNAVAILABLE', retryable: status !== 501 && status !== 505 };
  if (status < 400) return null;
  if (status === 403 && isOwnXml && namesGroup) return { code: 'FORBIDDEN', retryable: false };
  if (status === 401 || status === 403) return { code: 'UPSTREAM_UNAUTHENTICATED', retryable: false };
  if ([408, 425, 429].includes(status)) return { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
  // A 404 that is not the upstream's own XML means that the endpoint has moved, not that the group is unknown.
  if (!isOwnXml) return { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false };
  return status === 404 ? { code: 'NOT_FOUND', retryable: false } : REJECTED;
}

function failedRead(operation: string, failure: TransportFailure): ReadVerdict<never> {
  const facts = upstreamFacts('xtracta', operation, { httpStatus: failure.status });
  switch (failure.reason) {
    case 'timeout':
    case 'connect-timeout':
      return { kind: 'error', error: upstreamError('UPSTREAM_TIMEOUT', facts, true) };
    case 'protocol':
    case 'too-large':
    case 'encoded':
      return { kind: 'error', error: upstreamError('UPSTREAM_INVALID_RESPONSE', facts, false) };
    case 'dns':
    case 'refused':
    case 'tls':
    case 'reset':
    case 'cut':
    case 'aborted':
      return { kind: 'error', error: upstreamError('UPSTREAM_UNAVAILABLE', facts, true) };
  }
}
