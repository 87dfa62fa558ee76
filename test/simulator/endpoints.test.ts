import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { postForm, postPurchase, schemaErrors, textsOf } from './simulator.client.js';

let simulator: TestSimulator;
beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
});

const BOOSTER = '/v1/billings/booster';
const UPDATE = '/v1/billings/update';
const UI = '/v1/billings/billing_ui';
const HISTORY = '/v1/billings/history';

const post = (world: TestWorld, path: string, fields: Record<string, string>, headers = {}) =>
  postForm(simulator.url, path, { api_key: world.apiKey, ...fields }, headers);

describe('a success is valid by the manual’s own schema', () => {
  test('order pack', async () => {
    const response = await post(simulator.freshWorld(), BOOSTER, { pack_id: '1223', purge: 'process' });
    expect(response.status).toBe(200);
    expect(await schemaErrors(response.text, 'booster')).toEqual([]);
  });

  test('change plan', async () => {
    const response = await post(simulator.freshWorld(), UPDATE, { group_id: '100001', plan_id: '112' });
    expect(await schemaErrors(response.text, 'update')).toEqual([]);
  });

  test('history, of one group and of the whole tree', async () => {
    const world = simulator.freshWorld();
    await post(world, BOOSTER, { pack_id: '1225', quantity: '3' });
    for (const fields of [{ group_id: '100008' }, { recursive: '1' }]) {
      const response = await post(world, HISTORY, fields);
      expect(await schemaErrors(response.text, 'history')).toEqual([]);
    }
  });

  test('billing UI: the manual’s sample has another root than its schema, and so has the response', async () => {
    const response = await post(simulator.freshWorld(), UI, { expire: '600' });
    expect(await schemaErrors(response.text, 'billing-ui')).not.toEqual([]);
    const renamed = response.text.replaceAll('documents_response', 'billings_response');
    expect(await schemaErrors(renamed, 'billing-ui')).toEqual([]);
  });

  test('billing UI is valid as it is with the root of the schema', async () => {
    const world = simulator.freshWorld();
    world.world.setToggles({ billingUiRoot: 'billings_response' });
    expect(await schemaErrors((await post(world, UI, {})).text, 'billing-ui')).toEqual([]);
  });
});

describe('what the manual’s samples say', () => {
  test('an order of two packs of 100 leaves 200 documents available', async () => {
    const response = await post(simulator.freshWorld(), BOOSTER, { pack_id: '1223', quantity: '2', purge: 'process' });
    expect(textsOf(response.text, 'message')).toEqual(['Booster Pack order successful']);
    expect(textsOf(response.text, 'quantity')).toEqual(['2']);
    expect(textsOf(response.text, 'allowed_documents')).toEqual(['100']);
    expect(textsOf(response.text, 'total_available_documents')).toEqual(['200']);
  });

  test('a billing UI token decodes to 104 bytes, and the page opens until it expires', async () => {
    const world = simulator.freshWorld();
    const response = await post(world, UI, { expire: '60' });
    const [url = ''] = textsOf(response.text, 'url');
    const token = new URL(url).searchParams.get('t') ?? '';
    const base64 = token.replaceAll('.', '+').replaceAll('_', '/').replaceAll('-', '=');
    expect(Buffer.from(base64, 'base64')).toHaveLength(104);
    expect((await fetch(url)).status).toBe(200);
    world.world.advance({ seconds: 60 });
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(`${simulator.url}/v1/billings/index.html?t=unknown`)).status).toBe(403);
  });

  test('expire is ten minutes when it isn’t asked for', async () => {
    const world = simulator.freshWorld();
    const before = Math.floor(world.world.now() / 1000);
    const [expire] = textsOf((await post(world, UI, {})).text, 'expire');
    expect(Number(expire) - before).toBeGreaterThanOrEqual(600);
  });

  test('usage and plans answer in the shapes of their public pages', async () => {
    const world = simulator.freshWorld();
    const usage = await post(world, '/v1/billings/usage', { group_id: '100001' });
    expect(textsOf(usage.text, 'start_date')[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(GMT\)$/);
    const plans = await post(world, '/v1/billings/plans', {});
    expect(textsOf(plans.text, 'pack_name')).toContain('Booster 100');
    expect((await post(world, '/v1/billings/usage', { group_id: '100013' })).status).toBe(404);
  });

  test('names that XML must escape and digits that are names arrive as they are', async () => {
    const response = await post(simulator.freshWorld(), HISTORY, { recursive: '1' });
    expect(response.text).toContain('<group_name>Café Zoë &amp; Söhne</group_name>');
    expect(response.text).toContain('<plan>1e5</plan>');
    expect(textsOf(response.text, 'group_name')).toEqual(expect.arrayContaining(['007', '1e5', '東京支店']));
  });
});

