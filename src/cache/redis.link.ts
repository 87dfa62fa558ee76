import { Redis } from 'ioredis';
import type { Logger } from '../observability/logger.js';
import { errorFields } from '../observability/redact.js';

export interface RedisLinkOptions {
  readonly logger: Logger;
  /** Longest time that one command may take, in milliseconds. */
  readonly commandTimeoutMs?: number;
  readonly now?: () => number;
}

/** Longer than any healthy answer on one network, short enough to be waited for by a request that can do without. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 2_000;
const LONGEST_RECONNECT_MS = 2_000;
/** After a failure nobody asks for this long, so that a Redis that hangs delays few requests. */
const REST_MS = 1_000;
/** A start waits this long for a first connection. */
const START_PATIENCE_MS = 1_000;
const PROBE_KEY = 'billing-gateway:probe';
const LOG_INTERVAL_MS = 60_000;

class RedisNotReady extends Error {
  override readonly name = 'RedisNotReady';
}

/**
 * One connection to a Redis that the gateway can do without: what can't be done at once is not done. Reconnects for as long as the
 * process lives. Keeps state: the connection, and when it last failed.
 */
export class RedisLink {
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #now: () => number;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  /** A command failed, and none has worked since. */
  #isFailing = false;
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
      commandTimeout: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      // A demoted or moved Redis keeps its connections and refuses commands: the name may lead to another one by now.
      reconnectOnError: (error) => /^(READONLY|MOVED|LOADING)\b/.test(error.message),
      retryStrategy: (times) => Math.min(times * 100, LONGEST_RECONNECT_MS),
    });
    // Without a listener the first failed connection would end the process.
    this.#redis.on('error', (error: unknown) => this.#note(error));
    this.#redis.on('ready', () => {
      if (!this.#isFailing) this.#recovered();
    });
  }

  /** Whether commands are being answered, as far as is known without asking. */
  isUp(): boolean {
    return this.#redis.status === 'ready' && !this.#isFailing;
  }

  /**
   * Resolves when the first attempt to connect has come to something, good or bad, or takes too long: a Redis that is loading its data
   * accepts connections for minutes. Never rejects.
   */
  async settled(): Promise<void> {
    if (this.#redis.status === 'ready') return;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        this.#note(new RedisNotReady());
        resolve();
      }, START_PATIENCE_MS);
      const done = (): void => {
        clearTimeout(late);
        resolve();
      };
      this.#redis.once('ready', done);
      this.#redis.once('close', done);
    });
  }

  /** What the work came to, or null when Redis is away, too slow or refuses. Never rejects. */
  async run<T>(work: (redis: Redis) => Promise<T>): Promise<T | null> {
    if (this.#redis.status !== 'ready' || this.#isFailing || this.#now() < this.#restUntilMs) return null;
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

  #failed(error: unknown): void {
    this.#isFailing = true;
    this.#restUntilMs = this.#now() + REST_MS;
    this.#note(error);
    if (this.#closing) return;
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => void this.#tryAgain(), REST_MS).unref();
  }

  /** Up again is what carries out a write: a replica answers PING, and so does a Redis that is out of memory. */
  async #tryAgain(): Promise<void> {
    try {
      await this.#redis.set(PROBE_KEY, '1', 'PX', REST_MS);
      this.#isFailing = false;
      this.#recovered();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Once a minute: an outage must not fill the log. */
  #note(error: unknown): void {
    if (this.#closing || this.#now() - this.#loggedAtMs < LOG_INTERVAL_MS) return;
    this.#loggedAtMs = this.#now();
    const { name, code } = errorFields(error);
    this.#logger.warn({ error: code ?? name }, 'Redis cannot be used: each replica goes on by itself');
  }

  #recovered(): void {
    this.#restUntilMs = Number.NEGATIVE_INFINITY;
    this.#loggedAtMs = Number.NEGATIVE_INFINITY;
    this.#logger.info('Redis is connected');
  }
}
