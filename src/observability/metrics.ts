import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { BILLING_ERROR_CODES, PROTOCOL_ERROR_CODES, type UpstreamService } from '../domain/errors.js';
import { READ_ENDPOINTS, WRITE_KINDS, type WriteKind } from '../domain/upstream-operations.js';

export type BreakerState = 'closed' | 'half-open' | 'open';

const BREAKER_VALUES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };
const UPSTREAMS: readonly UpstreamService[] = ['xtracta', 'credits'];
const WRITE_STATUSES = ['SUCCEEDED', 'REJECTED', 'NOT_SENT', 'OUTCOME_UNKNOWN'] as const;
/** Most series of limits. With more tenants, those nearest to a limit's end are shown. */
const MAX_LIMIT_SERIES = 100;
const KNOWN_CODES: ReadonlySet<string> = new Set([...BILLING_ERROR_CODES, ...PROTOCOL_ERROR_CODES]);

// From responses without an upstream call (milliseconds) to the deadline of a write.
const SERVER_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const CLIENT_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface MetricsOptions {
  /** Adds the process metrics of prom-client (CPU, memory, event loop, garbage collection). */
  readonly processMetrics: boolean;
}

/** State that can change between two scrapes without any event. */
export interface ObservedHealth {
  readonly breakers: Readonly<Partial<Record<UpstreamService, BreakerState>>>;
  /** `readable`: reads succeed. `writable`: writes succeed too. */
  readonly ledger: { readonly readable: boolean; readonly writable: boolean };
  /** Null while the ledger cannot be read. Then the metric keeps the last known number. */
  readonly unknownOutcomes: number | null;
  /** Whether the tenants file holds a version that was refused, while an earlier one is in use. */
  readonly tenantsFileRefused: boolean;
  /** Whether the shared cache of the replicas can be reached; true where they share nothing. */
  readonly cacheUp: boolean;
  /**
   * Used share of each spending limit within 24 hours: 0 to 1. Tenant names come from the settings, never from a
   * caller.
   */
  readonly limitUses: readonly { readonly tenant: string; readonly limit: string; readonly ratio: number }[];
  /** Lines of the log that were dropped since the start. */
  readonly logLinesLost: number;
}

