import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { postForm, postPurchase, textsOf } from './simulator.client.js';

let simulator: TestSimulator;
beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
});

const HISTORY = '/v1/billings/history';
const order = (world: TestWorld, fields: Record<string, string> = {}) =>
  postForm(simulator.url, '/v1/billings/booster', { api_key: world.apiKey, pack_id: '1223', ...fields });
const history = (world: TestWorld, fields: Record<string, string> = {}) =>
  postForm(simulator.url, HISTORY, { api_key: world.apiKey, group_id: '100007', ...fields });

describe('held documents', () => {
  test('purge=process releases what there is room for, purge=delete removes all, no purge leaves them', async () => {
    const group_id = simulator.fixtures.heldGroupId;
    const count = (world: TestWorld, state: string) =>
      world.world.state().documents.filter((document) => document.state === state).length;
    const [processed, deleted, kept] = [simulator.freshWorld(), simulator.freshWorld(), simulator.freshWorld()];
    const response = await order(processed, { pack_id: '1225', quantity: '20', group_id, purge: 'process' });
    expect([count(processed, 'processed'), count(processed, 'on_hold')]).toEqual([20, 5]);
    expect(textsOf(response.text, 'total_used_documents')).toEqual(['20']);
    await order(deleted, { group_id, purge: 'delete' });
    expect([count(deleted, 'deleted'), count(deleted, 'on_hold')]).toEqual([25, 0]);
    await order(kept, { group_id });
    expect(count(kept, 'on_hold')).toBe(25);
  });

  test('leaving purge out does what the toggle says', async () => {
    const group_id = simulator.fixtures.heldGroupId;
    const world = simulator.freshWorld();
    world.world.setToggles({ purgeOmitted: 'refuse' });
    expect((await order(world, { group_id })).status).toBe(400);
    world.world.setToggles({ purgeOmitted: 'process' });
    await order(world, { group_id });
    expect(world.world.state().documents.every((document) => document.state === 'processed')).toBe(true);
  });
});

