import { setTimeout as delay } from 'node:timers/promises';
import pg, { type ClientConfig } from 'pg';
import { z } from 'zod';
import { type LedgerLog, LedgerUnavailable } from './ledger.js';

const RECONNECT_MS = 500;
/** The server needs a moment to end a session that was told to. */
const TAKEOVER_ATTEMPTS = 40;
const TAKEOVER_WAIT_MS = 50;

const locked = z.object({ locked: z.boolean() });

/**
 * Seen from the server, an end that vanished without a word is found out within about a minute; without this it could take hours,
 * and its writes would stay "in progress" all that time. The session itself must never be ended for being idle.
 */
const SESSION_SETTINGS = `
  SELECT set_config('tcp_keepalives_idle', '20', false), set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false),
    (SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout')`;

/**
 * Keeps the advisory lock that says "this owner lives" on a session of its own, and takes it again when the connection was lost.
 * Holds mutable state: that connection, and whether it also has the leader's lock.
 */
export class PostgresPresence {
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

  /** Resolves when the lock is held; throws when it cannot be taken just now. */
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

  /** Finds out about a connection that died silently. Never throws. */
  async check(): Promise<void> {
    try {
      const client = await this.ensure();
      await client.query('SELECT 1').catch((error: unknown) => {
        this.#lose(client, error);
      });
    } catch (error) {
      this.#log?.warn({ err: error }, 'The ledger cannot be reached; it will be tried again.');
    }
  }

  /** One session at a time has the lock of this name; it keeps it until its connection ends. */
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
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return client;
  }

  /** Owner ids are random, so whoever else holds this lock is an earlier session of this process that the server still keeps. */
  async #takeOwnLock(client: pg.Client): Promise<void> {
    for (let attempt = 1; attempt <= TAKEOVER_ATTEMPTS; attempt += 1) {
      if (await tryLock(client, this.#ownerId)) {
        return;
      }
      await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
          AND pid <> pg_backend_pid() AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0)`,
        [this.#ownerId],
      );
      await delay(TAKEOVER_WAIT_MS);
    }
    throw new LedgerUnavailable('The lock of this process is still held by its earlier session.');
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

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<Record<string, unknown>>(
    'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked',
    [name],
  );
  return locked.parse(rows[0]).locked;
}