/**
 * The gateway's Prometheus metrics. Every label is bounded: unknown words become `other`. Holds counters, one per
 * process.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #drift = new LabelLimit(200);
  readonly #server = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'HTTP requests by route and status, until the response was sent or the client left.',
    labelNames: ['method', 'route', 'status'],
    buckets: SERVER_SECONDS,
    registers: [this.#registry],
  });
  readonly #client = new Histogram({
    name: 'http_client_request_duration_seconds',
    help: 'Attempts at upstream calls by outcome.',
    labelNames: ['upstream', 'operation', 'outcome'],
    buckets: CLIENT_SECONDS,
    registers: [this.#registry],
  });
  readonly #errors = new Counter({
    name: 'graphql_errors_total',
    help: 'Errors in GraphQL responses by code, including userErrors of mutations; replays of writes are not counted.',
    labelNames: ['code'],
    registers: [this.#registry],
  });
  readonly #writes = new Counter({
    name: 'billing_writes_total',
    help: 'Writes by kind and the status in their response; replays are not counted.',
    labelNames: ['kind', 'status'],
    registers: [this.#registry],
  });
  readonly #contradictions = new Counter({
    name: 'billing_contradicted_rejections_total',
    help: 'Writes that an operator settled as not carried out, although a history row or a response proves them.',
    registers: [this.#registry],
  });
  readonly #unreadableRows = new Counter({
    name: 'billing_ledger_unreadable_rows_total',
    help: 'Rows of the ledger that this version cannot read and leaves out; a newer version may have written them.',
    registers: [this.#registry],
  });
  readonly #driftTotal = new Counter({
    name: 'billing_upstream_drift_total',
    help: 'Elements of upstream responses that differ from the documents: missing, unknown or unreadable.',
    labelNames: ['endpoint', 'field'],
    registers: [this.#registry],
  });
  readonly #saved = new Counter({
    name: 'billing_upstream_calls_saved_total',
    help: 'Upstream calls that sharing and batching made unnecessary.',
    registers: [this.#registry],
  });
  readonly #stale = new Counter({
    name: 'billing_stale_reads_total',
    help: 'Reads served from an earlier response, because the upstream did not respond.',
    labelNames: ['endpoint'],
    registers: [this.#registry],
  });
  readonly #breaker = new Gauge({
    name: 'billing_breaker_state',
    help: 'Circuit breaker per upstream: 0 closed, 1 half open, 2 open.',
    labelNames: ['upstream'],
    registers: [this.#registry],
  });
  readonly #ledgerUp = this.#gauge(
    'billing_ledger_up',
    'Whether the ledger serves: 1 or 0. 0 where the gateway refuses writes because of the ledger.',
  );
  readonly #ledgerReadable = this.#gauge('billing_ledger_readable', 'Whether the ledger can be read: 1 or 0.');
  readonly #ledgerWritable = this.#gauge(
    'billing_ledger_writable',
    'Whether the ledger accepts writes: 1 or 0. 0 beside billing_ledger_readable 1: read only, full, replaced, or ' +
      'older than its mark.',
  );
  readonly #unknown = this.#gauge(
    'billing_unknown_outcomes',
    'Writes in the ledger whose outcome is unknown, of all tenants and replicas.',
  );
  readonly #cacheUp = this.#gauge('billing_cache_up', 'Whether the shared cache responds: 1 or 0; 1 with memory:.');
  readonly #tenantsRefused = this.#gauge(
    'billing_tenants_file_refused',
    'Whether TENANTS_FILE holds a version that was refused, while an earlier one is in use: 1 or 0.',
  );
  readonly #limitUsed = new Gauge({
    name: 'billing_spending_limit_used_ratio',
    help:
      'Share of a spending limit that a tenant used within 24 hours, over all replicas: 1 is all of it. The 100 ' +
      'series nearest to their limit.',
    labelNames: ['tenant', 'limit'],
    registers: [this.#registry],
  });
  readonly #logLinesLost = new Counter({
    name: 'billing_log_lines_lost_total',
    help: 'Lines of the log that were dropped because standard output took none.',
    registers: [this.#registry],
  });
  #linesLost = 0;
  #health: (() => ObservedHealth) | null = null;

  constructor(options: MetricsOptions) {
    if (options.processMetrics) this.#addProcessMetrics();
    // Every series begins at 0. Reason: Prometheus sees no increase where a series appears with its first event.
    for (const code of [...KNOWN_CODES, 'other']) this.#errors.inc({ code }, 0);
    for (const kind of WRITE_KINDS) {
      for (const status of WRITE_STATUSES) this.#writes.inc({ kind, status }, 0);
    }
    for (const endpoint of Object.values(READ_ENDPOINTS)) this.#stale.inc({ endpoint }, 0);
    this.#server.zero({ method: 'POST', route: '/graphql', status: '200' });
  }

  /** Called at each scrape. Must not throw and must return values from memory. */
  observeHealth(health: () => ObservedHealth): void {
    this.#health = health;
  }

  /** `route` is the route's pattern, never the requested path. */
  httpRequest(method: string, route: string, status: number, seconds: number): void {
    this.#server.observe({ method, route, status: String(status) }, seconds);
  }

  upstreamAttempt(upstream: UpstreamService, operation: string, outcome: string, seconds: number): void {
    this.#client.observe({ upstream, operation, outcome }, seconds);
  }

  /** One error of a response: of its `errors`, or of a payload's `userErrors`. */
  graphqlError(code: string): void {
    this.#errors.inc({ code: KNOWN_CODES.has(code) ? code : 'other' });
  }

  /** `status` is a `BillingOperationStatus`. */
  write(kind: WriteKind, status: string): void {
    this.#writes.inc({ kind, status });
  }

  contradictedRejection(): void {
    this.#contradictions.inc();
  }

  unreadableLedgerRow(): void {
    this.#unreadableRows.inc();
  }

  drift(endpoint: string, field: string): void {
    const known = this.#drift.admits(`${endpoint}\n${field}`);
    this.#driftTotal.inc({ endpoint, field: known ? field : 'other' });
  }

  staleRead(endpoint: string): void {
    this.#stale.inc({ endpoint });
  }

  callsSaved(calls: number): void {
    if (calls > 0) this.#saved.inc(calls);
  }

  /** The Prometheus text format, with its content type. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    if (this.#health !== null) this.#show(this.#health());
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #show(health: ObservedHealth): void {
    const { breakers, ledger, unknownOutcomes, cacheUp, tenantsFileRefused, limitUses, logLinesLost } = health;
    for (const upstream of UPSTREAMS) {
      const state = breakers[upstream];
      if (state !== undefined) this.#breaker.set({ upstream }, BREAKER_VALUES[state]);
    }
    this.#ledgerUp.set(ledger.readable && ledger.writable ? 1 : 0);
    this.#ledgerReadable.set(ledger.readable ? 1 : 0);
    this.#ledgerWritable.set(ledger.writable ? 1 : 0);
    if (unknownOutcomes !== null) this.#unknown.set(unknownOutcomes);
    this.#tenantsRefused.set(tenantsFileRefused ? 1 : 0);
    this.#cacheUp.set(cacheUp ? 1 : 0);
    // Drops the series of tenants that left the file and of removed limits.
    this.#limitUsed.reset();
    const nearest = [...limitUses].sort((a, b) => b.ratio - a.ratio).slice(0, MAX_LIMIT_SERIES);
    for (const { tenant, limit, ratio } of nearest) this.#limitUsed.set({ tenant, limit }, ratio);
    this.#logLinesLost.inc(logLinesLost - this.#linesLost);
    this.#linesLost = logLinesLost;
  }

  #addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry });
    // These gauges have names of counters, which promtool refuses. Other metrics have the same numbers by type.
    for (const kind of ['handles', 'requests', 'resources']) {
      this.#registry.removeSingleMetric(`nodejs_active_${kind}_total`);
    }
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] });
  }
}

/**
 * Bounds the values of a metric label from outside: the first `limit` values pass, later values become `other`.
 * Mutable.
 */
class LabelLimit {
  readonly #seen = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  admits(value: string): boolean {
    if (this.#seen.has(value)) return true;
    if (this.#seen.size >= this.#limit) return false;
    this.#seen.add(value);
    return true;
  }
}
