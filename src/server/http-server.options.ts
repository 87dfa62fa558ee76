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
import type { PageLink } from '../pages/page.frame.js';
import type { PersistedQueryCache, Safelist } from './safelist.js';

/** What the HTTP layer knows of one GraphQL request when its context is made. */
export interface GraphqlRequest {
  readonly requestId: string;
  readonly caller: Caller;
  readonly nowMs: number;
  /** Aborted when the client leaves before it has its answer: for reads. Writes must not listen to it. */
  readonly signal: AbortSignal;
  /** The incoming W3C trace context; null when there is none. */
  readonly traceparent: string | null;
  /** The request's spans, below which upstream attempts belong; null when tracing is off. */
  readonly trace: RequestTrace | null;
}

/** One thing that the gateway depends on, as `/ready` and the landing page show it. */
export interface ReadinessPart {
  readonly name: string;
  readonly ok: boolean;
  /** For people; holds no secret and no URL with one. */
  readonly detail?: string;
}

/** What the start page says besides the parts: facts in memory, nothing secret. */
export interface GatewayStatus {
  readonly version: string;
  readonly production: boolean;
  /** How callers are known. */
  readonly auth: 'jwt' | 'passthrough' | 'none';
  /** Since when an upstream has not answered, epoch milliseconds; left out: it answers, or was not asked. */
  readonly silentSince: { readonly xtracta?: number; readonly credits?: number };
  /** Writes whose outcome is unknown; null: the ledger cannot say. */
  readonly unknownOutcomes: number | null;
}

/** Bounds of an operation that are checked while it is parsed and validated. */
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
  /** The state of what the gateway depends on, from memory: it is asked often and must not call anybody. */
  readonly readiness: () => readonly ReadinessPart[];
  /** What the start page says beyond that; left out: nothing. */
  readonly status?: () => GatewayStatus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Left out: no spans. */
  readonly tracing?: Tracing;
  /** In memory and bounded when left out. */
  readonly persistedQueryCache?: PersistedQueryCache;
  /** The only documents that may run, also in place of the persisted queries; left out: every document may. */
  readonly safelist?: Safelist;
  /** Further fields of an operation's log line, for example its upstream calls; nothing personal, no secret. */
  readonly operationFields?: (context: GatewayContext) => Readonly<Record<string, string | number>>;
  /** The group that the landing page's examples ask for. */
  readonly exampleGroupId?: string;
  /** The pages that there are, as each links to them; left out: those that the server has by itself. */
  readonly links?: readonly PageLink[];
  /** Headers that an explorer starts with; no secret. */
  readonly explorerHeaders?: Readonly<Record<string, string>>;
  /** How long a client may take nothing of its response before it is cut off, in milliseconds; for tests. */
  readonly stallTimeoutMs?: number;
  /** Adds further routes, for example `/debug`. */
  readonly routes?: (app: FastifyInstance) => void;
}

/** What the HTTP layer needs by itself: the rest is Apollo Server's. */
export type HttpLayerOptions = Omit<
  HttpServerOptions,
  'schema' | 'plugins' | 'limits' | 'formatError' | 'persistedQueryCache'
>;

export interface HttpServer {
  /** Serves, and answers `/ready` with 200 from then on. `port` is the one in use, also where the system chose it. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /**
   * Refuses new operations (`SHUTTING_DOWN`, 503), lets the running ones finish for at most the drain time-out, then
   * closes. Calling it again waits for the same end.
   */
  drain(): Promise<void>;
}
