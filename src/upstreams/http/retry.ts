/** What is known when an attempt at a read has failed. Times are milliseconds. */
export interface RetryQuestion {
  /** The attempt that failed: 1 for the first. */
  readonly attempt: number;
  /** The failure may pass by itself: broken connection, 429, 5xx. */
  readonly transient: boolean;
  /** What the upstream asked for, if it did. */
  readonly retryAfterMs: number | null;
  /** Left of the read's total time. */
  readonly remainingMs: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

export type RetryDecision = { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'stop' };

export const MAX_ATTEMPTS = 3;

/** An upstream that asks for more time than a reader has patience is not asked again. */
export const MAX_RETRY_AFTER_MS = 5_000;

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/**
 * An attempt with less time could only fail. It also keeps off the retry that a timer would allow which fired a moment
 * early.
 */
const LEAST_ATTEMPT_MS = 10;

const STOP: RetryDecision = { kind: 'stop' };

/**
 * Whether and when a read is tried again. Full jitter (a uniform share of the growing backoff), because equal waits
 * would make all readers of an outage come back at once. The budget is asked separately, and only after a yes: see
 * `RetryBudget`. Writes never come here.
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  if (!question.transient || question.attempt >= MAX_ATTEMPTS) return STOP;
  if (question.retryAfterMs !== null && question.retryAfterMs > MAX_RETRY_AFTER_MS) return STOP;
  const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (question.attempt - 1));
  const delayMs = (question.retryAfterMs ?? 0) + question.random * backoffMs;
  return delayMs + LEAST_ATTEMPT_MS <= question.remainingMs ? { kind: 'retry', delayMs } : STOP;
}

/** One retry for ten reads that came through. In an outage nothing is earned, so it cannot feed on itself. */
const EARNED_PER_READ = 0.1;

/**
 * What good times may save up, and what a fresh process starts with: enough that a lone reader is helped too, and a
 * twentieth of a hundred reads in an outage.
 */
const RESERVE = 5;

/** Mutable: a token bucket, one per upstream, shared by all its reads. */
export class RetryBudget {
  private tokens: number;

  constructor(private readonly reserve: number = RESERVE) {
    this.tokens = reserve;
  }

  /** Counts a read that was answered, with whatever answer. */
  earn(): void {
    this.tokens = Math.min(this.reserve, this.tokens + EARNED_PER_READ);
  }

  /** Takes one retry out of the budget; false when there is none left. */
  spend(): boolean {
    // A hair below 1 is ten tenths added up in binary.
    if (this.tokens < 1 - 1e-9) return false;
    this.tokens = Math.max(0, this.tokens - 1);
    return true;
  }
}

/**
 * Milliseconds to wait by a `Retry-After` header (RFC 9110, 10.2.3): seconds or a date; null when there is none or it
 * makes no sense; 0 for a date that has passed.
 *
 * @param nowMs the wall clock, in epoch milliseconds
 */
export function decodeRetryAfter(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
