import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayContext } from '../graphql/context.js';
import type { RequestTrace, Tracing } from '../observability/tracing.js';
import type { HttpServerOptions } from './http-server-options.js';
import type { LargeBody } from './response-body.js';

type Tracking = Pick<HttpServerOptions, 'logger' | 'metrics' | 'operationFields' | 'tracing'> & {
  readonly inFlight: InFlight;
  readonly isStopping: () => boolean;
};

// A metric label must not take any method that a client invents.
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Request id, in-flight count, log line and duration of every request, on one listener each. */
export function trackRequests(app: FastifyInstance, options: Tracking): void {
  app.decorateRequest('record');
  app.addHook('onRequest', (request, reply, done) => {
    request.record = newRecord();
    if (options.tracing !== undefined) beginTrace(request, options.tracing);
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
    // Tells the client to close a kept-alive connection. Otherwise the stop would cut it together with the client's
    // next request.
    if (options.isStopping()) reply.header('connection', 'close');
    options.inFlight.enter();
    // `close` comes exactly once, also when the client leaves. Fastify's own hook would not run in that case.
    reply.raw.once('close', () => {
      onClose(request, reply, options);
      options.inFlight.leave();
    });
    done();
  });
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
