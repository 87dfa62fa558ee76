import { RateLimiter } from './auth/rate-limiter.js';
import { SharedRateLimiter } from './auth/rate-limiter.redis.js';
import type { Allowance, RateLimitedAction } from './billing/write-scope.js';
import type { Config } from './config/config.js';
import type { Logger } from './observability/logger.js';
import type { PersistedQueryCache } from './server/safelist.js';

/** What replicas share where `CACHE_URL` names a Redis, and keep to themselves otherwise. */
export interface SharedState {
  takeAllowance(tenantId: string, action: RateLimitedAction): Allowance | Promise<Allowance>;
  /** Null: Apollo Server's own, in memory. */
  readonly persistedQueryCache: PersistedQueryCache | null;
  /** Null where nothing is shared. */
  readonly redis: { isUp(): boolean } | null;
  close(): void;
}

/** Connects to Redis if the settings name one; a Redis that is away is no reason not to start. */
export async function createSharedState(config: Config, logger: Logger): Promise<SharedState> {
  const perMinute = { write: config.limits.writesPerMinute, billingUi: config.limits.billingUiPerMinute };
  if (config.cache.url === 'memory:') {
    const limiter = new RateLimiter({ perMinute });
    return {
      takeAllowance: (tenantId, action) => limiter.tryTake(tenantId, action),
      persistedQueryCache: null,
      redis: null,
      close: () => undefined,
    };
  }
  // Loaded only when used.
  const [{ RedisLink }, { RedisPersistedQueries }] = await Promise.all([
    import('./cache/redis.link.js'),
    import('./cache/persisted-queries.redis.js'),
  ]);
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
