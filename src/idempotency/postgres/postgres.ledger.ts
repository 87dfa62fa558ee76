import { randomUUID } from 'node:crypto';
import pg, { type ClientConfig } from 'pg';
import type { CountedWrites } from '../../domain/spending.js';
import type { RecentWrite, RecentWritesRequest } from '../../domain/write.js';
import type {
  AuditEntry,
  Change,
  ClaimRequest,
  ClaimResult,
  Ledger,
  LedgerOptions,
  LedgerPage,
  ListRequest,
  Neighbour,
} from '../ledger.js';
import type { LedgerRow } from '../ledger.states.js';
import { unreadableRowReporter } from '../ledger-row.codec.js';
import { asUnavailable, type LedgerStore, StoredLedger } from '../stored-ledger.js';
import { PostgresPresence } from './owner.lock.js';
import { PostgresRows } from './postgres.rows.js';
import { attachPostgres, migratePostgres } from './postgres.statements.js';

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3_000;
/**
 * The server gives up before the client does, so that a statement the client has given up cannot be carried out later.
 */
const STATEMENT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 8_000;

/**
 * A commit must be on disk before it is acknowledged. A server that is set to wait for more (standbys) keeps its
 * setting.
 */
const DURABLE_COMMITS = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') IN ('off', 'local')`;

/** Opens the database and brings its tables up to date. Errors as {@link Ledger}; none of them holds the URL. */
export async function openPostgresLedger(url: string, options: LedgerOptions): Promise<Ledger> {
  const types = new pg.TypeOverrides();
  // Times and ids are below 2^53; the driver's default is text.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const config: ClientConfig = {
    connectionString: withPlainTlsMode(url),
    application_name: 'billing-gateway',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
  };
  const pool = new pg.Pool({
    ...config,
    max: POOL_SIZE,
    allowExitOnIdle: true,
    onConnect: makeCommitsDurable,
  });
  // An idle connection that breaks is dropped by the pool; the next statement opens another.
  pool.on('error', (error) => options.log?.warn({ err: error }, 'An idle connection to the ledger was lost.'));
  // One that breaks inside a transaction, between two statements, tells nobody but itself: without a listener the
  // process would end. The next statement fails, and with it the transaction.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const ownerId = randomUUID();
  const presence = new PostgresPresence(config, ownerId, options.log);
  try {
    const hashKey = await hashKeyOf(pool, options.attach === true ? attachPostgres : migratePostgres);
    const rows = new PostgresRows(pool, ownerId, unreadableRowReporter(options));
    return await StoredLedger.start(new PostgresStore({ pool, rows, presence, ownerId }), hashKey, options);
  } catch (error) {
    await presence.close();
    await pool.end();
    throw asUnavailable(error);
  }
}

/**
 * The driver verifies under every name of the mode but `no-verify`, and warns of that at length on standard error.
 * `verify-full` is what it does then.
 */
function withPlainTlsMode(url: string): string {
  if (url.includes('uselibpqcompat=true')) return url;
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}

/** The pool waits for what this returns, and drops the connection when it fails. */
function makeCommitsDurable(client: pg.ClientBase): unknown {
  return client.query(DURABLE_COMMITS);
}

async function hashKeyOf(pool: pg.Pool, read: (client: pg.PoolClient) => Promise<Buffer>): Promise<Buffer> {
  const client = await pool.connect();
  try {
    return await read(client);
  } finally {
    client.release();
  }
}

interface PostgresStoreParts {
  readonly pool: pg.Pool;
  readonly rows: PostgresRows;
  readonly presence: PostgresPresence;
  readonly ownerId: string;
}

/** One database for many replicas. */
class PostgresStore implements LedgerStore {
  readonly ownerId: string;
  readonly #pool: pg.Pool;
  readonly #rows: PostgresRows;
  readonly #presence: PostgresPresence;

  constructor({ pool, rows, presence, ownerId }: PostgresStoreParts) {
    this.ownerId = ownerId;
    this.#pool = pool;
    this.#rows = rows;
    this.#presence = presence;
  }

  async start(): Promise<void> {
    await this.#presence.ensure();
  }

  keepLock(): Promise<void> {
    return this.#presence.check();
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    // Without its lock this process counts as gone, and another would take the row away at once.
    await this.#presence.ensure();
    return this.#rows.claim(request);
  }

  advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    return this.#rows.advance(row, change);
  }

  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#rows.find(tenantId, idempotencyKey);
  }

  list(tenantIds: readonly string[], request: ListRequest): Promise<LedgerPage> {
    return this.#rows.list(tenantIds, request);
  }

  audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]> {
    return this.#rows.audit(tenantId, idempotencyKey);
  }

  dueForReconciliation(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows.due(nowMs, limit);
  }

  dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return this.#rows.dueForReview(nowMs, limit);
  }

  neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]> {
    return this.#rows.neighbours(row, sinceMs);
  }

  recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]> {
    return this.#rows.recentWrites(request);
  }

  countUnknown(): Promise<number> {
    return this.#rows.countUnknown();
  }

  spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]> {
    return this.#rows.spending(tenantId, nowMs);
  }

  noteAttempt(row: LedgerRow, nextAtMs: number | null): Promise<void> {
    return this.#rows.noteAttempt(row, nextAtMs);
  }

  orphan(atMs: number): Promise<number> {
    return this.#rows.orphan(atMs);
  }

  /** Named after the ledger, so that two ledgers in one database have a leader each. */
  tryLead(ledgerName: string): Promise<boolean> {
    return this.#presence.tryLead(ledgerName);
  }

  async ping(): Promise<{ readonly writable: boolean }> {
    const { writable } = await this.#rows.ping();
    // Claims need the lock as well.
    return { writable: writable && (await this.#presence.isHeld()) };
  }

  async close(): Promise<void> {
    await this.#presence.close();
    if (!this.#pool.ending) {
      await this.#pool.end();
    }
  }
}
