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
 * How long an idle connection is used again, in milliseconds. Reads: undici's own figures, or as long as the upstream's
 * `keep-alive` header says, because a read over a dead connection is tried again. Writes: the pauses within a burst.
 * Reason: a write over a connection that the upstream ends at that moment is an unknown outcome, and no server ends one
 * within a tenth of a second (ADR 10).
 */
const IDLE: Readonly<Record<EndpointKind, Idle>> = {
  read: { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 600_000 },
  write: { keepAliveTimeout: 100, keepAliveMaxTimeout: 100 },
};

/**
 * The transport over undici's dispatcher: kept-alive connections, HTTP/1.1, nothing that acts by itself. It follows,
 * repeats and inflates nothing, and never looks at proxy variables. Before an idle connection is used again undici lets
 * the event loop turn once, so that an end of it that has arrived is seen before anything is written.
 */
export function createUndiciTransport(options: TransportOptions = {}): UpstreamTransport {
  const connect = connectorOf(options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
  const agentOf = (kind: EndpointKind): Agent =>
    new Agent({
      allowH2: false,
      connections: MAX_SOCKETS,
      pipelining: 1,
      ...IDLE[kind],
      // The attempt's own time is the only clock once there is a connection.
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
 * undici's own connector. A server that wants a certificate of ours says so after the handshake, and closes; undici
 * reports the last it hears of a socket, so the socket is ended with what proves that the request was not read.
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

/** undici's words for an answer that is no HTTP; its parser's own error has no code for some of its faults. */
const PROTOCOL_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/** Given to undici to stop an attempt; nobody reads it, the reason is noted before. */
const STOP = new Error('stopped');

/** State of one attempt: what the connection has reached, what was read, and the first end that it came to. */
class UndiciAttempt implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #resolve: (result: TransportResult) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #status: number | null = null;
  #headers: Headers = {};
  /** By our clock, when the request went out; and what the head of the response said of the upstream's. */
  #sentMs = 0;
  #clockAheadMs: number | null = null;
  #bytes = 0;
  readonly #chunks: Buffer[] = [];
  /** What the sink is still busy with; null: nothing. */
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
      const { origin, pathname, search } = new URL(this.#request.url);
      const headers = { ...this.#request.headers, 'accept-encoding': 'identity' };
      agent.dispatch({ origin, path: pathname + search, method: 'POST', headers, body: this.#request.body }, this);
    } catch (error) {
      this.#failUnsent(connectReason(errorCode(error)));
    }
  }

  /**
   * undici calls it when the connection stands (over TLS: is verified), right before it writes the request: from here
   * on it may have been sent. An attempt that has ended meanwhile, or has begun once already, is stopped before a byte
   * is written.
   */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled || this.#controller !== null) controller.abort(STOP);
    else this.#controller = controller;
    this.#sentMs = Date.now();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // 1xx goes before the answer.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // Whatever kept the response for a while kept its date, too.
    const date = headers['age'] === undefined ? first(headers['date']) : undefined;
    this.#clockAheadMs = clockAhead(date ?? null, this.#sentMs, Date.now());
    const length = first(headers['content-length']);
    const refusal = refusalOf(all(headers['content-encoding']), length, this.#request.maxAnswerBytes);
    if (refusal !== null) this.#stop(refusal);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // Resumed where no byte has arrived yet, undici's parser hands on an empty chunk. To pause for it would resume, and
    // get, the next one for as long as the upstream is silent.
    if (this.#settled || chunk.byteLength === 0) return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#request.maxAnswerBytes) {
      this.#stop('too-large');
      return;
    }
    const taken = this.#take(chunk);
    if (taken === undefined || !this.#mayPause()) return;
    controller.pause();
    void taken.then(() => controller.resume());
  }

  /** Hands a piece to the sink once it has taken those before it. Undefined: it has taken this one too. */
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
   * Whether more of the body must come before its end can. A connection that ends while undici's parser is paused
   * counts as broken, so the parser is not paused where the end of the connection may be the next thing to arrive: at
   * the last byte of a known length, and anywhere in a body whose end nothing but the connection marks. What arrives
   * meanwhile is kept, up to the limit of the response.
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
      kind: 'answer',
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

  /** An attempt that waits for its connection is let go: undici asks it again before it writes. */
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

/** Of a header that came twice, the first counts. */
function first(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value[0];
}

function all(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(',');
}
