import { afterEach, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

let simulator: TestSimulator;
let gateway: TestGateway;

/** A world behind a gateway of its own. Group 100012 has a free plan and 12 rows. */
async function begin(aheadMs: number): Promise<TestWorld> {
  simulator = await startTestSimulator({ systemNow: () => Date.now() + aheadMs });
  const world = simulator.freshWorld('after-write');
  gateway = await startGateway({ xtractaUrl: simulator.url, env: { XTRACTA_API_KEY: world.apiKey } });
  return world;
}

afterEach(async () => {
  await gateway.close();
  await simulator.close();
  await removeGatewayFolders();
});

const FACTS = `
  plan { name }
  billingHistory(first: 1) { totalCount summary { spend { amount } } nodes { planName } }
  planChangePreview(planId: "113") { direction }`;
const CHANGE = `mutation {
  changePlan(input: { idempotencyKey: "after-write-1", planId: "113", groupId: "100012" }) {
    plan { name }
    group { id ${FACTS} }
    operation { group { id ${FACTS} } }
    userErrors { code }
  } }`;

const CHANGED = {
  plan: { name: 'Enterprise 10000' },
  billingHistory: {
    totalCount: 13,
    summary: { spend: [{ amount: '2500.50' }] },
    nodes: [{ planName: 'Enterprise 10000' }],
  },
  planChangePreview: { direction: 'RENEWAL' },
};

interface Changed {
  readonly changePlan: Readonly<Record<string, unknown>>;
}

describe('the reads after a write', () => {
  it('show a slow write in every part of its own payload, by one call of each kind', async () => {
    const { world } = await begin(0);
    world.addFault({ endpoint: 'update', kind: 'delay', params: { ms: 2_100 }, first: 1 });
    const { data, errors } = await gateway.execute<Changed>(CHANGE);
    expect(errors).toEqual([]);
    expect(data?.changePlan).toEqual({
      plan: CHANGED.plan,
      group: { id: '100012', ...CHANGED },
      operation: { group: { id: '100012', ...CHANGED } },
      userErrors: [],
    });
    // The history is read once more before the write, for its baseline.
    const counts = world.journal.counts();
    expect([counts['update']?.received, counts['history']?.received, counts['plans']?.received]).toEqual([1, 2, 1]);
  }, 20_000);

  it.each([700, 20_000, 59_000])('show a write where the upstream’s clock is %d ms ahead', async (aheadMs) => {
    await begin(aheadMs);
    const { data } = await gateway.execute<Changed>(CHANGE);
    expect(data?.changePlan['group']).toEqual({ id: '100012', ...CHANGED });
    expect(data?.changePlan['operation']).toEqual({ group: { id: '100012', ...CHANGED } });
  });

  it.each([5_000, 59_000])('show it to the next request where that clock is %d ms ahead', async (aheadMs) => {
    await begin(aheadMs);
    await gateway.execute<Changed>(CHANGE);
    const asked = `{ group(id: "100012") { ${FACTS} } }`;
    const once = await gateway.execute<{ readonly group: unknown }>(asked);
    expect(once.data?.group).toEqual(CHANGED);
    expect((await gateway.execute(asked)).data).toEqual(once.data);
    const order = await gateway.execute(`mutation {
      orderBoosterPack(input: { idempotencyKey: "after-write-2", packId: "1223", groupId: "100012" }) { userErrors { code } }
    }`);
    expect(order.data).toEqual({ orderBoosterPack: { userErrors: [] } });
    const { data } = await gateway.execute<{ readonly group: unknown }>(
      '{ group(id: "100012") { plan { name } billingHistory(first: 1) { totalCount nodes { kind } } } }',
    );
    expect(data?.group).toEqual({
      ...CHANGED,
      planChangePreview: undefined,
      billingHistory: { totalCount: 14, nodes: [{ kind: 'BOOSTER' }] },
    });
  });
});
