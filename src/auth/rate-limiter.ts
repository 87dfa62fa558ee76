import { createHash } from 'node:crypto';
import type { RedisLink } from '../cache/redis-link.js';
import type { Allowance, RateLimitedKind } from '../domain/errors.js';

interface RateLimiterOptions {
  /** Requests permitted per tenant and minute; 0: no limit. */
  readonly perMinute: Readonly<Record<RateLimitedKind, number>>;
  readonly now?: () => number;
}

// The table is bounded, because with AUTH=passthrough any caller can name a new tenant.
const MAX_BUCKETS = 10_000;

/**
 * Token buckets per tenant and kind, in this process only: with N replicas a tenant has up to N times the limit. Keeps
 * state.
 */
export class RateLimiter {
  readonly #perMinute: Readonly<Record<RateLimitedKind, number>>;
  readonly #now: () => number;
  readonly #buckets: Readonly<Record<RateLimitedKind, Map<string, Bucket>>> = {
    write: new Map(),
    billingUi: new Map(),
    read: new Map(),
  };

  constructor(options: RateLimiterOptions) {
    this.#perMinute = options.perMinute;
    this.#now = options.now ?? Date.now;
  }

  /** Takes one request from the allowance; -1 gives one back. */
  tryTake(tenantId: string, kind: RateLimitedKind, count: 1 | -1 = 1): Allowance {
    const perMinute = this.#perMinute[kind];
    if (perMinute === 0) return { ok: true };
    const buckets = this.#buckets[kind];
    const nowMs = this.#now();
    const taken = take(buckets.get(tenantId) ?? { tokens: perMinute, atMs: nowMs }, perMinute, nowMs, count);
    if (!buckets.has(tenantId) && buckets.size >= MAX_BUCKETS) makeRoom(buckets, perMinute, nowMs);
    buckets.set(tenantId, taken.bucket);
    return taken.ok ? { ok: true } : { ok: false, retryAfterSeconds: taken.retryAfterSeconds };
  }
}

/** Removes full buckets, which are equal to new ones. When all buckets are in use, removes the oldest. */
function makeRoom(buckets: Map<string, Bucket>, perMinute: number, nowMs: number): void {
  for (const [tenantId, bucket] of buckets) {
    if (refill(bucket, perMinute, nowMs).tokens >= perMinute) buckets.delete(tenantId);
  }
  const [oldest] = buckets.keys();
  if (buckets.size >= MAX_BUCKETS && oldest !== undefined) buckets.delete(oldest);
}

/** Tokens left at a moment; a bucket starts full. */
interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

type Taken =
  | { readonly ok: true; readonly bucket: Bucket }
  | { readonly ok: false; readonly bucket: Bucket; readonly retryAfterSeconds: number };

const MINUTE_MS = 60_000;

/**
 * The bucket at a later moment: refilled evenly, never above a minute's worth. A clock that went back refills nothing.
 */
export function refill(bucket: Bucket, perMinute: number, nowMs: number): Bucket {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return { tokens: Math.min(perMinute, bucket.tokens + (elapsedMs * perMinute) / MINUTE_MS), atMs: nowMs };
}

/**
 * Takes one token, or returns the whole seconds (at least 1) until there is one; -1 gives one back. `perMinute` must be
 * positive.
 */
export function take(bucket: Bucket, perMinute: number, nowMs: number, count: 1 | -1 = 1): Taken {
  const filled = refill(bucket, perMinute, nowMs);
  const tokens = Math.min(perMinute, filled.tokens - count);
  if (tokens >= 0) return { ok: true, bucket: { tokens, atMs: nowMs } };
  const waitMs = ((1 - filled.tokens) * MINUTE_MS) / perMinute;
  return { ok: false, bucket: filled, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}

const PREFIX = 'billing-gateway:rate:';

/**
 * The token bucket above, as one atomic step in Redis for all replicas. It uses the clock of Redis, so that replicas
 * with different clocks agree. The script returns 0, or the milliseconds until there is a token. A bucket that is
 * unused for a minute is full, so it expires.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local per_minute = tonumber(ARGV[1])
local count = tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or per_minute
local elapsed = math.max(0, now - (tonumber(bucket[2]) or now))
tokens = math.min(per_minute, tokens + elapsed * per_minute / 60000)
local wait = 0
if tokens >= count then
  tokens = math.min(per_minute, tokens - count)
else
  wait = math.max(1, math.ceil((1 - tokens) * 60000 / per_minute))
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%d', now))
redis.call('PEXPIRE', KEYS[1], 60000)
return wait`;

/**
 * Token buckets per tenant and kind that all replicas on one Redis share. While Redis is away, each replica counts on
 * its own, from full buckets. Reason: the limit guards against mistakes, and an outage of its store must not stop
 * payments.
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

  async tryTake(tenantId: string, kind: RateLimitedKind, count: 1 | -1 = 1): Promise<Allowance> {
    const perMinute = this.#perMinute[kind];
    if (perMinute === 0) return { ok: true };
    const values = [redisKey(tenantId, kind), String(perMinute), String(count)];
    const waitMs = await this.#link.run((redis) => redis.eval(TAKE, 1, ...values));
    if (typeof waitMs !== 'number') return this.#local.tryTake(tenantId, kind, count);
    return waitMs === 0 ? { ok: true } : { ok: false, retryAfterSeconds: Math.ceil(waitMs / 1000) };
  }
}

// Tokens, files and, with AUTH=passthrough, callers choose the names of tenants. A hashed name is short and not
// readable.
function redisKey(tenantId: string, kind: RateLimitedKind): string {
  return `${PREFIX}${kind}:${createHash('sha256').update(tenantId).digest('hex')}`;
}
