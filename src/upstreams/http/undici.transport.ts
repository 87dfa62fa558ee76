import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { EndpointKind } from '../../domain/upstream-call.js';
import { filterResponseHeads } from './response-head.js';
import {
  CONNECT_TIMEOUT_MS,
  clockAhead,
  connectReason,
  errorCode,
  MAX_SOCKETS,
  provesUnfinishedHandshake,
  refusalOf,
  type TransportFailureReason,
  type TransportOptions,
  type TransportRequest,
  type TransportResult,
  type UpstreamTransport,
  unsentReason,
} from './transport.js';

type Idle = Pick<Agent.Options, 'keepAliveTimeout' | 'keepAliveMaxTimeout'>;

/**
 * Time for which an idle connection may be used again, in milliseconds. Reads have undici's own figures, or the time of
 * the upstream's `keep-alive` header, because a read over a dead connection is tried again. Writes cover only the
 * pauses within a burst. Reason: a write over a connection that the upstream ends at that moment has an unknown
 * outcome. No server ends one within 100 ms (ADR 10).
 */
const IDLE: Readonly<Record<EndpointKind, Idle>> = {
  read: { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 600_000 },
  write: { keepAliveTimeout: 100, keepAliveMaxTimeout: 100 },
};

/**
 * The transport over undici's dispatcher: kept-alive connections, HTTP/1.1, no automatic behaviour. It follows, repeats
 * and inflates nothing, and ignores proxy variables. Before undici uses an idle connection again, it lets the event
 * loop turn once. So it notices an end of the connection that has arrived before it writes.
 */
export function createUndiciTransport(options: TransportOptions = {}): UpstreamTransport {
  const connect = connectorOf(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  const agentOf = (kind: EndpointKind): Agent =>
    new Agent({
      allowH2: false,
      connections: MAX_SOCKETS,
      pipelining: 1,
      ...IDLE[kind],
      // Once there is a connection, only the attempt's own time limit applies.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect,
    });
  const agents: Readonly<Record<EndpointKind, Agent>> = { read: agentOf('read'), write: agentOf('write') };
  return {
    send: (request) => new Promise((resolve) => new UndiciAttempt(request, resolve).dispatch(agents[request.kind])),
    close: () => {
      for (const agent of Object.values(agents)) void agent.close().catch(() => undefined);
    },
  };
}

/**
 * undici's own connector. A server that requires a client certificate reports it after the handshake, and closes.
 * undici reports only the last event of a socket. So the socket is ended with the error that proves that the request
 * was not read.
 */
function connectorOf(timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ allowH2: false, timeout: timeoutMs });
  return (options, callback) =>
    connect(options, (...connected) => {
      const [error, socket] = connected;
      if (error === null) filterResponseHeads(socket);
      socket?.once('error', (error: Error) => {
        if (provesUnfinishedHandshake(error)) socket.destroy(error);
      });
      callback(...connected);
    });
}

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** undici's codes for a response that is not HTTP. Some faults of its parser have an error without a code. */
const PROTOCOL_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/** Passed to undici to stop an attempt. It is never read, because the reason is noted before. */
const STOP = new Error('stopped');

/** The URLs so far: one for each endpoint, because only settings and code name them. Keeps state. */
const urls = new Map<string, URL>();

function parsedUrl(text: string): URL {
  const known = urls.get(text);
  if (known !== undefined) return known;
  const url = new URL(text);
  urls.set(text, url);
  return url;
}

