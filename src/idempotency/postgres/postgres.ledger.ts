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
import { unreadableRowReporter } from '../ledger-row.codec.js';
import type { LedgerRow } from '../ledger-states.js';
import { asUnavailable, type LedgerStore, StoredLedger } from '../stored-ledger.js';
import { PostgresOwnerLock } from './owner.lock.js';
import { PostgresRows } from './postgres.rows.js';
import { attachPostgres, migratePostgres } from './postgres-statements.js';

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3_000;
/**
 * Time limit of a statement on the server. It is shorter than the client's, so that the server seldom carries out a
 * statement that the client has given up. A commit has no such limit there: it may wait for a standby for hours.
 */
const STATEMENT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 8_000;

/** A commit must be on disk before it is acknowledged. A server that also waits for standbys keeps its setting. */
const DURABLE_COMMITS = `SELECT set_config('synchronous_commit', 'on', false)
  WHERE current_setting('synchronous_commit') IN ('off', 'local')`;

/** Opens the database and brings its tables up to date. Errors as {@link Ledger}; none of them holds the URL. */
export async function openPostgresLedger(url: string, options: LedgerOptions): Promise<Ledger> {
  const types = new pg.TypeOverrides();
  // Times and ids are below 2^53, while the driver returns text by default.
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
  // The pool drops an idle connection that breaks; the next statement opens another.
  pool.on('error', (error) => options.log?.warn({ err: error }, 'An idle connection to the ledger was lost.'));
  // A connection may break inside a transaction between two statements. Without a listener that error would end the
  // process. The next statement fails, and with it the transaction.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const ownerId = randomUUID();
  const ownerLock = new PostgresOwnerLock(config, ownerId, options.log);
  try {
    const hashKey = await hashKeyOf(pool, options.attach === true ? attachPostgres : migratePostgres);
    const rows = new PostgresRows(pool, ownerId, unreadableRowReporter(options));
    return await StoredLedger.start(new PostgresStore({ pool, rows, ownerLock, ownerId }), hashKey, options);
  } catch (error) {
    await ownerLock.close();
    await pool.end();
    throw asUnavailable(error);
  }
}

/**
 * The driver verifies certificates in every mode except `no-verify`, and prints a long warning for some names.
 * `verify-full` is what it does in fact.
 */
function withPlainTlsMode(url: string): string {
  if (url.includes('uselibpqcompat=true')) return url;
  return url.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}

/** The pool waits for the returned promise, and drops the connection when it rejects. */
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
  readonly ownerLock: PostgresOwnerLock;
  readonly ownerId: string;
}

/** One database for many replicas. */
class PostgresStore implements LedgerStore {
  readonly ownerId: string;
  readonly #pool: pg.Pool;
  readonly #rows: PostgresRows;
  readonly #ownerLock: PostgresOwnerLock;

  constructor({ pool, rows, ownerLock, ownerId }: PostgresStoreParts) {
    this.ownerId = ownerId;
    this.#pool = pool;
    this.#rows = rows;
    this.#ownerLock = ownerLock;
  }

  async start(): Promise<void> {
    await this.#ownerLock.ensure();
  }

  keepLock(): Promise<void> {
    return this.#ownerLock.check();
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    // Without its lock this process counts as dead, and another would take the row away at once.
    await this.#ownerLock.ensure();
    return this.#rows.claim(request);
  }

  advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    return this.#rows.advance(row, change);
  }

  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#rows.find(tenantId, idempotencyKey);
  }

  findAfterClaims(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return this.#rows.findAfterClaims(tenantId, idempotencyKey);
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

  /** The lock has the ledger's name, so that two ledgers in one database have a leader each. */
  tryLead(ledgerName: string): Promise<boolean> {
    return this.#ownerLock.tryLead(ledgerName);
  }

  async ping(): Promise<{ readonly writable: boolean }> {
    const { writable } = await this.#rows.ping();
    // Claims need the owner's lock as well.
    return { writable: writable && (await this.#ownerLock.isHeld()) };
  }

  async close(): Promise<void> {
    await this.#ownerLock.close();
    if (!this.#pool.ending) {
      await this.#pool.end();
    }
  }
}
