import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { FaultyLedger } from '../ledger/faulty-ledger.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

jest.setTimeout(60_000);

const GROUPS = ['100021', '100022', '100023', '100024', '100025'];
const MINUTE = 60_000;

let simulator: TestSimulator;
let world: TestWorld;
let ledger: FaultyLedger | undefined;
let gateway: TestGateway;
/** For the first process this is another process on the same ledger. */
let replica: TestGateway;
let aheadMs = 0;

beforeAll(async () => {
  simulator = await startTestSimulator();
  const env = {
    AUTH: 'passthrough',
    XTRACTA_API_KEY: undefined,
    STALE_READS_SECONDS: '3600',
    DUPLICATE_WINDOW_SECONDS: '0',
    RATE_LIMIT_WRITES_PER_MINUTE: '0',
  };
  gateway = await startGateway({
    xtractaUrl: simulator.url,
    env,
    parts: {
      clock: () => Date.now() + aheadMs,
      openLedger: async (url, options) => {
        ledger = new FaultyLedger(await openLedger(url, options));
        return ledger;
      },
    },
  });
  replica = await startGateway({
    xtractaUrl: simulator.url,
    env: { ...env, LEDGER_URL: `sqlite:${gateway.ledgerPath}` },
  });
});
beforeEach(() => {
  aheadMs = 0;
  world = simulator.freshWorld('stale');
});
afterAll(async () => {
  await replica.close();
  await gateway.close();
  await simulator.close();
  await removeGatewayFolders();
});

const received = (endpoint: string): number => world.world.journal.counts()[endpoint]?.received ?? 0;
/** From now on the upstream responds to no read, or as the test says. */
const goDown = (kind = 'status', params = {}): void => {
  for (const endpoint of ['history', 'plans', 'usage']) world.world.addFault({ endpoint, kind, params });
};
const ask = (at: TestGateway, query: string, variables = {}, key = world.apiKey) =>
  at.execute(query, variables, { 'x-xtracta-api-key': key });
const codesOf = ({ errors }: { readonly errors: readonly { readonly extensions?: object }[] }): unknown[] =>
  errors.map(({ extensions }) => (extensions !== undefined && 'code' in extensions ? extensions.code : null));

const PLAN = 'query ($id: ID!) { group(id: $id) { asOf plan { name usedDocuments startDate } } }';
const asOf = async (at: TestGateway, id: string): Promise<unknown> => {
  const { data } = await at.execute<{ group: { asOf: unknown } }>(PLAN, { id }, { 'x-xtracta-api-key': world.apiKey });
  return data?.group.asOf;
};
const SOMETHING = { asOf: expect.stringMatching(/Z$/), plan: { name: expect.any(String) } };
const NOTHING = { asOf: null, plan: null };
let orders = 0;
async function order(at: TestGateway, groupId: string): Promise<void> {
  orders += 1;
  const input = { idempotencyKey: `stale-order-${orders}`, packId: '1223', groupId };
  const query = `mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { pack { id } } }`;
  const { data } = await ask(at, query, { input });
  expect(data).toEqual({ orderBoosterPack: { pack: { id: expect.any(String) } } });
  // The next request must not be in the same millisecond.
  const doneAtMs = Date.now();
  while (Date.now() === doneAtMs) await new Promise((resolve) => setImmediate(resolve));
}

const PAGE = `{ group(id: "100001") {
  asOf name
  plan { name type price { amount currency } usedDocuments startDate expiryDate }
  billingHistory(includeSubgroups: true, first: 100) { totalCount nodes { id kind price { amount } group { id } } }
  subgroups { id name }
  availablePlans { id differenceToCurrent { amount } }
  availablePacks { id }
} }`;

