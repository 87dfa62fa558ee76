import { randomUUID } from 'node:crypto';
import { createAuthenticator } from './auth/authenticate.js';
import { RateLimiter, SharedRateLimiter } from './auth/rate-limiter.js';
import { createBillingWrites } from './billing/billing-writes-service.js';
import { BackgroundReconciler } from './billing/settle-operations.js';
import type { FinishedMutation, WriteServices } from './billing/write-scope.js';
import type { Config } from './config/config.js';
import { DebugUi } from './debug/debug-ui.js';
import type { UpstreamService } from './domain/errors.js';
import type { AttemptStart, UpstreamCall, UpstreamObserver } from './domain/upstream-call.js';
import type { GatewayContext } from './graphql/context.js';
import { ERROR_CATALOGUE } from './graphql/error-catalogue.js';
import { formatError } from './graphql/request/error-format.js';
import { MAX_RECURSIVE_SELECTIONS, MAX_TOKENS, operationLimitRules } from './graphql/request/limits.js';
import { gatewayPlugin } from './graphql/request/request-plugins.js';
import { buildGatewaySchema } from './graphql/schema.js';
import { type Ledger, MAX_RECENT_WRITES } from './idempotency/ledger.js';
import { LedgerMonitor, type LimitUse, SpendingMonitor } from './idempotency/ledger-monitor.js';
import { openLedger } from './idempotency/open-ledger.js';
import { RunOnce } from './idempotency/run-once.js';
import type { Logger } from './observability/logger.js';
import { Metrics, type ObservedHealth } from './observability/metrics.js';
import { startTracing } from './observability/tracing-start.js';
import { createUpstreamObserver, UpstreamSilence } from './observability/upstream-observer.js';
import { type PageLink, pageLinks } from './pages/page-frame.js';
import { BillingReadsFactory } from './reads/reads-factory.js';
import type { PlaceQueue } from './reads/response-account.js';
import type { StaleReadsOptions } from './reads/stale-reads.js';
import { packageVersion } from './runtime/package-root.js';
import { createHttpServer } from './server/http-server.js';
import type { GatewayStatus, GraphqlRequest, HttpServer, ReadinessPart } from './server/http-server-options.js';
import { createSafelist, type PersistedQueryCache } from './server/safelist.js';
import { CreditsClient } from './upstreams/credits/credits.client.js';
import { FairPool } from './upstreams/http/fair-pool.js';
import { XtractaClient } from './upstreams/xtracta/xtracta.client.js';

export interface Gateway {
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** Refuses new operations, finishes the running ones, above all writes, and closes the ledger last. */
  drain(): Promise<void>;
}

/** Parts and intervals that replace the gateway's own, for tests and tools. */
export interface GatewayParts {
  readonly openLedger?: typeof openLedger;
  /** Interval between two rounds of the background reconciler, in milliseconds. */
  readonly reconcileIntervalMs?: number;
  /** Interval between two checks of the tenants file, in milliseconds. */
  readonly tenantsCheckIntervalMs?: number;
  /** Interval between two readings of how much of their limits tenants have used, in milliseconds. */
  readonly spendingIntervalMs?: number;
  /** Interval between two checks of the ledger, in milliseconds. */
  readonly ledgerCheckIntervalMs?: number;
  /** Time in which a client must have sent its headers, in milliseconds. */
  readonly headersTimeoutMs?: number;
  /**
   * False: graphql-js completes the rows of histories too, so that tests can compare its responses with the prepared
   * ones.
   */
  readonly plainRows?: boolean;
  /** Clock of the reads, in Unix epoch milliseconds. Default: the system's clock. */
  readonly clock?: () => number;
  /** Number of log lines dropped since the start, for the metric; 0 when absent. */
  readonly logLinesLost?: () => number;
}

/**
 * Large responses kept at the same time. Each is at most 32 MiB of text, outside of the heap, until its client has read
 * it.
 */
const LARGE_RESPONSES_KEPT = 4;
/** One place is left for other tenants, so that clients of one tenant that do not read hold up only that tenant. */
const LARGE_RESPONSES_KEPT_PER_TENANT = 3;
/** Each may take half of a heap of 400 MB while its text is made. */
const LARGE_RESPONSES_IN_THE_MAKING = 1;

