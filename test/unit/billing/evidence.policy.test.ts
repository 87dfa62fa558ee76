import { describe, expect, it } from '@jest/globals';
import {
  examine,
  fittingRows,
  type HistoryReading,
  hasNeighbour,
  type KnownPlanBefore,
  type PlanBefore,
  planBefore,
  type SentWrite,
  trustedIds,
  unexplainedRow,
} from '../../../src/billing/evidence.js';
import type { BillingActivity, BillingActivityKind } from '../../../src/domain/billing-history.js';
import type { AvailablePack, AvailablePlan, BillingCatalogue } from '../../../src/domain/catalogue.js';
import { type Money, UnreadableValue } from '../../../src/domain/money.js';
import { upstreamOperation } from '../../../src/domain/upstream-operations.js';

const SENT = Date.parse('2026-03-01T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 1_440 * MINUTE;
const UNREADABLE = new UnreadableValue('xtracta', 'getBillingHistory', 'price');
const nzd = (amount: string): Money => ({ amount, currency: 'NZD' });

function pack(id: string, name: string, allowedDocuments: number | null, amount: string | null): AvailablePack {
  return {
    id,
    name,
    allowedDocuments,
    price: amount === null ? null : { amount, currency: null },
    wholesalePrice: null,
  };
}
function plan(id: string, name: string, allowed: number, amount: string, change: Partial<AvailablePlan> = {}) {
  return { ...pack(id, name, allowed, amount), type: 'MONTHLY', typeRaw: 'Monthly', ...change } satisfies AvailablePlan;
}
const CATALOGUE: BillingCatalogue = {
  packs: [pack('1223', 'Booster 100', 100, '99'), pack('1224', 'Booster 500', 500, '450.50')],
  plans: [
    plan('111', 'Starter 100', 100, '49.90'),
    plan('112', 'Business 1000', 1000, '500'),
    plan('113', 'Enterprise 10000', 10_000, '2500.50'),
    plan('121', 'Annual 12000', 12_000, '5000', { type: 'ANNUAL', typeRaw: 'Annual' }),
  ],
};
const withPacks = (...packs: AvailablePack[]): BillingCatalogue => ({ ...CATALOGUE, packs });
const withPlans = (...plans: AvailablePlan[]): BillingCatalogue => ({ ...CATALOGUE, plans });

function row(change: Partial<BillingActivity> = {}): BillingActivity {
  return {
    id: '2',
    kind: 'BOOSTER',
    kindRaw: null,
    planName: 'Booster 100',
    planType: 'OTHER',
    planTypeRaw: 'One-time',
    price: nzd('99'),
    creditAmount: null,
    allowedDocuments: 100,
    usedDocuments: 0,
    startDate: null,
    expiryDate: null,
    startMs: SENT + SECOND,
    expiryMs: SENT + 30 * DAY,
    groupId: '1',
    groupName: 'Acme',
    group: { id: '1' },
    ...change,
  };
}
/** The plan in force before: 112, until ten days from the sending. */
const OLD = row({
  id: '1',
  kind: 'SIGNUP',
  planName: 'Business 1000',
  planType: 'MONTHLY',
  planTypeRaw: 'Monthly',
  price: nzd('500'),
  allowedDocuments: 1000,
  startMs: SENT - 20 * DAY,
  expiryMs: SENT + 10 * DAY,
});
const BEFORE: PlanBefore = {
  name: 'Business 1000',
  type: 'MONTHLY',
  allowedDocuments: 1000,
  expiryMs: SENT + 10 * DAY,
};
const planRow = (name: string, kind: BillingActivityKind, change: Partial<BillingActivity> = {}): BillingActivity => {
  const item = CATALOGUE.plans.find((each) => each.name === name);
  const allowedDocuments = item === undefined ? null : item.allowedDocuments;
  return row({
    ...OLD,
    id: '2',
    kind,
    planName: name,
    price: item?.price ?? null,
    allowedDocuments,
    ...change,
    startMs: change.startMs ?? SENT + SECOND,
  });
};

const base = {
  groupId: '1',
  sentAtMs: SENT,
  endedAtMs: SENT + 5 * SECOND,
  baseline: ['1'],
  catalogue: CATALOGUE,
  hasNeighbour: false,
};
const order = (quantity = 1, change: Partial<SentWrite> = {}): SentWrite => ({
  ...base,
  provedBy: upstreamOperation('ORDER_BOOSTER_PACK').provedBy,
  wanted: { kind: 'pack', id: '1223', quantity },
  ...change,
});
const changeTo = (id: string, before: KnownPlanBefore = BEFORE, change: Partial<SentWrite> = {}): SentWrite => ({
  ...base,
  provedBy: upstreamOperation('CHANGE_PLAN').provedBy,
  wanted: { kind: 'plan', id, before },
  ...change,
});
const reading = (rows: readonly BillingActivity[], change: Partial<HistoryReading> = {}): HistoryReading => ({
  rows: [OLD, ...rows],
  isWhole: true,
  clockAheadMs: null,
  ...change,
});
const proofOf = (write: SentWrite, rows: readonly BillingActivity[], change: Partial<HistoryReading> = {}) =>
  examine(write, reading(rows, change)).proof?.id ?? null;

/** Packs beside the wanted one whose rows may look like its rows, because the catalogue does not tell how they look. */
const packsOfUnknownFigures: [string, AvailablePack][] = [
  ['whose price is left out', pack('9', 'Booster 100', 100, null)],
  ['whose price is left out, with another number of documents that divides', pack('9', 'Booster 100', 50, null)],
  ['whose price cannot be read', { ...pack('9', 'Booster 100', 100, null), price: UNREADABLE }],
  ['whose currency cannot be read', priced('98', UNREADABLE)],
  ['whose price is no plain number', priced('1e2')],
  ['whose price is negative', priced('-99')],
  ['whose documents are left out', pack('9', 'Booster 100', null, '99')],
  ['whose documents cannot be read', { ...pack('9', 'Booster 100', null, '99'), allowedDocuments: UNREADABLE }],
  ['whose documents are -1', pack('9', 'Booster 100', -1, '99')],
  ['of no figures at all', pack('9', 'Booster 100', null, null)],
  ['or of none', { ...pack('9', '', 50, '49.50'), name: null }],
  ['or of one that cannot be read', { ...pack('9', '', 50, '49.50'), name: UNREADABLE }],
];
function priced(amount: string, currency: Money['currency'] = null): AvailablePack {
  return { ...pack('9', 'Booster 100', 100, null), price: { amount, currency } };
}
const plansOfUnknownFigures: [string, Partial<AvailablePlan>][] = [
  ['whose price is left out', { price: null }],
  ['whose price cannot be read', { price: UNREADABLE }],
  ['whose documents are left out', { allowedDocuments: null }],
  ['whose documents cannot be read', { allowedDocuments: UNREADABLE }],
  ['whose type is not known', { type: 'OTHER', typeRaw: 'Monthly (new)' }],
  ['whose type cannot be read', { type: 'OTHER', typeRaw: UNREADABLE }],
  ['or of none', { name: null }],
  ['or of one that cannot be read', { name: UNREADABLE }],
];

describe('a history row proves a write', () => {
  const proved: [string, SentWrite, BillingActivity[]][] = [
    ['one pack', order(), [row()]],
    ['two packs, by totals', order(2), [row({ allowedDocuments: 200, price: nzd('198.00') })]],
    ['two packs, by documents alone', order(2), [row({ allowedDocuments: 200 })]],
    ['two packs, by the price alone', order(2), [row({ price: nzd('198') })]],
    ['a pack whose row tells no price', order(), [row({ price: null })]],
    ['a pack beside a row of another pack', order(), [row(), row({ id: '3', planName: 'Booster 500' })]],
    ['a pack beside a row that names no group', order(), [row(), row({ id: '3', groupId: null })]],
    [
      'a pack beside an unreadable value elsewhere',
      order(),
      [row(), planRow('x', 'RENEW', { id: '3', price: UNREADABLE })],
    ],
    ['an upgrade', changeTo('113'), [planRow('Enterprise 10000', 'UPGRADE')]],
    ['an upgrade under the only word of the documents', changeTo('113'), [planRow('Enterprise 10000', 'SIGNUP')]],
    ['a downgrade', changeTo('111'), [planRow('Starter 100', 'DOWNGRADE')]],
    ['the first plan', changeTo('112', null), [planRow('Business 1000', 'SIGNUP')]],
    ['the same plan, long before it would be renewed', changeTo('112'), [planRow('Business 1000', 'RENEW')]],
    [
      'another type of plan, whose direction nobody knows',
      changeTo('121'),
      [planRow('Annual 12000', 'UPGRADE', { planType: 'ANNUAL', planTypeRaw: 'annual' })],
    ],
    [
      'a pack beside one of the same name and another price',
      order(1, { catalogue: withPacks(pack('1223', 'Booster 100', 100, '99'), pack('9', 'Booster 100', 100, '89')) }),
      [row()],
    ],
    [
      'a pack that is listed under two numbers, alike in all',
      order(1, { catalogue: withPacks(pack('1223', 'Booster 100', 100, '99'), pack('9', 'Booster 100', 100, '99.0')) }),
      [row()],
    ],
  ];
  it.each(proved)('%s', (_title, write, rows) => {
    expect(proofOf(write, rows)).toBe('2');
  });

  const unproved: [string, SentWrite, BillingActivity[]][] = [
    ['no new row', order(), []],
    ['no baseline', order(1, { baseline: null }), [row()]],
    ['no catalogue', order(1, { catalogue: null }), [row()]],
    ['a catalogue without the pack', order(1, { catalogue: withPacks() }), [row()]],
    [
      'a pack without a name in the catalogue',
      order(1, { catalogue: withPacks({ ...pack('1223', '', 100, '99'), name: null }) }),
      [row({ planName: null })],
    ],
    ['another pack', order(), [row({ planName: 'Booster 500', allowedDocuments: 1500, price: nzd('1351.50') })]],
    ['fifty packs', order(), [row({ allowedDocuments: 5000, price: nzd('4950') })]],
    ['fifty packs, by documents alone', order(), [row({ allowedDocuments: 5000 })]],
    ['fifty packs, by the price alone', order(), [row({ price: nzd('4950') })]],
    ['one pack where two were asked for', order(2), [row()]],
    ['totals that contradict each other', order(2), [row({ allowedDocuments: 200, price: nzd('297') })]],
    ['documents that are no multiple', order(), [row({ allowedDocuments: 150 })]],
    ['a price that is no multiple', order(), [row({ price: nzd('100') })]],
    ['a price of a million digits', order(), [row({ price: nzd('99e999999') })]],
    ['an unreadable price', order(), [row({ price: UNREADABLE })]],
    ['an unreadable currency', order(), [row({ price: { amount: '99', currency: UNREADABLE } })]],
    ['no documents told', order(), [row({ allowedDocuments: null })]],
    ['unreadable documents', order(), [row({ allowedDocuments: UNREADABLE })]],
    [
      'a catalogue that does not tell the documents',
      order(1, { catalogue: withPacks(pack('1223', 'Booster 100', null, '99')) }),
      [row()],
    ],
    [
      'a catalogue that does not tell the price',
      order(1, { catalogue: withPacks(pack('1223', 'Booster 100', 100, null)) }),
      [row()],
    ],
    [
      'another currency',
      order(1, {
        catalogue: withPacks({ ...pack('1223', 'Booster 100', 100, '99'), price: { amount: '99', currency: 'USD' } }),
      }),
      [row()],
    ],
    [
      'another pack of the same name that fits as well',
      order(1, { catalogue: withPacks(pack('1223', 'Booster 100', 100, '99'), pack('9', 'Booster 100', 50, '49.50')) }),
      [row()],
    ],
    ...packsOfUnknownFigures.map(([what, other]): [string, SentWrite, BillingActivity[]] => [
      `a catalogue with a pack of the same name, ${what}`,
      order(1, { catalogue: withPacks(pack('1223', 'Booster 100', 100, '99'), other) }),
      [row()],
    ]),
    ['a row without an id', order(), [row({ id: 'missing:0123456789' })]],
    ['a row that names no group', order(), [row({ groupId: null })]],
    ['a row of another group', order(), [row({ groupId: '2' })]],
    ['a row of another kind', order(), [row({ kind: 'UPGRADE' })]],
    ['a row under a word that is not known', order(), [row({ kind: 'OTHER' })]],
    ['a row without a readable start', order(), [row({ startMs: null })]],
    ['a row that starts before the sending', order(), [row({ startMs: SENT - 3 * SECOND })]],
    ['a row that starts long after the end', order(), [row({ startMs: SENT + 18 * SECOND })]],
    [
      'a row that starts minutes later, when nobody knows the end',
      order(1, { endedAtMs: null }),
      [row({ startMs: SENT + 63 * SECOND })],
    ],
    ['two rows that fit', order(), [row(), row({ id: '3' })]],
    ['another write of the group', order(1, { hasNeighbour: true }), [row()]],
    ['a baseline with a row that has vanished', order(1, { baseline: ['1', '0'] }), [row()]],
    ['two rows under one id', order(), [row(), row({ kind: 'CANCEL' })]],
    [
      'a row without an id beside it, so that nobody knows which are new',
      order(),
      [row(), row({ id: 'missing:1', kind: 'CANCEL' })],
    ],
    ['another plan', changeTo('113'), [planRow('Starter 100', 'DOWNGRADE')]],
    [
      'the name of the plan with the documents of another',
      changeTo('113'),
      [planRow('Enterprise 10000', 'UPGRADE', { allowedDocuments: 100 })],
    ],
    [
      'the name of the plan with the price of another',
      changeTo('113'),
      [planRow('Enterprise 10000', 'UPGRADE', { price: nzd('500') })],
    ],
    ['the wrong direction', changeTo('113'), [planRow('Enterprise 10000', 'DOWNGRADE')]],
    ['the wrong direction, downwards', changeTo('111'), [planRow('Starter 100', 'UPGRADE')]],
    ['a renewal where an upgrade was asked for', changeTo('113'), [planRow('Enterprise 10000', 'RENEW')]],
    [
      'the wrong type of plan',
      changeTo('113'),
      [planRow('Enterprise 10000', 'UPGRADE', { planType: 'ANNUAL', planTypeRaw: 'Annual' })],
    ],
    ['an upgrade where there was no plan', changeTo('113', null), [planRow('Enterprise 10000', 'UPGRADE')]],
    ['a plan before that is not known', changeTo('113', 'unknown'), [planRow('Enterprise 10000', 'UPGRADE')]],
    [
      'another plan of the same name that fits as well',
      changeTo('113', BEFORE, {
        catalogue: withPlans(
          plan('113', 'Enterprise 10000', 10_000, '2500.50'),
          plan('9', 'Enterprise 10000', 10_000, '2500.50'),
        ),
      }),
      [planRow('Enterprise 10000', 'UPGRADE')],
    ],
    ...plansOfUnknownFigures.map(([what, change]): [string, SentWrite, BillingActivity[]] => [
      `a catalogue with a plan of the same name, ${what}`,
      changeTo('113', BEFORE, {
        catalogue: withPlans(
          plan('113', 'Enterprise 10000', 10_000, '2500.50'),
          plan('9', 'Enterprise 10000', 10_000, '2500.50', change),
        ),
      }),
      [planRow('Enterprise 10000', 'UPGRADE')],
    ]),
  ];
  it.each(unproved)('not: %s', (_title, write, rows) => {
    expect(proofOf(write, rows)).toBeNull();
  });

  const renewals = [-5 * SECOND, 0, SECOND, 3 * SECOND, 5 * MINUTE].flatMap((afterMs) =>
    (['RENEW', 'SIGNUP', 'UPGRADE'] as const).map((kind) => ({ afterMs, kind })),
  );
  it.each(renewals)('not: what starts $afterMs ms after the old expiry, under the word $kind', ({ afterMs, kind }) => {
    const expiring = { ...BEFORE, expiryMs: SENT + SECOND - afterMs };
    expect(proofOf(changeTo('112', expiring), [planRow('Business 1000', kind)])).toBeNull();
    expect(proofOf(changeTo('113', expiring), [planRow('Enterprise 10000', kind)])).toBeNull();
    expect(proofOf(changeTo('113', expiring), [planRow('Business 1000', kind)])).toBeNull();
  });

  it('not: the same plan when it is soon renewed, has ended, or nobody knows when it ends', () => {
    for (const expiryMs of [SENT + DAY, SENT - DAY, null]) {
      expect(proofOf(changeTo('112', { ...BEFORE, expiryMs }), [planRow('Business 1000', 'RENEW')])).toBeNull();
    }
  });

  it('not: from a document that is not whole', () => {
    expect(proofOf(order(), [row()], { isWhole: false })).toBeNull();
  });

  it('by the clock of the upstream, where it was measured', () => {
    const late = row({ startMs: SENT + 9 * MINUTE });
    expect(proofOf(order(), [late])).toBeNull();
    expect(proofOf(order(), [late], { clockAheadMs: 9 * MINUTE })).toBe('2');
    expect(proofOf(order(), [row()], { clockAheadMs: 9 * MINUTE })).toBeNull();
  });
});

describe('evidence', () => {
  it('shows each new row with what fits and what does not', () => {
    const { evidence } = examine(order(), reading([row({ planName: 'Booster 500', groupId: null })]));
    expect(evidence).toMatchObject([
      {
        activity: { id: '2' },
        fits: ['NEW', 'ID', 'ACTIVITY', 'TIME', 'ALLOWED_DOCUMENTS', 'PRICE', 'QUANTITY', 'ONLY_WRITE', 'ONLY_ROW'],
        doesNotFit: ['GROUP', 'NAME'],
      },
    ]);
  });

  it('hides rows of another group', () => {
    expect(examine(order(), reading([row({ groupId: '2' })])).evidence).toEqual([]);
  });

  it('shows rows from around the sending when there is no baseline, as a hint', () => {
    const { evidence } = examine(order(1, { baseline: null }), reading([row({ id: '3', startMs: null }), row()]));
    expect(evidence).toMatchObject([{ activity: { id: '2' }, doesNotFit: ['NEW'] }]);
  });

  it('counts what fits whoever made it', () => {
    expect(fittingRows(order(1, { hasNeighbour: true }), reading([row(), row({ id: '3' })]))).toHaveLength(2);
    expect(fittingRows(order(), reading([row()], { isWhole: false }))).toEqual([]);
  });
});

describe('a row that contradicts a rejection', () => {
  const other = (sentAtMs: number, change: Partial<SentWrite> = {}) =>
    order(1, { sentAtMs, endedAtMs: sentAtMs + SECOND, ...change });
  const rowAt = (id: string, startMs: number) => row({ id, startMs });
  const own = row();
  it.each<[string, readonly SentWrite[], readonly BillingActivity[], string | null]>([
    ['its own, and it is alone', [], [own], own.id],
    ['none that another order made', [other(SENT)], [own], null],
    ['the second of two, one of which another order made', [other(SENT)], [own, rowAt('3', SENT + SECOND)], '3'],
    ['its own beside that of a later order', [other(SENT + 5 * MINUTE)], [own, rowAt('3', SENT + 5 * MINUTE)], own.id],
    ['its own where a later order has no row yet', [other(SENT + 5 * MINUTE)], [own], own.id],
    ['its own beside the known one of an earlier order', [other(SENT - 60 * MINUTE)], [own], own.id],
    [
      'its own beside that of an order just before',
      [other(SENT - 4 * SECOND)],
      [rowAt('3', SENT - 3 * SECOND), own],
      own.id,
    ],
    [
      'its own beside an order of another pack',
      [other(SENT, { wanted: { kind: 'pack', id: '1224', quantity: 1 } })],
      [own],
      own.id,
    ],
    [
      'its own beside an order of two',
      [other(SENT, { wanted: { kind: 'pack', id: '1223', quantity: 2 } })],
      [own],
      own.id,
    ],
  ])('is %s', (_title, others, rows, id) => {
    expect(unexplainedRow(order(), others, reading(rows))?.id ?? null).toBe(id);
  });
});

describe('a baseline', () => {
  it('is the ids of a whole document, each of its own', () => {
    expect(trustedIds(reading([row()]))).toEqual(['1', '2']);
    expect(trustedIds({ rows: [], isWhole: true, clockAheadMs: null })).toEqual([]);
    expect(trustedIds(reading([], { isWhole: false }))).toBeNull();
    expect(trustedIds(reading([row({ id: 'missing:1' })]))).toBeNull();
    expect(trustedIds(reading([row({ id: '1' })]))).toBeNull();
  });

  const plans: [string, BillingActivity[], KnownPlanBefore][] = [
    ['the plan in force', [row()], BEFORE],
    [
      'the latest of two',
      [planRow('Starter 100', 'DOWNGRADE', { startMs: SENT - DAY })],
      { ...BEFORE, name: 'Starter 100', allowedDocuments: 100 },
    ],
    [
      'the plan in force, though another is to follow',
      [planRow('Starter 100', 'DOWNGRADE', { startMs: SENT + DAY })],
      BEFORE,
    ],
    ['nothing when two start together', [planRow('Starter 100', 'DOWNGRADE', { startMs: SENT - 20 * DAY })], 'unknown'],
    ['nothing when one has no start', [row({ kind: 'RENEW', startMs: null })], 'unknown'],
    ['nothing when one names no group', [row({ kind: 'RENEW', groupId: null })], 'unknown'],
    ['nothing when it was cancelled', [row({ kind: 'CANCEL', startMs: SENT - DAY })], 'unknown'],
    ['nothing under a word that is not known', [row({ kind: 'OTHER', startMs: SENT - DAY })], 'unknown'],
    [
      'nothing when it has no name',
      [planRow('Starter 100', 'UPGRADE', { planName: null, startMs: SENT - DAY })],
      'unknown',
    ],
  ];
  it.each(plans)('tells %s', (_title, rows, expected) => {
    expect(planBefore(reading(rows), '1', SENT)).toEqual(expected);
  });

  it('tells that there is no plan', () => {
    expect(planBefore({ rows: [row()], isWhole: true, clockAheadMs: null }, '1', SENT)).toBeNull();
  });
});

describe('a neighbour', () => {
  const at = (sentAtMs: number, namesGroup = true, sharesAccount = true) => [{ sentAtMs, namesGroup, sharesAccount }];
  it('is a write whose row may be taken for this one’s', () => {
    expect(hasNeighbour(SENT, [])).toBe(false);
    expect(hasNeighbour(SENT, at(SENT - 23 * 60 * MINUTE))).toBe(true);
    expect(hasNeighbour(SENT, at(SENT - 25 * 60 * MINUTE))).toBe(false);
    expect(hasNeighbour(SENT, at(SENT + 9 * MINUTE))).toBe(true);
    expect(hasNeighbour(SENT, at(SENT + 11 * MINUTE))).toBe(false);
    expect(hasNeighbour(SENT, at(SENT - 11 * MINUTE, true, false))).toBe(true);
    expect(hasNeighbour(SENT, at(SENT - 11 * MINUTE, false, true))).toBe(true);
    expect(hasNeighbour(SENT, at(SENT - 11 * MINUTE, false, false))).toBe(false);
    expect(hasNeighbour(SENT, at(SENT - 9 * MINUTE, false, false))).toBe(true);
  });
});