/** State of one attempt: the connection's progress, the bytes read, and the first result. */
class UndiciAttempt implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #resolve: (result: TransportResult) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #status: number | null = null;
  #headers: Headers = {};
  /** Time of sending by the gateway's clock, and the upstream's clock by the response's head. */
  #sentMs = 0;
  #clockAheadMs: number | null = null;
  #bytes = 0;
  readonly #chunks: Buffer[] = [];
  /** The piece that the sink is still processing; null: none. */
  #taking: Promise<void> | null = null;
  #settled = false;
  readonly #deadline: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#stop('aborted');

  constructor(request: TransportRequest, resolve: (result: TransportResult) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#deadline = setTimeout(() => this.#stop('timeout'), request.timeoutMs);
    request.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  dispatch(agent: Agent): void {
    if (this.#request.signal?.aborted === true) {
      this.#stop('aborted');
      return;
    }
    try {
      const { origin, pathname, search } = parsedUrl(this.#request.url);
      const headers = { ...this.#request.headers, 'accept-encoding': 'identity' };
      agent.dispatch({ origin, path: pathname + search, method: 'POST', headers, body: this.#request.body }, this);
    } catch (error) {
      this.#failUnsent(connectReason(errorCode(error)));
    }
  }

  /**
   * undici calls this when the connection is established (over TLS: verified), right before it writes the request. From
   * here on the request may have been sent. An attempt that has meanwhile ended, or has already begun once, is stopped
   * before a byte is written.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled || this.#controller !== null) controller.abort(STOP);
    else this.#controller = controller;
    this.#sentMs = Date.now();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // A 1xx response precedes the final one.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // A cache that kept the response kept its date, too.
    const date = headers['age'] === undefined ? first(headers['date']) : undefined;
    this.#clockAheadMs = clockAhead(date ?? null, this.#sentMs, Date.now());
    const length = first(headers['content-length']);
    const refusal = refusalOf(all(headers['content-encoding']), length, this.#request.maxResponseBytes);
    if (refusal !== null) this.#stop(refusal);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // When undici's parser is resumed before a byte has arrived, it passes on an empty chunk. A pause for it would
    // cause the next empty chunk, for as long as the upstream is silent.
    if (this.#settled || chunk.byteLength === 0) return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#request.maxResponseBytes) {
      this.#stop('too-large');
      return;
    }
    const taken = this.#take(chunk);
    if (taken === undefined || !this.#mayPause()) return;
    controller.pause();
    void taken.then(() => controller.resume());
  }

  /** Passes a piece to the sink after the earlier ones. Undefined: the sink has taken this one too. */
  #take(chunk: Buffer): Promise<void> | undefined {
    const { sink } = this.#request;
    if (sink === undefined) {
      this.#chunks.push(chunk);
      return undefined;
    }
    const taken = this.#taking === null ? sink.write(chunk) : this.#taking.then(() => sink.write(chunk));
    if (taken === undefined) return undefined;
    const taking = taken.then(() => {
      if (this.#taking === taking) this.#taking = null;
    });
    this.#taking = taking;
    return taking;
  }

  /**
   * Whether the parser may be paused, because more of the body must come before its end. undici treats a connection
   * that ends during a pause as broken. So the parser is not paused where the end may come next. These places are the
   * last byte of a known length, and any place in a body that only the connection ends. Bytes that arrive meanwhile are
   * kept, up to the limit of the response.
   */
  #mayPause(): boolean {
    const length = first(this.#headers['content-length']);
    if (length !== undefined) return this.#bytes < Number(length);
    return this.#headers['transfer-encoding'] !== undefined;
  }

  onResponseEnd(): void {
    if (this.#status === null) {
      this.#fail('reset');
      return;
    }
    if (this.#taking !== null) {
      void this.#taking.then(() => this.onResponseEnd());
      return;
    }
    this.#settle({
      kind: 'response',
      status: this.#status,
      headers: {
        contentType: first(this.#headers['content-type']) ?? null,
        retryAfter: first(this.#headers['retry-after']) ?? null,
        clockAheadMs: this.#clockAheadMs,
      },
      body: Buffer.concat(this.#chunks),
      bytes: this.#bytes,
      complete: this.#headers['content-length'] !== undefined || this.#headers['transfer-encoding'] !== undefined,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = errorCode(error);
    if (this.#controller === null || provesUnfinishedHandshake(error)) this.#failUnsent(connectReason(code));
    else if (error.name === 'HTTPParserError' || code.startsWith('HPE_') || PROTOCOL_CODES.has(code))
      this.#fail('protocol');
    else this.#fail(this.#status === null ? 'reset' : 'cut');
  }

  /**
   * An attempt that still waits for its connection is only marked, because undici calls `onRequestStart` before it
   * writes.
   */
  #stop(reason: TransportFailureReason): void {
    this.#fail(reason);
    this.#controller?.abort(STOP);
  }

  #fail(reason: TransportFailureReason): void {
    if (this.#controller === null) this.#failUnsent(unsentReason(reason));
    else this.#settle({ kind: 'failure', reason, sent: true, status: this.#status, bytes: this.#bytes });
  }

  #failUnsent(reason: TransportFailureReason): void {
    this.#settle({ kind: 'failure', reason, sent: false, status: this.#status, bytes: this.#bytes });
  }

  #settle(result: TransportResult): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#deadline);
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve(result);
  }
}

/** If a header came twice, the first value counts. */
function first(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value[0];
}

function all(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(',');
}
