import { describe, expect, it } from '@jest/globals';
import { decideRetry, type RetryQuestion } from '../../../../src/upstreams/http/channel.js';

const PASSING: RetryQuestion = { attempt: 1, transient: true, retryAfterMs: null, remainingMs: 8_000, random: 0.5 };

describe('a read that failed', () => {
  it.each<[string, Partial<RetryQuestion>, number | 'stop']>([
    ['is tried again after a share of 100 ms', {}, 50],
    ['is tried again at once at the least', { random: 0 }, 0],
    ['is tried a third time after a share of 200 ms', { attempt: 2 }, 100],
    ['is not tried a fourth time', { attempt: 3 }, 'stop'],
    ['is not tried again when it will fail again', { transient: false }, 'stop'],
    ['waits as long as it is asked to, and a little', { retryAfterMs: 3_000 }, 3_050],
    ['waits 5 s when asked to', { retryAfterMs: 5_000 }, 5_050],
    ['does not wait longer than 5 s', { retryAfterMs: 5_001 }, 'stop'],
    ['does not wait beyond its time', { retryAfterMs: 3_000, remainingMs: 3_000 }, 'stop'],
    ['does not wait for nothing', { remainingMs: 50 }, 'stop'],
    ['begins no attempt that would have no time to be answered', { remainingMs: 9, random: 0 }, 'stop'],
    ['uses what time is left', { remainingMs: 10, random: 0 }, 0],
    ['does not go on without time', { remainingMs: 0, random: 0 }, 'stop'],
  ])('%s', (_name, change, expected) => {
    const decision = decideRetry({ ...PASSING, ...change });
    expect(decision).toEqual(expected === 'stop' ? { kind: 'stop' } : { kind: 'retry', delayMs: expected });
  });
});
