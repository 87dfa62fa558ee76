import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Tracing } from '../observability/tracing.js';
import type { HttpServerOptions } from './http-server.options.js';
import type { InFlight } from './in-flight.js';
import { newRecord } from './request-record.js';

type Tracking = Pick<HttpServerOptions, 'logger' | 'metrics' | 'operationFields' | 'tracing'> & {
  readonly inFlight: InFlight;
  readonly isStopping: () => boolean;
};

// A metric label must not take whatever method a client makes up.
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
    // A kept-alive connection that is not told so would be cut with the client's next request on it.
    if (options.isStopping()) reply.header('connection', 'close');
    options.inFlight.enter();
    // `close` comes exactly once, also when the client leaves; Fastify's own hook would not run then.
    reply.raw.once('close', () => {
      onClose(request, reply, options);
      options.inFlight.leave();
    });
    done();
  });
}

/** Probes and scrapes would drown the traces that anybody looks for. */
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
