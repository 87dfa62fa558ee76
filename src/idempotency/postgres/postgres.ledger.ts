import { createHmac, createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import pg, { type ClientConfig } from 'pg';
import { BillingError } from '../../domain/errors.js';
import type { CountedWrites } from '../../domain/spending.js';
import type { RecentWrite, RecentWritesRequest } from '../../domain/write.js';
import {
  type AuditEntry,
  type Change,
  type ClaimRequest,
  type ClaimResult,
  type Ledger,
  type LedgerLog,
  type LedgerOptions,
  type LedgerPage,
  LedgerUnavailable,
  type ListRequest,
  type Neighbour,
  settlement,
} from '../ledger.js';
import { ForbiddenTransition, type LedgerRow, type Resolution, type StoredAnswer } from '../ledger.states.js';
import { nextAttemptAtMs, unreadableRowReporter } from '../ledger-row.codec.js';
import { PostgresPresence } from './owner.lock.js';
import { PostgresRows } from './postgres.rows.js';
import { attachPostgres, migratePostgres } from './postgres.schema.js';

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3_000;
/** The server gives up before the client does, so that a statement the client has given up cannot be carried out later. */
const STATEMENT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 8_000;

/** A commit must be on disk before it is acknowledged. A server that is set to wait for more (standbys) keeps its setting. */
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
  // One that breaks inside a transaction, between two statements, tells nobody but itself: without a listener the process would end. The
  // next statement fails, and with it the transaction.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const ownerId = randomUUID();
  const presence = new PostgresPresence(config, ownerId, options.log);
  try {
    const hashKey = await hashKeyOf(pool, options.attach === true ? attachPostgres : migratePostgres);
    const ledger = new PostgresLedger({ pool, presence, ownerId, hashKey, options });
    if (options.attach !== true) await ledger.start();
    return ledger;
  } catch (error) {
    await presence.close();
    await pool.end();
    throw asUnavailable(error);
  }
}

/**
 * The driver verifies under every name of the mode but `no-verify`, and warns of that at length on standard error. `verify-full` is what
 * it does then.
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

interface PostgresLedgerParts {
  readonly pool: pg.Pool;
  readonly presence: PostgresPresence;
  readonly ownerId: string;
  readonly hashKey: Buffer;
  readonly options: LedgerOptions;
}

/** One database for many replicas. Holds mutable state: the connection pool and a timer. */
class PostgresLedger implements Ledger {
  readonly ownerId: string;
  readonly #pool: pg.Pool;
  readonly #rows: PostgresRows;
  readonly #presence: PostgresPresence;
  readonly #hashKey: KeyObject;
  readonly #log: LedgerLog | undefined;
  readonly #now: () => number;
  readonly #sweepIntervalMs: number;
  readonly #isAttached: boolean;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(parts: PostgresLedgerParts) {
    this.ownerId = parts.ownerId;
    this.#pool = parts.pool;
    this.#rows = new PostgresRows(parts.pool, parts.ownerId, unreadableRowReporter(parts.options));
    this.#presence = parts.presence;
    this.#hashKey = createSecretKey(parts.hashKey);
    this.#log = parts.options.log;
    this.#now = parts.options.now ?? Date.now;
    this.#sweepIntervalMs = parts.options.sweepIntervalMs ?? 5_000;
    this.#isAttached = parts.options.attach === true;
  }

  async start(): Promise<void> {
    await this.#presence.ensure();
    await this.sweepOrphans();
    if (this.#sweepIntervalMs > 0) {
      this.#sweeping = setInterval(() => void this.#sweepQuietly(), this.#sweepIntervalMs).unref();
    }
  }

  keyedHash(text: string): string {
    return createHmac('sha256', this.#hashKey).update(text).digest('base64url');
  }

  claim(request: ClaimRequest): Promise<ClaimResult> {
    return guard(async () => {
      if (this.#isAttached) throw new LedgerUnavailable('Whoever attaches to a ledger makes no write.');
      // Without its lock this process counts as gone, and another would take the row away at once.
      await this.#presence.ensure();
      return this.#rows.claim(request);
    });
  }

  advance(row: LedgerRow, change: Change): Promise<LedgerRow | null> {
    return guard(() => this.#rows.advance(row, change));
  }

  settle(
    row: LedgerRow,
    to: 'succeeded' | 'rejected',
    answer: StoredAnswer | null,
    resolution: Resolution,
  ): Promise<LedgerRow | null> {
    return this.advance(row, settlement(row, to, answer, resolution));
  }

  find(tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
    return guard(() => this.#rows.find(tenantId, idempotencyKey));
  }

  list(tenantId: string | readonly string[], request: ListRequest): Promise<LedgerPage> {
    return guard(() => this.#rows.list([tenantId].flat(), request));
  }

  audit(tenantId: string, idempotencyKey: string): Promise<readonly AuditEntry[]> {
    return guard(() => this.#rows.audit(tenantId, idempotencyKey));
  }

  dueForReconciliation(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return guard(() => this.#rows.due(nowMs, limit));
  }

  dueForReview(nowMs: number, limit: number): Promise<readonly LedgerRow[]> {
    return guard(() => this.#rows.dueForReview(nowMs, limit));
  }

  neighbours(row: LedgerRow, sinceMs: number): Promise<readonly Neighbour[]> {
    return guard(() => this.#rows.neighbours(row, sinceMs));
  }

  recentWrites(request: RecentWritesRequest): Promise<readonly RecentWrite[]> {
    return guard(() => this.#rows.recentWrites(request));
  }

  countUnknown(): Promise<number> {
    return guard(() => this.#rows.countUnknown());
  }

  spending(tenantId: string, nowMs: number): Promise<readonly CountedWrites[]> {
    return guard(() => this.#rows.spending(tenantId, nowMs));
  }

  noteReconcileAttempt(row: LedgerRow, atMs: number, last?: 'last'): Promise<void> {
    return guard(() => this.#rows.noteAttempt(row, nextAttemptAtMs(row, atMs, last)));
  }

  async sweepOrphans(): Promise<number> {
    if (this.#isAttached) return 0;
    const rows = await guard(() => this.#rows.orphan(this.#now()));
    if (rows > 0) {
      this.#log?.warn(
        { rows },
        'Writes of a process that is gone were closed: see their outcome in billingOperations.',
      );
    }
    return rows;
  }

  async tryLead(): Promise<boolean> {
    if (this.#isAttached) return false;
    // Named after the hash key, so that two ledgers in one database have a leader each.
    return guard(() => this.#presence.tryLead(this.keyedHash('leader')));
  }

  ping(): Promise<{ readonly writable: boolean }> {
    return guard(async () => {
      const { writable } = await this.#rows.ping();
      // Claims need the lock as well.
      return { writable: writable && (await this.#presence.isHeld()) };
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    await this.#presence.close();
    if (!this.#pool.ending) {
      await this.#pool.end();
    }
  }

  async #sweepQuietly(): Promise<void> {
    await this.#presence.check();
    try {
      await this.sweepOrphans();
    } catch (error) {
      this.#log?.warn({ err: error }, 'Looking for abandoned writes failed; it will be tried again.');
    }
  }
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asUnavailable(error);
  }
}

function asUnavailable(error: unknown): unknown {
  const ours =
    error instanceof LedgerUnavailable || error instanceof ForbiddenTransition || error instanceof BillingError;
  return ours ? error : new LedgerUnavailable('The ledger could not be read or written.', error);
}