function placesFor(size: number, maxPerTenant = size): PlaceQueue {
  const pool = new FairPool({ size, maxPerTenant, maxQueued: 256, maxQueuedPerTenant: 64 });
  return async (tenantId, waitMs, signal) => {
    const admission = await pool.enter(tenantId, waitMs, signal);
    return admission.kind === 'admitted' ? admission.release : null;
  };
}

/**
 * The composition root: the only file that knows every part. Throws when the ledger cannot be opened or the tenants
 * file is not valid. Nothing listens before `listen()`.
 */
export async function createGateway(config: Config, logger: Logger, parts: GatewayParts = {}): Promise<Gateway> {
  const metrics = new Metrics({ processMetrics: true });
  const ledger = await (parts.openLedger ?? openLedger)(config.ledger.url, {
    log: logger,
    onUnreadableRow: () => metrics.unreadableLedgerRow(),
  });
  const shared = await createSharedState(config, logger);
  try {
    return await composeGateway(config, { logger, metrics, ledger, shared }, parts);
  } catch (error) {
    shared.close();
    await ledger.close();
    throw error;
  }
}

/** Parts that are open before the gateway is composed. */
interface Foundation {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly ledger: Ledger;
  readonly shared: SharedState;
}

async function composeGateway(
  config: Config,
  { logger, metrics, ledger, shared }: Foundation,
  parts: GatewayParts,
): Promise<Gateway> {
  const { reconcileIntervalMs, tenantsCheckIntervalMs, spendingIntervalMs, ledgerCheckIntervalMs } = parts;
  const { plainRows = true, logLinesLost = () => 0, clock, headersTimeoutMs } = parts;
  const { limits } = config;
  const timeouts = { readTimeoutMs: limits.readTimeoutMs, writeTimeoutMs: limits.writeTimeoutMs };
  const { url: baseUrl, cataloguePath } = config.xtracta;
  const xtracta = new XtractaClient({ baseUrl, cataloguePath, ...timeouts });
  const credits = config.credits === null ? null : new CreditsClient({ baseUrl: config.credits.url, ...timeouts });
  const runOnce = new RunOnce({
    ledger,
    log: logger,
    duplicateWindowMs: config.spending.duplicateWindowMs,
    onContradiction: ({ kind, tenantId, groupId, idempotencyKey, state, resolution }, known) => {
      if (state === 'rejected') metrics.contradictedRejection();
      logger.warn(
        { kind, tenantId, groupId, idempotencyKey, settled: state, settledBy: resolution?.by, known },
        'The outcome of a write came after another one was settled. What an operator settled is left as it is.',
      );
    },
  });
  const readsFactory = new BillingReadsFactory({
    client: xtracta,
    groupClient: xtracta,
    planSource: config.xtracta.planSource,
    mergeWindows: limits.mergeHistoryWindows,
    maxUpstreamCalls: limits.maxUpstreamCalls,
    operationTimeoutMs: limits.operationTimeoutMs,
    largeResponses: {
      kept: placesFor(LARGE_RESPONSES_KEPT, LARGE_RESPONSES_KEPT_PER_TENANT),
      making: placesFor(LARGE_RESPONSES_IN_THE_MAKING),
    },
    onCallsSaved: (calls) => metrics.callsSaved(calls),
    upstreamAheadMs: () => xtracta.clockAheadMs(),
    ...(limits.staleReadsMs === 0 ? {} : { stale: staleReads(limits, { logger, metrics, ledger }, xtracta) }),
    ...(clock === undefined ? {} : { clock }),
  });
  const services: WriteServices = {
    xtracta,
    credits,
    ledger,
    runOnce,
    presentLimits: (tenant) => (authenticator.tenantById(tenant.id) ?? tenant).limits ?? null,
    takeAllowance: (...taken) => shared.takeAllowance(...taken),
    forgetReads: (credentialId, groupId) => readsFactory.forget(credentialId, groupId),
    onWrite: (kind, status) => metrics.write(kind, status),
    onUserError: (code) => metrics.graphqlError(code),
    onContradiction: ({ kind, tenantId, groupId, idempotencyKey }, activityId) => {
      metrics.contradictedRejection();
      logger.warn(
        { kind, tenantId, groupId, idempotencyKey, activityId },
        'A write that an operator settled as not carried out shows in the history.',
      );
    },
    audit: (event, facts) => logger.info(facts, event),
  };
  const authenticator = await createAuthenticator({
    auth: config.auth,
    keyedHash: (text) => ledger.keyedHash(text),
    logger,
    ...(tenantsCheckIntervalMs === undefined ? {} : { tenantsCheckIntervalMs }),
    limits: config.spending.limits,
  });
  const tracing = await startTracing(process.env);
  const silence = new UpstreamSilence();
  const callFor = (requestId: string, tenantId: string, others: readonly UpstreamObserver[] = []): UpstreamCall => ({
    requestId,
    tenantId,
    observer: createUpstreamObserver({ metrics, logger, requestId, others: [silence, ...others] }),
    // A request with tracing replaces these spans by its own.
    ...(tracing === null ? {} : { beginAttempt: (start: AttemptStart) => tracing.beginLoneAttempt(requestId, start) }),
  });
  const debugUi = createDebugUi(config);

  function createContext(request: GraphqlRequest): GatewayContext {
    const { caller, requestId, signal, traceparent, trace: spans } = request;
    const trace = debugUi?.begin({ requestId, tenantId: caller.tenant.id });
    const call: UpstreamCall = {
      ...callFor(requestId, caller.tenant.id, trace === undefined ? [] : [trace.observer]),
      ...(traceparent === null ? {} : { traceparent }),
      ...(spans === null ? {} : { beginAttempt: (start: AttemptStart) => spans.beginAttempt(start) }),
    };
    const onMutation = trace === undefined ? {} : { onMutation: (write: FinishedMutation) => trace.wrote(write) };
    const context: GatewayContext = {
      requestId,
      caller,
      reads: readsFactory.forOperation({ caller, call: { ...call, signal } }),
      writes: createBillingWrites({ services, caller, call, ...onMutation }),
    };
    if (trace !== undefined) debugUi?.attach(context, trace);
    return context;
  }

  const reconciler = new BackgroundReconciler({
    services,
    credentialOf: (row) => authenticator.tenantById(row.tenantId)?.xtracta ?? null,
    callFor: (row) => callFor(`reconcile-${randomUUID()}`, row.tenantId),
    onFailure: (error) => logger.warn({ err: error }, 'background reconciliation failed'),
    ...(reconcileIntervalMs === undefined ? {} : { roundIntervalMs: reconcileIntervalMs }),
  });
  const ledgerMonitor = new LedgerMonitor(ledger, ledgerCheckIntervalMs);
  const spendingMonitor = new SpendingMonitor(ledger, authenticator.tenants, spendingIntervalMs);
  const watched = {
    xtracta,
    credits,
    ledger: ledgerMonitor,
    spending: spendingMonitor,
    redis: shared.redis,
    tenantsFileRefused: authenticator.tenantsFileRefused,
    logLinesLost,
  };
  metrics.observeHealth(() => healthOf(watched));
  const { schema } = await buildGatewaySchema();
  const server: HttpServer = await createHttpServer({
    schema,
    plugins: [
      gatewayPlugin({
        exposeUpstreamCalls: !config.production,
        tellsCost: limits.tellsCost,
        suggestions: config.http.introspection,
        plainRows,
        ...(limits.readsPerMinute === 0
          ? {}
          : { takeReadAllowance: (tenantId: string) => shared.takeAllowance(tenantId, 'read', 1) }),
      }),
      ...(debugUi === null ? [] : [debugUi.plugin]),
    ],
    limits: {
      maxTokens: MAX_TOKENS,
      maxRecursiveSelections: MAX_RECURSIVE_SELECTIONS,
      validationRules: operationLimitRules({ introspection: config.http.introspection }),
    },
    formatError,
    config: config.http,
    authenticate: (request) => authenticator.authenticate(request),
    createContext,
    ...(shared.persistedQueryCache === null ? {} : { persistedQueryCache: shared.persistedQueryCache }),
    ...(config.safelist === null ? {} : { safelist: createSafelist(config.safelist) }),
    readiness: () => readinessOf(watched),
    status: () => statusOf(config, ledgerMonitor, silence),
    operationFields: ({ reads }) => ({
      upstreamCalls: reads.upstreamCalls().made,
      callsSaved: reads.upstreamCalls().saved,
      ...(reads.staleReads().length === 0 ? {} : { staleReads: reads.staleReads().length }),
    }),
    logger,
    metrics,
    ...(tracing === null ? {} : { tracing }),
    links: linksOf(config),
    explorerHeaders: explorerHeaders(config),
    ...(debugUi === null ? {} : { routes: debugUi.routes }),
    ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs }),
  });

  return {
    async listen() {
      await ledgerMonitor.start();
      const address = await server.listen();
      reconciler.start();
      void spendingMonitor.start();
      return address;
    },
    async drain() {
      await server.drain();
      await Promise.all([runOnce.drain(), reconciler.stop()]);
      ledgerMonitor.stop();
      spendingMonitor.stop();
      authenticator.close();
      xtracta.close();
      credits?.close();
      shared.close();
      await ledger.close();
      await tracing?.shutdown();
    },
  };
}

