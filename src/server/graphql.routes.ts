import type { ApolloServer } from '@apollo/server';
import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { LOOPBACK_ORIGINS } from '../config/setting.js';
import { BillingError } from '../domain/errors.js';
import { answerTypeFor } from './accept.policy.js';
import { ANSWER_TOO_LARGE } from './answer.text.js';
import { askApollo } from './apollo.handler.js';
import { requireReadableHash, requireShallowDocument } from './document-request.js';
import {
  BAD_REQUEST,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_AUTHENTICATED,
  type Refusal,
  SHUTTING_DOWN,
  sendRefusal,
  UNSUPPORTED_MEDIA_TYPE,
  withRequestId,
} from './error-answer.js';
import { acceptsPage } from './host.guard.js';
import type { HttpServerOptions } from './http-server.options.js';
import type { InFlight } from './in-flight.js';
import type { ServerContext } from './request-record.js';
import { createRouterSecretCheck } from './router-secret.js';

export interface GraphqlRouteOptions extends HttpServerOptions {
  readonly apollo: ApolloServer<ServerContext>;
  readonly inFlight: InFlight;
  /** New operations are refused. */
  readonly isDraining: () => boolean;
  /** Connections are to be closed after their next response. */
  readonly isStopping: () => boolean;
}

const PREFLIGHT_SECONDS = 600;
/** What a browser sends as `Origin` for a page of this machine. */
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  OPERATION_TOO_COMPLEX: 400,
  RATE_LIMITED: 429,
};

/** `/graphql` with everything that is checked before Apollo sees a request. */
export async function graphqlRoutes(app: FastifyInstance, options: GraphqlRouteOptions): Promise<void> {
  const { config, inFlight, isDraining, isStopping } = options;
  const knowsRouterSecret = createRouterSecretCheck(config.routerSecrets);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('cache-control', 'no-store');
    if (knowsRouterSecret(request.headers['x-router-secret'])) done();
    else sendRefusal(request, reply, NOT_AUTHENTICATED);
  });
  // Awaited, so that its hook stands between these two: a refusal below must be readable for the pages that may call.
  if (config.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: config.corsOrigins.map((origin) => (origin === LOOPBACK_ORIGINS ? LOOPBACK_ORIGIN : origin)),
      methods: ['GET', 'POST'],
      exposedHeaders: ['x-request-id'],
      maxAge: PREFLIGHT_SECONDS,
    });
  }
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = refuse(request, isDraining()) ?? negotiate(request, config.explorer);
    if (refusal === null) done();
    else sendRefusal(request, reply.header('allow', 'GET, POST'), refusal);
  });

  app.route({
    method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE'],
    url: '/graphql',
    exposeHeadRoute: false,
    async handler(request, reply) {
      if (request.method === 'GET') reply.header('content-security-policy', "frame-ancestors 'none'");
      // Counted beside the request itself: a write goes on when its client has left.
      inFlight.enter();
      try {
        const body = await askApollo(options.apollo, request, reply, () => contextOf(request, reply, options));
        if (isStopping()) reply.header('connection', 'close');
        if (body !== ANSWER_TOO_LARGE && (reply.statusCode < 400 || request.record.answered)) return body;
        return withRequestId(body, request.id, (code) => request.record.errorCodes.push(code));
      } finally {
        request.record.context?.reads.answered();
        inFlight.leave();
      }
    },
  });
}

/** Table of what is refused before the body is read. */
function refuse(request: FastifyRequest, draining: boolean): Refusal | null {
  if (draining) return SHUTTING_DOWN;
  if (request.method !== 'GET' && request.method !== 'POST') return METHOD_NOT_ALLOWED;
  // RFC 9112, 3.2: what is no host is answered 400.
  if (!URL.canParse(`http://${request.headers.host ?? ''}`)) return BAD_REQUEST;
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return UNSUPPORTED_MEDIA_TYPE;
  const type = request.headers['content-type'];
  // The body is decoded as UTF-8 whatever the header says, so another charset would be misread.
  const charset = type === undefined ? undefined : /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset) ? null : UNSUPPORTED_MEDIA_TYPE;
}

/**
 * Settles what the answer will be before anything runs. Apollo Server looks only when the operation has run, and would then answer
 * a write that was carried out as if it had not been; so it is left one type to choose from.
 */
function negotiate(request: FastifyRequest, explorer: boolean): Refusal | null {
  const { accept } = request.headers;
  if (accept === undefined) return null;
  if (request.method === 'GET' && explorer && acceptsPage(accept)) return null;
  const type = answerTypeFor(accept);
  if (type === null) return NOT_ACCEPTABLE;
  request.headers.accept = type;
  return null;
}

async function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
  options: GraphqlRouteOptions,
): Promise<ServerContext> {
  const { record } = request;
  try {
    const caller = await options.authenticate(request);
    requireReadableHash(request);
    requireShallowDocument(request);
    options.safelist?.require(request);
    const abort = new AbortController();
    record.abort = abort;
    if (record.left || reply.raw.destroyed) abort.abort();
    const { traceparent } = request.headers;
    const context = await options.createContext({
      requestId: request.id,
      caller,
      nowMs: Date.now(),
      signal: abort.signal,
      traceparent: typeof traceparent === 'string' ? traceparent : null,
      trace: record.trace,
    });
    record.context = context;
    return Object.assign(context, { record });
  } catch (error) {
    if (!(error instanceof BillingError)) {
      options.logger.error({ requestId: request.id, err: error }, 'unexpected error');
      throw error;
    }
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { code: error.code, http: { status: STATUS_OF_CODE[error.code] ?? 500 } },
    });
  }
}
