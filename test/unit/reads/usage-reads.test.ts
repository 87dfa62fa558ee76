import { beforeEach, describe, expect, it } from '@jest/globals';
import { UnreadableValue } from '../../../src/domain/money.js';
import { type BillingReadsFactory } from '../../../src/reads/reads-factory.js';
import { recordedCall } from '../../support/upstream-call.js';
import { caller } from './activity.fixture.js';
import { GroupModel, planInUse } from './group.model.js';
import {
  codes,
  DAY,
  historyRequest,
  ids,
  NOW_MS,
  NOW_SECONDS,
  operation,
  ROOTED,
  readsFactory,
  rootWithGroups,
} from './reads.fixture.js';
import { type ModelGroup, UpstreamModel } from './upstream.model.js';

let groups: GroupModel;
let history: UpstreamModel;
let factory: BillingReadsFactory;

beforeEach(() => begin(rootWithGroups(5)));

function begin(modelled: readonly ModelGroup[], maxUpstreamCalls = 100): void {
  groups = new GroupModel();
  history = new UpstreamModel(modelled);
  factory = readsFactory(history, { groupClient: groups, planSource: 'usage', maxUpstreamCalls });
}

const asked = (...ofGroups: readonly string[]): string[] => ofGroups.map((id) => `usage acme-credential ${id}`);

