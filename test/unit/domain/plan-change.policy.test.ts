import { describe, expect, it } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import type { BillingPlan } from '../../../src/domain/billing-history.js';
import type { AvailablePlan } from '../../../src/domain/catalogue.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import { previewPlanChange } from '../../../src/domain/plan-change.policy.js';

const unreadable = new UnreadableValue('xtracta', 'getPlans', 'price');
const money = (amount: string, currency: string | null = 'NZD') => ({ amount, currency });

const starter = {
  name: 'Starter',
  type: 'MONTHLY' as const,
  typeRaw: 'Monthly',
  allowedDocuments: 100,
  price: money('49.90'),
};
const inForce = (fields: Partial<BillingPlan> = {}): BillingPlan => ({
  planId: null,
  ...starter,
  usedDocuments: 40,
  remainingDocuments: 60,
  startDate: null,
  expiryDate: null,
  ...fields,
});
const offered = (fields: Partial<AvailablePlan> = {}): AvailablePlan => ({
  id: '111',
  ...starter,
  wholesalePrice: null,
  ...fields,
});
const ALWAYS = ['PRORATION', 'TAX', 'HELD_DOCUMENTS', 'CREDIT'];
const preview = (from: BillingPlan | null, to: AvailablePlan, others: readonly AvailablePlan[] = []) =>
  previewPlanChange(from, to, [to, ...others]);

describe('the direction of a plan change', () => {
  it.each<[string, BillingPlan | null, AvailablePlan, string]>([
    ['more documents', inForce(), offered({ name: 'Pro', allowedDocuments: 500 }), 'UPGRADE'],
    ['fewer documents', inForce(), offered({ name: 'Free', allowedDocuments: 10 }), 'DOWNGRADE'],
    ['the same plan by its number', inForce({ planId: '0111', name: null }), offered({ name: 'New name' }), 'RENEWAL'],
    ['the same name under another number', inForce({ planId: '112' }), offered(), 'UNKNOWN'],
    ['the same name and figures, no number', inForce(), offered(), 'RENEWAL'],
    ['a price with other digits', inForce(), offered({ price: money('49.900') }), 'RENEWAL'],
    ['a catalogue that names no currency', inForce(), offered({ price: money('49.90', null) }), 'RENEWAL'],
    ['a catalogue that leaves types out', inForce(), offered({ type: 'OTHER', typeRaw: null }), 'RENEWAL'],
    ['another currency', inForce(), offered({ price: money('49.90', 'USD') }), 'UNKNOWN'],
    ['another price', inForce(), offered({ price: money('59.90') }), 'UNKNOWN'],
    ['a price that cannot be read', inForce(), offered({ price: unreadable }), 'UNKNOWN'],
    ['another name', inForce(), offered({ name: 'Starter II' }), 'UNKNOWN'],
    ['no names', inForce({ name: null }), offered({ name: null }), 'UNKNOWN'],
    ['a year instead of a month', inForce(), offered({ type: 'ANNUAL', allowedDocuments: 1_200 }), 'UNKNOWN'],
    [
      'more documents, no type told',
      inForce(),
      offered({ type: 'OTHER', typeRaw: null, allowedDocuments: 500 }),
      'UNKNOWN',
    ],
    [
      'more documents, no type told by either',
      inForce({ type: 'OTHER', typeRaw: null }),
      offered({ type: 'OTHER', typeRaw: null, allowedDocuments: 500 }),
      'UNKNOWN',
    ],
    [
      'more documents by the week',
      inForce({ type: 'OTHER', typeRaw: 'Weekly' }),
      offered({ type: 'OTHER', typeRaw: 'Weekly', allowedDocuments: 500 }),
      'UPGRADE',
    ],
    [
      'more documents, by the week and once',
      inForce({ type: 'OTHER', typeRaw: 'Weekly' }),
      offered({ type: 'OTHER', typeRaw: 'Once', allowedDocuments: 500 }),
      'UNKNOWN',
    ],
    ['documents that are not told', inForce(), offered({ allowedDocuments: null }), 'UNKNOWN'],
    ['documents that cannot be read', inForce({ allowedDocuments: unreadable }), offered(), 'UNKNOWN'],
    ['no plan in force', null, offered(), 'UNKNOWN'],
  ])('%s', (_name, from, to, direction) => {
    expect(preview(from, to).direction).toBe(direction);
  });

  it('is not told where two plans of the catalogue are what the group may have', () => {
    const twin = offered({ id: '211' });
    expect(preview(inForce(), offered(), [twin]).direction).toBe('UNKNOWN');
    expect(preview(inForce({ planId: '111' }), offered(), [twin]).direction).toBe('RENEWAL');
  });
});

