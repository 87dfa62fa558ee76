import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import got, { type Got, type Request } from 'got';
import type { EndpointKind } from '../../domain/upstream-call.js';
import { filterResponseHeads } from './response-head.js';
import {
  CONNECT_TIMEOUT_MS,
  connectReason,
  errorCode,
  MAX_SOCKETS,
  provesUnfinishedHandshake,
  type ResponseHeaders,
  refusalOf,
  type TransportFailureReason,
  type TransportOptions,
  type TransportRequest,
  type TransportResult,
  type UpstreamTransport,
  unsentReason,
} from './transport.js';

/**
 * A transport over got with all automatic behaviour switched off. Otherwise got would re-send a POST with the api key
 * to the target of a 307. It would also inflate a compressed response without a limit, and read a body of any size into
 * memory. The agents are the gateway's own, so proxy variables of the environment have no effect. Every write gets a
 * connection of its own; reads share kept-alive ones.
 */
export function createGotTransport(options: TransportOptions = {}): UpstreamTransport {
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const shared = agents(true);
  const clients: Readonly<Record<EndpointKind, Got>> = { read: prepare(shared), write: prepare(agents(false)) };
  return {
    send: (request) =>
      new Promise((resolve) => new Attempt(request, resolve).start(clients[request.kind], connectTimeoutMs)),
    close: () => {
      shared.http.destroy();
      shared.https.destroy();
    },
  };
}

interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

function agents(keepAlive: boolean): Agents {
  return {
    http: new FilteringAgent({ keepAlive, maxSockets: MAX_SOCKETS }),
    https: new FilteringTlsAgent({ keepAlive, maxSockets: MAX_SOCKETS }),
  };
}

/** Agents that filter response heads, because Node reads a response through the socket that its agent makes. */
class FilteringAgent extends http.Agent {
  override createConnection(
    ...options: Parameters<http.Agent['createConnection']>
  ): ReturnType<http.Agent['createConnection']> {
    return filtered(super.createConnection(...options));
  }
}

class FilteringTlsAgent extends https.Agent {
  override createConnection(
    ...options: Parameters<https.Agent['createConnection']>
  ): ReturnType<https.Agent['createConnection']> {
    return filtered(super.createConnection(...options));
  }
}

function filtered<T>(connection: T): T {
  if (connection instanceof Socket) filterResponseHeads(connection);
  return connection;
}

/** Prepares a client once, because got validates every option again in each call. */
function prepare(agent: Agents): Got {
  return got.extend({
    method: 'POST',
    headers: { 'accept-encoding': 'identity' },
    agent,
    followRedirect: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
    decompress: false,
  });
}

/** State of one attempt: the socket's progress, the bytes read, the first reason to stop, and the first result. */
class Attempt {
  readonly #request: TransportRequest;
  readonly #resolve: (result: TransportResult) => void;
  #connected = false;
  #stopped: TransportFailureReason | null = null;
  #settled = false;
  #bytes = 0;
  readonly #chunks: Buffer[] = [];
  #stream: Request | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #connecting: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => this.#stop('aborted');

  constructor(request: TransportRequest, resolve: (result: TransportResult) => void) {
    this.#request = request;
    this.#resolve = resolve;
  }

  start(client: Got, connectTimeoutMs: number): void {
    const { url, headers, body, timeoutMs, signal } = this.#request;
    if (signal?.aborted === true) {
      this.#fail('aborted');
      return;
    }
    this.#stream = client.stream(url, { headers, body });
    this.#listen(this.#stream);
    this.#deadline = setTimeout(() => this.#stop(this.#connected ? 'timeout' : 'connect-timeout'), timeoutMs);
    this.#connecting = setTimeout(() => this.#connected || this.#stop('connect-timeout'), connectTimeoutMs);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  #listen(stream: Request): void {
    stream.once('request', (request: http.ClientRequest) => {
      // got listens for an upgrade, so Node passes the socket on and nothing would ever close it.
      request.once('upgrade', (_response, socket) => {
        socket.destroy();
        stream.destroy();
      });
      request.once('socket', (socket) => this.#watch(socket));
    });
    stream.once('response', (response: http.IncomingMessage) => {
      const { 'content-encoding': encoding, 'content-length': length } = response.headers;
      const refusal = refusalOf(encoding, length, this.#request.maxResponseBytes);
      if (refusal !== null) this.#stop(refusal);
    });
    stream.on('data', (chunk: Buffer) => this.#take(stream, chunk));
    stream.once('end', () => this.#finish(stream));
    // A destroyed stream may report one more error after the attempt has ended.
    stream.on('error', (error) => this.#fail(this.#stopped ?? this.#reasonOf(error), provesUnfinishedHandshake(error)));
    stream.once('close', () => this.#fail(this.#stopped ?? this.#reasonOf(null)));
  }

  /**
   * Records the moment from which the request counts as sent. Node holds the request back until the socket is connected
   * and, over TLS, the peer is verified.
   */
  #watch(socket: Socket): void {
    if (!socket.connecting) {
      this.#connected = true;
      return;
    }
    const ready = this.#request.url.startsWith('https:') ? 'secureConnect' : 'connect';
    socket.once(ready, () => {
      this.#connected = true;
    });
  }

  #take(stream: Request, chunk: Buffer): void {
    if (this.#stopped !== null) return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#request.maxResponseBytes) {
      this.#stop('too-large');
      return;
    }
    if (this.#request.sink === undefined) {
      this.#chunks.push(chunk);
      return;
    }
    const taken = this.#request.sink.write(chunk);
    if (taken === undefined) return;
    stream.pause();
    void taken.then(() => stream.resume());
  }

  /**
   * The attempt fails only when the stream has closed, because a connection under way may still be established until
   * then.
   */
  #stop(reason: TransportFailureReason): void {
    this.#stopped ??= reason;
    this.#stream?.destroy();
  }

  #finish({ response }: Request): void {
    if (this.#stopped !== null || response === undefined) {
      this.#fail(this.#stopped ?? 'reset');
      return;
    }
    this.#settle({
      kind: 'response',
      status: response.statusCode,
      headers: headersOf(response.headers),
      body: Buffer.concat(this.#chunks),
      bytes: this.#bytes,
      complete: isFramed(response.headers),
    });
  }

  #fail(reason: TransportFailureReason, neverSent = false): void {
    const sent = this.#connected && !neverSent;
    this.#settle({
      kind: 'failure',
      reason: sent ? reason : unsentReason(reason),
      sent,
      status: this.#status,
      bytes: this.#bytes,
    });
  }

  get #status(): number | null {
    return this.#stream?.response?.statusCode ?? null;
  }

  #settle(result: TransportResult): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#connecting);
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve(result);
  }

  /**
   * got's errors contain the request's options, with body and key. So only the code is read, and the error is not kept.
   */
  #reasonOf(error: unknown): TransportFailureReason {
    const code = errorCode(error);
    if (!this.#connected) return connectReason(code);
    if (code.startsWith('HPE_')) return 'protocol';
    return this.#status === null ? 'reset' : 'cut';
  }
}

function isFramed(headers: http.IncomingHttpHeaders): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function headersOf(headers: http.IncomingHttpHeaders): ResponseHeaders {
  return { contentType: headers['content-type'] ?? null, retryAfter: headers['retry-after'] ?? null };
}
