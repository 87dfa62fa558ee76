import { describe, expect, it } from '@jest/globals';
import { recordedCall } from '../../support/upstream-call.js';
import { caller } from './activity.fixture.js';
import {
  called,
  codes,
  DAY,
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
import { type ModelGroup, UpstreamModel } from './upstream.model.js';

/** 400 days both ways, which covers a plan's window. */
const AROUND_NOW = { fromMs: NOW_MS - 400 * DAY * 1000, toMs: NOW_MS + 400 * DAY * 1000 };

describe('upstream calls', () => {
  it('are one for 50 groups under a known root, each group with its own plan', async () => {
    const model = new UpstreamModel(rootWithGroups(50));
    const reads = operation(readsFactory(model), { who: ROOTED });
    const found = await plans(reads, ids(50));
    expect(found.map((plan) => plan?.name)).toEqual(ids(50).map((id) => `Plan of ${id}`));
    expect(model.calls).toBe(1);
    expect(reads.upstreamCalls()).toEqual({ made: 1, saved: 49 });
  });

  it('are one for names and plans of 50 groups under a known root', async () => {
    const model = new UpstreamModel(rootWithGroups(50));
    const reads = operation(readsFactory(model), { who: ROOTED });
    const names = Promise.all(ids(50).map((id) => reads.groupName(id)));
    await plans(reads, ids(50));
    expect(await names).toEqual(ids(50).map((id) => `Group ${id}`));
    expect(reads.upstreamCalls()).toEqual({ made: 1, saved: 99 });
  });

  it('are 50 for 50 groups where no root is known', async () => {
    const model = new UpstreamModel(rootWithGroups(50));
    const reads = operation(readsFactory(model));
    await plans(reads, ids(50));
    expect(model.calls).toBe(50);
    expect(reads.upstreamCalls()).toEqual({ made: 50, saved: 0 });
  });

  it('are one for 50 equal questions', async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const reads = operation(readsFactory(model));
    await plans(
      reads,
      Array.from({ length: 50 }, () => '2'),
    );
    expect(reads.upstreamCalls()).toEqual({ made: 1, saved: 49 });
  });

  it("are one for a parent with all below it and its children's plans", async () => {
    const model = new UpstreamModel(rootWithGroups(20));
    const reads = operation(readsFactory(model));
    const page = reads.historyPage(historyRequest('1', { includeSubgroups: true, ...AROUND_NOW }));
    await plans(reads, ['1', ...ids(20)]);
    expect((await page).totalCount).toBe(21);
    expect(model.calls).toBe(1);
  });

  it('are one when the children are asked for after their parent has been read', async () => {
    const model = new UpstreamModel(rootWithGroups(20));
    const reads = operation(readsFactory(model));
    await reads.historyPage(historyRequest('1', { includeSubgroups: true, ...AROUND_NOW }));
    await plans(reads, ids(20));
    expect(model.calls).toBe(1);
  });

  it("are two for subgroups and their plans: the second reads the parent over the plans' window", async () => {
    const model = new UpstreamModel(rootWithGroups(20));
    const reads = operation(readsFactory(model));
    const groups = await reads.subgroups('1');
    expect(groups).toEqual(ids(20).map((id) => ({ id, name: `Group ${id}` })));
    await plans(
      reads,
      groups.map(({ id }) => id),
    );
    expect(model.calls).toBe(2);
  });

  it("are one for a group's name, plan and default history", async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const reads = operation(readsFactory(model));
    const all = await Promise.all([
      reads.groupName('2'),
      reads.plan('2', NOW_MS),
      reads.historyPage(historyRequest('2')),
    ]);
    expect(all[0]).toBe('Group 2');
    expect(model.calls).toBe(1);
  });

  it("read the plan's window for a name, whatever other window is read", async () => {
    const groups = [{ id: '2', parent: '1', rows: [rowDaysAgo('1', 2_000, { groupName: 'Old' }), rowDaysAgo('2', 5)] }];
    const model = new UpstreamModel([...rootWithGroups(0), ...groups]);
    const old = { fromMs: NOW_MS - 2_100 * DAY * 1000, toMs: NOW_MS - 1_900 * DAY * 1000 };
    const reads = operation(readsFactory(model));
    const [name, page] = await Promise.all([reads.groupName('2'), reads.historyPage(historyRequest('2', old))]);
    expect([name, page.nodes.map(({ group }) => group)]).toEqual(['Group 2', [{ id: '2', name: 'Old' }]]);
    expect(model.calls).toBe(2);
    const [, below] = await Promise.all([reads.historyPage(historyRequest('2')), reads.subgroups('1')]);
    expect([below, model.calls]).toEqual([[{ id: '2', name }], 3]);
  });

  it('merge windows of a group that overlap or touch, and no others', async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const windows = [
      [100, 200],
      [150, 250],
      [251, 300],
      [302, 400],
    ] as const;
    const ask = async (mergeWindows: boolean): Promise<number> => {
      const reads = operation(readsFactory(model, { mergeWindows }));
      await Promise.all(
        windows.map(([from, to]) => reads.historyPage(historyRequest('2', { fromMs: from * 1000, toMs: to * 1000 }))),
      );
      return reads.upstreamCalls().made;
    };
    expect(await ask(true)).toBe(2);
    expect(await ask(false)).toBe(4);
  });

  it('ask a group again on its own when it has no rows and is not known to lie below the root, and remember that', async () => {
    const groups: ModelGroup[] = [...rootWithGroups(10), { id: '99', parent: '1', rows: [] }];
    const model = new UpstreamModel(groups);
    const factory = readsFactory(model);
    const made = async (): Promise<number> => {
      const reads = operation(factory, { who: ROOTED });
      expect((await plans(reads, [...ids(10), '99'])).at(-1)).toBeNull();
      return reads.upstreamCalls().made;
    };
    expect([await made(), await made()]).toEqual([2, 2]);
  });

  it('are one for a member without rows in the window, though a response has named it: it may be gone by now', async () => {
    const groups: ModelGroup[] = [...rootWithGroups(10), { id: '99', parent: '1', rows: [rowDaysAgo('5', 500)] }];
    const model = new UpstreamModel(groups);
    const factory = readsFactory(model);
    const all = historyRequest('1', { includeSubgroups: true, fromMs: 0 });
    await operation(factory, { who: ROOTED }).historyPage(all);
    const reads = operation(factory, { who: ROOTED });
    expect((await plans(reads, [...ids(10), '99'])).at(-1)).toBeNull();
    expect(reads.upstreamCalls().made).toBe(2);
  });

  it('leave a root alone whose responses hold far more than is asked for, once that is known', async () => {
    const many = Array.from({ length: 500 }, (_, index) => rowDaysAgo(String(index), 5));
    const model = new UpstreamModel([...rootWithGroups(3), { id: '77', parent: '1', rows: many }]);
    const factory = readsFactory(model);
    const made = async (): Promise<number> => {
      const reads = operation(factory, { who: ROOTED });
      await plans(reads, ids(3));
      return reads.upstreamCalls().made;
    };
    expect([await made(), await made()]).toEqual([1, 3]);
  });

  it.each(['UPSTREAM_INVALID_RESPONSE', 'UPSTREAM_TIMEOUT', 'UPSTREAM_REJECTED'] as const)(
    "go one by one when the root's response is %s, and don't try the root again for a while",
    async (refusesRecursive) => {
      const model = new UpstreamModel(rootWithGroups(5), { refusesRecursive });
      const factory = readsFactory(model);
      const made = async (): Promise<number> => {
        const reads = operation(factory, { who: ROOTED });
        expect((await plans(reads, ids(5))).map((plan) => plan?.name)).toEqual(ids(5).map((id) => `Plan of ${id}`));
        return reads.upstreamCalls().made;
      };
      expect([await made(), await made()]).toEqual([6, 5]);
    },
  );

  it('go one by one when a row below the root names no group', async () => {
    const nameless: ModelGroup = { id: '99', parent: '1', rows: [rowDaysAgo('5', 5, { hidesGroup: true })] };
    const model = new UpstreamModel([...rootWithGroups(3), nameless]);
    const reads = operation(readsFactory(model), { who: ROOTED });
    const found = await plans(reads, [...ids(3), '99']);
    expect(found.map((plan) => plan?.name)).toEqual(['Plan of 2', 'Plan of 3', 'Plan of 4', 'Plan of 99']);
    expect(model.calls).toBe(5);
  });

  it('fail for the group that is refused, and for no other', async () => {
    const refused: ModelGroup = { id: '99', parent: '1', rows: [], refuses: 'UPSTREAM_REJECTED' };
    for (const who of [ROOTED, caller({})]) {
      const reads = operation(readsFactory(new UpstreamModel([...rootWithGroups(3), refused])), { who });
      const results = await Promise.allSettled([...ids(3), '99', '404'].map((id) => reads.plan(id, NOW_MS)));
      expect(codes(results)).toEqual(['ok', 'ok', 'ok', 'UPSTREAM_REJECTED', 'NOT_FOUND']);
    }
  });

  it('hold up nobody but those who asked for them', async () => {
    const slow = Promise.withResolvers<never>();
    const model = new UpstreamModel(rootWithGroups(2));
    const reads = operation(
      readsFactory({
        getBillingHistory: (credential, read, call) =>
          read.groupId === '3' ? slow.promise : model.getBillingHistory(credential, read, call),
      }),
    );
    const stuck = reads.plan('3', NOW_MS);
    expect((await reads.plan('2', NOW_MS))?.name).toBe('Plan of 2');
    slow.reject(new Error('done waiting'));
    await expect(stuck).rejects.toThrow('done waiting');
  });

  it('are shared between operations of one tenant and credential while they are under way, and with nobody else', async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const factory = readsFactory(model);
    const whos = [
      caller({}),
      caller({}),
      caller({ credential: 'other' }),
      caller({ tenant: 'umbrella', credential: 'other' }),
    ];
    const operations = whos.map((who) => operation(factory, { who }));
    await Promise.all(operations.map((reads) => reads.plan('2', NOW_MS)));
    expect(model.journal.map(({ credentialId }) => credentialId)).toEqual(['acme-credential', 'other', 'other']);
    expect(operations.map((reads) => reads.upstreamCalls().made)).toEqual([1, 0, 1, 1]);
  });

  it('are made anew after a write, within an operation and across operations', async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const factory = readsFactory(model);
    const reads = operation(factory);
    const before = reads.plan('2', NOW_MS);
    await called(model);
    factory.forget('acme-credential', '2');
    await Promise.all([before, reads.plan('2', NOW_MS), operation(factory).plan('2', NOW_MS)]);
    expect(model.calls).toBe(2);
    factory.forget('another-credential', '2');
    await reads.plan('2', NOW_MS);
    expect(model.calls).toBe(2);
  });

  it('are aborted, and not replaced by others, when the client leaves', async () => {
    const leaving = new AbortController();
    const model = new UpstreamModel(rootWithGroups(5));
    const reads = operation(readsFactory(model), { who: ROOTED, call: recordedCall({ signal: leaving.signal }).call });
    const found = Promise.allSettled(ids(5).map((id) => reads.plan(id, NOW_MS)));
    await called(model);
    leaving.abort();
    expect(codes(await found)).toEqual(Array.from({ length: 5 }, () => 'UPSTREAM_UNAVAILABLE'));
    expect(model.calls).toBe(1);
    expect(model.signals[0]?.aborted).toBe(true);
  });

  it('report to the metric what they saved, once', async () => {
    const saved: number[] = [];
    const model = new UpstreamModel(rootWithGroups(5));
    const reads = operation(readsFactory(model, { onCallsSaved: (calls) => saved.push(calls) }), { who: ROOTED });
    await plans(reads, ids(5));
    await plans(reads, ids(5));
    await reads.plan('2', NOW_MS - 1_000);
    reads.close();
    expect(saved.reduce((sum, calls) => sum + calls, 0)).toBe(reads.upstreamCalls().saved);
    expect(saved.every((calls) => calls > 0)).toBe(true);
  });
});
