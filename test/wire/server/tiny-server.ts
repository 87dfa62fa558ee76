import {
  GraphQLError,
  type GraphQLFormattedError,
  GraphQLObjectType,
  type GraphQLSchema,
  GraphQLString,
  GraphQLSchema as Schema,
} from 'graphql';
import type { HttpConfig } from '../../../src/config/config.js';
import { type Caller, SCOPES } from '../../../src/domain/caller.js';
import { BillingError } from '../../../src/domain/errors.js';
import type { GatewayContext } from '../../../src/graphql/context.js';
import { createLogger } from '../../../src/observability/logger.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { createHttpServer } from '../../../src/server/http-server.js';
import type { GraphqlRequest, HttpServer, HttpServerOptions } from '../../../src/server/http-server-options.js';

export const CALLER: Caller = {
  tenant: { id: 'acme', xtracta: null, credits: null },
  scopes: new Set(SCOPES),
  allowedGroups: null,
  subject: null,
};

export const HTTP: HttpConfig = {
  host: '127.0.0.1',
  port: 0,
  corsOrigins: [],
  allowedHosts: [],
  hostCheck: 'pages',
  routerSecrets: [],
  introspection: true,
  explorer: true,
  debugUi: false,
  drainDelayMs: 0,
  drainTimeoutMs: 20_000,
};

/** A server on a schema of four fields, and what happened in it. */
export interface TinyServer {
  readonly url: string;
  readonly server: HttpServer;
  readonly requests: GraphqlRequest[];
  readonly log: string[];
  /** Field calls by name. */
  readonly calls: string[];
  /** Resolves when `slow` has been called. */
  readonly slowCalled: Promise<unknown>;
  /** Lets every `slow` go on. */
  readonly release: () => void;
}

export async function startTinyServer(
  config: Partial<HttpConfig> = {},
  options: Partial<HttpServerOptions> = {},
): Promise<TinyServer> {
  const log: string[] = [];
  const requests: GraphqlRequest[] = [];
  const calls: string[] = [];
  const gate = Promise.withResolvers<unknown>();
  const called = Promise.withResolvers<unknown>();
  const logger = await createLogger({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => log.push(line) },
  });
  const server = await createHttpServer({
    schema: tinySchema(calls, async () => {
      called.resolve(undefined);
      await gate.promise;
    }),
    plugins: [],
    limits: { maxTokens: 200, maxRecursiveSelections: 100, validationRules: [] },
    formatError: tinyFormat,
    config: { ...HTTP, ...config },
    authenticate: async ({ headers }) => {
      if (headers.authorization === 'Bearer bad')
        throw new BillingError('UNAUTHENTICATED', 'The request is not authenticated.');
      if (headers.authorization === 'Bearer foreign') throw new BillingError('FORBIDDEN', 'No tenant.');
      return CALLER;
    },
    createContext: (request) => {
      requests.push(request);
      return unusedContext(request);
    },
    readiness: () => [{ name: 'xtracta', ok: false, detail: 'circuit <open>' }],
    logger,
    metrics: new Metrics({ processMetrics: false }),
    ...options,
  });
  const { url } = await server.listen();
  return { url, server, requests, log, calls, slowCalled: called.promise, release: () => gate.resolve(undefined) };
}

function tinySchema(calls: string[], slow: () => Promise<void>): GraphQLSchema {
  const field = (name: string, resolve: () => unknown) => ({
    type: GraphQLString,
    resolve: () => {
      calls.push(name);
      return resolve();
    },
  });
  return new Schema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        hello: field('hello', () => 'world'),
        slow: field('slow', async () => {
          await slow();
          return 'done';
        }),
        boom: field('boom', () => {
          throw new Error('token=CANARY-SECRET');
        }),
      },
    }),
    mutation: new GraphQLObjectType({
      name: 'Mutation',
      fields: {
        pay: field('pay', () => 'paid'),
        slowPay: field('slowPay', async () => {
          await slow();
          calls.push('slowPay finished');
          return 'paid';
        }),
      },
    }),
  });
}

function tinyFormat(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? error.originalError : error;
  if (original instanceof BillingError) return { message: original.message, extensions: { code: original.code } };
  if (original instanceof Error && !(original instanceof GraphQLError))
    return { message: 'Internal', extensions: { code: 'INTERNAL_SERVER_ERROR' } };
  return { message: formatted.message, extensions: { code: 'BAD_USER_INPUT' } };
}

export function unusedContext(request: GraphqlRequest): GatewayContext {
  const unused = async (): Promise<never> => {
    throw new Error('not part of this schema');
  };
  return {
    requestId: request.requestId,
    caller: request.caller,
    reads: {
      plan: unused,
      planAnew: unused,
      noteBegun: () => undefined,
      asOf: unused,
      staleReads: () => [],
      historyPage: unused,
      subgroups: unused,
      groupName: unused,
      catalogue: unused,
      catalogueAnew: unused,
      upstreamCalls: () => ({ made: 0, saved: 0 }),
      cost: () => ({ asked: 0, made: 0, saved: 0, left: 100 }),
      handOut: unused,
      countText: () => undefined,
      countCall: () => undefined,
      endedBy: () => null,
      refusal: () => null,
      responseMade: () => undefined,
      close: () => undefined,
    },
    writes: {
      orderBoosterPack: unused,
      changePlan: unused,
      purchaseCredits: unused,
      openBillingUi: unused,
      operation: unused,
      operations: unused,
      reconcile: unused,
      resolve: unused,
    },
  };
}

/** Posts a query as a client does. */
export async function post(
  url: string,
  query: string,
  init: { readonly headers?: Record<string, string>; readonly signal?: AbortSignal } = {},
): Promise<Response> {
  return await fetch(`${url}/graphql`, {
    method: 'POST',
    body: JSON.stringify({ query }),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
  });
}

/** The error codes and request ids of a response. */
export async function errorsOf(response: Response): Promise<{ code: unknown; requestId: unknown }[]> {
  const body: unknown = await response.json();
  const errors = property(body, 'errors');
  return Array.isArray(errors)
    ? errors.map((error) => ({
        code: property(property(error, 'extensions'), 'code'),
        requestId: property(property(error, 'extensions'), 'requestId'),
      }))
    : [];
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
