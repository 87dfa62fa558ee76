import { describe, expect, it } from '@jest/globals';
import { receiveDocuments } from '../../src/simulator/billing-periods.js';
import { FIXTURES } from '../../src/simulator/simulator-fixtures.js';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { periodsOf, planOf, ROW, rowsOf, secondText, totalPrice } from './contract.oracle.js';
import { changePlan, order, replayed } from './write.responses.js';

const DAY_MS = 86_400_000;
const { foreignGroupId, heldGroupId } = FIXTURES;

interface Rows {
  readonly group: { readonly billingHistory: { readonly nodes: readonly object[] } };
}

/** Orders and plan changes: one purchase each, refusals as data, documents on hold. */
export function writesSuite(open: () => ContractWorld, facts: ContractFacts): void {
  /** The group's newest rows, from the gateway and from the oracle. Their window ends after all of them. */
  const newest = async (id: string) => {
    const { world, ask } = open();
    const window = { fromMs: world.now() - 45 * DAY_MS, toMs: world.now() + 400 * DAY_MS };
    const { data } = await ask<Rows>(
      `query ($id: ID!, $from: DateTime, $to: DateTime) {
        group(id: $id) { billingHistory(from: $from, to: $to) { nodes { ${ROW} } } } }`,
      { id, from: secondText(window.fromMs), to: secondText(window.toMs) },
    );
    const expected = rowsOf(world, facts, [id], window).map(({ node }) => node);
    return { answered: data?.group.billingHistory.nodes, expected };
  };
  const succeeded = (idempotencyKey: string, kind: string, id: string) => ({
    operation: {
      idempotencyKey,
      kind,
      status: 'SUCCEEDED',
      replayed: false,
      group: { id },
      documentsMayHaveBeenDeleted: false,
      evidence: [],
    },
    warnings: [],
    userErrors: [],
  });

  describe('orderBoosterPack', () => {
    const input = { idempotencyKey: 'order-0001', packId: '1224', groupId: '100015', quantity: 2 };

    it('buys once, and tells what was bought', async () => {
      const { world, received, committed, forgetCalls } = open();
      forgetCalls();
      const response = await order(open(), input);
      const sold = world.state().packOrders.find(({ groupId }) => groupId === input.groupId);
      expect(response).toEqual({
        value: {
          id: facts.orderedPackId(sold?.id ?? 0, '1224'),
          name: 'Booster 500',
          allowedDocuments: 500,
          price: { amount: facts.orderedPrice('450.50', totalPrice('450.50', 2)), currency: null },
          quantity: 2,
          group: { id: '100015' },
        },
        summary: { totalUsedDocuments: 0, totalAvailableDocuments: 1000 },
        ...succeeded('order-0001', 'ORDER_BOOSTER_PACK', '100015'),
      });
      expect(await order(open(), input)).toEqual(replayed(response));
      expect([received('booster'), committed('booster')]).toEqual([1, 1]);
    });

    it('refuses the key of another order, and sends nothing', async () => {
      const { received, forgetCalls } = open();
      forgetCalls();
      expect(await order(open(), { ...input, quantity: 3 })).toMatchObject({
        value: null,
        operation: { idempotencyKey: 'order-0001', status: 'SUCCEEDED' },
        userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED', retryable: false }],
      });
      expect(received('booster')).toBe(0);
    });

    it('shows in the history where that tells of packs, and leaves the plan as it is', async () => {
      const { world, ask } = open();
      const { answered, expected } = await newest('100015');
      expect(answered).toEqual(expected);
      const kinds = world.state().packOrders.some(({ groupId }) => groupId === '100015') ? ['BOOSTER'] : [];
      expect(expected.filter(({ kind }) => kind === 'BOOSTER').map(({ kind }) => kind)).toEqual(
        facts.tellsBoosters ? kinds : [],
      );
      const { data } = await ask('{ group(id: "100015") { plan { name } } }');
      expect(data).toEqual({ group: { plan: { name: planOf(world, '100015', world.now())?.['name'] } } });
    });
  });

  describe('changePlan', () => {
    it.each([
      ['UPGRADE', '100016', '112', '500'],
      ['DOWNGRADE', '100018', '130', '0.10'],
      ['RENEW', '100017', '110', '0'],
      ['UPGRADE', '100019', '121', '5000.00'],
    ])(
      '%s of group %s to plan %s: once, in force at once, and in the history',
      async (kind, groupId, planId, amount) => {
        const { world, received, forgetCalls } = open();
        const input = { idempotencyKey: `change-${groupId}`, planId, groupId };
        forgetCalls();
        const response = await changePlan(open(), input);
        const opened = periodsOf(world, groupId).at(-1);
        const plan = planOf(world, groupId, opened?.start ?? 0);
        const { name, usedDocuments, startDate, expiryDate } = plan ?? {};
        expect(response).toEqual({
          value: { ...plan, planId, price: { amount, currency: null } },
          group: { plan: { name, usedDocuments, startDate, expiryDate } },
          ...succeeded(input.idempotencyKey, 'CHANGE_PLAN', groupId),
        });
        expect(await changePlan(open(), input)).toEqual(replayed(response));
        expect(received('update')).toBe(1);
        const { answered, expected } = await newest(groupId);
        expect(answered).toEqual(expected);
        expect(expected[0]).toMatchObject({ kind, price: { amount, currency: 'NZD' } });
      },
    );

    it('of a plan that there isn’t is refused', async () => {
      const missing = { idempotencyKey: 'change-missing', planId: '7', groupId: '100016' };
      expect(await changePlan(open(), missing)).toMatchObject({
        value: null,
        operation: { status: 'REJECTED' },
        userErrors: [{ code: 'UPSTREAM_REJECTED', upstreamStatus: '404', retryable: false }],
      });
    });
  });

  describe('a refusal', () => {
    const packOf = (packId: string, groupId = '100020') => ({
      idempotencyKey: `refused-${packId}-${groupId}`,
      packId,
      groupId,
    });

    it.each([
      ['a pack that nobody sells', packOf('5'), 'UPSTREAM_REJECTED', '404'],
      ['HTTP 402', packOf('990402'), 'UPSTREAM_REJECTED', '402'],
      ['400 in the XML alone', packOf('990400'), 'UPSTREAM_REJECTED', '400'],
      ['a foreign group', packOf('1223', foreignGroupId), facts.foreignGroup.write, facts.foreignGroup.status],
    ])('by the upstream is data, and its key is not sent again: %s', async (_name, input, expected, upstreamStatus) => {
      const { received, committed, forgetCalls } = open();
      forgetCalls();
      const response = await order(open(), input);
      expect(response).toMatchObject({
        value: null,
        summary: null,
        operation: { status: 'REJECTED', replayed: false },
      });
      expect(response.userErrors).toEqual([{ code: expected, upstreamStatus, retryable: false }]);
      expect(await order(open(), input)).toEqual(replayed(response));
      expect([received('booster'), committed('booster')]).toEqual([1, 0]);
    });
  });

  describe('documents on hold', () => {
    const statesOf = (groupId: string) => {
      const documents = open()
        .world.state()
        .documents.filter((document) => document.groupId === groupId);
      const byState = Map.groupBy(documents, ({ state }) => state);
      return Object.fromEntries([...byState].map(([state, own]) => [state, own.length]));
    };

    it('are processed as far as there is room, which is always said to the upstream', async () => {
      const { world } = open();
      const response = await order(open(), {
        idempotencyKey: 'held-process',
        packId: '1225',
        groupId: heldGroupId,
        quantity: 20,
      });
      expect(response.summary).toEqual({ totalUsedDocuments: 20, totalAvailableDocuments: 0 });
      expect(response.operation?.['documentsMayHaveBeenDeleted']).toBe(false);
      expect(statesOf(heldGroupId)).toEqual({ processed: 20, on_hold: 5 });
      for (const endpoint of ['booster', 'update'] as const) {
        for (const { params } of world.journal.list({ endpoint })) {
          expect(Object.fromEntries(params)).toHaveProperty('purge', 'process');
        }
      }
    });

    it('are deleted only when that is confirmed', async () => {
      const { world, ask, received, forgetCalls } = open();
      const groupId = '100022';
      receiveDocuments(world.state(), groupId, 10_500, world.now());
      const held = statesOf(groupId)['on_hold'] ?? 0;
      expect(held).toBeGreaterThan(0);
      const input = { idempotencyKey: 'held-delete', planId: '112', groupId, heldDocuments: 'DELETE' };
      forgetCalls();
      const unconfirmed = await ask(
        'mutation ($input: ChangePlanInput!) { changePlan(input: $input) { userErrors { code } } }',
        { input },
      );
      expect(unconfirmed.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(received('update')).toBe(0);
      const confirmed = { ...input, confirmDocumentDeletion: true };
      expect(await changePlan(open(), confirmed)).toMatchObject({
        operation: { status: 'SUCCEEDED', documentsMayHaveBeenDeleted: true },
        userErrors: [],
      });
      expect(statesOf(groupId)).toMatchObject({ deleted: held });
      expect(statesOf(groupId)).not.toHaveProperty('on_hold');
    });
  });
}
