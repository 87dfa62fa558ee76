import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import { OWN_LINKS } from '../pages/page-frame.js';
import { startApollo } from './apollo.js';
import {
  BAD_REQUEST,
  EXPECTATION_FAILED,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  type Refusal,
  refusalOf,
  sendRefusal,
} from './error-response.js';
import { type GraphqlEngine, graphqlRoutes } from './graphql.routes.js';
import { guardHosts } from './host-guard.js';
import type {
  GatewayStatus,
  HttpLayerOptions,
  HttpServer,
  HttpServerOptions,
  ServerPhase,
} from './http-server-options.js';
import { graphiqlPage } from './pages/graphiql.page.js';
import { landingPage } from './pages/landing.page.js';
import { InFlight, type OpenReplies, refuseBytes, requestIdFrom, trackRequests } from './request-tracking.js';

const BODY_LIMIT_BYTES = 100 * 1024;
// A client that sends more slowly occupies a socket for nothing. Node's own limits are 60 s and 300 s.
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const TIMEOUT_CHECK_MS = 2_000;
// Common load balancers keep idle connections for 60 s. A balancer must be the first to close, so this is longer.
const KEEP_ALIVE_MS = 65_000;
// Time in which kept-alive connections without a response since the stop began may still send a request. Its response
// then closes them.
const LINGER_MS = 250;
// Limit for a client that reads nothing of its response. Until then up to 32 MiB of it stay in the gateway's memory.
const STALL_TIMEOUT_MS = 10_000;

