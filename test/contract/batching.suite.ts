import { describe, expect, it } from '@jest/globals';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { PLAN, ROW, rowsOf, secondText } from './contract.oracle.js';

const DAY_MS = 86_400_000;
const IDS = Array.from({ length: 12 }, (_value, index) => String(100_021 + index));

interface Nodes {
  readonly nodes: readonly object[];
}

/** Reads of one operation share calls, and each has the same result as a single read. */
export function batchingSuite(open: () => ContractWorld, facts: ContractFacts): void {
  describe('batching', () => {
    it('answers many groups under the root from one call, as one by one', async () => {
      const { ask, received, forgetCalls } = open();
      const fields = `id name plan { ${PLAN} }`;
      forgetCalls();
      const together = await ask<{ groups: readonly object[] }>(
        `query ($ids: [ID!]!) { groups(ids: $ids) { ${fields} } }`,
        { ids: IDS },
      );
      // A recursive history whose rows name no group settles nothing, so each group is then read separately.
      expect(received('history')).toBe(facts.rowsNameTheirGroup ? 1 : 1 + IDS.length);
      const alone: unknown[] = [];
      for (const id of IDS) {
        const { data } = await ask<{ group: object }>(`query ($id: ID!) { group(id: $id) { ${fields} } }`, { id });
        alone.push(data?.group);
      }
      expect(together.errors).toEqual([]);
      expect(together.data?.groups).toEqual(alone);
    });

    it('answers a group from the history of the tree that it stands in', async () => {
      const { world, ask, received, forgetCalls } = open();
      const window = { fromMs: world.now() - 150.5 * DAY_MS, toMs: world.now() - 0.5 * DAY_MS };
      forgetCalls();
      const { data, errors } = await ask<{ child: { billingHistory: Nodes } }>(
        `query ($from: DateTime, $to: DateTime) {
          tree: group(id: "100001") { billingHistory(from: $from, to: $to, includeSubgroups: true) { totalCount } }
          child: group(id: "100041") { billingHistory(from: $from, to: $to) { nodes { ${ROW} } } }
        }`,
        { from: secondText(window.fromMs), to: secondText(window.toMs) },
      );
      expect(errors).toEqual([]);
      expect(data?.child.billingHistory.nodes).toEqual(
        rowsOf(world, facts, ['100041'], window).map(({ node }) => node),
      );
      expect(received('history')).toBe(facts.rowsNameTheirGroup ? 1 : 2);
    });

    it('answers overlapping windows of a group from one call', async () => {
      const { world, ask, received, forgetCalls } = open();
      forgetCalls();
      const { data, errors } = await ask<{ group: { billingHistory: Nodes } }>(
        `{ group(id: "100008") { name plan { name } billingHistory { nodes { ${ROW} } } } }`,
      );
      // The plan's window is 400 days longer. It has the rows that an upstream hides because they end after the
      // history's own window.
      const wide = { ...facts, tellsRowsEndingLater: true };
      const now = world.now();
      const rows = rowsOf(world, wide, ['100008'], { fromMs: now - 365 * DAY_MS, toMs: now });
      expect(errors).toEqual([]);
      expect(data?.group.billingHistory.nodes).toEqual(rows.map(({ node }) => node));
      expect(received('history')).toBe(1);
    });
  });
}