/** Clocks of replicas differ by less than this. */
const CLOCKS_DIFFER_MS = 60_000;

/** Settings for reads during an outage. A kept response is never shown after a write that the ledger knows. */
function staleReads(
  { staleReadsMs, readTimeoutMs }: Config['limits'],
  { logger, metrics, ledger }: Pick<Foundation, 'logger' | 'metrics' | 'ledger'>,
  xtracta: XtractaClient,
): StaleReadsOptions {
  return {
    maxAgeMs: staleReadsMs,
    othersLaterMs: readTimeoutMs + CLOCKS_DIFFER_MS,
    recentWrites: (request) => ledger.recentWrites(request),
    maxRecentWrites: MAX_RECENT_WRITES,
    isTried: (credentialId) => xtracta.isTried(credentialId),
    onServed: ({ endpoint, tenantId, requestId, asOfMs, isFirst }) => {
      metrics.staleRead(endpoint);
      if (!isFirst) return;
      const asOf = new Date(asOfMs).toISOString();
      logger.info(
        { requestId, tenant: tenantId, endpoint, asOf },
        'Xtracta does not respond; cached responses replace reads.',
      );
    },
  };
}

/** State that replicas share where `CACHE_URL` names a Redis. Otherwise each replica has its own. */
interface SharedState {
  readonly takeAllowance: WriteServices['takeAllowance'];
  /** Null: Apollo Server's own cache, in memory. */
  readonly persistedQueryCache: PersistedQueryCache | null;
  /** Null where replicas share no state. */
  readonly redis: { isUp(): boolean } | null;
  close(): void;
}

