import { type Bucket, refill, take } from './rate-limit.policy.js';

export type RateLimitedKind = 'write' | 'billingUi';

export type RateLimitAnswer = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

export interface RateLimiterOptions {
  /** Permitted per tenant and minute; 0: no limit. */
  readonly perMinute: Readonly<Record<RateLimitedKind, number>>;
  readonly now?: () => number;
}

// With AUTH=passthrough anybody can name a new tenant, so the table has an end.
const MAX_BUCKETS = 10_000;

/** Token buckets per tenant and kind, in this process only: with N replicas a tenant has up to N times the limit. Keeps state. */
export class RateLimiter {
  readonly #perMinute: Readonly<Record<RateLimitedKind, number>>;
  readonly #now: () => number;
  readonly #buckets: Readonly<Record<RateLimitedKind, Map<string, Bucket>>> = {
    write: new Map(),
    billingUi: new Map(),
  };

  constructor(options: RateLimiterOptions) {
    this.#perMinute = options.perMinute;
    this.#now = options.now ?? Date.now;
  }

  tryTake(tenantId: string, kind: RateLimitedKind): RateLimitAnswer {
    const perMinute = this.#perMinute[kind];
    if (perMinute === 0) return { ok: true };
    const buckets = this.#buckets[kind];
    const nowMs = this.#now();
    const taken = take(buckets.get(tenantId) ?? { tokens: perMinute, atMs: nowMs }, perMinute, nowMs);
    if (!buckets.has(tenantId) && buckets.size >= MAX_BUCKETS) makeRoom(buckets, perMinute, nowMs);
    buckets.set(tenantId, taken.bucket);
    return taken.ok ? { ok: true } : { ok: false, retryAfterSeconds: taken.retryAfterSeconds };
  }
}

/** Forgets full buckets, which say nothing; when all are in use, the oldest. */
function makeRoom(buckets: Map<string, Bucket>, perMinute: number, nowMs: number): void {
  for (const [tenantId, bucket] of buckets) {
    if (refill(bucket, perMinute, nowMs).tokens >= perMinute) buckets.delete(tenantId);
  }
  const [oldest] = buckets.keys();
  if (buckets.size >= MAX_BUCKETS && oldest !== undefined) buckets.delete(oldest);
}
