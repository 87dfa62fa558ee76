import { describe, expect, it } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import { type Money, priceDifference, pricePerDocument, UnreadableValue } from '../../../src/domain/money.js';

const unreadable = new UnreadableValue('xtracta', 'getPlans', 'price');
const money = (amount: string, currency: Money['currency'] = 'NZD'): Money => ({ amount, currency });

/** An amount of money as the upstream may write it: cents, and its exact text. */
const amounts = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 9 }))
  .map(([digits, scale]) => new Big(digits.toString()).div(new Big(10).pow(scale)).toFixed(scale));

describe('the price of one document', () => {
  it.each([
    ['99', 100, '0.99'],
    ['450.50', 500, '0.901'],
    ['500', 1000, '0.5'],
    ['2500.50', 10_000, '0.25005'],
    ['49.90', 100, '0.499'],
    ['0', 50, '0'],
    ['-0.00', 50, '0'],
    ['+5', 1, '5'],
    ['1e5', 4, '25000'],
    ['0.01', 1024, '0.000009765625'],
    ['1', 2 ** 52, '0.0000000000000002220446049250313080847263336181640625'],
    ['12345678901234567.89', 1, '12345678901234567.89'],
  ])('of %s for %s documents is exactly %s', (amount, documents, expected) => {
    expect(pricePerDocument(money(amount), documents)).toBe(expected);
  });

  it.each([
    ['0.10', 7, '0.014286'],
    ['99', 7, '14.142857'],
    ['1', 3, '0.333333'],
    ['2', 3, '0.666667'],
    ['-2', 3, '-0.666667'],
    ['0.0000001', 3, '0'],
  ])('of %s for %s documents, which does not terminate, is rounded to %s', (amount, documents, expected) => {
    expect(pricePerDocument(money(amount), documents)).toBe(expected);
  });

  it('is not known without a readable price and a positive number of documents', () => {
    expect(pricePerDocument(null, 5)).toBeNull();
    expect(pricePerDocument(unreadable, 5)).toBeNull();
    expect(pricePerDocument(money('5'), null)).toBeNull();
    expect(pricePerDocument(money('5'), unreadable)).toBeNull();
    expect(pricePerDocument(money('5'), 0)).toBeNull();
    expect(pricePerDocument(money('5', null), 5)).toBe('1');
  });

  it('times the documents is always the price, or off by at most half a millionth a document', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (amount, documents) => {
        const each = new Big(pricePerDocument(money(amount), documents) ?? 'none');
        const off = each.times(documents).minus(amount).abs();
        expect(off.lte(new Big('0.0000005').times(documents))).toBe(true);
        if (!off.eq(0)) expect(each.toFixed()).toMatch(/^-?\d+(?:\.\d{1,6})?$/);
      }),
    );
  });
});

describe('the difference of two prices', () => {
  it.each([
    ['500', '49.90', '450.10'],
    ['49.90', '500', '-450.10'],
    ['0.3', '0.1', '0.2'],
    ['99.50', '99.5', '0.00'],
    ['9007199254740993', '0.1', '9007199254740992.9'],
  ])('%s - %s is exactly %s', (price, base, expected) => {
    expect(priceDifference(money(price), money(base))).toEqual(money(expected));
  });

  it('is not known unless both are readable and name the same currency', () => {
    expect(priceDifference(money('2'), money('1', 'USD'))).toBeNull();
    expect(priceDifference(money('2'), money('1', null))).toBeNull();
    expect(priceDifference(money('2', null), money('1', null))).toBeNull();
    expect(priceDifference(money('2', unreadable), money('1', unreadable))).toBeNull();
    expect(priceDifference(unreadable, money('1'))).toBeNull();
    expect(priceDifference(money('2'), null)).toBeNull();
  });

  it('added to the base is always the price', () => {
    fc.assert(
      fc.property(amounts, amounts, (price, base) => {
        const difference = priceDifference(money(price), money(base))?.amount ?? 'none';
        expect(new Big(base).plus(difference).eq(price)).toBe(true);
      }),
    );
  });
});
