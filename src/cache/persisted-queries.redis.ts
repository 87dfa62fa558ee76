import { createHash } from 'node:crypto';
import type { RedisLink } from './redis.link.js';

const PREFIX = 'billing-gateway:persisted-query:';
/** Apollo Server names no time of its own. Documents in use are sent again by their clients. */
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
   * The text, or a miss when its hash is not that of the key. Reason: somebody who can write to Redis must not choose
   * what the gateway runs.
   */
  async get(key: string): Promise<string | undefined> {
    const text = await this.#link.run((redis) => redis.get(redisKey(key)));
    return text !== null && key.endsWith(sha256(text)) ? text : undefined;
  }

  /** @param options `ttl` in seconds; at most thirty days are kept */
  async set(key: string, text: string, options?: { readonly ttl?: number | null }): Promise<void> {
    const seconds = Math.min(Math.max(Math.trunc(options?.ttl ?? DEFAULT_SECONDS), 1), MAX_SECONDS);
    await this.#link.run((redis) => redis.set(redisKey(key), text, 'EX', seconds));
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#link.run((redis) => redis.del(redisKey(key)))) === 1;
  }
}

// Clients choose what comes before the colon's hash; hashed once more, every key has one length and one alphabet.
function redisKey(key: string): string {
  return PREFIX + sha256(key);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