describe('a page whose upstream went away', () => {
  it.each<[string, string, object, string]>([
    ['answers 503', 'status', {}, 'history'],
    ['resets', 'reset', {}, 'history'],
    ['hangs', 'hang', {}, 'history'],
    ['says 500 inside a 200', 'xml_status', { code: 500 }, 'usage'],
  ])('shows what it showed last, marked as such: the upstream %s', async (_name, kind, params, source) => {
    const own = await startGateway({
      xtractaUrl: simulator.url,
      env: {
        XTRACTA_API_KEY: world.apiKey,
        STALE_READS_SECONDS: '60',
        PLAN_SOURCE: source,
        // Only of silence all of it is waited for.
        ...(kind === 'hang' ? { READ_TIMEOUT_MS: '1000' } : {}),
      },
    });
    const before = Date.now();
    const fresh = await own.execute<{ group: object }>(PAGE);
    const after = Date.now();
    expect([fresh.errors, fresh.extensions]).toEqual([[], undefined]);
    goDown(kind, params);
    const calls = received('history');
    const stale = await own.execute<{ group: { asOf: string } }>(PAGE);
    expect(received('history')).toBeGreaterThan(calls);
    expect(stale.errors).toEqual([]);
    const asOf = stale.data?.group.asOf ?? '';
    expect(stale.data).toEqual({ group: { ...fresh.data?.group, asOf: expect.stringMatching(/^\d{4}-.*Z$/) } });
    expect(Date.parse(asOf)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(asOf)).toBeLessThanOrEqual(after);
    // The catalogue is younger than a minute, and needs no call.
    const reads = source === 'usage' ? ['history', 'usage'] : ['history'];
    expect(stale.extensions?.['stale']).toEqual(
      expect.arrayContaining(reads.map((read) => ({ groupId: '100001', read, asOf }))),
    );
    const metrics = await (await fetch(`${own.url}/metrics`)).text();
    expect(metrics).toMatch(/billing_stale_reads_total\{endpoint="getBillingHistory"\} [1-9]/);
    world.world.clearFaults();
    await own.close();
    const told = own.logs().match(/Xtracta does not respond; cached responses replace reads/g) ?? [];
    expect(told).toHaveLength(1);
  });

  it.each([
    ['has no plan any more keeps its history and loses its plan', ['usage'], null],
    ['is gone loses both', ['usage', 'history'], 'NOT_FOUND'],
  ])('a group whose usage is 404 because it %s', async (_name, endpoints, code) => {
    const own = await startGateway({
      xtractaUrl: simulator.url,
      env: { XTRACTA_API_KEY: world.apiKey, STALE_READS_SECONDS: '60', PLAN_SOURCE: 'usage' },
    });
    const history = '{ group(id: "100021") { billingHistory(first: 1) { nodes { id } } } }';
    const plan = '{ group(id: "100021") { plan { name } } }';
    for (const query of [history, plan]) expect((await own.execute(query)).errors).toEqual([]);
    for (const endpoint of endpoints) {
      world.world.addFault({ endpoint, kind: 'status', params: { code: 404, body: 'xml' } });
    }
    const now = await own.execute(plan);
    expect(now.data).toEqual({ group: { plan: null } });
    expect(codesOf(now)).toEqual(code === null ? [] : [code]);
    world.world.clearFaults();
    goDown();
    expect(codesOf(await own.execute(history))).toEqual(code === null ? [] : ['UPSTREAM_UNAVAILABLE']);
    expect(codesOf(await own.execute(plan))).toEqual(['UPSTREAM_UNAVAILABLE']);
    world.world.clearFaults();
    await own.close();
  });

  it('is fresh as soon as the upstream answers, and each outage is told once', async () => {
    await ask(gateway, PLAN, { id: '100001' });
    const told = (): number => gateway.logs().split('cached responses replace reads').length - 1;
    const before = told();
    for (const outage of [1, 2]) {
      // Inside of a 200, which no breaker counts as a failure.
      goDown('xml_status', { code: 503 });
      for (const _ of [1, 2]) expect(await asOf(gateway, '100001')).toMatch(/Z$/);
      world.world.clearFaults();
      expect(await asOf(gateway, '100001')).toBeNull();
      expect(told() - before).toBe(outage);
    }
  });

  it.each([
    ['refused credentials', 'status', { code: 401, body: 'xml' }, 'UPSTREAM_UNAUTHENTICATED'],
    ['a group that is gone', 'status', { code: 404, body: 'xml' }, 'NOT_FOUND'],
    ["a group of somebody else's", 'status', { code: 403, body: 'xml' }, 'FORBIDDEN'],
    ['a refusal', 'xml_status', { code: 400 }, 'UPSTREAM_REJECTED'],
    ['being told to ask less', 'rate_limit', { retryAfter: 3_600 }, 'UPSTREAM_UNAVAILABLE'],
    ['a login page', 'html', {}, 'UPSTREAM_INVALID_RESPONSE'],
  ])('shows no earlier response in place of %s', async (_name, kind, params, code) => {
    await ask(gateway, PLAN, { id: '100001' });
    goDown(kind, params);
    const { data, errors, extensions } = await ask(gateway, PLAN, { id: '100001' });
    expect(codesOf({ errors })).toEqual([code]);
    expect([data, extensions]).toEqual([{ group: { asOf: null, plan: null } }, undefined]);
  });

  it('asks about each group by itself: what is too old, or was never read, is missing', async () => {
    await ask(gateway, PLAN, { id: '100001' });
    aheadMs = 30 * MINUTE;
    await ask(gateway, PLAN, { id: '100002' });
    goDown();
    aheadMs = 60 * MINUTE + 1;
    const { data, errors } = await ask(
      gateway,
      '{ groups(ids: ["100001", "100002", "100003"]) { asOf plan { name } } }',
    );
    expect(codesOf({ errors })).toEqual(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_UNAVAILABLE']);
    aheadMs = 0;
    const inTime = await ask(gateway, '{ groups(ids: ["100001", "100002", "100003"]) { asOf plan { name } } }');
    expect(codesOf(inTime)).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect([data?.['groups'], inTime.data?.['groups']]).toEqual([
      [NOTHING, SOMETHING, NOTHING],
      [SOMETHING, SOMETHING, NOTHING],
    ]);
  });

  it('belongs to the credential that read it', async () => {
    await ask(gateway, PLAN, { id: '100001' });
    goDown();
    expect(codesOf(await ask(gateway, PLAN, { id: '100001' }))).toEqual([]);
    const other = simulator.freshWorld('other');
    for (const endpoint of ['history', 'plans']) other.world.addFault({ endpoint, kind: 'status' });
    expect(codesOf(await ask(gateway, PLAN, { id: '100001' }, other.apiKey))).toEqual(['UPSTREAM_UNAVAILABLE']);
  });
});

describe('a write', () => {
  // Separate groups, because after a write on a group no tenant gets kept responses of it for a while.
  it.each<[string, () => TestGateway, string]>([
    ['of this process', () => gateway, '100011'],
    ['of another replica', () => replica, '100012'],
  ])('%s ends what is shown of its group, and of all groups above', async (_name, writer, written) => {
    const recursive = '{ group(id: "100000") { subgroups { id } } }';
    for (const id of [written, '100015']) await ask(gateway, PLAN, { id });
    await ask(gateway, recursive);
    await order(writer(), written);
    goDown();
    expect(codesOf(await ask(gateway, PLAN, { id: written }))).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(codesOf(await ask(gateway, recursive))).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(codesOf(await ask(gateway, PLAN, { id: '100015' }))).toEqual([]);
  });

  it('is followed by responses that may be shown again: those requested after it', async () => {
    await ask(gateway, PLAN, { id: '100016' });
    await order(gateway, '100016');
    await ask(gateway, PLAN, { id: '100016' });
    goDown();
    expect(codesOf(await ask(gateway, PLAN, { id: '100016' }))).toEqual([]);
  });

  it('whose outcome is unknown ends it for as long as that is so, also for later responses', async () => {
    await ask(gateway, PLAN, { id: '100017' });
    const lost = world.world.addFault({ endpoint: 'booster', kind: 'reset' });
    const input = { idempotencyKey: 'stale-unknown-1', packId: '1223', groupId: '100017' };
    const query = `mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { operation { status } } }`;
    const { data } = await ask(gateway, query, { input });
    expect(data).toEqual({ orderBoosterPack: { operation: { status: 'OUTCOME_UNKNOWN' } } });
    world.world.clearFaults(lost.id);
    await ask(gateway, PLAN, { id: '100017' });
    goDown();
    expect(codesOf(await ask(gateway, PLAN, { id: '100017' }))).toEqual(['UPSTREAM_UNAVAILABLE']);
  });

  it('that was not sent ends nothing: the page that was refused safely goes on showing what it showed', async () => {
    await ask(gateway, PLAN, { id: '100020' });
    goDown();
    const query = `mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { operation { status } } }`;
    const sent = received('booster');
    // The account's circuit opens, so that the write is refused before a byte of it leaves.
    for (let read = 0; read < 5; read += 1) await ask(gateway, PLAN, { id: '100020' });
    const input = { idempotencyKey: 'stale-not-sent-1', packId: '1223', groupId: '100020' };
    const { data } = await ask(gateway, query, { input });
    expect(data).toEqual({ orderBoosterPack: { operation: { status: 'NOT_SENT' } } });
    expect(received('booster')).toBe(sent);
    const shown = await ask(gateway, PLAN, { id: '100020' });
    expect(codesOf(shown)).toEqual([]);
    expect(shown.data).toMatchObject({ group: SOMETHING });
  });

  it('may have been made where the ledger cannot be asked: nothing is shown', async () => {
    await ask(gateway, PLAN, { id: '100018' });
    goDown();
    ledger?.fail('recent', 'before');
    expect(codesOf(await ask(gateway, PLAN, { id: '100018' }))).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(codesOf(await ask(gateway, PLAN, { id: '100018' }))).toEqual([]);
  });

  it('is decided by fresh responses alone: preview, evidence, baseline and expected price', async () => {
    const write = (key: string, more = '') =>
      `mutation { orderBoosterPack(input: { idempotencyKey: "${key}", packId: "1223", groupId: "100019" ${more} }) {
        operation { status evidence { id } } userErrors { code } catalogue { id } } }`;
    const preview = '{ group(id: "100019") { planChangePreview(planId: "113") { direction } } }';
    expect(codesOf(await ask(gateway, preview))).toEqual([]);
    await ask(gateway, PAGE.replace('100001', '100019'));
    const lost = world.world.addFault({ endpoint: 'booster', kind: 'reset' });
    expect((await ask(gateway, write('stale-evidence-1'))).text).toContain('OUTCOME_UNKNOWN');
    world.world.clearFaults(lost.id);
    await ask(gateway, PLAN, { id: '100002' });
    goDown();
    expect(codesOf(await ask(gateway, preview))).toEqual(['UPSTREAM_UNAVAILABLE']);
    const evidence = '{ billingOperation(idempotencyKey: "stale-evidence-1") { evidence { id } } }';
    const asked = received('history');
    const shown = await ask(gateway, evidence);
    // An operation is shown without evidence where none can be read.
    expect([shown.data, shown.extensions]).toEqual([{ billingOperation: { evidence: [] } }, undefined]);
    expect(received('history')).toBeGreaterThan(asked);
    const boosters = received('booster');
    const expected = await ask(
      gateway,
      write('stale-expected-1', ', expected: { amount: "99", currency: NZD }').replace('100019', '100002'),
    );
    expect(expected.text).not.toContain('SUCCEEDED');
    expect([expected.extensions, received('booster')]).toEqual([undefined, boosters]);
  });
});

describe('an outage of ten minutes under load', () => {
  it('fails no plan read of a group that was seen, and shows nothing after a write', async () => {
    for (const id of GROUPS) await ask(gateway, PLAN, { id });
    goDown();
    const failed: string[] = [];
    const staleAfterWrite: string[] = [];
    const written = new Set<string>();
    for (let minute = 0; minute < 10; minute += 1) {
      aheadMs = minute * MINUTE;
      if (minute % 4 === 3) {
        const groupId = GROUPS[minute % GROUPS.length] ?? '';
        // Through a replica whose breaker is closed, while the upstream responds for a moment. The breaker of this
        // replica is open.
        world.world.clearFaults();
        await order(replica, groupId);
        goDown();
        written.add(groupId);
      }
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          const id = GROUPS[index % GROUPS.length] ?? '';
          const response = await ask(gateway, PLAN, { id });
          const isShown = JSON.stringify(response.data).includes('"asOf":"');
          if (written.has(id) && isShown) staleAfterWrite.push(response.text);
          if (!written.has(id) && !isShown) failed.push(response.text);
        }),
      );
    }
    expect([failed, staleAfterWrite, written.size]).toEqual([[], [], 2]);
  });
});
