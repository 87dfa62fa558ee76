import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

let simulator: TestSimulator;

beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
});

const PLAN = `
  fragment Plan on Group {
    id
    plan { planId name price { amount currency } allowedDocuments usedDocuments remainingDocuments startDate expiryDate }
  }`;
const ONE = `query ($id: ID!) { group(id: $id) { ...Plan } } ${PLAN}`;
const MANY = `query ($ids: [ID!]!) { groups(ids: $ids) { ...Plan } } ${PLAN}`;

interface PlanResponse {
  readonly id: string;
  readonly plan: Readonly<Record<string, unknown>> | null;
}

describe.each(['history', 'usage'])('with PLAN_SOURCE=%s', (source) => {
  let world: TestWorld;
  let gateway: TestGateway;

  beforeAll(async () => {
    world = simulator.freshWorld(source);
    gateway = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: world.apiKey, XTRACTA_ROOT_GROUP_ID: world.rootGroupId, PLAN_SOURCE: source },
    });
  });
  afterAll(() => gateway.close());
  beforeEach(() => world.world.journal.clear());

  const received = (endpoint: string): number => world.world.journal.counts()[endpoint]?.received ?? 0;
  const numbered = (planId: string): string | null => (source === 'usage' ? planId : null);
  const planOf = async (id: string): Promise<PlanResponse['plan']> => {
    const { data, errors } = await gateway.execute<{ group: PlanResponse }>(ONE, { id });
    expect(errors).toEqual([]);
    return data?.group.plan ?? null;
  };

  it('the plan of a group is the one that is in force, with every figure', async () => {
    expect(await planOf('100009')).toEqual({
      planId: numbered('130'),
      name: '1e5',
      price: { amount: '0.10', currency: 'NZD' },
      allowedDocuments: 7,
      usedDocuments: expect.any(Number),
      remainingDocuments: expect.any(Number),
      startDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      expiryDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect([received('history'), received('usage')]).toEqual(source === 'usage' ? [0, 1] : [1, 0]);
  });

  it('nothing is left where all is used, and never less', async () => {
    const plan = await planOf(simulator.fixtures.heldGroupId);
    expect(plan).toMatchObject({ remainingDocuments: 0 });
  });

  it.each(['planlessGroupId', 'lapsedGroupId'] as const)('a group without one (%s) has none', async (fixture) => {
    expect(await planOf(simulator.fixtures[fixture])).toBeNull();
  });

  it('a group that may not be seen is an error in its place, and the others stand', async () => {
    const ids = ['100000', simulator.fixtures.foreignGroupId, '100013', '100003'];
    const { data, errors } = await gateway.execute<{ groups: PlanResponse[] }>(MANY, { ids });
    expect(data?.groups.map(({ id, plan }) => [id, plan?.['name'] ?? null])).toEqual([
      ['100000', 'Business 1000'],
      [simulator.fixtures.foreignGroupId, null],
      ['100013', null],
      ['100003', 'Business Annual 12000'],
    ]);
    expect(errors).toMatchObject([{ path: ['groups', 1, 'plan'], extensions: { code: 'FORBIDDEN' } }]);
  });

  it('an unknown group is not found', async () => {
    world.world.setToggles({ foreignGroup: 'not_found' });
    const { data, errors } = await gateway.execute(ONE, { id: '77' });
    world.world.setToggles({ foreignGroup: 'forbidden' });
    expect(data).toEqual({ group: { id: '77', plan: null } });
    expect(errors).toMatchObject([{ path: ['group', 'plan'], extensions: { code: 'NOT_FOUND' } }]);
  });

  it('the plan of another moment comes from the history', async () => {
    const query = `query ($at: DateTime!) { group(id: "100001") { plan(at: $at) { planId name } } }`;
    const at = new Date(world.world.now() - 40 * 86_400_000).toISOString();
    const { data } = await gateway.execute(query, { at });
    expect(data).toEqual({ group: { plan: { planId: null, name: 'Starter 100' } } });
    expect([received('history'), received('usage')]).toEqual([1, 0]);
  });

  it('a read that fails for a moment is tried again', async () => {
    world.world.addFault({
      endpoint: source === 'usage' ? 'usage' : 'history',
      kind: 'status',
      params: { code: 503 },
      first: 1,
    });
    expect(await planOf('100002')).not.toBeNull();
    expect(received(source)).toBe(2);
    world.world.clearFaults();
  });

  it('one that is in force and asked beside the history is the same in both', async () => {
    const query = `{ group(id: "100001") { plan { name } billingHistory { nodes { planName startDate } } } }`;
    const { data, errors } = await gateway.execute(query);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ group: { plan: { name: 'Starter 100' } } });
    expect(await driftOf('plan_mismatch')).toBe(0);
  });

  it('a changed plan is the one that is read after the change', async () => {
    const { data, errors } = await gateway.execute(
      `mutation ($input: ChangePlanInput!) { changePlan(input: $input) {
        plan { planId name } group { ...Plan } catalogue { id differenceToCurrent { amount } } userErrors { code }
      } } ${PLAN}`,
      { input: { idempotencyKey: `change-${source}-0001`, planId: '112', groupId: '100001' } },
    );
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      changePlan: {
        plan: { planId: '112', name: 'Business 1000' },
        group: { plan: { planId: numbered('112'), name: 'Business 1000', usedDocuments: 0, remainingDocuments: 1000 } },
        catalogue: { id: '112', differenceToCurrent: null },
        userErrors: [],
      },
    });
  });

  it('a changed plan is the one that is read, also where the upstream’s clock is ahead', async () => {
    const ahead = simulator.freshWorld(`${source}-ahead`);
    ahead.world.setToggles({ catalogueCurrency: 'yes' });
    ahead.world.advance({ seconds: 30 });
    const own = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: ahead.apiKey, XTRACTA_ROOT_GROUP_ID: ahead.rootGroupId, PLAN_SOURCE: source },
    });
    const { data, errors } = await own.execute(
      `mutation ($input: ChangePlanInput!) { changePlan(input: $input) {
        group { plan { planId name } } catalogue { id differenceToCurrent { amount currency } }
      } }`,
      { input: { idempotencyKey: `ahead-${source}-0001`, planId: '112', groupId: '100001' } },
    );
    await own.close();
    expect(errors).toEqual([]);
    expect(data).toEqual({
      changePlan: {
        group: { plan: { planId: numbered('112'), name: 'Business 1000' } },
        catalogue: { id: '112', differenceToCurrent: { amount: '0', currency: 'NZD' } },
      },
    });
  });

  it('more calls than an operation may cause are refused', async () => {
    const strict = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: world.apiKey, PLAN_SOURCE: source, MAX_UPSTREAM_CALLS: '2' },
    });
    const { errors } = await strict.execute(MANY, { ids: ['100001', '100002', '100003'] });
    await strict.close();
    expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual(Array(3).fill('OPERATION_TOO_COMPLEX'));
    expect([received('history'), received('usage')]).toEqual([0, 0]);
  });

  async function driftOf(field: string): Promise<number> {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const line = metrics.split('\n').find((text) => text.includes(`field="${field}"`));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  it('two that differ are counted where the source is usage, and usage stands', async () => {
    world.world.addFault({ endpoint: 'usage', kind: 'element', params: { name: 'plan_name', value: 'Another' } });
    const query = '{ group(id: "100002") { plan { name } billingHistory { totalCount } } }';
    const { data } = await gateway.execute<{ group: { plan: { name: string } } }>(query);
    world.world.clearFaults();
    expect(data?.group.plan.name === 'Another').toBe(source === 'usage');
    expect(await driftOf('plan_mismatch')).toBe(source === 'usage' ? 1 : 0);
  });
});
