import type { EndpointKind } from '../../domain/upstream-call.js';

/**
 * Long enough for a slow handshake across the world, and short enough to leave most of a read's time for the response.
 */
export const CONNECT_TIMEOUT_MS = 5_000;

/** More than each upstream's pool, so that requests wait in the pool, where waiting is fair and measured. */
export const MAX_SOCKETS = 256;

export interface TransportOptions {
  /**
   * Time for name look-up, TCP and TLS together; default {@link CONNECT_TIMEOUT_MS}. Bounded by the attempt's own time.
   */
  readonly connectTimeoutMs?: number;
}

/** One HTTP POST. The transport makes exactly one attempt: it follows nothing and repeats nothing. */
export interface TransportRequest {
  readonly url: string;
  /** Selects the connections. A write uses no connection that may have died unnoticed. */
  readonly kind: EndpointKind;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Time for the whole attempt, from the name look-up to the last byte of the response. */
  readonly timeoutMs: number;
  /** Largest body. The transport stops reading a larger response, and the attempt fails. */
  readonly maxResponseBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Takes the body as it arrives. The response's own `body` is then empty. */
  readonly sink?: BodySink | undefined;
}

/** Takes a body piece by piece, so that the gateway never keeps the whole. */
export interface BodySink {
  /**
   * Takes the next bytes. The rest stays with the upstream until the returned promise is fulfilled. Undefined: more may
   * come at once. Never throws or rejects.
   */
  write(chunk: Buffer): Promise<void> | undefined;
}

/**
 * Reason for which there is no whole response. `dns`, `refused`, `tls`, `connect-timeout`: no connection was made.
 * `reset`: it broke before the head of a response; `cut`: within a response. `protocol`: not HTTP, or a head larger
 * than Node reads. `too-large`, `encoded`: a response that the gateway refuses to read.
 */
export type TransportFailureReason =
  | 'dns'
  | 'refused'
  | 'tls'
  | 'connect-timeout'
  | 'timeout'
  | 'reset'
  | 'cut'
  | 'protocol'
  | 'too-large'
  | 'encoded'
  | 'aborted';

/** The only response headers that the clients read. */
export interface ResponseHeaders {
  readonly contentType: string | null;
  readonly retryAfter: string | null;
  /** As {@link clockAhead}; absent where the transport does not measure it. */
  readonly clockAheadMs?: number | null;
}

/**
 * Longest response time for a reading of the clock. In a slower response the `date` is too inexact, because it may have
 * been written at either end.
 */
const MAX_CLOCK_READING_MS = 1_000;
/** An IMF-fixdate (RFC 9110, 5.6.7), the only form in present use. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds by which the clock of a `date` header is ahead of the gateway's; 0 where both clocks may be the same.
 * The error is at most half a second plus half of the time between sending and receiving. Null: no such header, or not
 * exact enough.
 */
export function clockAhead(date: string | null, sentMs: number, receivedMs: number): number | null {
  if (date === null || !HTTP_DATE.test(date) || receivedMs < sentMs || receivedMs - sentMs > MAX_CLOCK_READING_MS)
    return null;
  const dateMs = Date.parse(date);
  if (Number.isNaN(dateMs)) return null;
  // The header has whole seconds, so the response was written within the second that begins at `dateMs`.
  const [leastMs, mostMs] = [dateMs - receivedMs, dateMs + 1_000 - sentMs];
  return leastMs <= 0 && mostMs >= 0 ? 0 : Math.round((leastMs + mostMs) / 2);
}

export interface TransportResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Empty where a sink took it. */
  readonly body: Buffer;
  /** Number of bytes of the body, with or without a sink. */
  readonly bytes: number;
  /**
   * True when HTTP itself marks the end of the body (`content-length` or chunks). False when only the end of the
   * connection does. Then only the document's own form can distinguish a whole body from a cut one.
   */
  readonly complete: boolean;
}

export interface TransportFailure {
  readonly kind: 'failure';
  readonly reason: TransportFailureReason;
  /** False proves that no byte of the request left. True means that it may have left. */
  readonly sent: boolean;
  /** Status of the incomplete response; null where no head arrived. */
  readonly status: number | null;
  /** Bytes of body received before it failed. */
  readonly bytes: number;
}

export type TransportResult = TransportResponse | TransportFailure;

/**
 * The access to the network. There are two implementations with the same rules. `send` never throws, and its result
 * never contains anything of the request.
 */
export interface UpstreamTransport {
  send(request: TransportRequest): Promise<TransportResult>;
  /** Closes idle connections. Attempts under way continue. */
  close(): void;
}

const REFUSED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
]);

/**
 * The code of an HTTP client's error, or an empty text. Only the code is read, because such errors contain the request
 * with its keys.
 */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Reason for which no connection was made, by the error's code. */
export function connectReason(code: string): TransportFailureReason {
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'dns';
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'connect-timeout';
  return REFUSED.has(code) ? 'refused' : 'tls';
}

/** Corrects a reason once it is proved that nothing was sent. */
export function unsentReason(reason: TransportFailureReason): TransportFailureReason {
  return reason === 'timeout' ? 'connect-timeout' : reason === 'reset' ? 'tls' : reason;
}

/**
 * Whether the error proves that the handshake did not finish. A TLS 1.3 client is done before the server has requested
 * its certificate, so this alert arrives after `secureConnect`. It ends the handshake (RFC 8446, 4.4.2.4), so the
 * server has read no request. Post-handshake authentication is never offered.
 */
export function provesUnfinishedHandshake(error: unknown): boolean {
  return errorCode(error) === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
}

/**
 * Reason for which a response is not read at all; null: it is read. The gateway requests `identity`, so it never
 * inflates another encoding, whose content could have any size.
 */
export function refusalOf(
  contentEncoding: string | undefined,
  contentLength: string | undefined,
  maxResponseBytes: number,
): TransportFailureReason | null {
  const encoding = contentEncoding?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') return 'encoded';
  return Number(contentLength ?? 0) > maxResponseBytes ? 'too-large' : null;
}
