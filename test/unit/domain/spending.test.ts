import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type DailyLimits,
  exceededLimit,
  lastToFree,
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

describe('lastToFree', () => {
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
    expect(lastToFree(limits({ spend: nzd(amount) }), writes, 9_000)).toMatchObject({ freeAtMs: expected });
  });

  it.each<[string, string, object]>([
    ['the spend, which frees up after the writes', '40', { name: 'spendPerDay', freeAtMs: 3_000 + DAY_MS }],
    ['the writes, which free up after the spend', '8', { name: 'writesPerDay', freeAtMs: 1_000 + DAY_MS }],
    ['the spend, which never frees up', '100.01', { name: 'spendPerDay', freeAtMs: null }],
  ])('of two full limits names %s', (_name, amount, expected) => {
    const wish = limits({ writesPerDay: 3, spend: nzd(amount) });
    expect(lastToFree(wish, writes, 9_000)).toMatchObject(expected);
  });

  it('always names a moment from which the write fits, and before which it does not', () => {
    const spend = fc.record({
      amount: fc.nat(40).map(String),
      currency: fc.constantFrom('NZD', 'USD', null),
    });
    const wish = fc.record({
      writesPerDay: fc.option(fc.nat(8)),
      spendPerDay: fc
        .record({ NZD: fc.nat(120), USD: fc.nat(120) })
        .map((most) => new Map(Object.entries(most).map(([currency, amount]) => [currency, String(amount)]))),
      spend: fc.option(spend),
    });
    const sent = fc.record({ spend: fc.option(spend), sentAtMs: fc.option(fc.nat(20)) });
    fc.assert(
      fc.property(wish, fc.array(sent, { maxLength: 12 }), (wished, all) => {
        const fitsAt = (nowMs: number): boolean => {
          const left = all.filter(({ sentAtMs }) => (sentAtMs ?? 20) > nowMs - DAY_MS);
          return (
            exceededLimit(
              wished,
              left.map((write) => ({ spend: write.spend, count: 1 })),
            ) === null
          );
        };
        const last = lastToFree(wished, all, 20);
        expect(last === null).toBe(fitsAt(20));
        if (last === null) return;
        expect(fitsAt(last.freeAtMs ?? 20 + DAY_MS)).toBe(last.freeAtMs !== null);
        expect(fitsAt((last.freeAtMs ?? 20 + DAY_MS) - 1)).toBe(false);
      }),
    );
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
