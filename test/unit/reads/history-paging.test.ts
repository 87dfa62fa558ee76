import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BillingActivity, BillingActivityKind } from '../../../src/domain/billing-history.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import type { HistoryClient, HistoryPage, HistoryRequest } from '../../../src/reads/billing-reads.js';
import { orderRows, prepareOrder } from '../../../src/reads/history-order.policy.js';
import { turnsDuring } from '../../support/turns.js';
import { activity } from './activity.fixture.js';
import { DAY, endOperations, historyRequest, NOW_MS, operation, readsFactory } from './reads.fixture.js';

afterEach(endOperations);

/** An upstream that answers everything with the same rows, until they are replaced. */
class FixedUpstream implements HistoryClient {
  calls = 0;
  constructor(public activities: readonly BillingActivity[]) {}
  async getBillingHistory() {
    this.calls += 1;
    return { activities: this.activities };
  }
}

const daysAgo = (days: number): number => NOW_MS - days * DAY * 1000;
const numbered = (count: number): BillingActivity[] =>
  Array.from({ length: count }, (_, index) => activity({ id: String(index), startMs: daysAgo(index + 1) }));
const idsOf = (page: HistoryPage): string[] => page.nodes.map((row) => row.id);

/** Few different starts and ids, so that most rows tie somewhere; some rows are fully equal. */
const row = fc
  .record({
    id: fc.constantFrom('1', '2', '10', '02', 'x', 'A-7', '99999999999999999999'),
    startMs: fc.option(fc.integer({ min: 1, max: 3 }).map(daysAgo)),
    planName: fc.constantFrom('Plan A', 'Plan B'),
    kind: fc.constantFrom('RENEW' as const, 'BOOSTER' as const),
    usedDocuments: fc.constantFrom(1, null, new UnreadableValue('xtracta', 'getBillingHistory', 'used_documents')),
  })
  .map(activity);
const rows = fc.array(row, { maxLength: 12 });
const order = fc.constantFrom('START_DATE_DESC' as const, 'START_DATE_ASC' as const);

/** All pages from one end, each page as its own operation. */
async function pageThrough(
  upstream: FixedUpstream,
  end: 'first' | 'last',
  size: number,
  fields: Partial<HistoryRequest>,
  between: () => void = () => undefined,
): Promise<BillingActivity[][]> {
  let nowMs = NOW_MS;
  const factory = readsFactory(upstream, { clock: () => nowMs });
  const pages: BillingActivity[][] = [];
  let cursor: string | null = null;
  for (;;) {
    const position = end === 'first' ? { first: size, after: cursor } : { last: size, before: cursor };
    const page: HistoryPage = await operation(factory).historyPage(historyRequest('1', { ...fields, ...position }));
    pages.push([...page.nodes]);
    cursor = end === 'first' ? page.pageInfo.endCursor : page.pageInfo.startCursor;
    if (!(end === 'first' ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage)) return pages;
    nowMs += 1_500;
    between();
  }
}

describe('the order of a history', () => {
  it('is by start, then by id as a number; descending is ascending reversed', () => {
    const starts = [
      activity({ id: '7', startMs: null }),
      activity({ id: '5', startMs: 1 }),
      activity({ id: '9', startMs: 2 }),
      activity({ id: '010', startMs: 2 }),
      activity({ id: '10', startMs: 2 }),
      activity({ id: 'x', startMs: 2 }),
    ];
    expect(orderRows(starts, 'START_DATE_ASC').map(({ id }) => id)).toEqual(['7', '5', '9', '010', '10', 'x']);
    expect(orderRows(starts, 'START_DATE_DESC').map(({ id }) => id)).toEqual(['x', '10', '010', '9', '5', '7']);
  });

  it('is worked out once for a list, however many pages of it are asked', () => {
    const list = numbered(50);
    for (const orderBy of ['START_DATE_ASC', 'START_DATE_DESC'] as const) {
      expect(orderRows(list, orderBy)).toBe(orderRows(list, orderBy));
      expect(orderRows([...list], orderBy)).not.toBe(orderRows(list, orderBy));
    }
  });

  it('is the same whatever order the upstream sends', () => {
    const shuffled = rows.chain((original) =>
      fc.tuple(fc.constant(original), fc.shuffledSubarray(original, { minLength: original.length })),
    );
    fc.assert(
      fc.property(shuffled, order, ([original, other], orderBy) => {
        expect(orderRows(other, orderBy)).toEqual(orderRows(original, orderBy));
      }),
    );
  });
});

