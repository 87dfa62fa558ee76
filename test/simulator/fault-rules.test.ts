import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULT_KINDS, readFaultHeader } from '../../src/simulator/fault-kinds.js';
import { FaultRules } from '../../src/simulator/fault-rules.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { askAdmin, postForm, postPurchase, textsOf } from './simulator.client.js';

let simulator: TestSimulator;
beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
});

const BOOSTER = '/v1/billings/booster';
const send = (path: string, fields: Record<string, string>) => (world: TestWorld, fault: string) =>
  postForm(simulator.url, path, { api_key: world.apiKey, ...fields }, fault === '' ? {} : { 'x-sim-fault': fault });
const order = send(BOOSTER, { pack_id: '1223' });
const history = send('/v1/billings/history', { group_id: '100007' });
const sold = (world: TestWorld) => world.world.state().packOrders.length;

describe('rules', () => {
  test('a flaky upstream recovers after the first requests', async () => {
    const world = simulator.freshWorld();
    world.world.addFault({ endpoint: 'history', kind: 'status', params: { code: 503 }, first: 2 });
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await history(world, '')).status);
    expect(statuses).toEqual([503, 503, 200]);
    expect((await order(world, '')).status).toBe(200);
  });

  test('strike one group, one request, or each so-manieth', () => {
    const rules = new FaultRules();
    rules.add({ kind: 'hang', group: '7' });
    rules.add({ kind: 'reset', nth: 2 });
    rules.add({ kind: 'drip', every: 3 });
    const struck = ['7', '8', '9'].map((group) => rules.match('history', group).map((fault) => fault.kind));
    expect(struck).toEqual([['hang'], ['reset'], ['drip']]);
  });

  test('a probability strikes the same requests in every run, and about as many as it says', () => {
    const run = () => {
      const rules = new FaultRules();
      rules.add({ kind: 'reset', probability: 0.3, seed: 42 });
      return Array.from({ length: 1000 }, () => rules.match('history', null).length);
    };
    const first = run();
    expect(run()).toEqual(first);
    const struck = first.filter((count) => count > 0).length;
    expect(struck).toBeGreaterThan(230);
    expect(struck).toBeLessThan(370);
  });

  test.each([
    { kind: 'nonsense' },
    { kind: 'reset', endpoint: 'nowhere' },
    { kind: 'reset', first: 0 },
    { kind: 'reset', probability: 2 },
    { kind: 'drip', params: { speed: 3 } },
    { kind: 'drip', params: { ms: 'soon' } },
  ])('%j is refused', (rule) => {
    expect(() => new FaultRules().add(rule)).toThrow(RangeError);
  });

  const VALUES = [0, 0.5, 99, 100, 204, 1_000, 1e10, 1e300, '', 'x', 'a\nb', '\u0142', 'true', 'text', 'length'];
  const params = Object.entries(FAULT_KINDS).flatMap(([kind, spec]) =>
    Object.keys(spec.params).map((name) => [kind, name] as const),
  );
  /** A response of these may take long, or there is none. */
  const isLong = (kind: string, name: string): boolean =>
    ['ms', 'bytes'].includes(name) || ['hang', 'stall', 'reset', 'cut', 'drip', 'commit_then_drop'].includes(kind);

  test.each(params)('%s with any %s is refused by name when it is set, or works', async (kind, name) => {
    const { world, ...rest } = simulator.freshWorld();
    let taken = 0;
    for (const value of VALUES) {
      world.clearFaults();
      try {
        world.addFault({ endpoint: 'history', kind, params: { [name]: value } });
        taken += 1;
      } catch (error) {
        expect(String(error)).toMatch(new RegExp(`^RangeError: .*(?:'${name}'|toggle)`));
        continue;
      }
      if (!isLong(kind, name)) expect((await history({ world, ...rest }, '')).text).not.toMatch(/^simulator: /);
    }
    if (kind !== 'toggle') expect(taken).toBeGreaterThan(0);
  });

  test('parameters that are no object are refused', async () => {
    const { apiKey } = simulator.freshWorld();
    const post = (rule: object) => askAdmin(simulator.url, 'POST', 'faults', apiKey, { kind: 'status', ...rule });
    expect((await post({ params: [503] })).body).toEqual({ error: "'params' is an object" });
    expect((await post({ params: { code: 1 } })).body).toEqual({
      error: "parameter 'code' of fault 'status' is a whole number from 200 to 999",
    });
    expect((await post({})).status).toBe(200);
  });
});

describe('the header', () => {
  test('is refused when it names what there isn’t, and nothing is done then', async () => {
    const world = simulator.freshWorld();
    for (const fault of ['nonsense', 'drip;ms', 'drip;ms=-1', 'element;value=%E0%A4%A']) {
      expect((await order(world, fault)).status).toBe(400);
    }
    expect(sold(world)).toBe(0);
  });

  test('reads every kind with its defaults', () => {
    for (const kind of Object.keys(FAULT_KINDS)) expect(readFaultHeader(kind)).toMatchObject([{ kind }]);
  });
});

describe('magic ids', () => {
  test('a pack or plan that drops, refuses or fails, and sells what it stands for where it does', async () => {
    const world = simulator.freshWorld();
    const pack = (id: string) => postForm(simulator.url, BOOSTER, { api_key: world.apiKey, pack_id: id });
    await expect(pack('990001')).rejects.toThrow();
    expect(sold(world)).toBe(1);
    const refused = await pack('990400');
    expect([refused.status, textsOf(refused.text, 'status')]).toEqual([200, ['400']]);
    expect((await pack('990402')).status).toBe(402);
    expect((await pack('990503')).status).toBe(503);
    expect(textsOf((await pack('990008')).text, 'status')).toEqual(['true']);
    expect(sold(world)).toBe(2);
    const change = await postForm(simulator.url, '/v1/billings/update', { api_key: world.apiKey, plan_id: '990008' });
    expect(textsOf(change.text, 'plan_name')).toEqual(['Business 1000']);
  });

  test('a PurchaseID that ends in one', async () => {
    const { creditsToken } = simulator.freshWorld();
    const buy = (number: string) =>
      postPurchase(simulator.url, creditsToken, { PurchaseID: `00000000-0000-4000-8000-000000${number}` });
    await expect(buy('990001')).rejects.toThrow();
    expect((await buy('990008')).text).toContain('"ErrorCode":"W100"');
    expect((await buy('990010')).text).toContain('"Detail":null');
    expect((await buy('990500')).status).toBe(500);
  });
});
