import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Logger } from '../observability/logger.js';
import { errorFields } from '../observability/redact.js';

interface RedisLinkOptions {
  readonly logger: Logger;
  /** Longest time that one command may take, in milliseconds. */
  readonly commandTimeoutMs?: number;
  readonly now?: () => number;
}

/** Longer than any healthy response on one network, and short enough for a request that can continue without Redis. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;
/** After a failure the gateway sends no command for this long, so that a Redis that hangs delays few requests. */
const REST_MS = 1_000;
/** Interval between two probes of a working Redis. A gateway without requests must notice a demotion within seconds. */
const HEARTBEAT_MS = 2_000;
/** Longest time that a start waits for the first connection. */
const START_PATIENCE_MS = 1_000;
const PROBE_KEY = 'billing-gateway:probe';
const LOG_INTERVAL_MS = 60_000;

class RedisNotReady extends Error {
  override readonly name = 'RedisNotReady';
}

/**
 * One connection to a Redis that the gateway can work without. A command that cannot be sent at once is skipped. The
 * link reconnects for as long as the process lives. Keeps state: the connection, and whether the last command worked.
 */
export class RedisLink {
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #first = Promise.withResolvers<unknown>();
  /** A write worked on this connection, and nothing has failed since. */
  #works = false;
  #probe: NodeJS.Timeout | undefined;
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  #closing = false;

  /** @param url `redis://` or `rediss://`; never logged, because it may hold a password */
  constructor(url: string, options: RedisLinkOptions) {
    this.#logger = options.logger;
    this.#now = options.now ?? (() => performance.now());
    this.#redis = new Redis(url, {
      connectionName: 'billing-gateway',
      connectTimeout: CONNECT_TIMEOUT_MS,
      // A Redis that hangs never closes its side of the connection, so the wait for it is bounded.
      disconnectTimeout: COMMAND_TIMEOUT_MS,
      commandTimeout: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      maxLoadingRetryTime: LONGEST_RECONNECT_MS,
      retryStrategy: (times) => Math.min(times * 100, LONGEST_RECONNECT_MS),
    });
    // Without a listener the first failed connection would end the process.
    this.#redis.on('error', (error: unknown) => this.#note(error));
    this.#redis.on('ready', () => void this.#ask());
    this.#redis.on('close', () => {
      this.#works = false;
      clearTimeout(this.#probe);
      this.#first.resolve(undefined);
    });
  }

  /** Whether Redis answered the last command. Sends nothing. */
  isUp(): boolean {
    return this.#works;
  }

  /**
   * Resolves when the first attempt to connect has succeeded, failed or taken too long. Reason for the limit: a Redis
   * that is loading its data accepts connections for minutes. Never rejects.
   */
  async settled(): Promise<void> {
    const late = setTimeout(() => {
      this.#note(new RedisNotReady());
      this.#first.resolve(undefined);
    }, START_PATIENCE_MS);
    await this.#first.promise;
    clearTimeout(late);
  }

  /** The result of the work, or null when Redis is away, too slow or refuses. Never rejects. */
  async run<T>(work: (redis: Redis) => Promise<T>): Promise<T | null> {
    if (!this.#works) return null;
    try {
      return await work(this.#redis);
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  close(): void {
    this.#closing = true;
    clearTimeout(this.#probe);
    this.#redis.disconnect();
  }

  /** Probes with a write. Reason: a replica answers PING, and so does a Redis that is out of memory. */
  async #ask(): Promise<void> {
    try {
      await this.#write().catch((error: unknown) => {
        // This process may have been busy, so one late response is no proof of a fault.
        if (this.#works && this.#redis.status === 'ready' && isTimeout(error)) return this.#write();
        throw error;
      });
      if (!this.#works) this.#recovered();
      this.#askIn(HEARTBEAT_MS);
    } catch (error) {
      const isConnected = this.#redis.status === 'ready';
      this.#failed(error);
      // A Redis that refuses or hangs may have been demoted, moved or cut off. The address may lead to another one by
      // now.
      if (isConnected && !this.#closing) this.#redis.disconnect(true);
    }
    this.#first.resolve(undefined);
  }

  /** The key expires at once, because only the success of the command matters. */
  async #write(): Promise<unknown> {
    return await this.#redis.set(PROBE_KEY, '1', 'PX', 1);
  }

  #askIn(ms: number): void {
    clearTimeout(this.#probe);
    if (!this.#closing) this.#probe = setTimeout(() => void this.#ask(), ms).unref();
  }

  #failed(error: unknown): void {
    this.#works = false;
    this.#note(error);
    this.#askIn(REST_MS);
  }

  /** Logs once a minute at most, because an outage must not fill the log. */
  #note(error: unknown): void {
    if (this.#closing || this.#now() - this.#loggedAtMs < LOG_INTERVAL_MS) return;
    this.#loggedAtMs = this.#now();
    const { name, code } = errorFields(error);
    this.#logger.warn({ error: code ?? name }, 'Redis cannot be used: each replica continues on its own');
  }

  #recovered(): void {
    if (this.#closing) return;
    this.#works = true;
    this.#loggedAtMs = Number.NEGATIVE_INFINITY;
    this.#logger.info('Redis is connected');
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}

const PREFIX = 'billing-gateway:persisted-query:';
/** Apollo Server passes no time to live by default. Clients send documents in use again. */
const DEFAULT_SECONDS = 24 * 60 * 60;
const MAX_SECONDS = 30 * 24 * 60 * 60;

/**
 * Apollo's `KeyValueCache` for persisted queries, shared by replicas. A Redis that is away is a miss, after which the
 * client sends the whole document.
 */
export class RedisPersistedQueries {
  readonly #link: Pick<RedisLink, 'run'>;

  constructor(link: Pick<RedisLink, 'run'>) {
    this.#link = link;
  }

  /**
   * The text, or a miss when its hash is not that of the key. Reason: a writer to Redis must not choose the documents
   * that the gateway runs (cache poisoning).
   */
  async get(key: string): Promise<string | undefined> {
    const text = await this.#link.run((redis) => redis.get(redisKey(key)));
    return text !== null && key.endsWith(sha256(text)) ? text : undefined;
  }

  /** @param options `ttl` in seconds; at most thirty days */
  async set(key: string, text: string, options?: { readonly ttl?: number | null }): Promise<void> {
    const seconds = Math.min(Math.max(Math.trunc(options?.ttl ?? DEFAULT_SECONDS), 1), MAX_SECONDS);
    await this.#link.run((redis) => redis.set(redisKey(key), text, 'EX', seconds));
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#link.run((redis) => redis.del(redisKey(key)))) === 1;
  }
}

// Clients choose the part before the colon. Hashed once more, every key has one length and one alphabet.
function redisKey(key: string): string {
  return PREFIX + sha256(key);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