describe('a refusal has the status in HTTP and XML, the endpoint’s root, and no payload', () => {
  const cases: [name: string, path: string, fields: Record<string, string>, status: number][] = [
    ['unknown parameter', BOOSTER, { pack_id: '1223', color: 'red' }, 400],
    ['pack_id missing', BOOSTER, {}, 400],
    ['pack_id is not a number', BOOSTER, { pack_id: '1 OR 1=1' }, 400],
    ['pack_id zero', BOOSTER, { pack_id: '0' }, 400],
    ['full-width digits', BOOSTER, { pack_id: '１２２３' }, 400],
    ['unknown pack', BOOSTER, { pack_id: '77' }, 404],
    ['quantity zero', BOOSTER, { pack_id: '1223', quantity: '0' }, 400],
    ['quantity as decimal', BOOSTER, { pack_id: '1223', quantity: '1.5' }, 400],
    ['bad purge', BOOSTER, { pack_id: '1223', purge: 'maybe' }, 400],
    ['purge in capitals', UPDATE, { plan_id: '112', purge: 'DELETE' }, 400],
    ['plan_id missing', UPDATE, {}, 400],
    ['unknown plan', UPDATE, { plan_id: '77' }, 404],
    ['unknown group', UPDATE, { plan_id: '112', group_id: '424242' }, 404],
    ['group outside of the tree', UPDATE, { plan_id: '112', group_id: '900001' }, 403],
    ['expire over the maximum', UI, { expire: '259201' }, 400],
    ['expire zero', UI, { expire: '0' }, 400],
    ['group_id, which billing_ui does not have', UI, { group_id: '100000' }, 400],
    ['from after to', HISTORY, { billing_from: '2', billing_to: '1' }, 400],
    ['a date that is not unix time', HISTORY, { billing_from: '2024-01-01', billing_to: '1' }, 400],
    ['milliseconds', HISTORY, { billing_from: '1700000000000', billing_to: '1800000000000' }, 400],
    ['recursive 0', HISTORY, { recursive: '0' }, 400],
    ['foreign group', HISTORY, { group_id: '900001' }, 403],
  ];
  test.each(cases)('%s', async (_name, path, fields, status) => {
    const world = simulator.freshWorld();
    const response = await post(world, path, fields);
    expect(response.status).toBe(status);
    expect(textsOf(response.text, 'status')).toEqual([String(status)]);
    expect(response.text).toContain(path === UI ? '<documents_response>' : '<billings_response>');
    expect(response.text).not.toMatch(/<(pack|plan|plans|url)[>/]/);
    expect(response.headers.get('x-simulator')).toBe('1');
    expect(world.world.journal.counts()).toEqual({
      [path.slice('/v1/billings/'.length)]: { received: 1, committed: 0 },
    });
  });

  test('a key that is missing or nobody’s: 401', async () => {
    for (const fields of [
      { pack_id: '1223' },
      { pack_id: '1223', api_key: 'nobody' },
      { pack_id: '1223', api_key: '' },
    ]) {
      expect((await postForm(simulator.url, BOOSTER, fields)).status).toBe(401);
    }
  });

  test('a key of a sub-group sees its own tree only', async () => {
    const { apiKey } = simulator.freshWorld();
    const asSubGroup = (group: string) =>
      postForm(simulator.url, HISTORY, { api_key: `${apiKey}@100001`, group_id: group });
    expect((await asSubGroup('100047')).status).toBe(200);
    expect((await asSubGroup('100002')).status).toBe(403);
    const ownHistory = await postForm(simulator.url, HISTORY, { api_key: `${apiKey}@100001` });
    expect(new Set(textsOf(ownHistory.text, 'group_id'))).toEqual(new Set(['100001']));
  });

  test('GET is 405, and says what is allowed', async () => {
    const response = await fetch(`${simulator.url}${HISTORY}`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test('JSON, a doubled field, broken encoding, parameters in the address: 400', async () => {
    const { apiKey } = simulator.freshWorld();
    const send = async (body: string, type = 'application/x-www-form-urlencoded', query = '') =>
      (await fetch(`${simulator.url}${BOOSTER}${query}`, { method: 'POST', body, headers: { 'content-type': type } }))
        .status;
    const form = `api_key=${apiKey}&pack_id=1223`;
    expect(await send(JSON.stringify({ api_key: apiKey, pack_id: 1223 }), 'application/json')).toBe(400);
    expect(await send(`${form}&pack_id=1224`)).toBe(400);
    expect(await send(`${form}&purge=%zz`)).toBe(400);
    expect(await send(form, 'application/x-www-form-urlencoded', '?x=1')).toBe(400);
    expect(await send(form)).toBe(200);
  });

  test('a path that is no endpoint: 404 in HTML', async () => {
    const response = await postForm(simulator.url, '/v2/billings/booster', {});
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  });
});

describe('PurchaseCredits', () => {
  const PurchaseID = '9beb5f68-6493-4cc4-b55e-187541a9d22b';

  test('sells the account’s quote, names in any case, and writes doubles as the original does', async () => {
    const { creditsToken } = simulator.freshWorld();
    const response = await postPurchase(simulator.url, creditsToken, { purchaseid: PurchaseID.toUpperCase() });
    expect(response.status).toBe(200);
    expect(response.text).toContain('"Quantity":1000.0');
    expect(JSON.parse(response.text)).toMatchObject({
      Error: null,
      ResponseData: { Detail: { Currency: 'GBP', Paid: true, NetTotal: 35, UnitPrice: 0.035, InvoiceNumber: 70_001 } },
    });
  });

  test.each([
    ['no token', null, { PurchaseID }, 401],
    ['an unknown token', 'wrong', { PurchaseID }, 401],
    ['no JSON', undefined, '{', 400],
    ['no PurchaseID', undefined, {}, 400],
    ['a PurchaseID that is none', undefined, { PurchaseID: '1' }, 400],
    ['the zero PurchaseID', undefined, { PurchaseID: '00000000-0000-0000-0000-000000000000' }, 400],
    ['an unknown field', undefined, { PurchaseID, Amount: 3 }, 400],
    ['an e-mail that is no text', undefined, { PurchaseID, Billing: { Email: 3 } }, 400],
  ])('refuses %s', async (_name, token, body, status) => {
    const world = simulator.freshWorld();
    const sent = token === undefined ? world.creditsToken : token;
    expect((await postPurchase(simulator.url, sent, body)).status).toBe(status);
    expect(world.world.state().purchases).toEqual([]);
  });

  test('refuses other content types and GET', async () => {
    const { creditsToken } = simulator.freshWorld();
    const xml = { 'content-type': 'application/xml' };
    expect((await postPurchase(simulator.url, creditsToken, { PurchaseID }, xml)).status).toBe(415);
    expect((await fetch(`${simulator.url}/api/v1/AccountAdminAPI/PurchaseCredits`)).status).toBe(405);
  });

  test('the rejected id answers an error and no detail', async () => {
    const { creditsToken } = simulator.freshWorld();
    const id = simulator.fixtures.rejectedPurchaseId;
    const response = await postPurchase(simulator.url, creditsToken, { PurchaseID: id });
    expect(JSON.parse(response.text)).toMatchObject({ Error: { ErrorCode: 'P402' }, ResponseData: null });
  });

  test.each([
    ['replay', 1, true],
    ['reject', 1, false],
    ['repurchase', 2, true],
  ] as const)('the same PurchaseID twice, mode %s', async (purchaseMode, bought, hasDetail) => {
    const world = simulator.freshWorld();
    world.world.setToggles({ purchaseMode });
    await postPurchase(simulator.url, world.creditsToken, { PurchaseID });
    const second = await postPurchase(simulator.url, world.creditsToken, { PurchaseID });
    expect(world.world.state().purchases).toHaveLength(bought);
    expect(second.text.includes('"Detail":')).toBe(hasDetail);
  });

  test('tokens by client credentials work until they expire', async () => {
    const world = simulator.freshWorld();
    const ask = (fields: Record<string, string>) => postForm(simulator.url, '/Token', fields);
    const client = { client_id: world.apiKey, client_secret: simulator.fixtures.creditsClientSecret };
    const issued = await ask({ grant_type: 'client_credentials', ...client });
    const token = /"access_token":"([^"]+)"/.exec(issued.text)?.[1] ?? '';
    expect((await postPurchase(simulator.url, token, { PurchaseID })).status).toBe(200);
    world.world.advance({ seconds: 28_799 });
    expect((await postPurchase(simulator.url, token, { PurchaseID })).status).toBe(401);
    expect((await ask({ grant_type: 'client_credentials', ...client, client_secret: 'wrong' })).text).toBe(
      '{"error":"invalid_client"}',
    );
    expect((await ask({ grant_type: 'password', ...client })).text).toBe('{"error":"unsupported_grant_type"}');
  });
});
