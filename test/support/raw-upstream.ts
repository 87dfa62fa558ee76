import net from 'node:net';
import tls from 'node:tls';

/** One complete request from the wire. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The actions of a fault on the connection of a complete request. */
export interface RawExchange {
  readonly request: RawRequest;
  /** 1 for the first whole request that this upstream received. */
  readonly number: number;
  readonly socket: net.Socket;
}

export type RawHandler = (exchange: RawExchange) => void;

export interface RawUpstreamOptions {
  /** Certificate and options of a TLS server; without it the upstream is plain HTTP. */
  readonly tls?: tls.TlsOptions;
  /**
   * The treatment of a new connection before a byte is read; default `accept`. `silent` sends nothing, not even TLS.
   */
  readonly onConnection?: 'accept' | 'reset' | 'silent';
  /** Resets the connection as soon as this many request bytes have arrived. */
  readonly resetAfterBytes?: number;
}

/**
 * A server of raw bytes on 127.0.0.1. The counts are the requests that the upstream received, independent of the
 * client's view.
 */
export interface RawUpstream {
  readonly url: string;
  readonly port: number;
  /** TCP connections accepted. */
  connections(): number;
  /** Request bytes received (under TLS: after decryption), parts of requests included. */
  bytes(): number;
  /** Whole requests received, oldest first. */
  requests(): readonly RawRequest[];
  /** Changes the responses to the next requests. */
  handle(handler: RawHandler): void;
  close(): Promise<void>;
}

/** Where every connection is refused. A port that one test has closed may be another test's a moment later. */
export const REFUSING_URL = 'http://127.0.0.1:1';

/**
 * Starts a raw upstream. It knows enough HTTP to see when a request is complete (head, then `content-length` bytes).
 * The handler decides every byte of the response.
 *
 * ```ts
 * const upstream = await startRawUpstream(httpResponse(200, '<billings_response/>')); // … call it …
 * expect(upstream.requests()).toHaveLength(1); await upstream.close();
 * ```
 */
export async function startRawUpstream(handler: RawHandler, options: RawUpstreamOptions = {}): Promise<RawUpstream> {
  const seen = { connections: 0, bytes: 0, requests: [] as RawRequest[] };
  const sockets = new Set<net.Socket>();
  let current = handler;

  const onTcp = (socket: net.Socket): void => {
    seen.connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (options.onConnection === 'reset') socket.resetAndDestroy();
  };

  const onData = (socket: net.Socket): void => {
    socket.on('error', () => undefined);
    let buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      seen.bytes += chunk.byteLength;
      buffer = Buffer.concat([buffer, chunk]);
      if (options.resetAfterBytes !== undefined && seen.bytes >= options.resetAfterBytes) {
        socket.resetAndDestroy();
        return;
      }
      const whole = parseRequest(buffer);
      if (whole === null) return;
      buffer = whole.rest;
      seen.requests.push(whole.request);
      current({ request: whole.request, number: seen.requests.length, socket });
    });
  };

  const server = createServer(options, onTcp, onData);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The raw upstream has no port.');

  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    port: address.port,
    connections: () => seen.connections,
    bytes: () => seen.bytes,
    requests: () => seen.requests,
    handle: (next) => {
      current = next;
    },
    close: () => closeServer(server, sockets),
  };
}

/**
 * Sends each write at once. Reason: a head and a body in two writes would otherwise wait 40 ms for the client's delayed
 * acknowledgement of the first (Nagle's algorithm, RFC 896).
 */
const AT_ONCE = { noDelay: true } as const;

function createServer(
  options: RawUpstreamOptions,
  onTcp: (socket: net.Socket) => void,
  onData: (socket: net.Socket) => void,
): net.Server {
  if (options.tls === undefined || options.onConnection === 'silent') {
    return net.createServer(AT_ONCE, (socket) => {
      onTcp(socket);
      if (options.onConnection !== 'silent') onData(socket);
    });
  }
  const server = tls.createServer({ ...AT_ONCE, ...options.tls }, onData);
  server.on('connection', onTcp);
  server.on('tlsClientError', () => undefined);
  return server;
}

