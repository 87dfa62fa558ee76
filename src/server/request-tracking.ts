import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayContext } from '../graphql/context.js';
import type { RequestTrace, Tracing } from '../observability/tracing.js';
import { errorContentType, refusalOfBytes, refusalText } from './error-response.js';
import type { HttpServerOptions } from './http-server-options.js';
import type { LargeBody } from './response-body.js';

type Tracking = Pick<HttpServerOptions, 'logger' | 'metrics' | 'operationFields' | 'tracing'> & {
  readonly inFlight: InFlight;
  readonly openReplies: OpenReplies;
  readonly isStopping: () => boolean;
};

/** The replies of each connection that are not complete. */
export type OpenReplies = WeakMap<Socket, Set<FastifyReply>>;

const HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };

// A metric label must not take any method that a client invents.
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Request id, in-flight count, log line and duration of every request, on one listener each. */
export function trackRequests(app: FastifyInstance, options: Tracking): void {
  app.decorateRequest('record');
  app.addHook('onRequest', (request, reply, done) => {
    request.record = newRecord();
    if (options.tracing !== undefined) beginTrace(request, options.tracing);
    reply.header('x-request-id', request.id);
    reply.headers(HEADERS);
    // Tells the client to close a kept-alive connection. Otherwise the stop would cut it together with the client's
    // next request.
    if (options.isStopping()) reply.header('connection', 'close');
    options.inFlight.enter();
    const { socket } = request.raw;
    const open = options.openReplies.get(socket) ?? new Set();
    options.openReplies.set(socket, open.add(reply));
    // `close` comes exactly once, also when the client leaves. Fastify's own hook would not run in that case.
    reply.raw.once('close', () => {
      open.delete(reply);
      onClose(request, reply, options);
      options.inFlight.leave();
    });
    done();
  });
}

/**
 * Refuses bytes in which Node finds no request, and closes the connection. A client may send them behind a request
 * without waiting for the response. It then gets no refusal, which it would take for that response or for a part of it.
 */
export function refuseBytes(
  error: { readonly code?: string },
  socket: Socket,
  { openReplies, metrics, logger }: Pick<Tracking, 'openReplies' | 'metrics' | 'logger'>,
): void {
  const [reply, ...others] = openReplies.get(socket) ?? [];
  // A request whose body is not whole is the one that cannot be read.
  const isRefusable = reply === undefined || !(reply.request.raw.complete || reply.raw.headersSent);
  if (!socket.writable || others.length > 0 || !isRefusable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOfBytes(error.code);
  const { status, code } = refusal;
  const requestId = reply?.request.id ?? randomUUID();
  const body = refusalText(refusal, requestId);
  const head = {
    'x-request-id': requestId,
    ...HEADERS,
    'cache-control': 'no-store',
    'content-type': errorContentType(undefined),
    'content-length': body.length,
    connection: 'close',
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
  if (reply === undefined) {
    metrics.httpRequest('OTHER', 'unmatched', status, 0);
    metrics.graphqlError(code);
    logger.debug({ requestId, method: 'OTHER', route: 'unmatched', status, errors: [code] }, 'request');
  } else {
    reply.code(status).request.record.errorCodes.push(code);
  }
}

/** No traces of probes and scrapes, because they would hide all others by their number. */
function beginTrace(request: FastifyRequest, tracing: Tracing): void {
  const { url: route } = request.routeOptions;
  if (route !== '/graphql') return;
  request.record.trace = tracing.beginRequest({
    requestId: request.id,
    method: request.method,
    route,
    headers: request.headers,
  });
}

function onClose(request: FastifyRequest, reply: FastifyReply, options: Tracking): void {
  const { record } = request;
  record.left = !reply.raw.writableFinished;
  if (record.left) record.abort?.abort();
  record.context?.reads.close();
  const route = request.routeOptions.url ?? 'unmatched';
  const method = METHODS.has(request.method) ? request.method : 'OTHER';
  const durationMs = performance.now() - record.startedAtMs;
  options.metrics.httpRequest(method, route, reply.statusCode, durationMs / 1000);
  for (const code of record.errorCodes) options.metrics.graphqlError(code);
  record.trace?.end({ status: reply.statusCode, clientLeft: record.left });

  const level = route === '/graphql' ? 'info' : 'debug';
  if (!options.logger.isLevelEnabled(level)) return;
  options.logger[level](
    {
      requestId: request.id,
      method,
      route,
      status: reply.statusCode,
      durationMs: Math.round(durationMs * 10) / 10,
      ...(record.left ? { clientLeft: true } : {}),
      ...(record.stalled ? { clientStalled: true } : {}),
      ...(record.operationType === null
        ? {}
        : { operation: record.operationType, operationName: record.operationName }),
      ...(record.errorCodes.length === 0 ? {} : { errors: [...new Set(record.errorCodes)] }),
      ...(record.context === null
        ? {}
        : { tenant: record.context.caller.tenant.id, ...options.operationFields?.(record.context) }),
    },
    'request',
  );
}

/** Facts about one HTTP request for its log line and metrics. Filled in during the request. */
export interface RequestRecord {
  readonly startedAtMs: number;
  operationName: string | null;
  operationType: string | null;
  readonly errorCodes: string[];
  /** The response's body where it is large; null: the body is the text from Apollo Server. */
  body: LargeBody | null;
  /** The operation's plugins have seen the response, so its errors carry the request id. */
  hasResponse: boolean;
  /** The client left before it had its response. */
  left: boolean;
  /** The client read nothing of its response for so long that the server closed its connection. */
  stalled: boolean;
  abort: AbortController | null;
  context: GatewayContext | null;
  /** Null without tracing. */
  trace: RequestTrace | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    record: RequestRecord;
  }
}

function newRecord(): RequestRecord {
  return {
    startedAtMs: performance.now(),
    operationName: null,
    operationType: null,
    errorCodes: [],
    body: null,
    hasResponse: false,
    left: false,
    stalled: false,
    abort: null,
    context: null,
    trace: null,
  };
}

/** The resolvers' context with the record of its request. */
export type ServerContext = GatewayContext & { readonly record: RequestRecord };

// The id goes into log lines and headers unchanged, so no character may end a line or a field.
const SAFE = /^[\w.:+/=@-]{1,128}$/;

/** The id of one request in logs, errors and traces: the caller's own where it is safe, else a new UUID. */
export function requestIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && SAFE.test(header) ? header : randomUUID();
}

/** Counts running work and tells when there is none. Keeps state. */
export class InFlight {
  #running = 0;
  #waiting: (() => void)[] = [];

  enter(): void {
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves as soon as nothing is running, at once if nothing is. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
