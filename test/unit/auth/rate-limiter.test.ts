import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RateLimiter, refill, take } from '../../../src/auth/rate-limiter.js';
import { randomRuns } from '../../support/suite.sizes.js';

describe('a rate limit', () => {
  it("lets a minute's worth through at once, then says when to come again", () => {
    const clock = { ms: 0 };
    const limiter = new RateLimiter({ perMinute: { write: 3, billingUi: 1, read: 0 }, now: () => clock.ms });
    const writes = Array.from({ length: 4 }, () => limiter.tryTake('acme', 'write'));
    expect(writes).toEqual([{ ok: true }, { ok: true }, { ok: true }, { ok: false, retryAfterSeconds: 20 }]);
    clock.ms = 19_999;
    expect(limiter.tryTake('acme', 'write').ok).toBe(false);
    clock.ms = 20_000;
    expect(limiter.tryTake('acme', 'write').ok).toBe(true);
  });

  it('counts each tenant and kind for itself', () => {
    const limiter = new RateLimiter({ perMinute: { write: 1, billingUi: 1, read: 0 }, now: () => 0 });
    expect(limiter.tryTake('a', 'write').ok).toBe(true);
    expect(limiter.tryTake('a', 'billingUi').ok).toBe(true);
    expect(limiter.tryTake('b', 'write').ok).toBe(true);
    expect(limiter.tryTake('a', 'write').ok).toBe(false);
  });

  it('takes back what a request did not need, and never more than the limit', () => {
    const limiter = new RateLimiter({ perMinute: { write: 2, billingUi: 1, read: 0 }, now: () => 0 });
    for (const count of [1, 1, -1, 1] as const) expect(limiter.tryTake('acme', 'write', count).ok).toBe(true);
    expect(limiter.tryTake('acme', 'write').ok).toBe(false);
    for (let given = 0; given < 5; given += 1) limiter.tryTake('acme', 'write', -1);
    expect([1, 2, 3].map(() => limiter.tryTake('acme', 'write').ok)).toEqual([true, true, false]);
  });

  it('of 0 is none', () => {
    const limiter = new RateLimiter({ perMinute: { write: 0, billingUi: 0, read: 0 } });
    for (let attempt = 0; attempt < 1000; attempt += 1) expect(limiter.tryTake('a', 'write').ok).toBe(true);
  });

  it('still holds for a tenant in use after ten thousand others came', () => {
    const clock = { ms: 0 };
    const limiter = new RateLimiter({ perMinute: { write: 2, billingUi: 1, read: 0 }, now: () => clock.ms });
    for (let other = 0; other < 10_000; other += 1) limiter.tryTake(`other-${other}`, 'write');
    clock.ms = 59_000;
    limiter.tryTake('acme', 'write');
    limiter.tryTake('acme', 'write');
    clock.ms = 60_000;
    for (let other = 0; other < 5_000; other += 1) limiter.tryTake(`late-${other}`, 'write');
    expect(limiter.tryTake('acme', 'write').ok).toBe(false);
  });

  it('never lets more through in any minute than twice the limit, nor goes below zero, whatever the clock does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: -5_000, max: 30_000 }), { maxLength: 200 }),
        (perMinute, steps) => {
          let bucket = { tokens: perMinute, atMs: 0 };
          let nowMs = 0;
          let highestMs = 0;
          let passed = 0;
          for (const step of steps) {
            nowMs += step;
            highestMs = Math.max(highestMs, nowMs);
            const taken = take(bucket, perMinute, nowMs);
            bucket = { ...taken.bucket };
            if (taken.ok) passed += 1;
            expect(bucket.tokens).toBeGreaterThanOrEqual(0);
            expect(refill(bucket, perMinute, nowMs).tokens).toBeLessThanOrEqual(perMinute);
          }
          const forwardMs = steps.filter((step) => step > 0).reduce((sum, step) => sum + step, 0);
          expect(passed).toBeLessThanOrEqual(perMinute + (forwardMs * perMinute) / 60_000 + 1e-6);
        },
      ),
      { numRuns: randomRuns(200) },
    );
  });
});
