import type { TransportFailureReason } from './upstream.transport.js';

const REFUSED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
]);

/** The code of whatever an HTTP client threw, or nothing. Errors of clients carry requests, keys included: only this is read. */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Why no connection came about, by the error's code. */
export function connectReason(code: string): TransportFailureReason {
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'dns';
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'connect-timeout';
  return REFUSED.has(code) ? 'refused' : 'tls';
}

/** A reason that was found before it was known that nothing had been sent. */
export function unsentReason(reason: TransportFailureReason): TransportFailureReason {
  return reason === 'timeout' ? 'connect-timeout' : reason === 'reset' ? 'tls' : reason;
}

/**
 * A TLS 1.3 client is done before the server has asked for its certificate, so this alert arrives after `secureConnect`. It ends
 * the handshake (RFC 8446, 4.4.2.4; post-handshake authentication is never offered), so the server has read no request.
 */
export function provesUnfinishedHandshake(error: unknown): boolean {
  return errorCode(error) === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
}

/**
 * Why an answer is not read at all; null: it is. `identity` was asked for, so anything else is inflated by nobody: it could be of
 * any size.
 */
export function refusalOf(
  contentEncoding: string | undefined,
  contentLength: string | undefined,
  maxAnswerBytes: number,
): TransportFailureReason | null {
  const encoding = contentEncoding?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') return 'encoded';
  return Number(contentLength ?? 0) > maxAnswerBytes ? 'too-large' : null;
}
