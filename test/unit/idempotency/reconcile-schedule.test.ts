import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RECONCILE_INTERVALS_MS, reconcileDelayMs } from '../../../src/idempotency/ledger-states.js';

describe('the waits between reconciliations', () => {
  it.each([
    [0, 10_000],
    [1, 30_000],
    [2, 120_000],
    [3, 600_000],
    [4, 3_600_000],
    [5, 21_600_000],
    [6, 86_400_000],
    [7, 86_400_000],
    [1_000, 86_400_000],
    [-1, 10_000],
  ])('after %d attempts is %d ms', (attempts, delayMs) => {
    expect(reconcileDelayMs(attempts)).toBe(delayMs);
  });

  it('never shrinks', () => {
    fc.assert(
      fc.property(fc.nat(), (attempts) => {
        expect(reconcileDelayMs(attempts + 1)).toBeGreaterThanOrEqual(reconcileDelayMs(attempts));
      }),
    );
    expect(RECONCILE_INTERVALS_MS.length).toBeGreaterThan(5);
  });
});
