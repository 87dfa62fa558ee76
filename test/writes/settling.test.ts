import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

/** Packs that the simulator sells with a fault: charged and then cut off; cut off and not charged. */
const CHARGED_THEN_RESET = '990001';
const RESET = '990002';

const ORDER = `mutation Order($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) {
  pack { id name quantity } operation { status replayed } userErrors { code } } }`;
const RECONCILE = `mutation Reconcile($key: ID!) { reconcileBillingOperation(idempotencyKey: $key) {
  operation { status evidence { kind planName } } userErrors { code } } }`;
const RESOLVE = `mutation Resolve($input: ResolveBillingOperationInput!) { resolveBillingOperation(input: $input) {
  operation { status } userErrors { code } } }`;
const STATUS = 'query Status($key: ID!) { billingOperation(idempotencyKey: $key) { status } }';
const LIST = `query List($status: [BillingOperationStatus!], $first: Int, $after: String) {
  billingOperations(status: $status, first: $first, after: $after) { totalCount
    pageInfo { hasNextPage endCursor } nodes { idempotencyKey status } } }`;

describe('a write whose outcome is unknown', () => {
  let simulator: TestSimulator;
  let world: TestWorld;
  let gateway: TestGateway;

  beforeAll(async () => {
    simulator = await startTestSimulator();
  });
  beforeEach(async () => {
    world = simulator.freshWorld('settling');
    gateway = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: world.apiKey, DUPLICATE_WINDOW_SECONDS: '0' },
      parts: { reconcileIntervalMs: 20 },
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await gateway.close();
  });
  afterAll(async () => {
    await simulator.close();
    await removeGatewayFolders();
  });

  const order = (idempotencyKey: string, packId: string) =>
    gateway.execute(ORDER, { input: { idempotencyKey, packId, groupId: world.rootGroupId } });
  const reconcile = (key: string) => gateway.execute(RECONCILE, { key });
  const resolve = (input: Readonly<Record<string, string>>) => gateway.execute(RESOLVE, { input });
  const received = (): number => world.world.journal.counts()['booster']?.received ?? 0;

  it('is settled by reconciling when the history proves it, and is then replayed', async () => {
    expect((await order('settle-0001', CHARGED_THEN_RESET)).data).toMatchObject({
      orderBoosterPack: { pack: null, operation: { status: 'OUTCOME_UNKNOWN' } },
    });
    expect((await reconcile('settle-0001')).data).toMatchObject({
      reconcileBillingOperation: { operation: { status: 'SUCCEEDED', evidence: [] }, userErrors: [] },
    });
    expect((await order('settle-0001', CHARGED_THEN_RESET)).data).toMatchObject({
      orderBoosterPack: {
        pack: { id: CHARGED_THEN_RESET, name: 'Booster 100', quantity: 1 },
        operation: { status: 'SUCCEEDED', replayed: true },
        userErrors: [],
      },
    });
    expect(received()).toBe(1);
  });

  it('stays unknown when the history shows nothing: that proves nothing', async () => {
    await order('settle-0002', RESET);
    expect((await reconcile('settle-0002')).data).toMatchObject({
      reconcileBillingOperation: { operation: { status: 'OUTCOME_UNKNOWN', evidence: [] }, userErrors: [] },
    });
    expect(received()).toBe(1);
  });

  it('stays unknown when two rows are new, and shows both: one may be somebody else’s', async () => {
    await order('settle-0003', CHARGED_THEN_RESET);
    const body = new URLSearchParams({
      api_key: world.apiKey,
      group_id: world.rootGroupId,
      pack_id: simulator.fixtures.packId,
      quantity: '1',
      purge: 'process',
    });
    await (await fetch(`${simulator.url}/v1/billings/booster`, { method: 'POST', body })).text();
    expect((await reconcile('settle-0003')).data).toMatchObject({
      reconcileBillingOperation: {
        operation: { status: 'OUTCOME_UNKNOWN', evidence: [{ kind: 'BOOSTER' }, { kind: 'BOOSTER' }] },
      },
    });
  });

  it('is settled in the background, with nobody asking', async () => {
    await order('settle-0004', CHARGED_THEN_RESET);
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 11_000);
    let status: unknown;
    while (status !== 'SUCCEEDED') {
      const { data } = await gateway.execute<{ billingOperation: { status: string } }>(STATUS, { key: 'settle-0004' });
      status = data?.billingOperation.status;
    }
    expect(received()).toBe(1);
  });

  it.each(['SUCCEEDED', 'REJECTED'])(
    'is what an operator finds (%s), with the reason in the audit',
    async (outcome) => {
      await order('settle-0005', RESET);
      const note = 'Checked with the upstream, ticket 99';
      expect((await resolve({ idempotencyKey: 'settle-0005', outcome, note })).data).toEqual({
        resolveBillingOperation: { operation: { status: outcome }, userErrors: [] },
      });
      const replay = (await order('settle-0005', RESET)).data;
      expect(replay).toMatchObject({
        orderBoosterPack: {
          operation: { status: outcome, replayed: true },
          userErrors: outcome === 'SUCCEEDED' ? [] : [{ code: 'UPSTREAM_REJECTED' }],
        },
      });
      expect((await resolve({ idempotencyKey: 'settle-0005', outcome: 'SUCCEEDED', note })).data).toMatchObject({
        resolveBillingOperation: {
          operation: { status: outcome },
          userErrors: outcome === 'SUCCEEDED' ? [] : [{ code: 'NOT_FOUND' }],
        },
      });
      const db = new DatabaseSync(gateway.ledgerPath);
      const audit = db.prepare("SELECT to_state, note FROM ledger_audit WHERE actor = 'operator'").all();
      db.close();
      expect(audit).toMatchObject([{ to_state: outcome.toLowerCase(), note }]);
      // The target is free again.
      expect((await order('settle-0006', simulator.fixtures.packId)).data).toMatchObject({
        orderBoosterPack: { operation: { status: 'SUCCEEDED' } },
      });
      expect(received()).toBe(2);
    },
  );

  it('is listed by its status, newest first, page by page', async () => {
    await order('list-00001', simulator.fixtures.packId);
    await order('list-00002', '5');
    await order('list-00003', simulator.fixtures.packId);
    await order('list-00004', RESET);
    const keysOf = async (variables: Readonly<Record<string, unknown>>) => {
      const { data } = await gateway.execute<{
        billingOperations: {
          totalCount: number;
          pageInfo: { hasNextPage: boolean; endCursor: string };
          nodes: { idempotencyKey: string }[];
        };
      }>(LIST, variables);
      const page = data?.billingOperations;
      return { ...page?.pageInfo, total: page?.totalCount, keys: page?.nodes.map((node) => node.idempotencyKey) };
    };
    expect(await keysOf({ status: ['OUTCOME_UNKNOWN'] })).toMatchObject({ keys: ['list-00004'], total: 1 });
    expect(await keysOf({ status: ['REJECTED'] })).toMatchObject({ keys: ['list-00002'], total: 1 });
    const first = await keysOf({ first: 3 });
    expect(first).toMatchObject({ keys: ['list-00004', 'list-00003', 'list-00002'], total: 4, hasNextPage: true });
    expect(await keysOf({ first: 3, after: first.endCursor })).toMatchObject({
      keys: ['list-00001'],
      hasNextPage: false,
    });
  });
});
