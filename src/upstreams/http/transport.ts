import type { EndpointKind } from '../../domain/upstream-call.js';

/** Long enough for a slow handshake across the world, short enough to leave most of a read's time for the answer. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** Above the pool of each upstream, so that the pool is what waits, where waiting is fair and measured. */
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
  /** Which connections it may travel by: a write's are none that might have died unnoticed. */
  readonly kind: EndpointKind;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole attempt, from the look-up of the name to the last byte of the answer. */
  readonly timeoutMs: number;
  /** The answer is cut off, and the attempt fails, as soon as it is larger. */
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal;
  /** Takes the body as it arrives; the answer's own is then empty. */
  readonly sink?: BodySink;
}

/** Takes a body piece by piece, so that nobody has to keep it whole. */
export interface BodySink {
  /**
   * Takes the next bytes. The rest stays with the upstream until what is returned is fulfilled; undefined: more may
   * come at once. Never throws or rejects.
   */
  write(chunk: Buffer): Promise<void> | undefined;
}

/**
 * Why there is no whole answer. `dns`, `refused`, `tls`, `connect-timeout`: no connection came about. `reset`: it broke
 * before the head of an answer; `cut`: in the middle of one. `protocol`: not HTTP, or a head larger than Node reads.
 * `too-large`, `encoded`: an answer that the gateway refuses to read.
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

/** The only headers that anything above the wire looks at. */
export interface AnswerHeaders {
  readonly contentType: string | null;
  readonly retryAfter: string | null;
  /** As {@link clockAhead}; absent where the transport does not look. */
  readonly clockAheadMs?: number | null;
}

/** A response that took longer tells the time too loosely: its `date` may have been written at either end. */
const MAX_CLOCK_READING_MS = 1_000;
/** An IMF-fixdate (RFC 9110, 5.6.7), the only form that is written today. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How far the clock behind a `date` header is ahead of ours, in milliseconds, give or take half a second and half of
 * the time between our sending and receiving; 0 where both clocks may be the same. Null: no such header, or not told
 * exactly enough.
 */
export function clockAhead(date: string | null, sentMs: number, receivedMs: number): number | null {
  if (date === null || !HTTP_DATE.test(date) || receivedMs < sentMs || receivedMs - sentMs > MAX_CLOCK_READING_MS)
    return null;
  const dateMs = Date.parse(date);
  if (Number.isNaN(dateMs)) return null;
  // Whole seconds: the response was written within the second that begins with what it says.
  const [leastMs, mostMs] = [dateMs - receivedMs, dateMs + 1_000 - sentMs];
  return leastMs <= 0 && mostMs >= 0 ? 0 : Math.round((leastMs + mostMs) / 2);
}

export interface TransportAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Empty where a sink took it. */
  readonly body: Buffer;
  /** Of the body, whoever took it. */
  readonly bytes: number;
  /**
   * True when HTTP itself marks the end of the body (`content-length` or chunks). False when only the end of the
   * connection does: then nothing but the document's own form can tell a whole body from a cut one.
   */
  readonly complete: boolean;
}

export interface TransportFailure {
  readonly kind: 'failure';
  readonly reason: TransportFailureReason;
  /** False is a proof that no byte of the request left; true says that it may have. */
  readonly sent: boolean;
  /** Status of the answer that was not read to its end; null where no head arrived. */
  readonly status: number | null;
  /** Bytes of body received before it failed. */
  readonly bytes: number;
}

export type TransportResult = TransportAnswer | TransportFailure;

/**
 * The door to the network, of which there are two implementations with the same rules. `send` never throws, and its
 * result never holds anything of the request.
 */
export interface UpstreamTransport {
  send(request: TransportRequest): Promise<TransportResult>;
  /** Closes idle connections; attempts under way are not touched. */
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
 * The code of whatever an HTTP client threw, or nothing. Errors of clients carry requests, keys included: only this is
 * read.
 */
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
 * A TLS 1.3 client is done before the server has asked for its certificate, so this alert arrives after
 * `secureConnect`. It ends the handshake (RFC 8446, 4.4.2.4; post-handshake authentication is never offered), so the
 * server has read no request.
 */
export function provesUnfinishedHandshake(error: unknown): boolean {
  return errorCode(error) === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
}

/**
 * Why an answer is not read at all; null: it is. `identity` was asked for, so anything else is inflated by nobody: it
 * could be of any size.
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
