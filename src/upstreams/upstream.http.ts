import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import got, { type Request } from 'got';
import {
  connectReason,
  errorCode,
  provesUnfinishedHandshake,
  refusalOf,
  unsentReason,
} from './transport-failure.policy.js';
import type {
  AnswerHeaders,
  TransportFailure,
  TransportFailureReason,
  TransportRequest,
  TransportResult,
  UpstreamTransport,
} from './upstream.transport.js';
import { createLeanTransport } from './upstream.undici.js';

/** Long enough for a slow handshake across the world, short enough to leave most of a read's time for the answer. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Above the pool of each upstream, so that the pool is what waits, where waiting is fair and measured. */
const MAX_SOCKETS = 256;

export interface HttpTransportOptions {
  /** Time for name look-up, TCP and TLS together; default 5,000. Bounded by the attempt's own time. */
  readonly connectTimeoutMs?: number;
}

/** Writes over got, each with evidence of what was sent; reads over undici, for a tenth of got's CPU time. Same rules for both. */
export function createUpstreamTransport(options: HttpTransportOptions = {}): UpstreamTransport {
  const writes = createHttpTransport(options);
  const reads = createLeanTransport({
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    maxSockets: MAX_SOCKETS,
  });
  return {
    send: (request) => (request.kind === 'read' ? reads : writes).send(request),
    close: () => {
      reads.close();
      writes.close();
    },
  };
}

/**
 * The transport over got. Everything of got that acts by itself is off: it would re-send a POST, api key included, to whatever a
 * 307 names, inflate a compressed answer without a limit, and read a body of any size into memory. The agents are our own, so
 * proxy variables of the environment are never looked at.
 */
export function createHttpTransport(options: HttpTransportOptions = {}): UpstreamTransport {
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const shared = agents(true);
  const single = agents(false);
  return {
    send: (request) => new Attempt(request, request.kind === 'read' ? shared : single, connectTimeoutMs).run(),
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
    http: new http.Agent({ keepAlive, maxSockets: MAX_SOCKETS }),
    https: new https.Agent({ keepAlive, maxSockets: MAX_SOCKETS }),
  };
}

/** State of one attempt: what the socket has reached, what was read, and the first reason to stop. */
class Attempt {
  private connected = false;
  private stopped: TransportFailureReason | null = null;
  private bytes = 0;
  private status: number | null = null;

  constructor(
    private readonly request: TransportRequest,
    private readonly agent: Agents,
    private readonly connectTimeoutMs: number,
  ) {}

  async run(): Promise<TransportResult> {
    if (this.request.signal?.aborted === true) return this.failure('aborted');
    const stream = this.open();
    const stop = (reason: TransportFailureReason): void => {
      this.stopped ??= reason;
      stream.destroy();
    };
    const deadline = setTimeout(() => stop(this.connected ? 'timeout' : 'connect-timeout'), this.request.timeoutMs);
    const connecting = setTimeout(() => this.connected || stop('connect-timeout'), this.connectTimeoutMs);
    const onAbort = (): void => stop('aborted');
    this.request.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.read(stream, stop);
    } catch (error) {
      return this.failure(this.stopped ?? this.reasonOf(error), provesUnfinishedHandshake(error));
    } finally {
      clearTimeout(deadline);
      clearTimeout(connecting);
      this.request.signal?.removeEventListener('abort', onAbort);
    }
  }

  private open(): Request {
    const stream = got.stream.post(this.request.url, {
      headers: { ...this.request.headers, 'accept-encoding': 'identity' },
      body: this.request.body,
      agent: this.agent,
      followRedirect: false,
      retry: { limit: 0 },
      throwHttpErrors: false,
      decompress: false,
    });
    // A destroyed stream may still report an error, after the loop that listened has ended.
    stream.on('error', () => undefined);
    stream.once('request', (request: http.ClientRequest) => {
      // got listens for an upgrade, so Node hands the socket over and nobody would ever close it.
      request.once('upgrade', (_response, socket) => {
        socket.destroy();
        stream.destroy();
      });
      request.once('socket', (socket) => this.watch(socket));
    });
    return stream;
  }

  /** Node holds the request back until the socket is connected and, over TLS, the peer is verified: that moment is "sent". */
  private watch(socket: Socket): void {
    if (!socket.connecting) {
      this.connected = true;
      return;
    }
    const ready = this.request.url.startsWith('https:') ? 'secureConnect' : 'connect';
    socket.once(ready, () => {
      this.connected = true;
    });
  }

  private async read(stream: Request, stop: (reason: TransportFailureReason) => void): Promise<TransportResult> {
    const chunks: Buffer[] = [];
    stream.once('response', (response: http.IncomingMessage) => {
      this.status = response.statusCode ?? null;
      const { 'content-encoding': encoding, 'content-length': length } = response.headers;
      const refusal = refusalOf(encoding, length, this.request.maxAnswerBytes);
      if (refusal !== null) stop(refusal);
    });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      this.bytes += chunk.byteLength;
      if (this.bytes > this.request.maxAnswerBytes) stop('too-large');
      else if (this.request.sink === undefined) chunks.push(chunk);
      else await this.request.sink.write(chunk);
    }
    const response = stream.response;
    if (this.stopped !== null || response === undefined) return this.failure(this.stopped ?? 'reset');
    return {
      kind: 'answer',
      status: response.statusCode,
      headers: headersOf(response.headers),
      body: Buffer.concat(chunks),
      bytes: this.bytes,
      complete: isFramed(response.headers),
    };
  }

  private failure(reason: TransportFailureReason, neverSent = false): TransportFailure {
    const sent = this.connected && !neverSent;
    return {
      kind: 'failure',
      reason: sent ? reason : unsentReason(reason),
      sent,
      status: this.status,
      bytes: this.bytes,
    };
  }

  /** got's errors carry the request's options, body and key included; only the code is read, and nothing is kept. */
  private reasonOf(error: unknown): TransportFailureReason {
    const code = errorCode(error);
    if (!this.connected) return connectReason(code);
    if (code.startsWith('HPE_')) return 'protocol';
    return this.status === null ? 'reset' : 'cut';
  }
}

function isFramed(headers: http.IncomingHttpHeaders): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function headersOf(headers: http.IncomingHttpHeaders): AnswerHeaders {
  return { contentType: headers['content-type'] ?? null, retryAfter: headers['retry-after'] ?? null };
}
