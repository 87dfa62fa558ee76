import { describe, expect, it } from '@jest/globals';
import type { BillingActivity } from '../../../src/domain/billing-history.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import { planInForce } from '../../../src/reads/plan.policy.js';
import { activity, NOBODYS } from './activity.fixture.js';

const ms = (text: string): number => Date.parse(text);
const period = (name: string, start: string, expiry: string, fields: Partial<BillingActivity> = {}): BillingActivity =>
  activity({ planName: name, startMs: ms(start), expiryMs: ms(expiry), ...fields });

const JANUARY = period('January', '2024-01-01T00:00:00Z', '2024-01-31T23:59:59Z');
const LATER = period('Later', '2024-01-05T00:00:00Z', '2024-01-31T23:59:59Z');
const MARCH = period('March', '2024-03-01T00:00:00Z', '2024-03-31T23:59:59Z', { id: '2' });
const YEAR = period('Year', '2023-06-01T00:00:00Z', '2024-05-31T23:59:59Z', { planType: 'ANNUAL', id: '9' });
const unreadable = new UnreadableValue('xtracta', 'getBillingHistory', 'start_date');

const cases: readonly (readonly [string, readonly BillingActivity[], string, string | null])[] = [
  ['no rows', [], '2024-01-10T00:00:00Z', null],
  ['one period that contains the instant', [JANUARY], '2024-01-10T00:00:00Z', 'January'],
  ['the first instant of a period', [JANUARY], '2024-01-01T00:00:00Z', 'January'],
  ['the instant before a period', [JANUARY], '2023-12-31T23:59:59.999Z', null],
  ['the last second of a period', [JANUARY], '2024-01-31T23:59:59Z', 'January'],
  ['half a second into the last second', [JANUARY], '2024-01-31T23:59:59.500Z', 'January'],
  ['the first instant after a period', [JANUARY], '2024-02-01T00:00:00Z', null],
  ['a gap between two periods', [JANUARY, MARCH], '2024-02-15T00:00:00Z', null],
  ['the later of two periods', [JANUARY, MARCH], '2024-03-15T00:00:00Z', 'March'],
  ['a year plan alone', [YEAR], '2024-05-31T23:59:59Z', 'Year'],
  ['overlapping periods: the latest start wins', [YEAR, JANUARY], '2024-01-10T00:00:00Z', 'January'],
  ['overlapping periods in the other order', [JANUARY, YEAR], '2024-01-10T00:00:00Z', 'January'],
  [
    'equal starts: the numerically highest id wins',
    [
      { ...JANUARY, id: '10', planName: 'Ten' },
      { ...JANUARY, id: '9', planName: 'Nine' },
    ],
    '2024-01-10T00:00:00Z',
    'Ten',
  ],
  [
    'equal starts with ids beyond any number type',
    [
      { ...JANUARY, id: '123456789012345678901', planName: 'Higher' },
      { ...JANUARY, id: '123456789012345678900', planName: 'Lower' },
    ],
    '2024-01-10T00:00:00Z',
    'Higher',
  ],
  [
    'a booster over a plan',
    [JANUARY, { ...MARCH, ...dates(JANUARY), kind: 'BOOSTER' }],
    '2024-01-10T00:00:00Z',
    'January',
  ],
  ['only a booster', [{ ...JANUARY, kind: 'BOOSTER' }], '2024-01-10T00:00:00Z', null],
  ['only a cancellation', [{ ...JANUARY, kind: 'CANCEL' }], '2024-01-10T00:00:00Z', null],
  ['an activity of a word that nobody foresaw', [{ ...JANUARY, kind: 'OTHER' }], '2024-01-10T00:00:00Z', 'January'],
  [
    'an unknown activity that is charged once',
    [YEAR, { ...JANUARY, kind: 'OTHER', planType: 'OTHER' }],
    '2024-01-10T00:00:00Z',
    'Year',
  ],
  [
    'a signup to a plan of an unknown type',
    [{ ...JANUARY, kind: 'SIGNUP', planType: 'OTHER' }],
    '2024-01-10T00:00:00Z',
    'January',
  ],
  ['a row with no start date', [{ ...JANUARY, startMs: null, startDate: null }], '2024-01-10T00:00:00Z', null],
  ['a row with no expiry date', [{ ...JANUARY, expiryMs: null, expiryDate: null }], '2024-01-10T00:00:00Z', null],
  [
    'a row that ends before it starts',
    [period('Odd', '2024-02-01T00:00:00Z', '2024-01-01T00:00:00Z')],
    '2024-01-10T00:00:00Z',
    null,
  ],
  ['a row of another group', [{ ...JANUARY, groupId: '2' }], '2024-01-10T00:00:00Z', null],
  ['a row of nobody knows which group', [{ ...JANUARY, groupId: null }], '2024-01-10T00:00:00Z', null],
];

