import { createHash, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { HeaderMap, type HTTPGraphQLRequest, type HTTPGraphQLResponse } from '@apollo/server';
import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { LOOPBACK_ORIGINS } from '../config/setting.js';
import { BillingError } from '../domain/errors.js';
import {
  answerTypeFor,
  BAD_REQUEST,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_AUTHENTICATED,
  type Refusal,
  SHUTTING_DOWN,
  sendRefusal,
  UNSUPPORTED_MEDIA_TYPE,
  withRequestId,
} from './error-response.js';
import { acceptsPage } from './host.guard.js';
import type { HttpLayerOptions } from './http-server.options.js';
import type { InFlight, ServerContext } from './request-tracking.js';
import { requireReadableHash, requireShallowDocument } from './safelist.js';

/** The part of Apollo Server that the routes use. */
export interface GraphqlEngine {
  executeHTTPGraphQLRequest(request: {
    readonly httpGraphQLRequest: HTTPGraphQLRequest;
    readonly context: () => Promise<ServerContext>;
  }): Promise<HTTPGraphQLResponse>;
  stop(): Promise<void>;
}

export interface GraphqlRouteOptions extends HttpLayerOptions {
  readonly apollo: GraphqlEngine;
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
      exposedHeaders: ['x-request-id', 'retry-after'],
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
        const { record } = request;
        if (record.body !== null) {
          // A stream that waits for the socket, chunk by chunk; the length is known all the same.
          reply.header('content-length', String(record.body.byteLength));
          return Readable.from(record.body.chunks());
        }
        if (reply.statusCode < 400 || record.answered) return bytesIfLong(body);
        return withRequestId(body, request.id, (code) => request.record.errorCodes.push(code));
      } finally {
        request.record.context?.reads.responseMade();
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
 * Settles what the answer will be before anything runs. Apollo Server looks only when the operation has run, and would
 * then answer a write that was carried out as if it had not been; so it is left one type to choose from.
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

/**
 * What Apollo Server and its plugins decide by, beside `Accept`. No other header gets there, credentials least of all.
 */
const HEADERS = ['content-type', 'apollo-require-preflight', 'x-apollo-operation-name', 'x-upstream-calls'];

/**
 * Has Apollo Server answer a request, sets status and headers of the reply, and returns its body.
 *
 * @param context makes the resolvers' context; called once, and only for what may be a GraphQL request
 */
async function askApollo(
  apollo: GraphqlEngine,
  request: FastifyRequest,
  reply: FastifyReply,
  context: () => Promise<ServerContext>,
): Promise<string> {
  const { method, body } = request;
  const {
    headers,
    status = 200,
    body: answer,
  } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method, headers: headersFor(request), search: searchOf(request), body },
    context,
  });
  for (const [name, value] of headers) reply.header(name, value);
  reply.code(status);
  // Parts come of `@defer` and `@stream`, which the schema does not have.
  if (answer.kind === 'chunked') throw new Error('an answer in parts');
  return answer.string;
}

const LONG_TEXT = 64 * 1024;

/** Node joins a text to the head and copies both, and counts the text's bytes before. */
function bytesIfLong(text: string): string | Buffer {
  return text.length > LONG_TEXT ? Buffer.from(text) : text;
}

function headersFor({ headers }: FastifyRequest): HeaderMap {
  const map = new HeaderMap();
  for (const name of HEADERS) {
    const value = headers[name];
    if (value !== undefined && value !== '') map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  // JSON is what it answers where nothing is asked for, and then it does not look through media types.
  if (headers.accept !== undefined && headers.accept !== 'application/json') map.set('accept', headers.accept);
  return map;
}

/** Read as the safelist reads it: both must see the same document. */
function searchOf({ method, url }: FastifyRequest): string {
  return method === 'GET' ? new URL(url, 'http://localhost').search : '';
}

/**
 * Makes the check of `x-router-secret` against each of the secrets. It always compares with all of them, and digests of
 * equal length, so its time tells neither a secret's length nor which one was near. With no secrets everything passes.
 */
function createRouterSecretCheck(secrets: readonly string[]): (header: string | string[] | undefined) => boolean {
  if (secrets.length === 0) return () => true;
  const digests = secrets.map(digest);
  return (header) => {
    const given = digest(typeof header === 'string' ? header : '');
    return digests.map((secret) => timingSafeEqual(secret, given)).includes(true);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
