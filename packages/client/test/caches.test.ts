import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { gql } from '@urql/core';
import { buildSchema, isObjectType } from 'graphql';
import { type BillingStack, startBilling } from '../../testing/src/index.ts';
import {
  CatalogueOfGroupDocument,
  HistoryOfGroupDocument,
  PlanOfGroupDocument,
} from '../src/__generated__/documents.ts';
import { EMBEDDED_TYPES, ENTITY_KEYS } from '../src/__generated__/schema.facts.ts';
import { typePolicies } from '../src/apollo.ts';
import {
  type BillingClient,
  type BillingResponse,
  createBillingWrite,
  createIntentStore,
  memoryStorage,
} from '../src/index.ts';
import { readHistoryPage, readPlan } from '../src/reads.ts';
import { keys } from '../src/urql.ts';
import { KITS } from './kits.harness.ts';

let stack: BillingStack;
before(async () => {
  stack = await startBilling({ toggles: { catalogueCurrency: 'yes' } });
});
after(() => stack.stop());

/** The notifications of a part of a page, in order. */
function watching<Data, Variables extends object>(
  billing: BillingClient,
  document: Parameters<typeof billing.watch<Data, Variables>>[0],
  variables: Variables,
) {
  const responses: BillingResponse<Data>[] = [];
  const waiting: {
    readonly meets: (response: BillingResponse<Data>) => boolean;
    readonly resolve: (response: BillingResponse<Data>) => void;
  }[] = [];
  const watch = billing.watch(document, variables, (response) => {
    responses.push(response);
    for (const { meets, resolve } of waiting) if (meets(response)) resolve(response);
  });
  return {
    ...watch,
    responses,
    until: (meets: (response: BillingResponse<Data>) => boolean) => {
      const last = responses.at(-1);
      if (last !== undefined && meets(last)) return Promise.resolve(last);
      return new Promise<BillingResponse<Data>>((resolve) => waiting.push({ meets, resolve }));
    },
  };
}

describe('what the caches know of the schema', () => {
  it('is told of every object type', async () => {
    const schema = buildSchema(await readFile(new URL('../schema.graphql', import.meta.url), 'utf8'));
    const types = Object.values(schema.getTypeMap())
      .filter(isObjectType)
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('__') && name !== 'Query' && name !== 'Mutation');
    const told = [...EMBEDDED_TYPES, ...Object.keys(ENTITY_KEYS)].sort();
    assert.deepEqual(told, types.sort());
    for (const type of types) {
      assert.ok(type in typePolicies, type);
      assert.ok(type in keys, type);
    }
  });

  it('has no type of federation', async () => {
    const text = await readFile(new URL('../schema.graphql', import.meta.url), 'utf8');
    assert.doesNotMatch(text, /_Any|_Entity|_Service|@key|@link|federation__/);
  });
});