/** At 10 January 2024, beside the plan of the whole year, which starts earlier than January. */
const UNREADABLE_DATES: readonly (readonly [string, Partial<BillingActivity>, string | null, string])[] = [
  ['an unreadable start', { startMs: null, startDate: unreadable }, 'unreadable', 'unreadable'],
  ['an unreadable expiry', { expiryMs: null, expiryDate: unreadable }, 'unreadable', 'unreadable'],
  [
    'two unreadable dates',
    { startMs: null, startDate: unreadable, expiryMs: null, expiryDate: unreadable },
    'unreadable',
    'unreadable',
  ],
  [
    'an unreadable expiry and an earlier start than the other plan',
    { startMs: ms('2023-05-01T00:00:00Z'), expiryMs: null, expiryDate: unreadable },
    'unreadable',
    'Year',
  ],
  [
    'an unreadable expiry and a later start than the moment',
    { startMs: ms('2024-01-11T00:00:00Z'), expiryMs: null, expiryDate: unreadable },
    null,
    'Year',
  ],
  [
    'an unreadable start and an earlier expiry than the moment',
    { startMs: null, startDate: unreadable, expiryMs: ms('2024-01-09T00:00:00Z') },
    null,
    'Year',
  ],
  [
    'an unreadable start and no expiry',
    { startMs: null, startDate: unreadable, expiryMs: null, expiryDate: null },
    null,
    'Year',
  ],
  [
    'no start and an unreadable expiry',
    { startMs: null, startDate: null, expiryMs: null, expiryDate: unreadable },
    null,
    'Year',
  ],
  ['unreadable dates, as a booster', { kind: 'BOOSTER', startMs: null, startDate: unreadable }, null, 'Year'],
  ['unreadable dates, of another group', { groupId: '2', startMs: null, startDate: unreadable }, null, 'Year'],
];

const nameOf = (plan: ReturnType<typeof planInForce>): unknown =>
  plan instanceof UnreadableValue ? 'unreadable' : (plan?.name ?? null);

function dates(row: BillingActivity): Pick<BillingActivity, 'startMs' | 'expiryMs'> {
  return { startMs: row.startMs, expiryMs: row.expiryMs };
}

describe('the plan in force', () => {
  it.each(cases)('is found among %s', (_name, rows, at, expected) => {
    expect(nameOf(planInForce(rows, '1', ms(at)))).toBe(expected);
    expect(nameOf(planInForce([...rows].reverse(), '1', ms(at)))).toBe(expected);
  });

  it.each(UNREADABLE_DATES)('is not guessed beside a row with %s', (_name, fields, alone, besideYear) => {
    const row = { ...JANUARY, ...fields };
    const at = ms('2024-01-10T00:00:00Z');
    expect(nameOf(planInForce([row], '1', at))).toBe(alone);
    expect(nameOf(planInForce([row, YEAR], '1', at))).toBe(besideYear);
    expect(nameOf(planInForce([YEAR, row], '1', at))).toBe(besideYear);
  });

  it('takes over what the row says, and numbers no plan', () => {
    expect(planInForce([JANUARY], '1', ms('2024-01-10T00:00:00Z'))).toEqual({
      planId: null,
      name: 'January',
      type: 'MONTHLY',
      typeRaw: 'Monthly',
      price: { amount: '10.00', currency: 'NZD' },
      allowedDocuments: 50,
      usedDocuments: 8,
      remainingDocuments: 42,
      startDate: '2024-01-01T00:00:00.000Z',
      expiryDate: '2024-01-31T23:59:59.000Z',
    });
  });

  it.each([
    [50, 60, 0],
    [50, 50, 0],
    [null, 8, null],
    [50, null, null],
    [new UnreadableValue('xtracta', 'getBillingHistory', 'allowed_documents'), 8, null],
  ])('has of %p allowed and %p used documents %p remaining', (allowedDocuments, usedDocuments, remaining) => {
    const plan = planInForce([{ ...JANUARY, allowedDocuments, usedDocuments }], '1', ms('2024-01-10T00:00:00Z'));
    expect(plan).toMatchObject({ remainingDocuments: remaining });
  });

  it.each<[string, readonly BillingActivity[], string | UnreadableValue | null]>([
    ['not known where it is the only row', [{ ...JANUARY, ...NOBODYS }], NOBODYS.group],
    ['not known where it starts last', [JANUARY, { ...LATER, ...NOBODYS }], NOBODYS.group],
    ['that of the group where it starts first', [{ ...JANUARY, ...NOBODYS }, LATER], 'Later'],
    ['that of the group where it is a booster', [JANUARY, { ...LATER, ...NOBODYS, kind: 'BOOSTER' }], 'January'],
    ['none where it is over', [period('Old', '2023-01-01T00:00:00Z', '2023-02-01T00:00:00Z', NOBODYS)], null],
  ])('is, beside a row whose group cannot be read, %s', (_name, rows, expected) => {
    for (const order of [rows, [...rows].reverse()]) {
      const plan = planInForce(order, '1', ms('2024-01-10T00:00:00Z'));
      expect(plan instanceof UnreadableValue ? plan : (plan?.name ?? null)).toBe(expected);
    }
  });
});