/** Connects to Redis if the settings name one. An unreachable Redis does not stop the start. */
async function createSharedState(config: Config, logger: Logger): Promise<SharedState> {
  const { writesPerMinute, billingUiPerMinute, readsPerMinute } = config.limits;
  const perMinute = { write: writesPerMinute, billingUi: billingUiPerMinute, read: readsPerMinute };
  if (config.cache.url === 'memory:') {
    const limiter = new RateLimiter({ perMinute });
    return {
      takeAllowance: (...taken) => limiter.tryTake(...taken),
      persistedQueryCache: null,
      redis: null,
      close: () => undefined,
    };
  }
  // Loaded only where `CACHE_URL` names a Redis.
  const { RedisLink, RedisPersistedQueries } = await import('./cache/redis-link.js');
  const link = new RedisLink(config.cache.url, { logger });
  await link.settled();
  const limiter = new SharedRateLimiter(link, { perMinute });
  return {
    takeAllowance: (tenantId, action) => limiter.tryTake(tenantId, action),
    persistedQueryCache: new RedisPersistedQueries(link),
    redis: link,
    close: () => link.close(),
  };
}

/** State in memory of the parts on which the gateway depends. */
export interface WatchedParts {
  readonly xtracta: Pick<XtractaClient, 'breakerState'>;
  readonly credits: Pick<CreditsClient, 'breakerState'> | null;
  readonly ledger: Pick<LedgerMonitor, 'condition' | 'unknownOutcomes'>;
  readonly spending: Pick<SpendingMonitor, 'uses'>;
  /** Whether the gateway refused a newer tenants file. */
  readonly tenantsFileRefused: () => boolean;
  /** Null where replicas share no cache. */
  readonly redis: { isUp(): boolean } | null;
  readonly logLinesLost: () => number;
}