for (const [turn, [name, createKit]] of KITS.entries()) {
  // Each kit writes to groups of its own, which have the same plans.
  const groupOf = (number: number) => String(100_000 + number + turn * 5);
  const intent = () => ({ intents: createIntentStore('alice', memoryStorage()), intent: 'form' });
  describe(`${name} with the kit's cache`, () => {
    beforeEach(() => stack.forgetJournal());
    afterEach(() => stack.clearFaults());

    it('shows each group its own differences, though plans have the same ids', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      const differences = async (groupId: string) => {
        const response = await billing.query(CatalogueOfGroupDocument, { groupId });
        assert.equal(response.kind, 'response');
        const plans = response.kind === 'response' ? (response.data?.group?.availablePlans ?? []) : [];
        return plans.find(({ id }) => id === '113')?.differenceToCurrent?.amount;
      };
      // The first has Starter 100 at 49.90, the second Business 1000 at 500, the third a free plan.
      const seen = [await differences('100001'), await differences('100000'), await differences('100002')];
      assert.deepEqual([await differences('100001'), await differences('100000'), await differences('100002')], seen);
      assert.equal(new Set(seen).size, 3, seen.join());
    });

    it('shows the new plan after a change without asking again, and the history with its new row', async () => {
      const { billing, requests } = createKit(stack.graphqlUrl);
      const plan = watching(billing, PlanOfGroupDocument, { groupId: groupOf(16) });
      const history = watching(billing, HistoryOfGroupDocument, { groupId: groupOf(16), first: 3 });
      await plan.until((response) => readPlan(response).status === 'ready');
      await history.until((response) => readHistoryPage(response).status === 'ready');
      const asked = requests();
      const flow = createBillingWrite({
        write: 'changePlan',
        client: billing,
        ...intent(),
      });
      flow.enter();
      assert.equal((await flow.send({ planId: '112', groupId: groupOf(16) })).kind, 'done');
      await plan.until((response) => {
        const reading = readPlan(response);
        return reading.status === 'ready' && reading.value.plan.name === 'Business 1000';
      });
      await history.until((response) => {
        const reading = readHistoryPage(response);
        return reading.status === 'ready' && reading.value.rows[0]?.kind === 'UPGRADE';
      });
      // The change, and the history that it made stale.
      assert.equal(requests(), asked + 2);
      plan.stop();
      history.stop();
    });

    it('reads the plan and lists of every size again after an order, each once', async () => {
      const { billing, requests } = createKit(stack.graphqlUrl);
      const groupId = groupOf(27);
      const plan = watching(billing, PlanOfGroupDocument, { groupId });
      const lists = [1, 3, 50].map((first) => watching(billing, HistoryOfGroupDocument, { groupId, first }));
      await plan.until((response) => readPlan(response).status === 'ready');
      for (const list of lists) await list.until((response) => readHistoryPage(response).status === 'ready');
      const [asked, planResponses] = [requests(), plan.responses.length];
      const before = lists.map(({ responses }) => readHistoryPage(responses.at(-1) ?? null));
      const flow = createBillingWrite({ write: 'orderBoosterPack', client: billing, ...intent() });
      flow.enter();
      assert.equal((await flow.send({ packId: '1223', groupId, quantity: 2 })).kind, 'done');
      await plan.until(() => plan.responses.length > planResponses);
      for (const [index, list] of lists.entries()) {
        const response = await list.until((next) => {
          const page = readHistoryPage(next);
          return page.status === 'ready' && page.value.rows[0]?.kind === 'BOOSTER';
        });
        const [was, is] = [before[index], readHistoryPage(response)];
        assert.ok(was?.status === 'ready' && is.status === 'ready');
        assert.ok(is.value.totalCount > was.value.totalCount);
        assert.equal(new Set(is.value.rows.map(({ id }) => id)).size, is.value.rows.length);
      }
      // The order, the plan, and each of the three lists.
      assert.equal(requests(), asked + 5);
      for (const { stop } of [plan, ...lists]) stop();
    });

    it('shows a parent’s history anew after a child’s order', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      const history = watching(billing, HistoryOfGroupDocument, {
        groupId: '100000',
        first: 3,
        includeSubgroups: true,
      });
      await history.until((response) => readHistoryPage(response).status === 'ready');
      const flow = createBillingWrite({ write: 'orderBoosterPack', client: billing, ...intent() });
      flow.enter();
      await flow.send({ packId: '1223', groupId: groupOf(20) });
      await history.until((response) => {
        const reading = readHistoryPage(response);
        return (
          reading.status === 'ready' &&
          reading.value.rows[0]?.kind === 'BOOSTER' &&
          reading.value.rows[0].group?.id === groupOf(20)
        );
      });
      history.stop();
    });

    it('keeps lists of different sizes apart, whichever was asked first', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      const rows = async (first: number, after: string | null = null) => {
        const reading = readHistoryPage(
          await billing.query(HistoryOfGroupDocument, { groupId: '100002', first, after }),
        );
        assert.equal(reading.status, 'ready');
        return reading.status === 'ready' ? reading.value : null;
      };
      const five = await rows(5);
      const three = await rows(3);
      const next = await rows(5, five?.endCursor ?? null);
      assert.deepEqual([five?.rows.length, three?.rows.length], [5, 3]);
      assert.deepEqual(
        (await rows(5))?.rows.map(({ id }) => id),
        five?.rows.map(({ id }) => id),
      );
      const ids = [...(five?.rows ?? []), ...(next?.rows ?? [])].map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
    });

    it('shows every row and one gap when one price cannot be read', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      await stack.fault({
        endpoint: 'history',
        group: '100003',
        kind: 'element',
        params: { name: 'price', value: 'n/a' },
      });
      const reading = readHistoryPage(await billing.query(HistoryOfGroupDocument, { groupId: '100003', first: 3 }));
      assert.equal(reading.status, 'ready');
      const { rows } = reading.status === 'ready' ? reading.value : { rows: [] };
      assert.ok(rows.length >= 1);
      for (const row of rows) assert.deepEqual([row.price, row.unreadable], [null, ['price']]);
      const plan = readPlan(await billing.query(PlanOfGroupDocument, { groupId: '100003' }));
      assert.equal(plan.status === 'ready' && plan.value.plan.name, 'Business Annual 12000');
      assert.deepEqual(plan.status === 'ready' && plan.value.unreadable, ['price']);
    });

    it('tells an upstream that is down from a group without a plan', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      assert.equal(readPlan(await billing.query(PlanOfGroupDocument, { groupId: '100013' })).status, 'none');
      await stack.fault({ endpoint: 'history', kind: 'reset' });
      const reading = readPlan(await billing.query(PlanOfGroupDocument, { groupId: groupOf(25) }));
      assert.equal(reading.status === 'failed' && reading.problem.code, 'UPSTREAM_UNAVAILABLE');
    });

    it('runs a document that does not select the key of a write', async () => {
      const kit = createKit(stack.graphqlUrl);
      await stack.execute(
        'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { operation { status } } }',
        { input: { idempotencyKey: 'no-key-selected', packId: '1223', groupId: '100040' } },
      );
      const write = await kit.run(
        gql`mutation Order($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { operation { status } userErrors { code } } }`,
        { input: { idempotencyKey: 'no-key-selected', packId: '1223', groupId: '100040' } },
        true,
      );
      assert.equal(write.error, undefined);
      const look = await kit.run(
        gql`query Look($key: ID!) { billingOperation(idempotencyKey: $key) { status state: status } }`,
        { key: 'no-key-selected' },
        false,
      );
      assert.deepEqual(JSON.parse(JSON.stringify(look.data)).billingOperation.status, 'SUCCEEDED');
    });

    it('orders once although every first response is lost', async () => {
      const { billing, requests } = createKit(stack.graphqlUrl, (request) => request < 3);
      const flow = createBillingWrite({
        write: 'orderBoosterPack',
        client: billing,
        ...intent(),
        attempts: { most: 4, wait: () => Promise.resolve() },
      });
      flow.enter();
      const state = await flow.send({ packId: '1223', groupId: groupOf(22) });
      assert.ok(state.kind === 'replayed' || state.kind === 'done', state.kind);
      assert.equal(state.kind === 'replayed' && state.payload.pack?.name, 'Booster 100');
      assert.equal(requests(), 3);
      assert.equal((await stack.counts())['booster']?.committed, 1);
    });

    it('says that it does not know, looks, and then knows', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      const flow = createBillingWrite({ write: 'orderBoosterPack', client: billing, ...intent() });
      flow.enter();
      // Carried out, and the connection dropped before the response.
      const state = await flow.send({ packId: '990001', groupId: groupOf(23) });
      assert.equal(state.kind === 'unknown' && state.cause, 'OUTCOME_UNKNOWN');
      const other = createBillingWrite({ write: 'changePlan', client: billing, ...intent() });
      other.enter();
      const blocked = await other.send({ planId: '112', groupId: groupOf(23) });
      assert.equal(blocked.kind === 'blocked' && blocked.by?.kind, 'ORDER_BOOSTER_PACK');
      assert.equal((await stack.counts())['booster']?.committed, 1);
      const checked = await flow.check();
      assert.ok(['done', 'unknown'].includes(checked.kind), checked.kind);
      assert.equal((await stack.counts())['booster']?.committed, 1);
    });

    it('tells a refusal of the whole request by its code', async () => {
      const { billing } = createKit(stack.graphqlUrl);
      const flow = createBillingWrite({ write: 'orderBoosterPack', client: billing, ...intent() });
      flow.enter();
      const state = await flow.send({ packId: 'not a number', groupId: groupOf(24) });
      assert.equal(state.kind === 'refused' && state.problem?.code, 'BAD_USER_INPUT');
    });

    it('says that no response came when nobody listens', async () => {
      const { billing } = createKit(stack.graphqlUrl, () => true);
      const flow = createBillingWrite({
        write: 'orderBoosterPack',
        client: billing,
        ...intent(),
        attempts: { most: 2, wait: () => Promise.resolve() },
      });
      flow.enter();
      const state = await flow.send({ packId: '1223', groupId: groupOf(24) });
      assert.equal(state.kind === 'unknown' && state.cause, 'NO_RESPONSE');
      assert.equal((await stack.counts())['booster']?.committed, 1);
    });
  });
}
