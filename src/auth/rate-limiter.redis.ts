import { createHash } from 'node:crypto';
import type { RedisLink } from '../cache/redis.link.js';
import type { Allowance, RateLimitedKind } from '../domain/errors.js';
import { RateLimiter, type RateLimiterOptions } from './rate-limiter.js';

const PREFIX = 'billing-gateway:rate:';

/**
 * The bucket of `rate-limiter.ts`, in one step for all replicas and by the clock of Redis, so that replicas whose
 * clocks differ agree. Answers 0, or the milliseconds until there is a token. A bucket that nobody asked for in a
 * minute is full, and forgotten.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local per_minute = tonumber(ARGV[1])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or per_minute
local elapsed = math.max(0, now - (tonumber(bucket[2]) or now))
tokens = math.min(per_minute, tokens + elapsed * per_minute / 60000)
local wait = 0
if tokens >= 1 then
  tokens = tokens - 1
else
  wait = math.max(1, math.ceil((1 - tokens) * 60000 / per_minute))
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], 60000)
return wait`;

/**
 * Token buckets per tenant and kind that all replicas on one Redis share. While Redis is away each replica counts by
 * itself, from full buckets: a limit guards against mistakes, and its store must not stop payments.
 */
export class SharedRateLimiter {
  readonly #link: Pick<RedisLink, 'run'>;
  readonly #perMinute: RateLimiterOptions['perMinute'];
  readonly #local: RateLimiter;

  constructor(link: Pick<RedisLink, 'run'>, options: RateLimiterOptions) {
    this.#link = link;
    this.#perMinute = options.perMinute;
    this.#local = new RateLimiter(options);
  }

  async tryTake(tenantId: string, kind: RateLimitedKind): Promise<Allowance> {
    const perMinute = this.#perMinute[kind];
    if (perMinute === 0) return { ok: true };
    const waitMs = await this.#link.run((redis) => redis.eval(TAKE, 1, redisKey(tenantId, kind), String(perMinute)));
    if (typeof waitMs !== 'number') return this.#local.tryTake(tenantId, kind);
    return waitMs === 0 ? { ok: true } : { ok: false, retryAfterSeconds: Math.ceil(waitMs / 1000) };
  }
}

// Tenants are named by tokens and files, and with AUTH=passthrough by callers: hashed, a name is neither long nor
// readable.
function redisKey(tenantId: string, kind: RateLimitedKind): string {
  return `${PREFIX}${kind}:${createHash('sha256').update(tenantId).digest('hex')}`;
}
