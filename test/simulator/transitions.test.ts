import { describe, expect, test } from '@jest/globals';
import { addMonths, periodExpiry, writeDate } from '../../src/simulator/auckland-calendar.js';
import {
  changePlan,
  heldDocuments,
  packTotals,
  receiveDocuments,
  remainingCapacity,
} from '../../src/simulator/billing-periods.js';
import { World } from '../../src/simulator/world.js';
import type { Period } from '../../src/simulator/world-state.js';

const at = (iso: string) => Date.parse(iso);
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

/** A world whose clock is fixed until a test moves it. */
function worldAt(instant: string): World {
  return new World('sim-still', { 'sim-still': '100000' }, () => at(instant));
}

function lastPeriod(world: World, groupId: string): Period {
  const period = world.state().periods[groupId]?.at(-1);
  if (period === undefined) throw new Error(`group ${groupId} has no period`);
  return period;
}

function plan(world: World, id: string) {
  const found = world.state().plans[id];
  if (found === undefined) throw new Error(`no plan ${id}`);
  return found;
}

describe('the length of a period, in New Zealand’s wall time', () => {
  test.each([
    // The manual’s own sample: the clocks go back on 1 April.
    ['2018-03-27T01:11:18Z', 'Monthly', '2018-04-27T02:11:17Z'],
    ['2017-08-21T02:16:49Z', 'Monthly', '2017-09-21T02:16:48Z'],
    // The clocks go forward on 24 September 2017.
    ['2017-09-10T00:00:00Z', 'Monthly', '2017-10-09T22:59:59Z'],
    // 31 January in Auckland; February has 28 days, or 29.
    ['2023-01-30T20:00:00Z', 'Monthly', '2023-02-27T19:59:59Z'],
    ['2024-01-30T20:00:00Z', 'Monthly', '2024-02-28T19:59:59Z'],
    ['2024-02-28T20:00:00Z', 'Annual', '2025-02-27T19:59:59Z'],
    // Half past two on 29 September 2024 does not exist there: the clocks go forward over it.
    ['2024-08-28T14:30:00Z', 'Monthly', '2024-09-28T14:29:59Z'],
    // Half past two on 6 April 2025 comes twice: the first one counts.
    ['2025-03-05T13:30:00Z', 'Monthly', '2025-04-05T13:29:59Z'],
    ['2024-12-31T11:00:00Z', 'Monthly', '2025-01-31T10:59:59Z'],
  ] as const)('%s, %s, ends %s', (start, type, expiry) => {
    expect(iso(periodExpiry(at(start), type))).toBe(expiry);
  });

  test.each(['2027-04-03T13:30:00.250Z', '2027-04-03T14:30:00.250Z'])(
    'a clock moves on by the seconds asked at %s, though half past two comes twice on that day',
    (instant) => {
      const world = worldAt(instant);
      for (const seconds of [0, 1, 4_000]) {
        const before = world.now();
        world.advance({ seconds });
        expect(world.now() - before).toBe(seconds * 1000);
      }
    },
  );

  test('months are added over years and back', () => {
    expect(iso(addMonths(at('2024-06-15T00:00:00Z'), 12))).toBe('2025-06-15T00:00:00Z');
    expect(iso(addMonths(at('2024-06-15T00:00:00Z'), -7))).toBe('2023-11-14T23:00:00Z');
  });

  test('a date is written in each of the shapes that were seen', () => {
    const instant = at('2016-05-31T00:52:41Z');
    expect(writeDate(instant, 'atom')).toBe('2016-05-31T00:52:41+00:00');
    expect(writeDate(instant, 'auckland')).toBe('2016-05-31T12:52:41+12:00');
    expect(writeDate(instant, 'gmt')).toBe('2016-05-31 00:52:41 (GMT)');
    expect(writeDate(instant, 'naive')).toBe('2016-05-31 00:52:41');
    expect(writeDate(instant, 'zulu')).toBe('2016-05-31T00:52:41Z');
  });
});

describe('a plan change', () => {
  test.each([
    ['the same plan renews', '111', '111', 'renew'],
    ['more documents upgrade', '111', '112', 'upgrade'],
    ['fewer documents downgrade', '112', '111', 'downgrade'],
    ['as many documents for less money downgrade', '112', '114', 'downgrade'],
    ['as many documents for more money upgrade', '114', '112', 'upgrade'],
  ])('%s', (_name, from, to, activity) => {
    const world = worldAt('2026-03-10T00:00:00Z');
    changePlan(world.state(), '100013', plan(world, from), world.now(), true);
    world.advance({ days: 3 });
    expect(changePlan(world.state(), '100013', plan(world, to), world.now(), true).activity).toBe(activity);
  });

  test('a group without a plan signs up; usage starts at zero', () => {
    const world = worldAt('2026-03-10T00:00:00Z');
    const period = changePlan(world.state(), '100013', plan(world, '112'), world.now(), true);
    expect(period).toMatchObject({ activity: 'signup', used: 0, credit: 0 });
    expect(iso(period.expiry)).toBe('2026-04-10T00:59:59Z');
  });

  test('ends the period before it a second earlier, and credits its unused part in whole units', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    const old = changePlan(world.state(), '100013', plan(world, '112'), world.now(), true);
    world.advance({ days: 10 });
    const next = changePlan(world.state(), '100013', plan(world, '113'), world.now(), true);
    expect(iso(old.expiry)).toBe('2026-05-19T23:59:59Z');
    // 21 of 31 days of 500.
    expect(next.credit).toBe(338);
  });

  test('can leave the old period open', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    const old = changePlan(world.state(), '100013', plan(world, '112'), world.now(), true);
    const expiry = old.expiry;
    world.advance({ days: 10 });
    changePlan(world.state(), '100013', plan(world, '113'), world.now(), false);
    expect(old.expiry).toBe(expiry);
  });
});

