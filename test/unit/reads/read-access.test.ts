import { describe, expect, it } from '@jest/globals';
import { recordedCall } from '../../support/upstream-call.js';
import { activity, caller, NOBODYS } from './activity.fixture.js';
import {
  codes,
  historyRequest,
  ids,
  NOW_MS,
  operation,
  plans,
  ROOTED,
  readsFactory,
  rootWithGroups,
  rowDaysAgo,
} from './reads.fixture.js';
import { type ModelBehaviour, type ModelGroup, UpstreamModel } from './upstream.model.js';

const outsideOf = (groups: readonly ModelGroup[], outside: readonly string[]): ModelGroup[] =>
  groups.map((group) => (outside.includes(group.id) ? { ...group, parent: null } : group));
const crowded = (id: string): ModelGroup => ({
  id,
  parent: '1',
  rows: Array.from({ length: 2_000 }, (_, index) => rowDaysAgo(String(index), 5)),
});
const nameless = (id: string): ModelGroup => ({ id, parent: '1', rows: [rowDaysAgo('5', 5, { hidesGroup: true })] });

describe('the limit of upstream calls', () => {
  it('refuses every question of a tick that needs more, before any call', async () => {
    const model = new UpstreamModel(rootWithGroups(5));
    const reads = operation(readsFactory(model, { maxUpstreamCalls: 4 }));
    const results = await Promise.allSettled(ids(5).map((id) => reads.plan(id, NOW_MS)));
    expect(codes(results)).toEqual(Array.from({ length: 5 }, () => 'OPERATION_TOO_COMPLEX'));
    expect(model.calls).toBe(0);
    expect(reads.upstreamCalls()).toEqual({ made: 0, saved: 0 });
    await expect(
      plans(
        reads,
        ids(4).map((id) => id),
      ),
    ).rejects.toMatchObject({ code: 'OPERATION_TOO_COMPLEX' });
  });

  it.each<[string, readonly ModelGroup[], ModelBehaviour, number]>([
    ['some groups are not below the root', outsideOf(rootWithGroups(6), ['3', '5', '7']), {}, 4],
    ['the root holds far more than is asked for', [...rootWithGroups(6), crowded('77')], {}, 6],
    ['the root cannot be read as a whole', rootWithGroups(6), { refusesRecursive: 'UPSTREAM_TIMEOUT' }, 2],
    ['the root names no groups', [...rootWithGroups(6), nameless('99')], {}, 2],
  ])('refuses the same questions each time they are asked where %s', async (_name, groups, behaviour, answered) => {
    const factory = readsFactory(new UpstreamModel(groups, behaviour), { maxUpstreamCalls: 2 });
    const ask = async () => {
      const reads = operation(factory, { who: ROOTED });
      return codes(await Promise.allSettled(ids(6).map((id) => reads.plan(id, NOW_MS))));
    };
    const first = await ask();
    expect(first.filter((code) => code === 'ok')).toHaveLength(answered);
    expect(await ask()).toEqual(first);
    expect(await ask()).toEqual(first);
  });

  it("counts what the operation's ticks need together", async () => {
    const model = new UpstreamModel(rootWithGroups(5));
    const reads = operation(readsFactory(model, { maxUpstreamCalls: 3 }));
    await plans(reads, ['2', '3']);
    const results = await Promise.allSettled(['4', '5', '2'].map((id) => reads.plan(id, NOW_MS)));
    expect(codes(results)).toEqual(['OPERATION_TOO_COMPLEX', 'OPERATION_TOO_COMPLEX', 'ok']);
    expect(model.calls).toBe(2);
  });

  it('is not reached by a batch, nor made stricter by one that fails', async () => {
    const limited = { maxUpstreamCalls: 5 };
    const working = operation(readsFactory(new UpstreamModel(rootWithGroups(50)), limited), { who: ROOTED });
    expect(await plans(working, ids(50))).toHaveLength(50);
    const model = new UpstreamModel(rootWithGroups(5), { refusesRecursive: 'UPSTREAM_TIMEOUT' });
    const failing = operation(readsFactory(model, limited), { who: ROOTED });
    expect((await plans(failing, ids(5))).every((plan) => plan !== null)).toBe(true);
  });
});