describe('what is told before a plan change', () => {
  it.each<[string, BillingPlan | null, AvailablePlan, object]>([
    ['all of it', inForce(), offered({ price: money('100') }), { difference: money('50.10'), notKnown: ALWAYS }],
    ['a cheaper one', inForce(), offered({ price: money('0.00') }), { difference: money('-49.90'), notKnown: ALWAYS }],
    [
      'no currency',
      inForce(),
      offered({ price: money('100', null) }),
      { difference: null, notKnown: [...ALWAYS, 'CURRENCY'] },
    ],
    ['two currencies', inForce(), offered({ price: money('100', 'USD') }), { difference: null, notKnown: ALWAYS }],
    [
      'nothing readable of the new plan',
      inForce(),
      offered({ price: unreadable, allowedDocuments: unreadable }),
      { difference: null, notKnown: [...ALWAYS, 'PRICE', 'ALLOWED_DOCUMENTS'] },
    ],
    [
      'nothing readable of the plan in force',
      inForce({ price: null, allowedDocuments: null, remainingDocuments: null }),
      offered(),
      {
        difference: null,
        unusedDocuments: null,
        notKnown: [...ALWAYS, 'PRICE', 'ALLOWED_DOCUMENTS', 'UNUSED_DOCUMENTS'],
      },
    ],
    ['no plan in force', null, offered(), { from: null, difference: null, unusedDocuments: null, notKnown: ALWAYS }],
    [
      'a rest that cannot be read',
      inForce({ remainingDocuments: unreadable }),
      offered(),
      { unusedDocuments: unreadable, notKnown: [...ALWAYS, 'UNUSED_DOCUMENTS'] },
    ],
  ])('%s', (_name, from, to, told) => {
    expect(preview(from, to)).toMatchObject(told);
  });

  it('is exact or null, whatever the upstream sends, and never contradicts the two plans', () => {
    const amount = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.nat({ max: 6 }))
      .map(([digits, scale]) => new Big(`${digits}e-${scale}`).toFixed(scale));
    const price = fc.option(
      fc.oneof(
        fc.record({ amount, currency: fc.constantFrom('NZD', 'USD', null, unreadable) }),
        fc.constant(unreadable),
      ),
    );
    const count = fc.oneof(fc.nat(), fc.constantFrom(100, null, unreadable));
    const fields = {
      name: fc.constantFrom('Starter', 'Pro', null, unreadable),
      allowedDocuments: count,
      price,
      type: fc.constantFrom('MONTHLY' as const, 'ANNUAL' as const, 'OTHER' as const),
    };
    const from = fc.record({ ...fields, planId: fc.constantFrom('111', '112', null), remainingDocuments: count });
    const to = fc.record(fields);
    fc.assert(
      fc.property(from.map(inForce), to.map(offered), (plan, choice) => {
        const told = preview(plan, choice);
        expect(told.from).toBe(plan);
        expect(told.to).toBe(choice);
        expect(told.unusedDocuments).toBe(plan.remainingDocuments);
        const [before, after] = [plan.price, choice.price];
        const isPriced =
          before !== null &&
          after !== null &&
          !(before instanceof Error) &&
          !(after instanceof Error) &&
          typeof before.currency === 'string' &&
          before.currency === after.currency;
        expect(told.difference !== null).toBe(isPriced);
        if (isPriced && told.difference !== null) {
          expect(new Big(told.difference.amount).plus(before.amount).eq(after.amount)).toBe(true);
          expect(told.difference.currency).toBe(after.currency);
        }
        const [few, many] = [plan.allowedDocuments, choice.allowedDocuments];
        if (told.direction === 'UPGRADE') expect(Number(many)).toBeGreaterThan(Number(few));
        if (told.direction === 'DOWNGRADE') expect(Number(many)).toBeLessThan(Number(few));
        if (plan.planId === '112') expect(told.direction).not.toBe('RENEWAL');
        if (plan.planId === '111') expect(told.direction).toBe('RENEWAL');
        expect(told.notKnown.slice(0, 4)).toEqual(ALWAYS);
      }),
      { numRuns: 300 },
    );
  });
});
