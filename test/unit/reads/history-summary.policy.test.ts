import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UnreadableValue } from '../../../src/domain/money.js';
import { summarise } from '../../../src/reads/history-paging.js';
import { activity, NOBODYS } from './activity.fixture.js';

const priced = (amount: string, currency: string | null = 'NZD') => activity({ price: { amount, currency } });
const unreadable = new UnreadableValue('xtracta', 'getBillingHistory', 'price');

describe('the summary of a history', () => {
  it.each([
    [['0.1', '0.2'], '0.3'],
    [['99.50', '0.50'], '100.00'],
    [['99'], '99'],
    [['1e5', '0.10'], '100000.10'],
    [['1.5e-3'], '0.0015'],
    [['1.50E1'], '15.0'],
    [['+5', '007'], '12'],
    [['.5', '5.'], '5.5'],
    [['-5', '5'], '0'],
    [['-0', '-0.00'], '0.00'],
    [['123456789012345678901234567890.01', '0.99'], '123456789012345678901234567891.00'],
  ])('adds %j to exactly %s', (amounts, expected) => {
    expect(summarise(amounts.map((amount) => priced(amount))).spend).toEqual([{ amount: expected, currency: 'NZD' }]);
  });

  it('keeps currencies apart, in order of code, the unnamed one last', () => {
    const rows = [priced('1', null), priced('2', 'NZD'), priced('3', 'AUD'), priced('4', 'NZD')];
    expect(summarise(rows).spend).toEqual([
      { amount: '3', currency: 'AUD' },
      { amount: '6', currency: 'NZD' },
      { amount: '1', currency: null },
    ]);
  });

  it('counts prices that cannot be read, and leaves missing ones out', () => {
    const rows = [
      activity({ price: null }),
      activity({ price: unreadable }),
      activity({ price: { amount: '1', currency: unreadable } }),
      priced('1'),
    ];
    expect(summarise(rows)).toEqual({
      count: 4,
      usedDocuments: 32,
      spend: [{ amount: '1', currency: 'NZD' }],
      unreadablePrices: 2,
      unreadableCounts: 0,
    });
  });

  it('counts numbers of documents that cannot be read, and leaves missing ones out', () => {
    const rows = [null, unreadable, 5, unreadable].map((usedDocuments) => activity({ usedDocuments }));
    expect(summarise(rows)).toMatchObject({ count: 4, usedDocuments: 5, unreadableCounts: 2 });
  });

  it('counts the price and the documents of a row whose group cannot be read, and adds them to no sum', () => {
    const rows = [activity(), activity(NOBODYS), activity({ ...NOBODYS, price: null, usedDocuments: null })];
    expect(summarise(rows)).toEqual({
      count: 3,
      usedDocuments: 8,
      spend: [{ amount: '10.00', currency: 'NZD' }],
      unreadablePrices: 1,
      unreadableCounts: 1,
    });
  });

  it('has no sum of documents that is not exact', () => {
    const rows = [activity({ usedDocuments: Number.MAX_SAFE_INTEGER }), activity({ usedDocuments: 1 })];
    expect(summarise(rows).usedDocuments).toBeNull();
    expect(summarise([activity({ usedDocuments: null }), activity({ usedDocuments: unreadable })]).usedDocuments).toBe(
      0,
    );
  });

  it('is exact for any amounts of cents', () => {
    const cents = fc.array(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), { minLength: 1, maxLength: 20 });
    const text = (value: bigint): string => {
      const digits = (value < 0n ? -value : value).toString().padStart(3, '0');
      return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
    };
    fc.assert(
      fc.property(cents, (values) => {
        const sum = values.reduce((total, value) => total + value, 0n);
        expect(summarise(values.map((value) => priced(text(value)))).spend[0]?.amount).toBe(text(sum));
      }),
    );
  });
});
