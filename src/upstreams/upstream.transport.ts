import type { EndpointKind } from '../domain/upstream-call.js';

/** Long enough for a slow handshake across the world, short enough to leave most of a read's time for the answer. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** Above the pool of each upstream, so that the pool is what waits, where waiting is fair and measured. */
export const MAX_SOCKETS = 256;

export interface TransportOptions {
  /** Time for name look-up, TCP and TLS together; default {@link CONNECT_TIMEOUT_MS}. Bounded by the attempt's own time. */
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
   * Takes the next bytes. The rest stays with the upstream until what is returned is fulfilled; undefined: more may come at once.
   * Never throws or rejects.
   */
  write(chunk: Buffer): Promise<void> | undefined;
}

/**
 * Why there is no whole answer. `dns`, `refused`, `tls`, `connect-timeout`: no connection came about. `reset`: it broke before the
 * head of an answer; `cut`: in the middle of one. `protocol`: not HTTP, or a head larger than Node reads. `too-large`, `encoded`:
 * an answer that the gateway refuses to read.
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
   * True when HTTP itself marks the end of the body (`content-length` or chunks). False when only the end of the connection does:
   * then nothing but the document's own form can tell a whole body from a cut one.
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

/** The door to the network, of which there are two implementations with the same rules. `send` never throws, and its result never holds anything of the request. */
export interface UpstreamTransport {
  send(request: TransportRequest): Promise<TransportResult>;
  /** Closes idle connections; attempts under way are not touched. */
  close(): void;
}
