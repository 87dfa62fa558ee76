import { describe, expect, it } from '@jest/globals';
import { guardsOf, type SpendingWish, termsOf } from '../../../src/billing/spending.policy.js';
import type { AvailablePack, BillingCatalogue } from '../../../src/domain/catalogue.js';
import { type Money, type Readable, UnreadableValue } from '../../../src/domain/money.js';
import type { SpendingLimits } from '../../../src/domain/spending.js';

const WISH: SpendingWish = { repeats: null, expected: null, item: { kind: 'pack', id: '7' }, quantity: 2 };
const NONE: SpendingLimits = {
  writesPerDay: null,
  spendPerDay: new Map(),
  maxQuantity: null,
  requirePrice: false,
  frozen: false,
};
const SPEND: SpendingLimits = { ...NONE, spendPerDay: new Map([['NZD', '100']]) };
const UNREADABLE = new UnreadableValue('xtracta', 'getPlans', 'price');

function catalogue(price: Readable<Money>, id = '7'): BillingCatalogue {
  const pack: AvailablePack = { id, name: 'Pack', allowedDocuments: 1, price, wholesalePrice: null };
  return { plans: [], packs: [pack] };
}

describe('the terms of a write', () => {
  it.each<[string, SpendingLimits, BillingCatalogue | null, object]>([
    [
      'a price',
      SPEND,
      catalogue({ amount: '9', currency: 'NZD' }),
      { kind: 'limited', limits: { spend: { amount: '18' } } },
    ],
    ['no price', SPEND, catalogue(null), { kind: 'limited', limits: { spend: null } }],
    ['no such item', SPEND, catalogue(null, '8'), { kind: 'limited', limits: { spend: null } }],
    ['a price that cannot be read', SPEND, catalogue(UNREADABLE), { kind: 'refused' }],
    ['a price that is no number', SPEND, catalogue({ amount: 'nine', currency: 'NZD' }), { kind: 'refused' }],
    ['a price below zero', SPEND, catalogue({ amount: '-9', currency: 'NZD' }), { kind: 'refused' }],
    ['no readable catalogue', SPEND, null, { kind: 'refused' }],
    ['no readable catalogue, and only writes count', { ...NONE, writesPerDay: 1 }, null, { kind: 'limited' }],
    ['no readable catalogue, and nothing counts', NONE, null, { kind: 'none' }],
    ['no price, which is required', { ...NONE, requirePrice: true }, catalogue(null), { kind: 'refused' }],
  ])('with %s', (_name, limits, read, expected) => {
    expect(termsOf(limits, WISH, read)).toMatchObject(expected);
  });

  it('let credits pass, which no catalogue prices', () => {
    expect(guardsOf(SPEND, { ...WISH, item: null }).terms).toMatchObject({ kind: 'limited', limits: { spend: null } });
  });
});