function closeServer(server: net.Server, sockets: ReadonlySet<net.Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

function parseRequest(buffer: Buffer): { readonly request: RawRequest; readonly rest: Buffer<ArrayBuffer> } | null {
  const headEnd = buffer.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const [requestLine = '', ...headerLines] = buffer.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    headerLines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const bodyStart = headEnd + 4;
  const bodyEnd = bodyStart + Number(headers['content-length'] ?? 0);
  if (buffer.byteLength < bodyEnd) return null;
  const [method = '', path = ''] = requestLine.split(' ');
  const body = buffer.subarray(bodyStart, bodyEnd).toString('utf8');
  return { request: { method, path, headers, body }, rest: Buffer.from(buffer.subarray(bodyEnd)) };
}

/** A complete, ordinary HTTP response. */
export function httpResponse(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = { 'content-type': 'text/xml; charset=UTF-8' },
): RawHandler {
  const bytes = Buffer.from(body);
  return ({ socket }) => {
    socket.write(head(status, { ...headers, 'content-length': String(bytes.byteLength) }));
    socket.write(bytes);
  };
}

/** Like {@link httpResponse}, in chunks of HTTP/1.1; `cut` leaves the last chunk out and closes. */
export function chunkedResponse(status: number, body: string, options: { readonly cut?: boolean } = {}): RawHandler {
  return ({ socket }) => {
    socket.write(head(status, { 'content-type': 'text/xml', 'transfer-encoding': 'chunked' }));
    socket.write(`${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`);
    if (options.cut === true) socket.end();
    else socket.write('0\r\n\r\n');
  };
}

/** A response whose end is only the end of the connection. */
export function closedResponse(status: number, body: string): RawHandler {
  return ({ socket }) => {
    socket.end(`${head(status, { 'content-type': 'text/xml', connection: 'close' })}${body}`);
  };
}

/** Promises more body than it sends, then closes. */
export function shortResponse(status: number, body: string): RawHandler {
  return ({ socket }) => {
    const length = String(Buffer.byteLength(body) + 10);
    socket.end(`${head(status, { 'content-type': 'text/xml', 'content-length': length })}${body}`);
  };
}

/** A head, then silence. */
export function headOnly(status: number): RawHandler {
  return ({ socket }) => {
    socket.write(head(status, { 'content-type': 'text/xml', 'content-length': '100' }));
  };
}

/** A head, then the body byte by byte, until the client closes. */
export function drip(everyMs: number): RawHandler {
  return ({ socket }) => {
    socket.write(head(200, { 'content-type': 'text/xml', 'transfer-encoding': 'chunked' }));
    const timer = setInterval(() => socket.write('1\r\n \r\n'), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
}

/** A body of this many bytes without an announced length, written as fast as the client reads. */
export function flood(totalBytes: number, headers: Readonly<Record<string, string>> = {}): RawHandler {
  const block = Buffer.alloc(64 * 1024, 0x20);
  return ({ socket }) => {
    socket.write(head(200, { 'content-type': 'text/xml', connection: 'close', ...headers }));
    let left = totalBytes;
    const pump = (): void => {
      while (left > 0 && !socket.destroyed) {
        left -= block.byteLength;
        if (!socket.write(block)) {
          socket.once('drain', pump);
          return;
        }
      }
      socket.end();
    };
    pump();
  };
}

/** Any bytes, HTTP or not. */
export function raw(bytes: string | Buffer, options: { readonly close?: boolean } = {}): RawHandler {
  return ({ socket }) => {
    socket.write(bytes);
    if (options.close === true) socket.end();
  };
}

/** A redirect, whose target must never receive a request. */
export function redirect(status: number, location: string): RawHandler {
  return httpResponse(status, '', { location });
}

/** Reads the request and never responds. */
export function hang(): RawHandler {
  return () => undefined;
}

/** Resets the connection after the whole request. */
export function reset(): RawHandler {
  return ({ socket }) => {
    socket.resetAndDestroy();
  };
}

/** The first request gets the first handler, and so on; the last handler serves all that follow. */
export function inTurn(...handlers: readonly [RawHandler, ...RawHandler[]]): RawHandler {
  return (exchange) => {
    const handler = handlers[Math.min(exchange.number, handlers.length) - 1] ?? handlers[0];
    handler(exchange);
  };
}

function head(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
}
