import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

let simulator: TestSimulator;
let world: TestWorld;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startTestSimulator();
});
beforeEach(async () => {
  world = simulator.freshWorld('catalogue');
  gateway = await startWith({});
});
afterEach(() => gateway.close());
afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
});

const startWith = (env: Readonly<Record<string, string>>): Promise<TestGateway> =>
  startGateway({
    xtractaUrl: simulator.url,
    env: { XTRACTA_API_KEY: world.apiKey, XTRACTA_ROOT_GROUP_ID: world.rootGroupId, ...env },
  });

const received = (endpoint: string): number => world.world.journal.counts()[endpoint]?.received ?? 0;

const CHOICE = `{ group(id: "100001") {
  plan { name }
  availablePlans { id price { currency } differenceToCurrent { amount currency } }
  availablePacks { id }
} }`;

interface Choice {
  readonly group: {
    readonly availablePlans: readonly {
      readonly id: string;
      readonly differenceToCurrent: { readonly amount: string; readonly currency: string } | null;
    }[];
  };
}

describe('a page that lets somebody choose a plan', () => {
  it.each(['history', 'usage'])(
    'shows exact differences in the currency that both prices name (%s)',
    async (source) => {
      world.world.setToggles({ catalogueCurrency: 'yes' });
      const own = await startWith({ PLAN_SOURCE: source });
      const { data, errors } = await own.execute<Choice>(CHOICE);
      await own.close();
      expect(errors).toEqual([]);
      // The group is on plan 111 for 49.90 NZD; plan 114 is sold in USD.
      expect(
        data?.group.availablePlans.map(({ id, differenceToCurrent }) => [id, differenceToCurrent?.amount]),
      ).toEqual([
        ['110', '-49.90'],
        ['111', '0.00'],
        ['112', '450.10'],
        ['113', '2450.60'],
        ['114', undefined],
        ['121', '4950.10'],
        ['122', '449.10'],
        ['130', '-49.80'],
      ]);
      expect([received('plans'), received('history') + received('usage')]).toEqual([1, 1]);
    },
  );

  it('compares nothing while the catalogue names no currency', async () => {
    const { data } = await gateway.execute<Choice>(CHOICE);
    expect(data?.group.availablePlans.every(({ differenceToCurrent }) => differenceToCurrent === null)).toBe(true);
  });

  it('costs one call for a minute, until something is ordered for the group', async () => {
    await gateway.execute(CHOICE);
    await gateway.execute(CHOICE);
    expect(received('plans')).toBe(1);
    const input = { idempotencyKey: 'catalogue-order-1', packId: '1223', groupId: '100001' };
    const { data, errors } = await gateway.execute(
      `mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) {
        pack { name } catalogue { id name pricePerDocument wholesalePrice { amount } } userErrors { code }
      } }`,
      { input },
    );
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      orderBoosterPack: {
        pack: { name: 'Booster 100' },
        catalogue: { id: '1223', name: 'Booster 100', pricePerDocument: '0.99', wholesalePrice: { amount: '69.30' } },
        userErrors: [],
      },
    });
    expect([received('plans'), received('booster')]).toEqual([2, 1]);
  });
});

describe('an upstream without a catalogue where it is looked for', () => {
  it('answers NOT_CONFIGURED with the name of the setting, and everything else', async () => {
    const lost = await startWith({ XTRACTA_CATALOGUE_PATH: '/v1/billings/catalogue' });
    const { status, data, errors, text } = await lost.execute(CHOICE);
    await lost.close();
    expect(status).toBe(200);
    expect(data).toEqual({ group: { plan: { name: 'Starter 100' }, availablePlans: null, availablePacks: null } });
    for (const error of errors) {
      expect(error.message).toContain('XTRACTA_CATALOGUE_PATH');
      expect(error.extensions).toMatchObject({ code: 'NOT_CONFIGURED', retryable: false });
    }
    expect(errors).toHaveLength(2);
    expect(text).not.toContain(world.apiKey);
  });

  it.each([
    ['changePlan', 'ChangePlanInput', { planId: '112' }, 'update'],
    ['orderBoosterPack', 'OrderBoosterPackInput', { packId: '1223' }, 'booster'],
  ])('leaves %s what it is: carried out once', async (field, type, chosen, endpoint) => {
    world.world.addFault({ endpoint: 'plans', kind: 'html' });
    const { data, errors } = await gateway.execute(
      `mutation ($input: ${type}!) { ${field}(input: $input) { catalogue { id } operation { status } userErrors { code } } }`,
      { input: { idempotencyKey: `catalogue-${field}`, groupId: '100001', ...chosen } },
    );
    expect(data).toEqual({ [field]: { catalogue: null, operation: { status: 'SUCCEEDED' }, userErrors: [] } });
    expect(errors).toMatchObject([{ path: [field, 'catalogue'] }]);
    expect(received(endpoint)).toBe(1);
  });

  it('answers a refusal of the upstream itself as what it is', async () => {
    world.world.addFault({ endpoint: 'plans', kind: 'xml_status', params: { code: 402 } });
    const { errors } = await gateway.execute('{ group(id: "100001") { availablePacks { id } } }');
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_REJECTED', upstream: { operation: 'getPlans' } } }]);
  });
});