/** The parts for `/ready` and the landing page. */
function readinessOf({
  xtracta,
  credits,
  ledger,
  redis,
  tenantsFileRefused,
}: Omit<WatchedParts, 'logLinesLost' | 'spending'>): readonly ReadinessPart[] {
  const upstreams = [
    { name: 'xtracta', client: xtracta },
    ...(credits === null ? [] : [{ name: 'credits', client: credits }]),
  ];
  const condition = ledger.condition();
  return [
    // Without the ledger the gateway refuses writes, and reads go on.
    { name: 'ledger', ok: condition === 'ready', detail: condition },
    ...upstreams.map(({ name, client }) => {
      const state = client.breakerState();
      return { name, ok: state !== 'open', detail: `breaker ${state}` };
    }),
    // Without Redis each replica counts requests and keeps persisted queries on its own.
    ...(redis === null ? [] : [{ name: 'redis', ok: redis.isUp(), detail: redis.isUp() ? 'connected' : 'away' }]),
    ...(tenantsFileRefused() ? [{ name: 'tenants', ok: false, detail: 'a newer TENANTS_FILE was refused' }] : []),
  ];
}

/** Failed attempts in a row before the start page calls an upstream silent. One failure may be an accident. */
const ATTEMPTS_OF_A_SILENCE = 3;

/** Facts of the start page beside the parts. */
function statusOf(config: Config, ledger: LedgerMonitor, silence: UpstreamSilence): GatewayStatus {
  const sinceMs = (service: UpstreamService): number | undefined => {
    const found = silence.of(service);
    return found !== null && found.attempts >= ATTEMPTS_OF_A_SILENCE ? found.sinceMs : undefined;
  };
  const [xtracta, credits] = [sinceMs('xtracta'), sinceMs('credits')];
  return {
    version: packageVersion(),
    production: config.production,
    auth: config.auth.mode,
    silentSince: { ...(xtracta === undefined ? {} : { xtracta }), ...(credits === undefined ? {} : { credits }) },
    unknownOutcomes: ledger.unknownOutcomes(),
  };
}

/** State of the parts for the metrics' gauges. */
function healthOf(parts: WatchedParts): ObservedHealth {
  const { xtracta, credits, ledger, spending, redis, tenantsFileRefused, logLinesLost } = parts;
  const condition = ledger.condition();
  return {
    breakers: {
      xtracta: xtracta.breakerState(),
      ...(credits === null ? {} : { credits: credits.breakerState() }),
    },
    ledger: { readable: condition !== 'unavailable', writable: condition === 'ready' },
    unknownOutcomes: ledger.unknownOutcomes(),
    tenantsFileRefused: tenantsFileRefused(),
    cacheUp: redis?.isUp() ?? true,
    limitUses: spending
      .uses()
      .map(({ tenantId, limit, ratio }) => ({ tenant: tenantId, limit: limitWord(limit), ratio })),
    logLinesLost: logLinesLost(),
  };
}

/** The limit's name, as a refusal's message has it. */
function limitWord(limit: LimitUse['limit']): string {
  return limit.name === 'writesPerDay' ? limit.name : `${limit.name} ${limit.currency}`;
}

/** The `/debug` page, or null where it is switched off. */
function createDebugUi(config: Config): DebugUi<GatewayContext> | null {
  if (!config.http.debugUi) return null;
  const headers = Object.entries(callerHeaders(config)).map(([name, value]) => `${name}: ${value}`);
  return new DebugUi<GatewayContext>({
    identityOf: (context) => context.reads,
    callsSaved: (context) => context.reads.upstreamCalls().saved,
    requestOf: (request) => request.record,
    links: linksOf(config),
    curlHeaders: headers,
    hasExplorer: config.http.explorer,
    meanings: Object.fromEntries(Object.entries(ERROR_CATALOGUE).map(([code, { meaning }]) => [code, meaning])),
  });
}

/** Links to the enabled pages, for every page. */
function linksOf(config: Config): readonly PageLink[] {
  const { url, loopback } = config.xtracta;
  const { explorer, debugUi } = config.http;
  return pageLinks({ explorer, debug: debugUi, localUpstream: loopback ? new URL(url).origin : null });
}

/** Initial headers of GraphiQL: placeholders for the caller's credentials, and the request to list upstream calls. */
function explorerHeaders(config: Config): Readonly<Record<string, string>> {
  return { ...callerHeaders(config), ...(config.production ? {} : { 'x-upstream-calls': '1' }) };
}

/** Headers that identify a caller, with placeholders for secrets. */
function callerHeaders({ auth, http }: Config): Readonly<Record<string, string>> {
  return {
    ...(http.routerSecrets.length > 0 ? { 'x-router-secret': '<router secret>' } : {}),
    ...(auth.mode === 'jwt' ? { authorization: 'Bearer <token>' } : {}),
    ...(auth.mode === 'passthrough' ? { 'x-xtracta-api-key': '<api key>' } : {}),
  };
}
