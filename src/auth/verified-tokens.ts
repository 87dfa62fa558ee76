import { hash } from 'node:crypto';

/** Longest that a verification is relied on. */
const KEPT_MS = 30_000;
const MAX_TOKENS = 10_000;

interface Verified<T> {
  readonly claims: T;
  readonly untilMs: number;
  /** State of the keys that it was verified with. */
  readonly generation: number;
}

/**
 * Tokens that were verified a moment ago: a client sends the same one with every request, and a signature costs more than all else that
 * a small request does. Held by digest, until they expire, for half a minute at most, and only while the keys are the same: with a newly
 * fetched key set everything is verified anew. Refusals are never kept. Mutable and bounded; the oldest goes first.
 *
 * @typeParam T what was read of a token
 */
export class VerifiedTokens<T> {
  private readonly tokens = new Map<string, Verified<T>>();

  constructor(private readonly nowMs: () => number = Date.now) {}

  find(token: string, generation: number): T | null {
    const digest = digestOf(token);
    const verified = this.tokens.get(digest);
    if (verified === undefined) return null;
    if (verified.generation === generation && this.nowMs() < verified.untilMs) return verified.claims;
    this.tokens.delete(digest);
    return null;
  }

  /**
   * @param expirySeconds of the token, in unix seconds
   * @param generation of the keys before the token was verified
   */
  keep(token: string, claims: T, expirySeconds: number, generation: number): void {
    const untilMs = Math.min(this.nowMs() + KEPT_MS, expirySeconds * 1000);
    const [oldest] = this.tokens.keys();
    if (this.tokens.size >= MAX_TOKENS && oldest !== undefined) this.tokens.delete(oldest);
    this.tokens.set(digestOf(token), { claims, untilMs, generation });
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
