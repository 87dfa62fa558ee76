import { describe, expect, it } from '@jest/globals';
import { FIXTURES } from '../../src/simulator/simulator-fixtures.js';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { PLAN, periodsOf, planInUse, planOf } from './contract.oracle.js';

const { annualGroupId, heldGroupId, lapsedGroupId, planlessGroupId } = FIXTURES;

interface Groups {
  readonly groups: readonly object[];
}

interface PlanAt {
  readonly group: { readonly plan: object | null };
}

/** Group.plan, from either source. */
export function planSuite(open: () => ContractWorld, facts: ContractFacts): void {
  describe('plan', () => {
    // Monthly, annual, in another currency, named like a number, used up.
    const ids = ['100000', '100001', annualGroupId, '100006', '100009', heldGroupId];
    const planAt = (id: string, atMs: number) =>
      open().ask<PlanAt>(`query ($id: ID!, $at: DateTime!) { group(id: $id) { plan(at: $at) { ${PLAN} } } }`, {
        id,
        at: new Date(atMs).toISOString(),
      });

    it.each([
      ['history', planOf],
      ['usage', planInUse],
    ] as const)('is the one in force, with every figure, from %s', async (source, expected) => {
      const { world, askFrom } = open();
      const query = `query ($ids: [ID!]!) { groups(ids: $ids) { plan { ${PLAN} } } }`;
      const { data, errors } = await askFrom<Groups>(source, query, { ids });
      expect(errors).toEqual([]);
      expect(data?.groups).toEqual(ids.map((id) => ({ plan: expected(world, id, world.now()) })));
    });

    it.each(['history', 'usage'] as const)('is null where there is none, from %s', async (source) => {
      const query = `{ never: group(id: "${planlessGroupId}") { plan { name } } lapsed: group(id: "${lapsedGroupId}") { plan { name } } }`;
      const { data, errors } = await open().askFrom(source, query);
      expect(data).toEqual({ never: { plan: null }, lapsed: { plan: null } });
      expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual(
        facts.emptyHistory === null ? [] : [[['never', 'plan'], facts.emptyHistory]],
      );
    });

    it('of a moment is that of its period, which ends with its last second', async () => {
      const { world } = open();
      const [earlier, later] = periodsOf(world, '100001').slice(-4, -2);
      const lastSecond = earlier?.expiry ?? 0;
      const of = async (atMs: number) => (await planAt('100001', atMs)).data?.group.plan;
      expect(await of(lastSecond + 999)).toEqual(planOf(world, '100001', earlier?.start ?? 0));
      expect(await of(lastSecond + 1000)).toEqual(planOf(world, '100001', later?.start ?? 0));
    });

    it('of a moment long after all periods is null', async () => {
      const { data, errors } = await planAt('100001', Date.UTC(2099, 0));
      expect(data).toEqual({ group: { plan: null } });
      expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(
        facts.emptyHistory === null ? [] : [facts.emptyHistory],
      );
    });

    it.each(['history', 'usage'] as const)('is the next one when the period has ended, from %s', async (source) => {
      const { world, askFrom } = open();
      const before = world.snapshot();
      world.advance({ months: 1 });
      const at = source === 'history' ? `(at: "${new Date(world.now()).toISOString()}")` : '';
      const { data, errors } = await askFrom<PlanAt>(source, `{ group(id: "100001") { plan${at} { ${PLAN} } } }`);
      const expected = (source === 'history' ? planOf : planInUse)(world, '100001', world.now());
      world.restore(before);
      expect(errors).toEqual([]);
      expect(data?.group.plan).toEqual(expected);
      expect(expected !== null).toBe(facts.renewsByItself);
    });
  });
}
