import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

let simulator: TestSimulator;
let world: TestWorld;
let gateway: TestGateway;

beforeAll(async () => {
  simulator = await startTestSimulator();
  world = simulator.freshWorld('write-errors');
  gateway = await startGateway({ xtractaUrl: simulator.url, env: { XTRACTA_API_KEY: world.apiKey } });
});
afterAll(async () => {
  await gateway.close();
  await simulator.close();
  await removeGatewayFolders();
});

// A response has only the selected fields, but the counts must not depend on the selection.
const ORDER = 'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { operation { status } } }';
const PURCHASE = 'mutation ($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) { purchase { id } } }';
const RESOLVE =
  'mutation ($input: ResolveBillingOperationInput!) { resolveBillingOperation(input: $input) { operation { status } } }';

const order = (idempotencyKey: string, packId: string, groupId = '100001') =>
  gateway.execute(ORDER, { input: { idempotencyKey, packId, groupId } });

async function errorCounts(): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const lines = [...text.matchAll(/^graphql_errors_total\{code="(\w+)"\} (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, code, count]) => [code, Number(count)]));
}

/** The increase of the counts, by code. */
async function countedBy(act: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const before = await errorCounts();
  await act();
  const after = await errorCounts();
  const more = Object.entries(after).map(([code, count]) => [code, count - (before[code] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}

describe('graphql_errors_total', () => {
  it('counts nothing of a write that succeeds', async () => {
    expect(await countedBy(() => order('errors-good', '1223'))).toEqual({});
  });

  it.each([
    ['a refusal', { UPSTREAM_REJECTED: 1 }, () => order('errors-refused', '990402')],
    ['its replay', {}, () => order('errors-refused', '990402')],
    ['a key with another input', { IDEMPOTENCY_KEY_REUSED: 1 }, () => order('errors-refused', '1223')],
    ["somebody else's group", { UPSTREAM_REJECTED: 1 }, () => order('errors-foreign', '1223', '900001')],
    ['its replay, too', {}, () => order('errors-foreign', '1223', '900001')],
    ['a lost response', { OUTCOME_UNKNOWN: 1 }, () => order('errors-lost', '990001', '100002')],
    ['its replay, as well', {}, () => order('errors-lost', '990001', '100002')],
    ['a write after it', { PRIOR_OUTCOME_UNKNOWN: 1 }, () => order('errors-after', '1223', '100002')],
    [
      'an upstream that is not configured',
      { NOT_CONFIGURED: 1 },
      () =>
        gateway.execute(PURCHASE, {
          input: { idempotencyKey: 'errors-credits', purchaseId: simulator.fixtures.purchaseId },
        }),
    ],
    [
      'a decision about nothing',
      { NOT_FOUND: 1 },
      () => gateway.execute(RESOLVE, { input: { idempotencyKey: 'errors-none', outcome: 'REJECTED', note: 'None.' } }),
    ],
    ['a request that never became a write', { BAD_USER_INPUT: 1 }, () => order('errors-input', 'one')],
  ])('counts each code of userErrors once, unless it is told again: %s', async (_name, expected, act) => {
    expect(await countedBy(act)).toEqual(expected);
  });

  it('counts a refused link', async () => {
    world.world.addFault({
      endpoint: 'billing_ui',
      kind: 'xml_status',
      params: { code: 401, message: 'No' },
      first: 1,
    });
    expect(await countedBy(() => gateway.execute('mutation { openBillingUi { expiresAt } }'))).toEqual({
      UPSTREAM_UNAUTHENTICATED: 1,
    });
  });
});

describe('a tenant that has used up its writes of the minute', () => {
  it('is answered the replay of a finished one, and refused a new one with nothing sent', async () => {
    const other = simulator.freshWorld('used-up');
    const limited = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: other.apiKey, RATE_LIMIT_WRITES_PER_MINUTE: '2' },
    });
    const ask = async (idempotencyKey: string, quantity: number): Promise<string> => {
      const query = `mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { operation { status replayed } } }`;
      const { text } = await limited.execute(query, {
        input: { idempotencyKey, packId: '1223', groupId: '100001', quantity },
      });
      return text;
    };
    await ask('used-up-1', 1);
    // A replay leaves the allowance as it is, so the second order still has one.
    for (let again = 0; again < 5; again += 1) {
      expect(await ask('used-up-1', 1)).toContain('"operation":{"status":"SUCCEEDED","replayed":true}');
    }
    expect(await ask('used-up-2', 2)).toContain('"operation":{"status":"SUCCEEDED","replayed":false}');
    expect(await ask('used-up-3', 3)).toContain('"code":"RATE_LIMITED"');
    for (let again = 0; again < 5; again += 1) {
      expect(await ask('used-up-1', 1)).toContain('"operation":{"status":"SUCCEEDED","replayed":true}');
    }
    expect(other.world.journal.counts()['booster']?.received).toBe(2);
    await limited.close();
  });
});