describe('who may read', () => {
  it('nobody without a credential', async () => {
    const reads = operation(readsFactory(new UpstreamModel([])), { who: caller({ credential: null }) });
    await expect(reads.plan('1', NOW_MS)).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    await expect(reads.historyPage(historyRequest('1'))).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
  });

  it.each(['', '0', '000', '-1', '1.5', ' 1', '1 OR 1=1', '1&purge=delete', '１', '1234567890123456789'])(
    'nobody a group called %j',
    async (id) => {
      const model = new UpstreamModel(rootWithGroups(1));
      const reads = operation(readsFactory(model));
      const refusal = { code: 'BAD_USER_INPUT', field: ['id'] };
      await expect(reads.plan(id, NOW_MS)).rejects.toMatchObject(refusal);
      await expect(reads.historyPage(historyRequest(id))).rejects.toMatchObject(refusal);
      await expect(reads.subgroups(id)).rejects.toMatchObject(refusal);
      await expect(reads.groupName(id)).rejects.toMatchObject(refusal);
      expect(model.calls).toBe(0);
    },
  );

  it('a group by its id with leading zeros: it is the same group', async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const reads = operation(readsFactory(model));
    const [padded, plain] = await Promise.all([reads.plan('002', NOW_MS), reads.plan('2', NOW_MS)]);
    expect(padded).toEqual(plain);
    expect(model.calls).toBe(1);
  });

  it('only listed groups, and of recursive responses only their rows', async () => {
    const groups: ModelGroup[] = [
      ...rootWithGroups(4),
      { id: '9', parent: '1', rows: [rowDaysAgo('5', 5, { hidesGroup: true })] },
    ];
    const model = new UpstreamModel(groups);
    const reads = operation(readsFactory(model), { who: caller({ root: '1', allowed: ['1', '3'] }) });
    await expect(reads.plan('2', NOW_MS)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(reads.historyPage(historyRequest('002'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(reads.subgroups('2')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(reads.groupName('2')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(model.calls).toBe(0);
    const page = await reads.historyPage(historyRequest('1', { includeSubgroups: true }));
    expect(page.nodes.map((row) => row.groupId).sort()).toEqual(['1', '3']);
    expect([page.totalCount, page.summary.count]).toEqual([2, 2]);
    expect(await reads.subgroups('1')).toEqual([{ id: '3', name: 'Group 3' }]);
  });

  it.each([false, true])('no row whose group cannot be read, with includeSubgroups %s', async (includeSubgroups) => {
    const group = { id: '2', parent: null, rows: [rowDaysAgo('7', 5), rowDaysAgo('8', 4, { fields: NOBODYS })] };
    const factory = readsFactory(new UpstreamModel([group]));
    const idsFor = async (allowed?: readonly string[]) => {
      const reads = operation(factory, { who: caller(allowed === undefined ? {} : { allowed }) });
      const { nodes, totalCount } = await reads.historyPage(historyRequest('2', { includeSubgroups }));
      return [nodes.map(({ id }) => id), totalCount];
    };
    expect(await idsFor()).toEqual([['8', '7'], 2]);
    expect(await idsFor(['2'])).toEqual([['7'], 1]);
  });

  it('listed groups below a root that is not listed, in one call', async () => {
    const model = new UpstreamModel(rootWithGroups(10));
    const reads = operation(readsFactory(model), { who: caller({ root: '1', allowed: ids(5) }) });
    expect((await plans(reads, ids(5))).map((plan) => plan?.name)).toEqual(ids(5).map((id) => `Plan of ${id}`));
    expect(model.calls).toBe(1);
  });
});

describe('odd responses', () => {
  it("lose rows of groups that were not asked for, which is counted; rows that name no group are the asked group's", async () => {
    const group: ModelGroup = { id: '2', parent: null, rows: [rowDaysAgo('7', 5, { hidesGroup: true })] };
    const model = new UpstreamModel([group], {
      foreignRows: [activity({ id: '8', groupId: '3', startMs: NOW_MS - 1 })],
    });
    const { call, drifts } = recordedCall();
    const page = await operation(readsFactory(model), { call }).historyPage(historyRequest('2'));
    expect(page.nodes.map((row) => [row.id, row.groupId])).toEqual([['7', '2']]);
    expect(drifts).toEqual([{ endpoint: 'getBillingHistory', field: 'foreign_group' }]);
  });

  it('with subgroups keep rows that name no group as they are', async () => {
    const below: ModelGroup = { id: '3', parent: '2', rows: [rowDaysAgo('8', 6, { hidesGroup: true })] };
    const model = new UpstreamModel([{ id: '2', parent: null, rows: [rowDaysAgo('7', 5)] }, below]);
    const page = await operation(readsFactory(model)).historyPage(historyRequest('2', { includeSubgroups: true }));
    expect(page.nodes.map((row) => [row.id, row.groupId])).toEqual([
      ['7', '2'],
      ['8', null],
    ]);
  });
});