describe('pages of a history', () => {
  it('hold every row exactly once, in order, from either end, in one call', async () => {
    await fc.assert(
      fc.asyncProperty(rows, order, fc.integer({ min: 1, max: 5 }), async (activities, orderBy, size) => {
        const expected = orderRows(activities, orderBy);
        const forward = new FixedUpstream(activities);
        expect((await pageThrough(forward, 'first', size, { orderBy })).flat()).toEqual(expected);
        const backward = new FixedUpstream(activities);
        expect((await pageThrough(backward, 'last', size, { orderBy })).reverse().flat()).toEqual(expected);
        expect([forward.calls, backward.calls]).toEqual([1, 1]);
      }),
    );
  });

  it('hold every row exactly once also where the response is read again and in another order for each page', async () => {
    await fc.assert(
      fc.asyncProperty(rows, order, fc.integer({ min: 1, max: 5 }), async (activities, orderBy, size) => {
        const upstream = new FixedUpstream(activities);
        const factory = readsFactory(upstream);
        let after: string | null = null;
        const seen: BillingActivity[] = [];
        for (;;) {
          const page: HistoryPage = await operation(factory).historyPage(
            historyRequest('1', { orderBy, first: size, after }),
          );
          seen.push(...page.nodes);
          after = page.pageInfo.endCursor;
          if (!page.pageInfo.hasNextPage) break;
          factory.forget('acme-credential', '1');
          upstream.activities = [...upstream.activities].reverse();
        }
        expect(seen).toEqual(orderRows(activities, orderBy));
      }),
    );
  });

  it('are cut as the connection specification says', async () => {
    const selection = fc.record({
      total: fc.nat({ max: 8 }),
      after: fc.option(fc.nat({ max: 7 })),
      before: fc.option(fc.nat({ max: 7 })),
      size: fc.nat({ max: 9 }),
      end: fc.constantFrom('first' as const, 'last' as const),
    });
    await fc.assert(
      fc.asyncProperty(selection, async ({ total, after, before, size, end }) => {
        fc.pre((after ?? -1) < total && (before ?? -1) < total);
        const factory = readsFactory(new FixedUpstream(numbered(total)));
        const all = await operation(factory).historyPage(historyRequest('1', { first: 100 }));
        const cursor = (index: number | null): string | null =>
          index === null ? null : (all.edges[index]?.cursor ?? null);
        const page = await operation(factory).historyPage(
          historyRequest('1', { [end]: size, after: cursor(after), before: cursor(before) }),
        );
        const low = after === null ? 0 : after + 1;
        const between = idsOf(all).slice(low, before ?? total);
        const expected = end === 'first' ? between.slice(0, size) : between.slice(Math.max(0, between.length - size));
        expect(idsOf(page)).toEqual(expected);
        expect(page.edges.map((edge) => edge.node)).toEqual(page.nodes);
        expect(page.totalCount).toBe(total);
        if (expected.length > 0) {
          expect(page.pageInfo.hasPreviousPage).toBe(expected[0] !== '0');
          expect(page.pageInfo.hasNextPage).toBe(expected.at(-1) !== String(total - 1));
          expect(page.pageInfo.startCursor).toBe(page.edges[0]?.cursor);
          expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor);
        } else {
          expect([page.pageInfo.startCursor, page.pageInfo.endCursor]).toEqual([null, null]);
        }
      }),
    );
  });

  it('have 50 rows by default, may have none, and say whether there are more', async () => {
    const factory = readsFactory(new FixedUpstream(numbered(51)));
    const page = await operation(factory).historyPage(historyRequest('1'));
    expect([page.nodes.length, page.totalCount, page.pageInfo.hasNextPage]).toEqual([50, 51, true]);
    const none = await operation(factory).historyPage(historyRequest('1', { first: 0 }));
    expect([none.nodes.length, none.totalCount, none.pageInfo.hasNextPage]).toEqual([0, 51, true]);
    expect(none.summary.count).toBe(51);
  });

  it.each([
    [{ first: -1 }, 'first'],
    [{ first: 5_001 }, 'first'],
    [{ first: 1.5 }, 'first'],
    [{ last: -1 }, 'last'],
    [{ last: 5_001 }, 'last'],
    [{ first: 1, last: 1 }, 'last'],
    [{ after: 'nonsense' }, 'after'],
    [{ before: 'nonsense' }, 'before'],
    [{ fromMs: 2, toMs: 1 }, 'from'],
    [{ fromMs: -1 }, 'from'],
    [{ toMs: 1e15 }, 'to'],
  ])('are refused for %j, naming the field, with no upstream call', async (fields, field) => {
    const upstream = new FixedUpstream([]);
    await expect(operation(readsFactory(upstream)).historyPage(historyRequest('1', fields))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      field: [field],
    });
    expect(upstream.calls).toBe(0);
  });

  it('hold only the kinds that were asked for, and count and sum only those', async () => {
    const kinds: readonly BillingActivityKind[] = ['RENEW', 'BOOSTER', 'CANCEL'];
    const activities = numbered(9).map((activityRow, index) => ({
      ...activityRow,
      kind: kinds[index % 3] ?? ('OTHER' as const),
    }));
    const factory = readsFactory(new FixedUpstream(activities));
    const page = await operation(factory).historyPage(
      historyRequest('1', { activity: ['BOOSTER', 'CANCEL'], first: 2 }),
    );
    expect([idsOf(page), page.totalCount, page.summary.count]).toEqual([['1', '2'], 6, 6]);
    const none = await operation(factory).historyPage(historyRequest('1', { activity: [] }));
    expect(none.totalCount).toBe(0);
  });

  it('stay one list while time goes on and rows come and go, and cost one call', async () => {
    const upstream = new FixedUpstream(numbered(10));
    const pages = await pageThrough(upstream, 'first', 3, {}, () => {
      upstream.activities = [activity({ id: 'new', startMs: NOW_MS }), ...upstream.activities.slice(2)];
    });
    expect(pages.flat().map(({ id }) => id)).toEqual(numbered(10).map(({ id }) => id));
    expect(upstream.calls).toBe(1);
  });

  it('go on after the same place when the kept response is gone and its row too', async () => {
    const upstream = new FixedUpstream(numbered(10));
    let nowMs = NOW_MS;
    const factory = readsFactory(upstream, { clock: () => nowMs });
    const first = await operation(factory).historyPage(historyRequest('1', { first: 3 }));
    const after = first.pageInfo.endCursor;
    nowMs += 5_000;
    factory.forget('acme-credential', '1');
    upstream.activities = [
      activity({ id: 'new', startMs: daysAgo(0.5) }),
      ...upstream.activities.filter(({ id }) => id !== '2'),
    ];
    const second = await operation(factory).historyPage(historyRequest('1', { first: 3, after }));
    expect(idsOf(second)).toEqual(['3', '4', '5']);
    expect(second.pageInfo.hasPreviousPage).toBe(true);
    expect(upstream.calls).toBe(2);
  });

  it('hold no row outside of the dates, not by a millisecond, whatever cursor leads to them', async () => {
    const seconds = [-3, -2, -1, 0, 1, 2, 3];
    const baseMs = NOW_MS - 60_000;
    const rows = seconds.map((at) => activity({ id: `${at + 4}`, startMs: baseMs + at * 1000 }));
    const startsOf = (page: HistoryPage) => page.nodes.map(({ startMs }) => ((startMs ?? 0) - baseMs) / 1000);
    const ends = fc.tuple(fc.integer({ min: -3_500, max: 3_500 }), fc.nat(3_500));
    await fc.assert(
      fc.asyncProperty(ends, fc.boolean(), fc.boolean(), async ([from, span], isForgotten, repeatsDates) => {
        const factory = readsFactory(new FixedUpstream(rows));
        const dates = { fromMs: baseMs + from, toMs: baseMs + from + span };
        const inside = seconds.filter((at) => at * 1000 >= from && at * 1000 <= from + span).reverse();
        const count = inside.length;
        const one = await operation(factory).historyPage(historyRequest('1', { ...dates, first: 1 }));
        expect([startsOf(one), one.totalCount, one.summary.count]).toEqual([inside.slice(0, 1), count, count]);
        if (isForgotten) factory.forget('acme-credential', '1');
        const after = one.pageInfo.endCursor;
        if (after === null) return;
        const rest = { ...(repeatsDates ? dates : {}), first: 9, after };
        const page = await operation(factory).historyPage(historyRequest('1', rest));
        expect([startsOf(page), page.totalCount]).toEqual([inside.slice(1), count]);
      }),
      { numRuns: 200 },
    );
  });

  it('without a cursor ask anew', async () => {
    const upstream = new FixedUpstream(numbered(3));
    const factory = readsFactory(upstream);
    for (const first of [1, 1]) {
      const page = await operation(factory).historyPage(historyRequest('1', { first }));
      expect(page.pageInfo.endCursor).not.toBeNull();
    }
    expect(upstream.calls).toBe(2);
  });

  it('are not kept from a read that a write has overtaken', async () => {
    const upstream = new FixedUpstream(numbered(5));
    const factory = readsFactory(upstream);
    const page = await operation(factory).historyPage(historyRequest('1', { first: 2 }));
    factory.forget('acme-credential', '1');
    await operation(factory).historyPage(historyRequest('1', { first: 2, after: page.pageInfo.endCursor }));
    expect(upstream.calls).toBe(2);
  });

  it('refuse a cursor of another group', async () => {
    const factory = readsFactory(new FixedUpstream(numbered(5)));
    const page = await operation(factory).historyPage(historyRequest('1', { first: 2 }));
    await expect(
      operation(factory).historyPage(historyRequest('2', { first: 2, after: page.pageInfo.endCursor })),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: ['after'] });
  });
});

describe('the order of many rows', () => {
  it('is the same, worked out in slices and by several at once', async () => {
    const many = fc.array(row, { minLength: 2_001, maxLength: 4_000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(many, order, async (all, by) => {
        await Promise.all([prepareOrder(all), prepareOrder(all)]);
        // A copy is not known, and is ordered at once.
        expect(orderRows(all, by)).toEqual(orderRows([...all], by));
      }),
      { numRuns: 5 },
    );
  });

  it('lets others have their turns meanwhile', async () => {
    const { turns } = await turnsDuring(() => prepareOrder(numbered(40_000)));
    expect(turns).toBeGreaterThan(3);
  });
});
