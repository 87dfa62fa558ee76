import { setTimeout as delay } from 'node:timers/promises';
import pg, { type ClientConfig } from 'pg';
import { z } from 'zod';
import { type LedgerLog, LedgerUnavailable } from '../ledger.js';

const RECONNECT_MS = 500;
/** Attempts and wait for the lock, because the server needs a moment to end a session. */
const TAKEOVER_ATTEMPTS = 40;
const TAKEOVER_WAIT_MS = 50;

/**
 * Rounds of the test for a pooler. Other users of the pooler may interfere with a round; otherwise each round finds a
 * shared session.
 */
const POOLING_ROUNDS = 3;

const locked = z.object({ locked: z.boolean() });
const sessionRow = z.object({ pid: z.number(), holds: z.boolean() });
type Session = z.infer<typeof sessionRow>;

/** Condition on pg_locks for an advisory lock with one number. `$1` is the lock's name. */
const IS_LOCK_OF_NAME = `locktype = 'advisory' AND objsubid = 1 AND granted
  AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0)`;
const SESSION = `SELECT pg_backend_pid() AS pid,
  EXISTS (SELECT FROM pg_locks WHERE ${IS_LOCK_OF_NAME} AND pid = pg_backend_pid()) AS holds`;

/**
 * Settings with which the server notices a vanished client within about a minute. Without them it could take hours, and
 * the client's writes would stay "in progress". The session itself must never be ended for being idle.
 */
const SESSION_SETTINGS = `
  SELECT set_config('tcp_keepalives_idle', '20', false), set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false),
    (SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout')`;

const TRANSACTION_POOLING =
  'LEDGER_URL leads to a pooler in transaction mode, where the lock that says that this replica lives is lost. ' +
  'Give the address of the server itself, or a pool in session mode (PgBouncer: pool_mode=session).';

/**
 * The owner's lock in PostgreSQL: an advisory lock which proves that this owner lives. It is held on a session of its
 * own, and taken again after a lost connection. Keeps state: that connection, and whether it also has the leader's
 * lock.
 */
export class PostgresOwnerLock {
  readonly #config: ClientConfig;
  readonly #ownerId: string;
  readonly #log: LedgerLog | undefined;
  #client: pg.Client | null = null;
  #connecting: Promise<pg.Client> | null = null;
  #isLeader = false;
  #isClosed = false;

  constructor(config: ClientConfig, ownerId: string, log: LedgerLog | undefined) {
    this.#config = config;
    this.#ownerId = ownerId;
    this.#log = log;
  }

  /** Resolves when the lock is held; throws when it cannot be taken at present. */
  async ensure(): Promise<pg.Client> {
    if (this.#isClosed) {
      throw new LedgerUnavailable('The ledger is closed.');
    }
    if (this.#client !== null) {
      return this.#client;
    }
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  /** Whether the lock is held, or could be taken at present. Never throws. */
  isHeld(): Promise<boolean> {
    return this.ensure().then(
      () => true,
      () => false,
    );
  }

  /** Detects a connection that died silently, and a lock that is gone while its connection lives. Never throws. */
  async check(): Promise<void> {
    try {
      const client = await this.ensure();
      try {
        const { holds } = await sessionOf(client, this.#ownerId);
        if (!holds) this.#lose(client, new LedgerUnavailable('The lock of this process is gone.'));
      } catch (error) {
        this.#lose(client, error);
      }
    } catch (error) {
      this.#log?.warn({ err: error }, 'The ledger cannot be reached; it will be tried again.');
    }
  }

  /** Tries to take the lock of this name. One session at a time has it, until its connection ends. */
  async tryLead(name: string): Promise<boolean> {
    const client = await this.ensure();
    this.#isLeader ||= await tryLock(client, name);
    return this.#isLeader && client === this.#client;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = this.#client ?? (await this.#connecting?.catch(() => null)) ?? null;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, null));
    try {
      await client.connect();
      await client.query(SESSION_SETTINGS);
      await this.#takeOwnLock(client);
      await this.#refuseSharedSession(client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return client;
  }

  /**
   * Takes this owner's lock. Owner ids are random, so only an earlier session of this process can hold it, which the
   * server has not ended yet.
   */
  async #takeOwnLock(client: pg.Client): Promise<void> {
    for (let attempt = 1; attempt <= TAKEOVER_ATTEMPTS; attempt += 1) {
      if (await tryLock(client, this.#ownerId)) {
        return;
      }
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE ${IS_LOCK_OF_NAME} AND pid <> pg_backend_pid()`,
        [this.#ownerId],
      );
      await delay(TAKEOVER_WAIT_MS);
    }
    throw new LedgerUnavailable('The lock of this process is still held by its earlier session.');
  }

  /**
   * Refuses a pooler in transaction mode, such as PgBouncer. Such a pooler gives each transaction any free session, so
   * the lock stays with a session of the pooler. A dead process would then count as alive. A living one would count as
   * dead, and lose its writes.
   */
  async #refuseSharedSession(client: pg.Client): Promise<void> {
    const other = new pg.Client(this.#config);
    other.on('error', () => undefined);
    try {
      await other.connect();
      for (let round = 1; round <= POOLING_ROUNDS; round += 1) {
        const before = await sessionOf(client, this.#ownerId);
        await other.query('BEGIN');
        const beside = await sessionOf(other, this.#ownerId);
        // With a pool of one session the third statement would wait for ever, so this check comes first.
        const isShared = beside.pid === before.pid || !(await sessionOf(client, this.#ownerId)).holds;
        await other.query('ROLLBACK');
        if (isShared) throw new LedgerUnavailable(TRANSACTION_POOLING);
      }
    } finally {
      await other.end().catch(() => undefined);
    }
  }

  #lose(client: pg.Client, error: unknown): void {
    if (this.#client !== client) {
      return;
    }
    this.#client = null;
    this.#isLeader = false;
    client.end().catch(() => undefined);
    if (!this.#isClosed) {
      this.#log?.warn(
        { err: error },
        'The connection that marks this process as alive was lost; it is taken up again.',
      );
      setTimeout(() => void this.check(), RECONNECT_MS).unref();
    }
  }
}

async function sessionOf(client: pg.Client, lockName: string): Promise<Session> {
  const { rows } = await client.query<Record<string, unknown>>(SESSION, [lockName]);
  return sessionRow.parse(rows[0]);
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<Record<string, unknown>>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [name],
  );
  return locked.parse(rows[0]).locked;
}
