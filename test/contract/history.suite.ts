import { describe, expect, it } from '@jest/globals';
import { FIXTURES } from '../../src/simulator/simulator-fixtures.js';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { ROW, rowsOf, secondText, summaryOf, treeOf, type Window } from './contract.oracle.js';

const DAY_MS = 86_400_000;
const SUMMARY = 'summary { count usedDocuments spend { amount currency } unreadablePrices unreadableCounts }';

interface History {
  readonly group: {
    readonly billingHistory: {
      readonly nodes: readonly object[];
      readonly totalCount: number;
      readonly summary: object;
      readonly edges: readonly { readonly cursor: string; readonly node: object }[];
      readonly pageInfo: Readonly<Record<string, unknown>>;
    } | null;
  };
}

const query = (args: string, fields: string, id = '100008') =>
  `{ group(id: "${id}") { billingHistory${args === '' ? '' : `(${args})`} { ${fields} } } }`;
const within = ({ fromMs, toMs }: Window) => `from: "${secondText(fromMs)}", to: "${secondText(toMs)}"`;

/** Group.billingHistory of one group and of a tree: windows, filters, order, sums, pages. */
export function historySuite(open: () => ContractWorld, facts: ContractFacts): void {
  describe('billingHistory', () => {
    const expected = (window: Window, id = '100008') => rowsOf(open().world, facts, [id], window);
    const ask = async (text: string) => {
      const { data, errors } = await open().ask<History>(text);
      expect(errors).toEqual([]);
      return data?.group.billingHistory;
    };

    it('is that of the last year, every figure as sent', async () => {
      // The rows of this group start days away from both ends of the window.
      const now = Date.now();
      const rows = expected({ fromMs: now - 365 * DAY_MS, toMs: now });
      expect(rows.length).toBeGreaterThan(9);
      expect((await ask(query('', `nodes { ${ROW} }`)))?.nodes).toEqual(rows.map(({ node }) => node));
    });

    it('holds the rows that start in the window, both ends inside, in the order asked, with exact sums', async () => {
      const starts = expected({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }).map(({ startMs }) => startMs);
      const window = { fromMs: starts[8] ?? 0, toMs: starts[3] ?? 0 };
      const rows = expected(window);
      expect(rows).toHaveLength(facts.tellsRowsEndingLater ? 6 : 5);
      expect(
        await ask(query(`${within(window)}, orderBy: START_DATE_ASC`, `totalCount nodes { id startDate } ${SUMMARY}`)),
      ).toEqual({
        totalCount: rows.length,
        nodes: rows.toReversed().map(({ node: { id, startDate } }) => ({ id, startDate })),
        summary: summaryOf(rows),
      });
    });

    it('holds the kinds asked for', async () => {
      const window = { fromMs: Date.now() - 500 * DAY_MS, toMs: Date.now() };
      const signups = expected(window).filter(({ node }) => node['kind'] === 'SIGNUP');
      expect(await ask(query(`${within(window)}, activity: [SIGNUP, UPGRADE]`, 'nodes { id kind }'))).toEqual({
        nodes: [{ id: signups[0]?.node['id'], kind: 'SIGNUP' }],
      });
    });

    it('of a window without rows is empty', async () => {
      const window = { fromMs: Date.UTC(2001, 0), toMs: Date.UTC(2002, 0) };
      const { data, errors } = await open().ask<History>(query(within(window), 'totalCount nodes { id }'));
      const isEmpty = facts.emptyHistory === null;
      expect(data?.group.billingHistory).toEqual(isEmpty ? { totalCount: 0, nodes: [] } : null);
      expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual(
        isEmpty ? [] : [[['group', 'billingHistory'], facts.emptyHistory]],
      );
    });

    it('in pages is one list, there and back, at the cost of one call', async () => {
      const rows = expected({ fromMs: Date.now() - 365 * DAY_MS, toMs: Date.now() }).map(({ node }) => node);
      const page = 'edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor }';
      const endOf = (one: History['group']['billingHistory'] | undefined) => JSON.stringify(one?.pageInfo['endCursor']);
      open().forgetCalls();
      const first = await ask(query('first: 4', page));
      const second = await ask(query(`first: 4, after: ${endOf(first)}`, page));
      const rest = await ask(query(`first: 5000, after: ${endOf(second)}`, page));
      const pages = [first, second, rest];
      expect(pages.flatMap((one) => one?.edges.map(({ node }) => node))).toEqual(rows.map(({ id }) => ({ id })));
      expect(pages.map((one) => one?.pageInfo['hasNextPage'])).toEqual([true, true, false]);
      expect(pages.map((one) => one?.pageInfo['hasPreviousPage'])).toEqual([false, true, true]);
      const back = await ask(query(`last: 4, before: "${rest?.edges[0]?.cursor}"`, page));
      expect(back?.edges).toEqual(second?.edges);
      expect(open().received('history')).toBe(1);
    });

    it('of a tree holds the rows of all below, each with its group, and one sum for each currency', async () => {
      const { world } = open();
      // Periods begin at one time of day, give or take the hour of daylight saving: the window's ends lie half a day
      // from it.
      const window = { fromMs: world.now() - 200.5 * DAY_MS, toMs: world.now() - 0.5 * DAY_MS };
      const rows = rowsOf(world, facts, treeOf(world, FIXTURES.rootGroupId), window);
      const node = (row: (typeof rows)[number]) => (facts.rowsNameTheirGroup ? row.node : { ...row.node, group: null });
      const tree = `nodes { ${ROW} } ${SUMMARY}`;
      const response = await ask(query(`${within(window)}, includeSubgroups: true, first: 5000`, tree, '100000'));
      // Rows of one second in different groups are ordered by their numbers, as all others of one second.
      expect(response).toEqual({ nodes: rows.map(node), summary: summaryOf(rows) });
      expect(new Set(rows.map(({ node: { price } }) => price.currency))).toEqual(new Set(['NZD', 'USD']));
    });

    it('of a tree names the groups below', async () => {
      const { world, ask: askGateway } = open();
      const now = world.now();
      const below = treeOf(world, '100001').slice(1);
      const told = (id: string) => rowsOf(world, facts, [id], { fromMs: now - 360 * DAY_MS, toMs: now }).length > 0;
      const { data, errors } = await askGateway('{ group(id: "100001") { subgroups { id name } } }');
      expect(errors).toEqual([]);
      const names = below.filter(told).map((id) => ({ id, name: world.state().groups[id]?.name }));
      expect(data).toEqual({ group: { subgroups: facts.rowsNameTheirGroup ? names : [] } });
    });
  });
}
