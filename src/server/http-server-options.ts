import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import type { GraphQLFormattedError, GraphQLSchema, ValidationRule } from 'graphql';
import type { Authenticator } from '../auth/authenticate.js';
import type { HttpConfig } from '../config/config.js';
import type { Caller } from '../domain/caller.js';
import type { GatewayContext } from '../graphql/context.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import type { RequestTrace, Tracing } from '../observability/tracing.js';
import type { PageLink } from '../pages/page-frame.js';
import type { PersistedQueryCache, Safelist } from './safelist.js';

/** The HTTP layer's facts about one GraphQL request, for making its context. */
export interface GraphqlRequest {
  readonly requestId: string;
  readonly caller: Caller;
  /** Aborted when the client leaves before it has its response. Reads listen to it; writes must not. */
  readonly signal: AbortSignal;
  /** The incoming W3C trace context; null when there is none. */
  readonly traceparent: string | null;
  /** The request's spans, parents of the spans of upstream attempts; null when tracing is off. */
  readonly trace: RequestTrace | null;
}

/** One dependency of the gateway, as `/ready` and the landing page show it. */
export interface ReadinessPart {
  readonly name: string;
  readonly ok: boolean;
  /** For people; holds no secret and no URL with one. */
  readonly detail?: string;
}

/** Facts for the start page besides the parts: from memory, nothing secret. */
export interface GatewayStatus {
  readonly version: string;
  readonly production: boolean;
  /** How the gateway authenticates callers. */
  readonly auth: 'jwt' | 'passthrough' | 'none';
  /** Moment since which an upstream has not responded, epoch milliseconds. Left out: it responds, or was not called. */
  readonly silentSince: { readonly xtracta?: number; readonly credits?: number };
  /** Writes whose outcome is unknown; null: the ledger cannot be read. */
  readonly unknownOutcomes: number | null;
}

/** Limits of an operation that the server checks while it parses and validates. */
export interface OperationLimits {
  readonly maxTokens: number;
  readonly maxRecursiveSelections: number;
  readonly validationRules: readonly ValidationRule[];
}

export interface HttpServerOptions {
  readonly schema: GraphQLSchema;
  readonly plugins: readonly ApolloServerPlugin<GatewayContext>[];
  readonly limits: OperationLimits;
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  readonly config: HttpConfig;
  readonly authenticate: Authenticator['authenticate'];
  readonly createContext: (request: GraphqlRequest) => GatewayContext | Promise<GatewayContext>;
  /** The state of the gateway's dependencies. Called often, so it must come from memory without any call. */
  readonly readiness: () => readonly ReadinessPart[];
  /** Further facts for the start page; left out: none. */
  readonly status?: () => GatewayStatus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Left out: no spans. */
  readonly tracing?: Tracing;
  /** In memory and bounded when left out. */
  readonly persistedQueryCache?: PersistedQueryCache;
  /** The only documents that may run; it also replaces the persisted queries. Left out: every document may run. */
  readonly safelist?: Safelist;
  /** Further fields of an operation's log line, for example its upstream calls. No personal data, no secret. */
  readonly operationFields?: (context: GatewayContext) => Readonly<Record<string, string | number>>;
  /** The group in the landing page's examples. */
  readonly exampleGroupId?: string;
  /** The existing pages, as each page links to them. Left out: the server's own pages. */
  readonly links?: readonly PageLink[];
  /** Initial headers of an explorer; no secret. */
  readonly explorerHeaders?: Readonly<Record<string, string>>;
  /** Limits of slow clients, for tests: milliseconds without reading the response, and for sending the headers. */
  readonly stallTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
  /** Adds further routes, for example `/debug`. */
  readonly routes?: (app: FastifyInstance) => void;
}

/** The options of the HTTP layer; the rest belongs to Apollo Server. */
export type HttpLayerOptions = Omit<
  HttpServerOptions,
  'schema' | 'plugins' | 'limits' | 'formatError' | 'persistedQueryCache'
>;

export interface HttpServer {
  /**
   * Begins to serve; from then on `/ready` responds with 200. `port` is the port in use, also where the system chose
   * it.
   */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /**
   * Refuses new operations (`SHUTTING_DOWN`, 503), lets running operations finish for at most the drain time-out, then
   * closes. A second call waits for the same end.
   */
  drain(): Promise<void>;
}

/**
 * `leaving`: a stop has begun, but the gateway still serves everything until load balancers have seen 503 from
 * `/ready`.
 */
export type ServerPhase = 'starting' | 'serving' | 'leaving' | 'draining';
