import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { askAdmin, postForm } from './simulator.client.js';

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

const admin = (method: string, path: string, world: string, body?: unknown) =>
  askAdmin(simulator.url, method, path, world, body);

describe('the admin interface', () => {
  test('moves the clock and says what changed', async () => {
    const { apiKey, world } = simulator.freshWorld();
    const before = world.now();
    const { body: response } = await admin('POST', 'clock', apiKey, { advance: { months: 1 } });
    expect(response).toMatchObject({ changes: expect.arrayContaining([expect.objectContaining({ kind: 'renewed' })]) });
    expect(world.now() - before).toBeGreaterThan(27 * 86_400_000);
    const set = await admin('POST', 'clock', apiKey, { set: '2090-01-01T00:00:00Z' });
    expect(set.body).toMatchObject({ now: expect.stringMatching(/^2090-01-01T00:00:0/) });
    for (const body of [{ set: '2000-01-01' }, { set: 'soon' }, { advance: { years: 1 } }, {}]) {
      expect((await admin('POST', 'clock', apiKey, body)).status).toBe(400);
    }
  });

  test('adds, lists and removes faults', async () => {
    const world = simulator.freshWorld();
    const rule = { endpoint: 'booster', kind: 'status', params: { code: 500 }, first: 1 };
    const added = await admin('POST', 'faults', world.apiKey, rule);
    expect(added.body).toMatchObject({ id: 'fault-1', kind: 'status', params: { code: 500, body: 'html' } });
    expect((await order(world)).status).toBe(500);
    expect((await admin('GET', 'faults', world.apiKey)).body).toMatchObject([{ seen: 1, struck: 1 }]);
    expect((await admin('DELETE', 'faults?id=fault-1', world.apiKey)).body).toEqual({ removed: 1 });
    expect((await admin('POST', 'faults', world.apiKey, { kind: 'status', when: 'always' })).status).toBe(400);
  });

  test('keeps a journal without secrets, counted by endpoint', async () => {
    const world = simulator.freshWorld();
    await order(world, { quantity: '2' });
    await order(world, { pack_id: '77' });
    await history(world, { recursive: '1' });
    const { body: response } = await admin('GET', 'journal', world.apiKey);
    expect(response).toMatchObject({
      counts: { booster: { received: 2, committed: 1 }, history: { received: 1, committed: 1 } },
      entries: [
        {
          seq: 1,
          endpoint: 'booster',
          status: 200,
          committed: true,
          params: [
            ['api_key', 'sim-…'],
            ['pack_id', '1223'],
            ['quantity', '2'],
          ],
        },
        { seq: 2, status: 404, committed: false, note: 'Pack not found' },
        { seq: 3, endpoint: 'history', headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' } },
      ],
    });
    expect(JSON.stringify(response)).not.toContain(world.apiKey);
    expect((await admin('GET', 'journal?endpoint=history&limit=1', world.apiKey)).body).toMatchObject({
      entries: [{ seq: 3 }],
    });
    await admin('DELETE', 'journal', world.apiKey);
    expect(world.world.journal.counts()).toEqual({});
  });

  test('notes requests whose key is nobody’s apart', async () => {
    await postForm(simulator.url, HISTORY, { api_key: 'nobody' });
    const { body: response } = await admin('GET', 'journal', 'unknown');
    expect(response).toMatchObject({ counts: { history: { committed: 0 } } });
  });

  test('asks for the gateway beside it to be reset, where there is one', async () => {
    let resets = 0;
    const gateway = {
      url: 'http://127.0.0.1:4000',
      reset: () => {
        resets += 1;
      },
    };
    const beside = await startTestSimulator({ gateway });
    const post = (url: string, body: object): Promise<Response> =>
      fetch(`${url}/__sim/reset`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect(await (await fetch(`${beside.url}/__sim/`)).json()).toMatchObject({ gatewayUrl: gateway.url });
    expect((await post(beside.url, {})).status).toBe(200);
    expect(resets).toBe(0);
    expect(await (await post(beside.url, { gateway: true })).json()).toMatchObject({ reset: true, gateway: true });
    expect(resets).toBe(1);
    await beside.close();
    expect((await post(simulator.url, { gateway: true })).status).toBe(409);
  });

  test('says each toggle and each of its positions in words', async () => {
    const toggles = await (await fetch(`${simulator.url}/__sim/toggles`)).json();
    for (const [name, choices] of Object.entries<string[]>(toggles.choices)) {
      expect(toggles.about[name].title.length).toBeGreaterThan(5);
      expect(Object.keys(toggles.about[name].values).sort()).toEqual([...choices].sort());
    }
  });

  test('resets a world to its beginning', async () => {
    const world = simulator.freshWorld();
    const fresh = simulator.freshWorld();
    await order(world);
    world.world.advance({ months: 2 });
    world.world.setToggles({ dateFormat: 'naive' });
    world.world.addFault({ kind: 'reset' });
    await admin('POST', 'reset', world.apiKey, {});
    expect(world.world.toggles()).toEqual(fresh.world.toggles());
    expect(world.world.faults()).toEqual([]);
    expect(world.world.journal.list()).toEqual([]);
    expect(world.world.state().packOrders).toEqual([]);
    expect(Math.abs(world.world.now() - fresh.world.now())).toBeLessThan(60_000);
  });

  test('takes a snapshot, and goes back to it more than once', async () => {
    const world = simulator.freshWorld();
    await order(world);
    const { body: response } = await admin('POST', 'snapshot', world.apiKey, {});
    const before = structuredClone(world.world.state());
    for (let round = 0; round < 2; round += 1) {
      await order(world);
      world.world.advance({ months: 3 });
      world.world.setToggles({ packId: 'catalogue' });
      expect((await admin('POST', 'restore', world.apiKey, response)).status).toBe(200);
      expect(JSON.stringify(world.world.state())).toBe(JSON.stringify(before));
      expect(world.world.toggles().packId).toBe('order');
    }
    expect((await admin('POST', 'restore', world.apiKey, { id: 'snapshot-99' })).status).toBe(404);
  });

  test('lets documents arrive', async () => {
    const { apiKey } = simulator.freshWorld();
    const send = (group: string, count: unknown) => admin('POST', 'documents', apiKey, { group, count });
    expect((await send(simulator.fixtures.heldGroupId, 3)).body).toEqual({ processed: 0, held: 3 });
    expect((await send('424242', 3)).status).toBe(404);
    expect((await send('constructor', 3)).status).toBe(404);
    expect((await send('100000', 0)).status).toBe(400);
  });

  test('changes a price of the catalogue, in one world, until it is reset', async () => {
    const [world, other] = [simulator.freshWorld(), simulator.freshWorld()];
    const send = (id: string, price: unknown) => admin('POST', 'prices', world.apiKey, { id, price });
    const pricesOf = (of: typeof world) => {
      const { plans, packs } = of.world.state();
      return [plans['111']?.price, packs['1223']?.price];
    };
    const before = pricesOf(world);
    expect((await send('111', '0.10')).body).toEqual({ id: '111', price: '0.10' });
    expect((await send('1223', '120')).body).toEqual({ id: '1223', price: '120' });
    expect([pricesOf(world), pricesOf(other)]).toEqual([['0.10', '120'], before]);
    expect((await send('424242', '1')).status).toBe(404);
    expect((await send('constructor', '1')).status).toBe(404);
    for (const price of ['', '-1', '1,000', '1e3', 99])
      expect([price, (await send('111', price)).status]).toEqual([price, 400]);
    await admin('POST', 'reset', world.apiKey, {});
    expect(pricesOf(world)).toEqual(before);
  });

  test('answers in JSON what there isn’t, and takes only JSON that says so', async () => {
    const { apiKey } = simulator.freshWorld();
    expect((await admin('GET', 'nonsense', apiKey)).status).toBe(404);
    expect((await admin('GET', 'constructor', apiKey)).status).toBe(404);
    expect((await admin('GET', 'state', 'nobody')).status).toBe(404);
    expect((await fetch(`${simulator.url}/__sim/reset`, { method: 'POST', body: 'x' })).status).toBe(415);
    expect((await admin('GET', '', apiKey)).body).toMatchObject({ simulator: true, fixtures: simulator.fixtures });
  });
});
