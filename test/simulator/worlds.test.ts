import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { askAdmin, postForm, postPurchase, textsOf } from './simulator.client.js';

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

const admin = (method: string, path: string, world: string, body?: unknown) =>
  askAdmin(simulator.url, method, path, world, body);

describe('worlds', () => {
  test('are separate: state, clock, toggles, faults and journal', async () => {
    const [one, other] = [simulator.freshWorld(), simulator.freshWorld()];
    await order(one);
    one.world.advance({ months: 1 });
    one.world.setToggles({ dateFormat: 'gmt' });
    one.world.addFault({ kind: 'reset' });
    expect(other.world.state().packOrders).toEqual([]);
    expect(other.world.journal.list()).toEqual([]);
    expect(other.world.toggles().dateFormat).toBe('atom');
    expect((await order(other)).status).toBe(200);
    expect(one.world.now() - other.world.now()).toBeGreaterThan(27 * 86_400_000);
  });

  test('a world’s key, token and client id have the same name', async () => {
    const world = simulator.freshWorld();
    await postPurchase(simulator.url, world.creditsToken, { PurchaseID: simulator.fixtures.purchaseId });
    expect(world.world.state().creditBalance).toBe(1000);
    expect(Object.keys(world.world.journal.counts())).toEqual(['purchase_credits']);
  });

  test('the fixtures’ keys open the fixtures’ world, one of them below a sub-group', () => {
    const { apiKey, subGroupApiKey } = simulator.fixtures;
    expect(apiKey).toHaveLength(40);
    expect(simulator.world(subGroupApiKey)).toBe(simulator.world(apiKey));
    expect(() => simulator.world('somebody')).toThrow(RangeError);
  });
});

describe('the fixtures', () => {
  test('are at least fifty sub-groups, some of them nested, with the states that their names promise', async () => {
    const world = simulator.freshWorld();
    const { body: response } = await admin('GET', 'state', world.apiKey);
    expect(response).toMatchObject({ world: world.apiKey, creditBalance: 0, documents: { on_hold: 25 } });
    const groups = Object.values(world.world.state().groups);
    expect(groups.filter((group) => group.parentId !== null)).toHaveLength(55);
    const { fixtures } = simulator;
    expect(world.world.state().groups[fixtures.nestedGroupId]?.parentId).toBe('100041');
    const groupOf = (id: string) => ({ groups: expect.arrayContaining([expect.objectContaining({ id })]) });
    expect(response).toMatchObject(groupOf(fixtures.planlessGroupId));
    const lapsed = world.world.state().periods[fixtures.lapsedGroupId] ?? [];
    expect(lapsed).toHaveLength(1);
    expect(lapsed[0]?.expiry).toBeLessThan(world.world.now());
  });

  test('have history for a year, and every group’s plan in one recursive response', async () => {
    const world = simulator.freshWorld();
    const response = await postForm(simulator.url, HISTORY, { api_key: world.apiKey, recursive: '1' });
    expect(new Set(textsOf(response.text, 'group_id')).size).toBe(55);
    expect(textsOf(response.text, 'id').length).toBeGreaterThan(400);
  });
});

describe('the page', () => {
  test('is served with a strict policy and asks for nothing from anywhere else', async () => {
    const page = await fetch(`${simulator.url}/`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(page.headers.get('x-simulator')).toBe('1');
    const script = await (await fetch(`${simulator.url}/page.js`)).text();
    const style = await (await fetch(`${simulator.url}/page.css`)).text();
    expect(`${html}${script}${style}`).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
    const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]));
    const used = [...script.matchAll(/byId\('([^']+)'\)/g)].map((match) => match[1]);
    expect(used.filter((id) => !ids.has(id))).toEqual([]);
    const labelled = [...html.matchAll(/<(?:input|select|textarea)[^>]*\sid="([^"]+)"/g)].map((match) => match[1]);
    for (const id of labelled) expect(html).toMatch(new RegExp(`<label for="${id}"|<label[^>]*><input id="${id}"`));
    expect((await fetch(`${simulator.url}/favicon.ico`)).status).toBe(404);
  });
});

describe('the simulator', () => {
  test('stops at once, with responses still waiting', async () => {
    const own = await startTestSimulator();
    const { apiKey } = own.freshWorld();
    const waiting = postForm(own.url, HISTORY, { api_key: apiKey }, { 'x-sim-fault': 'delay;ms=600000' });
    waiting.catch(() => undefined);
    while (own.world(apiKey).journal.list().length === 0) await new Promise(setImmediate);
    await own.close();
    await expect(waiting).rejects.toThrow();
    await expect(fetch(own.url)).rejects.toThrow();
  });

  test('says that its port is taken', async () => {
    await expect(startTestSimulator({ port: simulator.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('names another address in billing UI links when it is reached by one', async () => {
    const own = await startTestSimulator({ publicUrl: 'http://simulator:4010' });
    const response = await postForm(`http://127.0.0.1:${own.port}`, '/v1/billings/billing_ui', {
      api_key: own.freshWorld().apiKey,
    });
    expect(textsOf(response.text, 'url')[0]).toMatch(/^http:\/\/simulator:4010\/v1\/billings\/index\.html\?t=/);
    await own.close();
  });
});
