import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Big from 'big.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

// A preview's facts must equal those of the later change, or be absent. Each change is a few requests, and their
// duration does not matter.
jest.setTimeout(60_000);

interface Money {
  readonly amount: string;
  readonly currency: string | null;
}
interface Plan {
  readonly name: string;
  readonly type: string;
  readonly allowedDocuments: number;
  readonly price: Money;
}
interface Preview {
  readonly from: (Plan & { readonly planId: string | null; readonly remainingDocuments: number | null }) | null;
  readonly to: Plan & { readonly id: string };
  readonly difference: Money | null;
  readonly direction: string;
  readonly unusedDocuments: number | null;
  readonly notKnown: readonly string[];
}

const PLAN = 'name type allowedDocuments price { amount currency }';
const PREVIEW = `query ($groupId: ID!, $planId: ID!) { group(id: $groupId) { planChangePreview(planId: $planId) {
  from { planId remainingDocuments ${PLAN} } to { id ${PLAN} }
  difference { amount currency } direction unusedDocuments notKnown } } }`;
const CHANGE = `mutation ($input: ChangePlanInput!) { changePlan(input: $input) {
  plan { ${PLAN} } userErrors { code } } }`;
const AFTER = `query ($groupId: ID!) { group(id: $groupId) { billingHistory(first: 1) { nodes { kind } } } }`;

const ALWAYS = ['PRORATION', 'TAX', 'HELD_DOCUMENTS', 'CREDIT'];
const KINDS: Readonly<Record<string, string>> = { UPGRADE: 'UPGRADE', DOWNGRADE: 'DOWNGRADE', RENEW: 'RENEWAL' };

let simulator: TestSimulator;
let world: TestWorld;
const gateways = new Map<string, TestGateway>();

beforeAll(async () => {
  simulator = await startTestSimulator();
  world = simulator.freshWorld('preview');
  for (const PLAN_SOURCE of ['history', 'usage']) {
    const env = {
      XTRACTA_API_KEY: world.apiKey,
      XTRACTA_ROOT_GROUP_ID: world.rootGroupId,
      PLAN_SOURCE,
      RATE_LIMIT_WRITES_PER_MINUTE: '0',
    };
    gateways.set(PLAN_SOURCE, await startGateway({ xtractaUrl: simulator.url, env }));
  }
});

beforeEach(() => {
  world.world.setToggles({ catalogueShape: 'flat', catalogueCurrency: 'yes' });
  world.world.journal.clear();
});

afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.close();
  await simulator.close();
  await removeGatewayFolders();
});

const received = (): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(world.world.journal.counts()).map(([endpoint, counts]) => [endpoint, counts.received]),
  );

function gatewayOf(source: string): TestGateway {
  const gateway = gateways.get(source);
  if (gateway === undefined) throw new Error(`no gateway reads plans from ${source}`);
  return gateway;
}

function previewOf(source: string, groupId: string, planId: string) {
  return gatewayOf(source).execute<{ group: { planChangePreview: Preview | null } }>(PREVIEW, { groupId, planId });
}

async function preview(source: string, groupId: string, planId: string): Promise<Preview> {
  const { data, errors } = await previewOf(source, groupId, planId);
  expect(errors).toEqual([]);
  const told = data?.group.planChangePreview;
  if (told === null || told === undefined) throw new Error('nothing was told');
  return told;
}

const POSITIONS = ['history', 'usage'].flatMap((source, one) =>
  ['flat', 'nested'].flatMap((catalogueShape, two) =>
    ['no', 'yes'].map((catalogueCurrency, three) => ({
      source,
      toggles: { catalogueShape, catalogueCurrency },
      groupId: String(100_021 + 4 * one + 2 * two + three),
    })),
  ),
);