describe('the plan of now, where its source is usage', () => {
  it('is what the upstream counts as current, numbered, without a look at the history', async () => {
    expect(await operation(factory).plan('002', NOW_MS)).toEqual(planInUse('2'));
    expect([groups.journal, history.calls]).toEqual([asked('2'), 0]);
  });

  it('is the same for all of this second, and every other moment comes from the history', async () => {
    const reads = operation(
      readsFactory(history, { groupClient: groups, planSource: 'usage', clock: () => NOW_MS + 400 }),
    );
    for (const atMs of [NOW_MS, NOW_MS + 400, NOW_MS + 999]) {
      expect((await reads.plan('2', atMs))?.planId).toBe('12');
    }
    expect([groups.journal, history.calls]).toEqual([asked('2'), 0]);
    for (const atMs of [NOW_MS - 1, NOW_MS + 1_000]) {
      expect((await reads.plan('2', atMs))?.planId).toBeNull();
    }
    expect([groups.journal.length, history.calls > 0]).toEqual([1, true]);
  });

  it('is also what is present by the upstream’s clock, which may be ahead', async () => {
    const ahead = { groupClient: groups, planSource: 'usage', upstreamAheadMs: () => 30_000 } as const;
    expect((await operation(readsFactory(history, ahead)).plan('2', null))?.planId).toBe('12');
    expect([groups.journal, history.calls]).toEqual([asked('2'), 0]);
  });

  it('costs one call a group, however often it is asked, and the rest is saved', async () => {
    const saved: number[] = [];
    factory = readsFactory(history, { groupClient: groups, planSource: 'usage', onCallsSaved: (n) => saved.push(n) });
    const reads = operation(factory, { who: ROOTED });
    const plans = await Promise.all(['2', '3', '2', '3', '2'].map((id) => reads.plan(id, NOW_MS)));
    expect(plans.map((plan) => plan?.planId)).toEqual(['12', '13', '12', '13', '12']);
    expect([groups.journal, reads.upstreamCalls()]).toEqual([asked('2', '3'), { made: 2, saved: 3 }]);
    expect(saved).toEqual([3]);
  });

  it('is shared by operations of one credential while it is under way, and by nobody else', async () => {
    const reads = ['acme', 'acme', 'other'].map((tenant) => operation(factory, { who: caller({ tenant }) }));
    await Promise.all(reads.map((each) => each.plan('2', NOW_MS)));
    expect(groups.journal).toEqual([...asked('2'), 'usage other-credential 2']);
    await operation(factory).plan('2', NOW_MS);
    expect(groups.journal).toHaveLength(3);
  });

  it('is read anew after a write on the same credential, also within an operation', async () => {
    const reads = operation(factory);
    await reads.plan('2', NOW_MS);
    factory.forget('acme-credential', '2');
    await reads.plan('2', NOW_MS);
    expect(groups.journal).toEqual(asked('2', '2'));
  });

  it('counts against the limit of calls together with the history', async () => {
    begin(rootWithGroups(5), 3);
    const reads = operation(factory);
    const results = await Promise.allSettled(ids(4).map((id) => reads.plan(id, NOW_MS)));
    expect(codes(results)).toEqual(Array.from({ length: 4 }, () => 'OPERATION_TOO_COMPLEX'));
    expect([groups.journal, reads.upstreamCalls()]).toEqual([[], { made: 0, saved: 0 }]);
    const fresh = operation(factory);
    await Promise.all([fresh.plan('2', NOW_MS), fresh.plan('3', NOW_MS), fresh.historyPage(historyRequest('4'))]);
    await expect(fresh.plan('4', NOW_MS)).rejects.toMatchObject({ code: 'OPERATION_TOO_COMPLEX' });
    expect([groups.journal.length, history.calls]).toEqual([2, 1]);
  });

  it('is refused before any call for a group that the caller may not read, and without a credential', async () => {
    const limited = operation(factory, { who: caller({ allowed: ['3'] }) });
    await expect(limited.plan('2', NOW_MS)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(limited.plan('x', NOW_MS)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    const nobody = operation(factory, { who: caller({ credential: null }) });
    await expect(nobody.plan('2', NOW_MS)).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    expect(groups.journal).toEqual([]);
    expect((await limited.plan('3', NOW_MS))?.planId).toBe('13');
  });

  it.each([
    ['another group', '3'],
    ['nobody knows which', new UnreadableValue('xtracta', 'getUsage', 'group_id')],
  ])('is no response when it is about %s', async (_name, groupId) => {
    groups.usage.set('2', { plan: planInUse('3'), groupId });
    const { call, drifts } = recordedCall();
    const plan = operation(factory, { call }).plan('2', NOW_MS);
    await expect(plan).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID_RESPONSE',
      upstream: { operation: 'getUsage' },
    });
    expect(drifts).toEqual([{ endpoint: 'getUsage', field: 'foreign_group' }]);
  });

  it('is taken for the asked group when it names none', async () => {
    groups.usage.set('2', { plan: planInUse('2'), groupId: null });
    expect((await operation(factory).plan('2', NOW_MS))?.planId).toBe('12');
  });

  it('is none when usage does not know the group and the history does, and not found when neither does', async () => {
    begin([{ id: '2', parent: null, rows: [] }]);
    groups.usage.set('2', 'NOT_FOUND').set('9', 'NOT_FOUND');
    const reads = operation(factory);
    expect(await reads.plan('2', NOW_MS)).toBeNull();
    await expect(reads.plan('9', NOW_MS)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    groups.usage.set('2', { plan: null, groupId: null });
    expect(await operation(factory).plan('2', NOW_MS)).toBeNull();
    expect(history.calls).toBe(2);
  });

  it.each(['UPSTREAM_TIMEOUT', 'UPSTREAM_REJECTED', 'UPSTREAM_UNAUTHENTICATED'] as const)(
    'fails as usage fails (%s), and does not fall back on another source',
    async (code) => {
      groups.usage.set('2', code);
      const reads = operation(factory);
      const results = await Promise.allSettled([reads.plan('2', NOW_MS), reads.plan('3', NOW_MS)]);
      expect([codes(results), history.calls]).toEqual([[code, 'ok'], 0]);
    },
  );

  it('is given up when nobody waits for it', async () => {
    const leaving = new AbortController();
    const { call } = recordedCall({ signal: leaving.signal });
    const plan = operation(factory, { call }).plan('2', NOW_MS);
    while (groups.journal.length === 0) await new Promise((resolve) => process.nextTick(resolve));
    leaving.abort();
    await expect(plan).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(groups.signals[0]?.aborted).toBe(true);
  });
});

describe('a plan that usage and history tell differently', () => {
  const start = new Date((NOW_SECONDS - 10 * DAY) * 1000).toISOString();
  const mismatches = async (ask: (reads: ReturnType<typeof operation>) => Promise<unknown>): Promise<number> => {
    const { call, drifts } = recordedCall();
    await ask(operation(factory, { call }));
    return drifts.filter(({ endpoint, field }) => `${endpoint} ${field}` === 'getUsage plan_mismatch').length;
  };
  const both = (reads: ReturnType<typeof operation>) =>
    Promise.all([reads.plan('2', NOW_MS), reads.historyPage(historyRequest('2', { toMs: NOW_MS + 86_400_000 }))]);

  it.each([
    ['agree in everything', {}, 0],
    ['write one price differently', { price: { amount: '10.00', currency: 'NZD' } }, 0],
    ['differ in what was used by now', { usedDocuments: 30, remainingDocuments: 20 }, 0],
    ['agree as far as both tell', { name: null, allowedDocuments: null, startDate: null, price: null }, 0],
    ['name different plans', { name: 'Another' }, 1],
    ['allow different numbers of documents', { allowedDocuments: 51 }, 1],
    ['begin at different moments', { startDate: new Date(NOW_MS).toISOString() }, 1],
    ['cost different amounts', { price: { amount: '10.01', currency: 'NZD' } }, 1],
    ['cost in different currencies', { price: { amount: '10', currency: 'USD' } }, 1],
  ])('is counted once, when they %s: %#', async (_name, fields, expected) => {
    groups.usage.set('2', { plan: planInUse('2', { startDate: start, ...fields }), groupId: '2' });
    expect(await mismatches(both)).toBe(expected);
    expect(
      await mismatches(async (reads) => {
        await reads.historyPage(historyRequest('2', { toMs: NOW_MS + 86_400_000 }));
        await reads.plan('2', NOW_MS);
        await both(reads);
      }),
    ).toBe(expected);
  });

  it('is still answered as usage has it', async () => {
    groups.usage.set('2', { plan: planInUse('2', { name: 'Another' }), groupId: '2' });
    const reads = operation(factory);
    const [plan] = await both(reads);
    expect(plan?.name).toBe('Another');
  });

  it('is counted when only one of them has a plan', async () => {
    groups.usage.set('2', { plan: null, groupId: '2' });
    expect(await mismatches(both)).toBe(1);
    groups.usage.set('2', 'NOT_FOUND');
    expect(await mismatches((reads) => reads.plan('2', NOW_MS))).toBe(1);
    begin([{ id: '2', parent: null, rows: [] }]);
    const whole = { fromMs: NOW_MS - 500 * 86_400_000, toMs: NOW_MS + 500 * 86_400_000 };
    const ask = (window: object) => (reads: ReturnType<typeof operation>) =>
      Promise.all([reads.plan('2', NOW_MS), reads.historyPage(historyRequest('2', window))]);
    expect(await mismatches(ask(whole))).toBe(1);
    // A year holds no more than a year: an older plan may be in force.
    expect(await mismatches(ask({}))).toBe(0);
  });

  it('is not looked for: no history is read for it, and one that ends before now says nothing', async () => {
    groups.usage.set('2', { plan: planInUse('2', { name: 'Another' }), groupId: '2' });
    expect(await mismatches((reads) => reads.plan('2', NOW_MS))).toBe(0);
    expect(history.calls).toBe(0);
    const past = historyRequest('2', { toMs: NOW_MS - 86_400_000 });
    expect(await mismatches((reads) => Promise.all([reads.plan('2', NOW_MS), reads.historyPage(past)]))).toBe(0);
  });

  it('is found in a recursive history too, for each group', async () => {
    for (const id of ['2', '3']) {
      groups.usage.set(id, { plan: planInUse(id, { startDate: start, name: 'Another' }), groupId: id });
    }
    groups.usage.set('4', { plan: planInUse('4', { startDate: start }), groupId: '4' });
    const page = historyRequest('1', { includeSubgroups: true });
    expect(
      await mismatches((reads) =>
        Promise.all([reads.historyPage(page), ...['2', '3', '4'].map((id) => reads.plan(id, NOW_MS))]),
      ),
    ).toBe(2);
  });
});
