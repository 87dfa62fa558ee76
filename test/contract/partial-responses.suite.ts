import { describe, expect, it } from '@jest/globals';
import { FIXTURES } from '../../src/simulator/simulator-fixtures.js';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { planOf, ROW, rowsOf, secondText, type Window } from './contract.oracle.js';

const DAY_MS = 86_400_000;
const { foreignGroupId, planlessGroupId } = FIXTURES;

/** Readable values are in the response; each unreadable value is an error at its path. */
export function partialResponsesSuite(open: () => ContractWorld, facts: ContractFacts): void {
  const within = ({ fromMs, toMs }: Window) => `from: "${secondText(fromMs)}", to: "${secondText(toMs)}"`;
  const placed = (errors: readonly { readonly path?: unknown; readonly extensions?: object }[]) =>
    errors.map(({ path, extensions }) => [
      path,
      Object.entries(extensions ?? {}).find(([name]) => name === 'code')?.[1],
    ]);

  describe('partial responses', () => {
    it.each(['history', 'usage'] as const)('of many groups, plans from %s', async (source) => {
      const { world, askFrom } = open();
      const ids = ['100000', foreignGroupId, '1o', '77', planlessGroupId, '100003'];
      const query = 'query ($ids: [ID!]!) { groups(ids: $ids) { id plan { name } } }';
      const { data, errors } = await askFrom(source, query, { ids });
      const plan = (id: string) => ({ name: planOf(world, id, world.now())?.['name'] });
      expect(data).toEqual({
        groups: [
          { id: '100000', plan: plan('100000') },
          { id: foreignGroupId, plan: null },
          null,
          { id: '77', plan: null },
          { id: planlessGroupId, plan: null },
          { id: '100003', plan: plan('100003') },
        ],
      });
      expect(placed(errors)).toEqual(
        expect.arrayContaining([
          [['groups', 2], 'BAD_USER_INPUT'],
          [['groups', 1, 'plan'], facts.foreignGroup.read],
          [['groups', 3, 'plan'], 'NOT_FOUND'],
        ]),
      );
      expect(errors).toHaveLength(facts.emptyHistory === null ? 3 : 4);
    });

    it('of an upstream that fails for one of two', async () => {
      const { world, ask } = open();
      const now = world.now();
      world.addFault({ endpoint: 'history', group: '100030', kind: 'status', params: { code: 501 } });
      const recent = { fromMs: now - 200.5 * DAY_MS, toMs: now - 100.5 * DAY_MS };
      const older = { fromMs: now - 300.5 * DAY_MS, toMs: now - 250.5 * DAY_MS };
      const { data, errors } = await ask(`{
        whole: group(id: "100029") { billingHistory(${within(recent)}) { totalCount } }
        broken: group(id: "100030") { id billingHistory(${within(older)}) { totalCount } } }`);
      world.clearFaults();
      expect(data).toEqual({
        whole: { billingHistory: { totalCount: rowsOf(world, facts, ['100029'], recent).length } },
        broken: { id: '100030', billingHistory: null },
      });
      expect(placed(errors)).toEqual([[['broken', 'billingHistory'], 'UPSTREAM_UNAVAILABLE']]);
    });

    it('of rows with a figure that can’t be read', async () => {
      const { world, ask } = open();
      const now = world.now();
      const window = { fromMs: now - 150.5 * DAY_MS, toMs: now - 60.5 * DAY_MS };
      world.addFault({ endpoint: 'history', kind: 'element', params: { name: 'used_documents', value: 'many' } });
      const { data, errors } = await ask(
        `{ group(id: "100031") { billingHistory(${within(window)}) { nodes { ${ROW} } } } }`,
      );
      world.clearFaults();
      const rows = rowsOf(world, facts, ['100031'], window);
      expect(rows.length).toBeGreaterThan(0);
      expect(data).toEqual({
        group: { billingHistory: { nodes: rows.map(({ node }) => ({ ...node, usedDocuments: null })) } },
      });
      expect(placed(errors)).toEqual(
        rows.map((_row, index) => [
          ['group', 'billingHistory', 'nodes', index, 'usedDocuments'],
          'UPSTREAM_INVALID_RESPONSE',
        ]),
      );
    });

    it('are none where the request itself is wrong: nobody is asked', async () => {
      const { ask, world, forgetCalls } = open();
      forgetCalls();
      const refused = async (args: string) =>
        placed((await ask(`{ group(id: "100000") { billingHistory(${args}) { totalCount } } }`)).errors);
      const place = ['group', 'billingHistory'];
      expect(await refused('first: 5001')).toEqual([[place, 'BAD_USER_INPUT']]);
      expect(await refused('from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z"')).toEqual([
        [place, 'BAD_USER_INPUT'],
      ]);
      expect(await refused('after: "made up"')).toEqual([[place, 'BAD_USER_INPUT']]);
      expect(world.journal.counts()).toEqual({});
    });
  });
}