/** Builds Apollo Server and the HTTP layer; nothing listens yet. Rejects when Apollo refuses the schema or a plugin. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  return await createHttpLayer(await startApollo(options), options);
}

/** The HTTP layer alone, around a started Apollo Server, which it also stops. */
export async function createHttpLayer(apollo: GraphqlEngine, options: HttpLayerOptions): Promise<HttpServer> {
  const inFlight = new InFlight();
  let phase: ServerPhase = 'starting';
  const openReplies: OpenReplies = new WeakMap();
  const app = createApp(options, openReplies);

  const isDraining = (): boolean => phase === 'draining';
  const isStopping = (): boolean => phase === 'leaving' || phase === 'draining';
  trackRequests(app, { ...options, inFlight, openReplies, isStopping });
  guardHosts(app, options.config);
  healthRoutes(app, { ...options, phase: () => phase });
  if (options.config.explorer) addPages(app, options, () => phase);
  options.routes?.(app);
  await app.register(graphqlRoutes, { ...options, apollo, inFlight, isDraining, isStopping });
  await app.ready();

  async function stop(): Promise<void> {
    const { drainDelayMs, drainTimeoutMs } = options.config;
    if (phase === 'serving' && drainDelayMs > 0) {
      phase = 'leaving';
      await deadline(drainDelayMs).over;
      // In this time every response closed its connection. A connection without a response would bring its next request
      // while requests are refused. Closing it makes its client connect anew, to another replica. This runs right after
      // sockets were read, so that it cuts no request.
      await new Promise(setImmediate);
      app.server.closeIdleConnections();
    }
    phase = 'draining';
    await drain(app, inFlight, drainTimeoutMs);
  }

  let drained: Promise<void> | null = null;
  return {
    async listen() {
      const { host, port } = options.config;
      await app.listen({ host, port });
      phase = 'serving';
      const address = app.server.address();
      const usedPort = typeof address === 'object' && address !== null ? address.port : port;
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${usedPort}`, port: usedPort };
    },
    drain() {
      drained ??= stop().finally(() => apollo.stop());
      return drained;
    },
  };
}

const NOT_UTF8 = Object.assign(new Error('The body is not UTF-8.'), { statusCode: 400 });

function createApp(options: HttpLayerOptions, openReplies: OpenReplies): FastifyInstance {
  const { stallTimeoutMs = STALL_TIMEOUT_MS, headersTimeoutMs: headersTimeout = HEADERS_TIMEOUT_MS } = options;
  const refused = new WeakMap<IncomingMessage, Refusal>();
  // Sends a request through all hooks to a path without a route. Its target keeps the host, which a hook checks.
  const refuseOffRoute = (raw: IncomingMessage, response: ServerResponse, refusal: Refusal): void => {
    refused.set(raw, refusal);
    raw.url = `${/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(raw.url ?? '')?.[0] ?? ''}/refused`;
    app.routing(raw, response);
  };
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // The guard of hosts refuses a request without a host. Node's own response would have no request id.
    http: {
      requireHostHeader: false,
      headersTimeout,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, headersTimeout),
    },
    genReqId: (request) => requestIdFrom(request.headers['x-request-id']),
    exposeHeadRoutes: true,
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, { ...options, openReplies }),
    // Fastify's own response to a request that arrives while it closes would have no request id.
    return503OnClosing: false,
    // The router cannot decode the path. Fastify would repeat it in a response of its own, before every hook.
    frameworkErrors: (_error, { raw }, reply) => refuseOffRoute(raw, reply.raw, BAD_REQUEST),
    // No route has a schema. Fastify would otherwise load a validator and a serializer, a tenth of all modules.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // Connections that are still open when the server closes have had their time.
    forceCloseConnections: true,
  });
  // Only JSON is a GraphQL request. Against CSRF: a browser sends text/plain to another site without a preflight.
  app.removeContentTypeParser(['text/plain', 'application/json']);
  // Fastify's own parser puts U+FFFD in place of bytes that are not UTF-8, and a write would send the altered text.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) =>
    isUtf8(body) ? parseJson(request, body.toString(), done) : done(NOT_UTF8),
  );
  cutOffStalledReaders(app, stallTimeoutMs);
  app.setErrorHandler<FastifyError>((error, request, reply) => sendRefusal(request, reply, refusalOf(error)));
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(request, reply, /^\/graphql(\?|$)/.test(request.url) ? METHOD_NOT_ALLOWED : NOT_FOUND),
  );
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const refusal = refused.get(request.raw);
    if (refusal === undefined) done();
    else sendRefusal(request, reply, refusal);
  });
  app.server.on('checkExpectation', (raw: IncomingMessage, response: ServerResponse) =>
    refuseOffRoute(raw, response, EXPECTATION_FAILED),
  );
  return app;
}

/**
 * Closes the connection of a client that reads nothing more of its response. Node's socket timer restarts whenever
 * bytes were sent, so a slow reader keeps its connection. Before a response no timer runs; after it Node's own timer
 * for idle connections runs.
 */
function cutOffStalledReaders(app: FastifyInstance, stallMs: number): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { socket } = reply.raw;
    socket?.setTimeout(stallMs);
    reply.raw.once('timeout', () => {
      request.record.stalled = true;
      socket?.destroy();
    });
    done();
  });
}

function noSchemas(): never {
  throw new Error('A route has a schema, and nothing here compiles one.');
}

function addPages(app: FastifyInstance, options: HttpLayerOptions, phase: () => ServerPhase): void {
  const { readiness, exampleGroupId = '100000', links = OWN_LINKS, explorerHeaders = {} } = options;
  const status = (): GatewayStatus | null => options.status?.() ?? null;
  app.get('/', landingPage({ phase, readiness, status, exampleGroupId, links }));
  app.get('/graphiql', graphiqlPage({ links, headers: explorerHeaders }));
}

/**
 * The listener stays open while operations finish, so that new requests receive the reason. Then it closes. Open
 * connections have a moment to deliver a request that was already on its way. The rest is cut.
 */
async function drain(app: FastifyInstance, inFlight: InFlight, timeoutMs: number): Promise<void> {
  const timeout = deadline(timeoutMs);
  await Promise.race([inFlight.idle(), timeout.over]);
  timeout.clear();
  // The HTTP server's own close() would cut idle connections at once, together with requests that are on their way.
  if (app.server.listening) NetServer.prototype.close.call(app.server);
  const linger = deadline(LINGER_MS);
  await Promise.race([connectionsGone(app), linger.over]);
  linger.clear();
  await app.close();
}

async function connectionsGone(app: FastifyInstance): Promise<void> {
  while ((await openConnections(app)) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10).unref());
  }
}

async function openConnections(app: FastifyInstance): Promise<number> {
  return await new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)));
}

function deadline(ms: number): { readonly over: Promise<unknown>; readonly clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { over, clear: () => clearTimeout(timer) };
}

interface HealthRouteOptions extends Pick<HttpLayerOptions, 'readiness' | 'metrics'> {
  readonly phase: () => ServerPhase;
}

/** The routes for orchestrators and Prometheus: `/health`, `/ready`, `/metrics`. */
function healthRoutes(app: FastifyInstance, options: HealthRouteOptions): void {
  app.get('/health', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'alive' }));

  app.get('/ready', (_request, reply) => {
    const phase = options.phase() === 'leaving' ? 'draining' : options.phase();
    // An upstream that is down does not make this process unready. Reason: the balancer would remove all replicas, and
    // clients would get no response at all.
    return reply
      .code(phase === 'serving' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: phase === 'serving' ? 'ready' : phase, parts: options.readiness() });
  });

  app.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await options.metrics.expose();
    return reply.header('cache-control', 'no-store').header('content-type', contentType).send(text);
  });
}