describe('toggles', () => {
  const seconds = (iso: string) => String(Date.parse(iso) / 1000);

  test('the window is compared with the start, the expiry, or both', async () => {
    const world = simulator.freshWorld();
    const [newest] = textsOf((await history(world)).text, 'start_date');
    const start = seconds(newest ?? '');
    const window = { billing_from: String(Number(start) + 60), billing_to: String(Number(start) + 120) };
    const rows = async (historyFilter: string) => {
      world.world.setToggles({ historyFilter });
      return textsOf((await history(world, window)).text, 'id').length;
    };
    expect([await rows('overlap'), await rows('start'), await rows('expiry')]).toEqual([1, 0, 0]);
  });

  test('an empty history is an empty element, absent, or 404', async () => {
    const world = simulator.freshWorld();
    const empty = async (emptyHistory: string) => {
      world.world.setToggles({ emptyHistory });
      return history(world, { group_id: simulator.fixtures.planlessGroupId });
    };
    expect((await empty('empty_element')).text).toContain('<plans/>');
    expect((await empty('omitted')).text).not.toContain('plans');
    expect((await empty('not_found')).status).toBe(404);
  });

  test('orders of rows differ and hold the same rows', async () => {
    const world = simulator.freshWorld();
    const ids = async (historyOrder: string) => {
      world.world.setToggles({ historyOrder });
      return textsOf((await history(world)).text, 'id');
    };
    const newestFirst = await ids('start_desc');
    expect(await ids('start_asc')).toEqual(newestFirst.toReversed());
    const shuffled = await ids('shuffled');
    expect(shuffled).not.toEqual(newestFirst);
    expect(shuffled.toSorted()).toEqual(newestFirst.toSorted());
  });

  test('boosters, group ids and leading zeros may be missing from rows', async () => {
    const world = simulator.freshWorld();
    await order(world, { group_id: '100007', quantity: '2' });
    const booster = await history(world);
    expect(textsOf(booster.text, 'plan_activity')).toContain('booster');
    expect(textsOf(booster.text, 'price')[0]).toBe('198');
    expect(textsOf(booster.text, 'id').some((id) => id.startsWith('0'))).toBe(true);
    world.world.setToggles({ boostersInHistory: 'no', activityGroupId: 'no', activityIdZeros: 'no' });
    const plain = await history(world);
    expect(textsOf(plain.text, 'plan_activity')).not.toContain('booster');
    expect(textsOf(plain.text, 'group_id')).toEqual([]);
    expect(textsOf(plain.text, 'id').some((id) => id.startsWith('0'))).toBe(false);
  });

  test('a catalogue may stand in lists of its own and name currencies; usage may tell of no plan without a 404', async () => {
    const world = simulator.freshWorld();
    const ask = (endpoint: string, group_id: string) =>
      postForm(simulator.url, `/v1/billings/${endpoint}`, { api_key: world.apiKey, group_id });
    const flat = await ask('plans', '100007');
    expect(flat.text).not.toMatch(/<(plans|packs|price_currency)>/);
    expect(textsOf(flat.text, 'group_id')).toContain(simulator.fixtures.rootGroupId);
    world.world.setToggles({ catalogueShape: 'nested', catalogueCurrency: 'yes', usageWithoutPlan: 'empty_element' });
    const nested = await ask('plans', '100007');
    expect(nested.text).toMatch(/<plans>[\s\S]*<\/plans>[\s\S]*<packs>[\s\S]*<\/packs>/);
    expect(textsOf(nested.text, 'price_currency')).toContain('USD');
    expect(textsOf(nested.text, 'id')).toEqual(textsOf(flat.text, 'id'));
    const usage = await ask('usage', simulator.fixtures.planlessGroupId);
    expect([usage.status, usage.text.includes('<plan/>')]).toEqual([200, true]);
  });

  test('a billing UI link may be clamped, and expire in another unit', async () => {
    const world = simulator.freshWorld();
    const open = async (toggles: Record<string, string>, expire: string) => {
      world.world.setToggles(toggles);
      const response = await postForm(simulator.url, '/v1/billings/billing_ui', { api_key: world.apiKey, expire });
      return Number(textsOf(response.text, 'expire')[0]);
    };
    expect(await open({ billingUiOverMax: 'clamp', billingUiExpire: 'relative' }, '999999')).toBe(259_200);
    expect(await open({ billingUiExpire: 'milliseconds' }, '60')).toBeGreaterThan(1e12);
  });

  test('the responses of the billing UI have one root, refusals too', async () => {
    const { world, apiKey } = simulator.freshWorld();
    const rootsOf = async (billingUiRoot: string) => {
      world.setToggles({ billingUiRoot });
      const ask = (expire: string) => postForm(simulator.url, '/v1/billings/billing_ui', { api_key: apiKey, expire });
      return [await ask('60'), await ask('0')].map(({ status, text }) => [status, /<(\w+_response)>/.exec(text)?.[1]]);
    };
    for (const root of ['documents_response', 'billings_response']) {
      expect(await rootsOf(root)).toEqual([
        [200, root],
        [400, root],
      ]);
    }
  });

  test('the credit of a plan change is that of the unused part, and may be written in other ways', async () => {
    const world = simulator.freshWorld();
    const change = { api_key: world.apiKey, plan_id: '113', group_id: '100001' };
    await postForm(simulator.url, '/v1/billings/update', change);
    const credits = async (creditAmount: string) => {
      world.world.setToggles({ creditAmount });
      return textsOf((await history(world, { group_id: '100001' })).text, 'credit_amount').slice(0, 2);
    };
    const unused = String(world.world.state().periods['100001']?.at(-1)?.credit);
    expect(Number(unused)).toBeGreaterThan(0);
    expect(await credits('unused')).toEqual([unused, '0']);
    expect(await credits('zero')).toEqual(['0', '0']);
    expect(await credits('decimal')).toEqual([`${unused}.50`, '0.50']);
    expect(await credits('negative')).toEqual([`-${unused}`, '-5']);
  });

  test('credits: purchase orders, permission, payment, unknown ids, HTTP status of errors', async () => {
    const buy = async (toggles: Record<string, string>, body: Record<string, unknown> = {}) => {
      const world = simulator.freshWorld();
      world.world.setToggles(toggles);
      const PurchaseID = simulator.fixtures.purchaseId;
      const response = await postPurchase(simulator.url, world.creditsToken, { PurchaseID, ...body });
      return { ...response, balance: world.world.state().creditBalance };
    };
    expect((await buy({ purchaseOrderRequired: 'yes' })).text).toContain('P410');
    expect((await buy({ purchaseOrderRequired: 'yes' }, { PurchaseOrder: 'PO-1' })).balance).toBe(1000);
    expect((await buy({ purchaseAllowed: 'no', creditsErrorHttpStatus: '400' })).status).toBe(400);
    const unpaid = await buy({ purchasePaid: 'no' });
    expect(unpaid.text).toMatch(/"InvoiceNumber":null.*"Paid":false/);
    expect(unpaid.balance).toBe(0);
    const unknown = { PurchaseID: '11111111-1111-4111-8111-111111111111' };
    expect((await buy({ unknownPurchase: 'reject' }, unknown)).text).toContain('P404');
    expect((await buy({}, unknown)).balance).toBe(1000);
    expect((await buy({ creditsDate: 'unset' })).text).toContain('"DatePurchased":"0001-01-01T00:00:00"');
  });

  test('a toggle or value that there isn’t is refused, and nothing is changed', () => {
    const { world } = simulator.freshWorld();
    expect(() => world.setToggles({ historyFilter: 'start', nonsense: 'yes' })).toThrow(RangeError);
    expect(() => world.setToggles({ historyFilter: 'both' })).toThrow(RangeError);
    expect(world.toggles().historyFilter).toBe('overlap');
  });
});
