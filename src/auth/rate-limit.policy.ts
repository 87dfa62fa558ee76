/** Tokens left at a moment; a bucket starts full. */
export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export type Taken =
  | { readonly ok: true; readonly bucket: Bucket }
  | { readonly ok: false; readonly bucket: Bucket; readonly retryAfterSeconds: number };

const MINUTE_MS = 60_000;

/** The bucket at a later moment: refilled evenly, never above a minute's worth. A clock that went back refills nothing. */
export function refill(bucket: Bucket, perMinute: number, nowMs: number): Bucket {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  return { tokens: Math.min(perMinute, bucket.tokens + (elapsedMs * perMinute) / MINUTE_MS), atMs: nowMs };
}

/** Takes one token, or says in how many whole seconds (at least 1) there will be one. `perMinute` must be positive. */
export function take(bucket: Bucket, perMinute: number, nowMs: number): Taken {
  const filled = refill(bucket, perMinute, nowMs);
  if (filled.tokens >= 1) return { ok: true, bucket: { tokens: filled.tokens - 1, atMs: nowMs } };
  const waitMs = ((1 - filled.tokens) * MINUTE_MS) / perMinute;
  return { ok: false, bucket: filled, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}
