import { describe, expect, it } from '@jest/globals';
import {
  type DailyLimits,
  exceededLimit,
  freeAtMs,
  type Spend,
  spendOf,
  usedRatio,
} from '../../../src/domain/spending.js';

const DAY_MS = 86_400_000;
const nzd = (amount: string): Spend => ({ amount, currency: 'NZD' });
const limits = (change: Partial<DailyLimits>): DailyLimits => ({
  writesPerDay: null,
  spendPerDay: new Map([['NZD', '100']]),
  spend: nzd('10'),
  ...change,
});

describe('spendOf', () => {
  it.each([
    ['99.50', 3, '298.50'],
    ['0.10', 3, '0.30'],
    ['1e2', 2, '200'],
    ['0', 100, '0'],
    ['-1', 1, null],
    ['what', 1, null],
  ])('%s times %d is %s', (amount, quantity, expected) => {
    expect(spendOf({ amount, currency: 'NZD' }, quantity)?.amount ?? null).toBe(expected);
  });
});

describe('exceededLimit', () => {
  it.each<[string, Partial<DailyLimits>, Spend | null, string | null]>([
    ['exactly full', {}, nzd('90'), null],
    ['a cent over', {}, nzd('90.01'), 'spendPerDay'],
    ['another currency', {}, { amount: '1000', currency: 'USD' }, null],
    ['an unnamed currency that was spent', {}, { amount: '95', currency: null }, 'spendPerDay'],
    ['an unnamed currency that is wished', { spend: { amount: '10', currency: null } }, nzd('95'), 'spendPerDay'],
    ['nothing that is priced', { spend: null }, nzd('1000'), null],
    ['something free', { spend: nzd('0') }, nzd('1000'), null],
    ['writes used up', { writesPerDay: 1 }, null, 'writesPerDay'],
    ['writes left', { writesPerDay: 2 }, null, null],
    ['no writes at all', { writesPerDay: 0 }, null, 'writesPerDay'],
  ])('%s', (_name, change, used, expected) => {
    expect(exceededLimit(limits(change), [{ spend: used, count: 1 }])?.name ?? null).toBe(expected);
  });

  it('adds without rounding', () => {
    const wish = limits({ spendPerDay: new Map([['NZD', '0.30']]), spend: nzd('0.10') });
    expect(exceededLimit(wish, [{ spend: nzd('0.10'), count: 2 }])).toBeNull();
    expect(exceededLimit(wish, [{ spend: nzd('0.10'), count: 3 }])).toMatchObject({ used: '0.30', wished: '0.10' });
  });
});

describe('freeAtMs', () => {
  const writes = [
    { spend: nzd('60'), sentAtMs: 3_000 },
    { spend: nzd('5'), sentAtMs: 1_000 },
    { spend: nzd('30'), sentAtMs: null },
  ];
  it.each<[string, string, number | null]>([
    ['the oldest makes room', '10', 1_000 + DAY_MS],
    ['the second makes room', '40', 3_000 + DAY_MS],
    ['all must go', '100', 9_000 + DAY_MS],
    ['never', '100.01', null],
  ])('%s', (_name, amount, expected) => {
    const exceeded = exceededLimit(
      limits({ spend: nzd(amount) }),
      writes.map(({ spend }) => ({ spend, count: 1 })),
    );
    expect(exceeded).not.toBeNull();
    expect(exceeded === null ? null : freeAtMs(exceeded, writes, 9_000)).toBe(expected);
  });
});

describe('usedRatio', () => {
  it.each([
    [3, 4, 0.75],
    [0, 0, 1],
  ])('%d of %d is %d', (used, limit, expected) => {
    expect(usedRatio({ name: 'writesPerDay', used, limit })).toBe(expected);
  });
});