describe('the clock', () => {
  test('renews each period where the one before it ended, across daylight saving', () => {
    const world = worldAt('2026-03-20T01:00:00Z');
    changePlan(world.state(), '100013', plan(world, '111'), world.now(), true);
    world.advance({ months: 3 });
    const periods = (world.state().periods['100013'] ?? []).map((period) => [
      period.activity,
      iso(period.start),
      iso(period.expiry),
    ]);
    expect(periods).toEqual([
      ['signup', '2026-03-20T01:00:00Z', '2026-04-20T01:59:59Z'],
      ['renew', '2026-04-20T02:00:00Z', '2026-05-20T01:59:59Z'],
      ['renew', '2026-05-20T02:00:00Z', '2026-06-20T01:59:59Z'],
      ['renew', '2026-06-20T02:00:00Z', '2026-07-20T01:59:59Z'],
    ]);
  });

  test('covers the last second of a period whole', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    const period = changePlan(world.state(), '100013', plan(world, '111'), world.now(), true);
    world.setClock(period.expiry + 999);
    expect(lastPeriod(world, '100013').id).toBe(period.id);
    world.setClock(period.expiry + 1000);
    expect(lastPeriod(world, '100013')).toMatchObject({ activity: 'renew', start: period.expiry + 1000 });
  });

  test('reports what it brought about, in the order of time', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    const changes = world.advance({ months: 1 });
    expect(changes.map((change) => change.at)).toEqual(changes.map((change) => change.at).toSorted());
    expect(new Set(changes.map((change) => change.kind))).toEqual(new Set(['renewed', 'documents_processed']));
    expect(world.advance({ seconds: 0 })).toEqual([]);
  });

  test('reports a plan that lapses once, and renews nothing where that is switched off', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    world.setToggles({ autoRenew: 'no' });
    const lapsed = world.advance({ months: 1 });
    expect(new Set(lapsed.map((change) => change.kind))).toEqual(new Set(['lapsed']));
    const again = world.advance({ days: 1 }).map((change) => change.groupId);
    expect(lapsed.map((change) => change.groupId).filter((group) => again.includes(group))).toEqual([]);
  });

  test('only moves forward, in whole steps, up to the year 9998', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    expect(() => world.setClock(world.now() - 1)).toThrow(RangeError);
    expect(() => world.setClock(Number.NaN)).toThrow(RangeError);
    expect(() => world.advance({ days: -1 })).toThrow(RangeError);
    expect(() => world.advance({ days: 0.5 })).toThrow(RangeError);
    expect(() => world.advance({ months: 12_000_000 })).toThrow(RangeError);
  });

  test('equal clocks make equal worlds', () => {
    const [one, other] = [worldAt('2026-05-10T00:00:00Z'), worldAt('2026-05-10T00:00:00Z')];
    one.advance({ months: 5 });
    other.advance({ months: 5 });
    expect(one.state()).toEqual(other.state());
  });
});

describe('documents', () => {
  test('use the plan first, then packs oldest first, then go on hold', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    const state = world.state();
    changePlan(state, '100013', plan(world, '130'), world.now(), true);
    const order = { groupId: '100013', packId: '1225', quantity: 2, orderedAt: world.now(), used: 0 };
    state.packOrders.push({ ...order, id: 1, activityId: 9001 }, { ...order, id: 2, activityId: 9002 });
    expect(remainingCapacity(state, '100013', world.now())).toBe(11);
    expect(receiveDocuments(state, '100013', 8, world.now())).toEqual({ processed: 8, held: 0 });
    expect(state.packOrders.map((pack) => pack.used)).toEqual([1, 0]);
    expect(receiveDocuments(state, '100013', 5, world.now())).toEqual({ processed: 3, held: 2 });
    expect(packTotals(state, '100013')).toEqual({ used: 4, available: 0 });
  });

  test('on hold are processed first come, first served when the period renews, and the rest waits', () => {
    const world = worldAt('2026-05-10T00:00:00Z');
    changePlan(world.state(), '100013', plan(world, '130'), world.now(), true);
    receiveDocuments(world.state(), '100013', 17, world.now());
    const held = heldDocuments(world.state(), '100013').map((document) => document.id);
    expect(held).toHaveLength(10);
    const changes = world.advance({ months: 1 }).filter((change) => change.groupId === '100013');
    expect(changes.map((change) => [change.kind, change.documentIds])).toEqual([
      ['renewed', undefined],
      ['documents_processed', held.slice(0, 7)],
    ]);
    expect(heldDocuments(world.state(), '100013').map((document) => document.id)).toEqual(held.slice(7));
  });
});