describe('a preview, and the change that follows', () => {
  it.each(POSITIONS)('agree on every figure: $source, $toggles', async ({ source, toggles, groupId }) => {
    world.world.setToggles(toggles);
    const gateway = gatewayOf(source);
    const { data } = await gateway.execute<{ group: { plan: Plan; availablePlans: Preview['to'][] } }>(
      `query ($groupId: ID!) { group(id: $groupId) { plan { ${PLAN} } availablePlans { id ${PLAN} } } }`,
      { groupId },
    );
    const { plan, availablePlans = [] } = data?.group ?? {};
    const own = availablePlans.filter(({ name }) => name === plan?.name);
    expect(own).toHaveLength(1);
    // The plan in force comes first, because a change to it is a renewal.
    const wanted = [...own, ...availablePlans.filter((offered) => !own.includes(offered)).slice(0, 3)];
    const directions = new Set<string>();
    for (const { id } of wanted) {
      const told = await preview(source, groupId, id);
      directions.add(told.direction);
      const input = { idempotencyKey: `preview-${groupId}-${id}`, planId: id, groupId };
      const changed = await gateway.execute<{ changePlan: { plan: Plan | null } }>(CHANGE, { input });
      const now = changed.data?.changePlan.plan;
      if (now === null || now === undefined) throw new Error(`not changed: ${changed.text}`);
      expect([told.to.name, told.to.type, told.to.allowedDocuments]).toEqual([
        now.name,
        now.type,
        now.allowedDocuments,
      ]);
      expect(new Big(told.to.price.amount).eq(now.price.amount)).toBe(true);
      expect(told.unusedDocuments).toBe(told.from?.remainingDocuments);
      const isNamed = told.to.price.currency !== null;
      expect(isNamed).toBe(toggles.catalogueCurrency === 'yes');
      expect(told.difference === null).toBe(!isNamed || told.to.price.currency !== told.from?.price.currency);
      if (told.difference !== null) {
        const base = told.from?.price.amount ?? '';
        expect(new Big(told.difference.amount).plus(base).eq(now.price.amount)).toBe(true);
      }
      expect(told.notKnown).toEqual(isNamed ? ALWAYS : [...ALWAYS, 'CURRENCY']);
      const after = await gateway.execute<{ group: { billingHistory: { nodes: { kind: string }[] } } }>(AFTER, {
        groupId,
      });
      const [row] = after.data?.group.billingHistory.nodes ?? [];
      expect(['UNKNOWN', KINDS[row?.kind ?? '']]).toContain(told.direction);
    }
    expect(directions).toContain('RENEWAL');
    expect(directions.size).toBeGreaterThan(1);
  });
});

describe('a preview', () => {
  it.each(['history', 'usage'])(
    'costs two reads however often it is asked in an operation, and no write (%s)',
    async (source) => {
      const { errors } = await gatewayOf(source).execute(
        `{ group(id: "100001") { plan { name } availablePlans { id }
        a: planChangePreview(planId: "112") { direction } b: planChangePreview(planId: "0113") { to { id } }
        c: planChangePreview(planId: "112") { from { name } } } }`,
      );
      expect(errors).toEqual([]);
      expect(received()).toEqual({ plans: 1, [source]: 1 });
    },
  );

  it('reads the catalogue anew, whatever was kept of it', async () => {
    const gateway = gatewayOf('history');
    await gateway.execute('{ group(id: "100001") { availablePlans { id } } }');
    world.world.journal.clear();
    const fault = world.world.addFault({
      endpoint: 'plans',
      kind: 'element',
      params: { name: 'price', value: '77.70' },
    });
    try {
      expect((await preview('history', '100001', '112')).to.price.amount).toBe('77.70');
    } finally {
      world.world.clearFaults(fault.id);
    }
    expect((await preview('history', '100001', '112')).to.price.amount).not.toBe('77.70');
    expect(received()['plans']).toBe(2);
  });

  it('of a group without a plan tells the new one alone', async () => {
    expect(await preview('history', '100013', '112')).toMatchObject({
      from: null,
      to: { id: '112' },
      difference: null,
      direction: 'UNKNOWN',
      unusedDocuments: null,
      notKnown: ALWAYS,
    });
  });

  it.each([
    ['a plan that the catalogue does not have', '999', 'NOT_FOUND'],
    ['no number', 'x', 'BAD_USER_INPUT'],
  ])('of %s is null with an error at its place', async (_name, planId, code) => {
    const { data, errors } = await previewOf('history', '100001', planId);
    expect(data).toEqual({ group: { planChangePreview: null } });
    expect(errors.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
      [['group', 'planChangePreview'], code],
    ]);
  });

  it.each([
    ['plans', 'html', 'UPSTREAM_INVALID_RESPONSE'],
    ['history', 'html', 'UPSTREAM_INVALID_RESPONSE'],
  ])('is null with the read’s error where %s cannot be read', async (endpoint, kind, code) => {
    const fault = world.world.addFault({ endpoint, kind });
    try {
      const { data, errors } = await previewOf('history', '100001', '112');
      expect(data).toEqual({ group: { planChangePreview: null } });
      expect(errors.map(({ extensions }) => extensions?.['code'])).toEqual([code]);
    } finally {
      world.world.clearFaults(fault.id);
    }
  });

  it('has an unreadable figure as null with an error at its place, and says what is therefore not known', async () => {
    const fault = world.world.addFault({ endpoint: 'plans', kind: 'element', params: { name: 'price', value: 'ten' } });
    try {
      const { data, errors } = await previewOf('history', '100001', '112');
      expect(data?.group.planChangePreview).toMatchObject({
        to: { id: '112', price: null },
        difference: null,
        notKnown: [...ALWAYS, 'PRICE'],
      });
      expect(errors.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']])).toEqual([
        ['group.planChangePreview.to.price', 'UPSTREAM_INVALID_RESPONSE'],
      ]);
    } finally {
      world.world.clearFaults(fault.id);
    }
  });
});
