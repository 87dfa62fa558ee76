import { createHash, timingSafeEqual } from 'node:crypto';
import { Readable } from 'node:stream';
import { HeaderMap, type HTTPGraphQLRequest, type HTTPGraphQLResponse } from '@apollo/server';
import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { LOOPBACK_ORIGINS } from '../config/setting.js';
import { BillingError } from '../domain/errors.js';
import {
  BAD_REQUEST,
  METHOD_NOT_ALLOWED,
  NOT_ACCEPTABLE,
  NOT_AUTHENTICATED,
  type Refusal,
  responseTypeFor,
  SHUTTING_DOWN,
  sendRefusal,
  UNSUPPORTED_MEDIA_TYPE,
  withRequestId,
} from './error-response.js';
import { acceptsPage } from './host-guard.js';
import type { HttpLayerOptions } from './http-server-options.js';
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
  /** Whether the server refuses new operations. */
  readonly isDraining: () => boolean;
  /** Whether connections must close after their next response. */
  readonly isStopping: () => boolean;
}

const PREFLIGHT_SECONDS = 600;
/** The `Origin` that a browser sends for a page of this machine. */
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  OPERATION_TOO_COMPLEX: 400,
  RATE_LIMITED: 429,
};

/** `/graphql` with all checks that run before Apollo sees a request. */
export async function graphqlRoutes(app: FastifyInstance, options: GraphqlRouteOptions): Promise<void> {
  const { config, inFlight, isDraining, isStopping } = options;
  const knowsRouterSecret = createRouterSecretCheck(config.routerSecrets);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('cache-control', 'no-store');
    if (knowsRouterSecret(request.headers['x-router-secret'])) done();
    else sendRefusal(request, reply, NOT_AUTHENTICATED);
  });
  // Awaited, so that the CORS hook runs between these two. Reason: pages that may call must be able to read a later
  // refusal.
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
      // Counted separately from the request, because a write goes on when its client has left.
      inFlight.enter();
      try {
        const body = await askApollo(options.apollo, request, reply, () => contextOf(request, reply, options));
        if (isStopping()) reply.header('connection', 'close');
        const { record } = request;
        if (record.body !== null) {
          // A stream that waits for the socket, chunk by chunk. Its length is known beforehand.
          reply.header('content-length', String(record.body.byteLength));
          return Readable.from(record.body.chunks());
        }
        if (reply.statusCode < 400 || record.hasResponse) return bytesIfLong(body);
        return withRequestId(body, request.id, (code) => request.record.errorCodes.push(code));
      } finally {
        request.record.context?.reads.responseMade();
        inFlight.leave();
      }
    },
  });
}

/** The refusals before the body is read. */
function refuse(request: FastifyRequest, draining: boolean): Refusal | null {
  if (draining) return SHUTTING_DOWN;
  if (request.method !== 'GET' && request.method !== 'POST') return METHOD_NOT_ALLOWED;
  // RFC 9112, 3.2: an invalid host gets status 400.
  if (!URL.canParse(`http://${request.headers.host ?? ''}`)) return BAD_REQUEST;
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return UNSUPPORTED_MEDIA_TYPE;
  const type = request.headers['content-type'];
  // The server always decodes the body as UTF-8, so it would misread another charset.
  const charset = type === undefined ? undefined : /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset) ? null : UNSUPPORTED_MEDIA_TYPE;
}

/**
 * Decides the response's media type before an operation runs, and leaves Apollo Server only that type. Reason: Apollo
 * Server looks at `Accept` after the operation. It would then refuse a response whose write was carried out.
 */
function negotiate(request: FastifyRequest, explorer: boolean): Refusal | null {
  const { accept } = request.headers;
  if (accept === undefined) return null;
  if (request.method === 'GET' && explorer && acceptsPage(accept)) return null;
  const type = responseTypeFor(accept);
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
 * The headers that Apollo Server and its plugins need, beside `Accept`. They receive no other header, above all no
 * credentials.
 */
const HEADERS = ['content-type', 'apollo-require-preflight', 'x-apollo-operation-name', 'x-upstream-calls'];

/**
 * Lets Apollo Server execute a request, sets status and headers of the reply, and returns its body.
 *
 * @param context makes the resolvers' context; called once, and only for a possible GraphQL request
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
    body: result,
  } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method, headers: headersFor(request), search: searchOf(request), body },
    context,
  });
  for (const [name, value] of headers) reply.header(name, value);
  reply.code(status);
  // Only `@defer` and `@stream` make parts, and the schema has neither.
  if (result.kind === 'chunked') throw new Error('a response in parts');
  return result.string;
}

const LONG_TEXT = 64 * 1024;

/** A long text as bytes. Reason: Node counts the bytes of a text first, then joins it to the head and copies both. */
function bytesIfLong(text: string): string | Buffer {
  return text.length > LONG_TEXT ? Buffer.from(text) : text;
}

function headersFor({ headers }: FastifyRequest): HeaderMap {
  const map = new HeaderMap();
  for (const name of HEADERS) {
    const value = headers[name];
    if (value !== undefined && value !== '') map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  // JSON is Apollo's default. For an empty value it parses no media types, as it would do even without the header.
  const { accept = '' } = headers;
  map.set('accept', accept === 'application/json' ? '' : accept);
  return map;
}

/** The query string, read as the safelist reads it. Both must see the same document. */
function searchOf({ method, url }: FastifyRequest): string {
  return method === 'GET' ? new URL(url, 'http://localhost').search : '';
}

/**
 * Makes the check of `x-router-secret` against each of the secrets. Against timing attacks it always compares with all
 * secrets, by digests of equal length. Its time reveals neither a secret's length nor which one was close. With no
 * secrets every request passes.
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
