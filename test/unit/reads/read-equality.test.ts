import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomRuns } from '../../support/suite.sizes.js';
import { activity, caller } from './activity.fixture.js';
import { ask, asked, changed, forest, oneByOne, setting, shuffled, upheavals } from './read-question.arbitrary.js';
import {
  codes,
  DAY,
  endOperations,
  historyRequest,
  ids,
  NOW_MS,
  operation,
  plans,
  ROOTED,
  readsFactory,
  rootWithGroups,
} from './reads.fixture.js';
import { type ModelBehaviour, UpstreamModel } from './upstream.model.js';

afterEach(endOperations);

describe('a batched response', () => {
  it('equals the one-by-one response, errors included, in every tick of every operation', async () => {
    await fc.assert(
      fc.asyncProperty(
        setting,
        async ({
          groups,
          seed,
          root,
          windows: { mergeWindows, filtersBy },
          refusesRecursive,
          refusesEmpty,
          foreign,
          allowed,
          operations,
        }) => {
          const behaviour: ModelBehaviour = {
            shuffle: shuffled(seed),
            filtersBy,
            refusesEmpty,
            foreignRows: foreign ? [activity({ id: '666', groupId: '9', startMs: NOW_MS })] : [],
            ...(refusesRecursive === null ? {} : { refusesRecursive }),
          };
          const who = caller({ root, ...(allowed === null ? {} : { allowed }) });
          const alone = caller({ ...(allowed === null ? {} : { allowed }) });
          const factory = readsFactory(new UpstreamModel(groups, behaviour), { mergeWindows });
          for (const ticks of operations) {
            const reads = operation(factory, { who });
            for (const questions of ticks) {
              const batched = await Promise.all(questions.map((asking) => ask(reads, asking)));
              expect(batched).toEqual(
                await oneByOne(groups, { ...behaviour, shuffle: (rows) => rows }, questions, alone),
              );
            }
          }
        },
      ),
      { numRuns: randomRuns(300) },
    );
  }, 60_000);

  it('equals it also after groups were moved, deleted or emptied, for as long as memberships are remembered', async () => {
    await fc.assert(
      fc.asyncProperty(setting, upheavals, async ({ groups, root, operations }, changes) => {
        let nowMs = NOW_MS;
        const model = new UpstreamModel(groups);
        const factory = readsFactory(model, { clock: () => nowMs });
        // The same questions each time, so that what was learned of a group meets its new place.
        const questions = operations.flat(2);
        for (const change of [null, ...changes]) {
          if (change !== null) {
            model.groups = changed(model.groups, change);
            nowMs += change.afterMs;
          }
          const reads = operation(factory, { who: caller({ root }) });
          const batched = await Promise.all(questions.map((asking) => ask(reads, asking)));
          expect(batched).toEqual(await oneByOne(model.groups, {}, questions, caller({}), nowMs));
        }
      }),
      { numRuns: randomRuns(150) },
    );
  }, 60_000);

  it('costs one call for fifty groups, and one more for each that has no rows', async () => {
    const groups = rootWithGroups(50);
    const model = new UpstreamModel(groups);
    const factory = readsFactory(model);
    await plans(operation(factory, { who: ROOTED }), ids(50));
    expect(model.calls).toBe(1);
    model.groups = groups.flatMap((group) =>
      group.id === '7' ? [] : [group.id === '9' ? { ...group, rows: [] } : group],
    );
    const responses = await Promise.allSettled(
      ids(50).map((id) => operation(factory, { who: ROOTED }).plan(id, NOW_MS)),
    );
    expect(codes(responses).filter((code) => code !== 'ok')).toEqual(['NOT_FOUND']);
    const before = model.calls;
    const reads = operation(factory, { who: ROOTED });
    const together = await Promise.allSettled(ids(50).map((id) => reads.plan(id, NOW_MS)));
    expect(codes(together)).toEqual(codes(responses));
    expect(model.calls - before).toBe(3);
  });

  it("never costs more calls than one by one, but for the root's one attempt that settles nothing", async () => {
    const plansOnly = fc.array(
      fc.record({ kind: fc.constant('plan' as const), groupId: asked, atMs: fc.constant(NOW_MS) }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(forest, plansOnly, async (groups, questions) => {
        const model = new UpstreamModel(groups);
        const reads = operation(readsFactory(model), { who: caller({ root: '1' }) });
        await Promise.all(questions.map((asking) => ask(reads, asking)));
        const distinct = new Set(questions.map(({ groupId }) => groupId)).size;
        expect(model.calls).toBeLessThanOrEqual(distinct + 1);
      }),
    );
  });

  it('is never refused by a limit that the one-by-one questions keep', async () => {
    await fc.assert(
      fc.asyncProperty(setting, async ({ groups, root, operations: [ticks = []] }) => {
        const questions = ticks.flat();
        const distinct = new Set(questions.map((asking) => JSON.stringify(asking))).size;
        const reads = operation(readsFactory(new UpstreamModel(groups), { maxUpstreamCalls: distinct }), {
          who: caller({ root }),
        });
        const responses = await Promise.all(questions.map((asking) => ask(reads, asking)));
        expect(responses).not.toContain('OPERATION_TOO_COMPLEX');
      }),
    );
  });

  it('never holds a row of another group, however an upstream repeats, omits or adds rows', async () => {
    const distortion = fc.record({ drop: fc.integer({ min: 2, max: 5 }), repeat: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        setting,
        distortion,
        async ({ groups, seed, root, operations: [ticks = []] }, { drop, repeat }) => {
          const stranger = activity({
            id: '666',
            groupId: '9',
            planName: 'Plan of 9',
            startMs: NOW_MS,
            expiryMs: NOW_MS,
          });
          const model = new UpstreamModel(groups, {
            shuffle: shuffled(seed),
            foreignRows: [stranger],
            distort: (rows) => {
              const kept = rows.filter((_row, index) => (index + seed) % drop !== 0);
              return repeat ? [...kept, ...kept, stranger] : kept;
            },
          });
          const reads = operation(readsFactory(model), { who: caller({ root }) });
          const questions = ticks.flat();
          const responses = await Promise.all(questions.map((asking) => ask(reads, asking)));
          questions.forEach((asking, index) => {
            const text = JSON.stringify(responses[index]);
            const plansNamed = [...text.matchAll(/Plan of (\d+)/g)].map(([, id]) => id);
            if (asking.kind === 'plan' || (asking.kind === 'page' && !asking.recursive)) {
              expect(new Set([...plansNamed, asking.groupId])).toEqual(new Set([asking.groupId]));
            }
          });
        },
      ),
    );
  });
});

describe('tenants and credentials', () => {
  it("never see each other's values, interleaved or in turn", async () => {
    const whos = Array.from({ length: 6 }, (_, index) =>
      caller({ tenant: `tenant-${index % 3}`, credential: `credential-${Math.floor(index / 3)}`, root: '1' }),
    );
    // Equal groups and ids everywhere; only the names of plans and groups tell whose rows they are.
    const canary = (credentialId: string, tenantId: string): string => `canary ${tenantId} ${credentialId}`;
    const factory = readsFactory({
      getBillingHistory: async (credential, read, call) => {
        await new Promise((resolve) => setImmediate(resolve));
        const name = canary(credential.id, call.tenantId);
        const groupIds = read.recursive ? ['1', '2', '3'] : [read.groupId];
        return {
          activities: groupIds.map((groupId) =>
            activity({
              id: groupId,
              groupId,
              planName: name,
              groupName: name,
              startMs: NOW_MS - DAY,
              expiryMs: NOW_MS + DAY,
            }),
          ),
        };
      },
    });
    const turn = async (index: number): Promise<void> => {
      const who = whos[index % whos.length] ?? caller({});
      const expected = canary(who.tenant.xtracta?.id ?? '', who.tenant.id);
      const call = {
        requestId: 'r',
        tenantId: who.tenant.id,
        observer: { attempt: () => undefined, drift: () => undefined },
      };
      const reads = operation(factory, { who, call });
      const [plan, name, page, groups] = await Promise.all([
        reads.plan(String((index % 3) + 1), NOW_MS),
        reads.groupName('2'),
        reads.historyPage(historyRequest('1', { includeSubgroups: true, first: 1 })),
        reads.subgroups('1'),
      ]);
      const rest = await operation(factory, { who, call }).historyPage(
        historyRequest('1', { includeSubgroups: true, first: 10, after: page.pageInfo.endCursor }),
      );
      const seen = [
        plan?.name,
        name,
        ...page.nodes.map((row) => row.planName),
        ...rest.nodes.map((row) => row.planName),
        ...groups.map((group) => group.name),
      ];
      expect(new Set(seen)).toEqual(new Set([expected]));
    };
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(Array.from({ length: 60 }, (_, index) => turn(index)));
    }
  });
});
