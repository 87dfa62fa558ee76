import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OperationView } from '../../src/debug/operation-trace.js';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';

/** Never had a plan: no history names it. */
const PLANLESS = '100013';
const GROUPS = Array.from({ length: 51 }, (_, index) => String(100_001 + index));
const PLAN = 'query Plan($id: ID!) { group(id: $id) { name plan { name } } }';
const ORDER = `mutation Order($input: OrderBoosterPackInput!) {
  orderBoosterPack(input: $input) { operation { status replayed } userErrors { code } }
}`;

let simulator: TestSimulator;
beforeAll(async () => {
  simulator = await startTestSimulator();
});
afterAll(async () => {
  await simulator.close();
  await removeGatewayFolders();
});

async function startWith(
  world: TestWorld,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<TestGateway> {
  return startGateway({
    xtractaUrl: simulator.url,
    creditsUrl: simulator.url,
    env: {
      XTRACTA_API_KEY: world.apiKey,
      XTRACTA_ROOT_GROUP_ID: world.rootGroupId,
      CREDITS_TOKEN: world.creditsToken,
      ...env,
    },
  });
}

async function operations({ url }: TestGateway): Promise<readonly OperationView[]> {
  const response: { operations: OperationView[] } = await (await fetch(`${url}/debug/operations`)).json();
  return response.operations;
}

async function lastOperation(gateway: TestGateway): Promise<OperationView> {
  const last = (await operations(gateway)).at(-1);
  if (last === undefined) throw new Error('No operation is shown.');
  return last;
}

describe('/debug', () => {
  let world: TestWorld;
  let gateway: TestGateway;
  beforeAll(async () => {
    world = simulator.freshWorld('debug');
    gateway = await startWith(world);
  });
  afterAll(() => gateway.close());

  it('shows one call for fifty groups, who asked, and what was saved', async () => {
    const ids = GROUPS.filter((id) => id !== PLANLESS);
    await gateway.execute('query Many($ids: [ID!]!) { groups(ids: $ids) { name plan { name } } }', { ids });
    const { name, type, rootFields, calls, callsSaved, durationMs, text } = await lastOperation(gateway);
    expect({ name, type, rootFields }).toEqual({ name: 'Many', type: 'query', rootFields: ['groups'] });
    expect(calls.map((call) => call.attempts.length)).toEqual([1]);
    expect(calls[0]?.read).toMatchObject({
      groups: 50,
      askedBy: { plan: 50, name: 50 },
      recursive: true,
      reason: 'planned',
    });
    expect(callsSaved).toBe(99);
    expect(durationMs).not.toBeNull();
    expect(text).toContain('groups(ids: $ids)');
  });

  it('shows what a batch left open and was asked again', async () => {
    await gateway.execute('query Some($ids: [ID!]!) { groups(ids: $ids) { plan { name } } }', { ids: GROUPS });
    const { calls } = await lastOperation(gateway);
    expect(calls.map(({ read }) => [read?.reason, read?.groups, read?.recursive])).toEqual([
      ['planned', 51, true],
      ['again', 1, false],
    ]);
  });

  it('shows each attempt of a read that was retried', async () => {
    world.world.addFault({ endpoint: 'history', kind: 'status', params: { code: 503 }, first: 1 });
    await gateway.execute(PLAN, { id: '100003' });
    const { calls } = await lastOperation(gateway);
    const [call] = calls;
    expect(call?.attempts.map(({ attempt, httpStatus, outcome }) => [attempt, httpStatus, outcome])).toEqual([
      [1, 503, 'failed'],
      [2, 200, 'ok'],
    ]);
    expect(call?.attempts[1]?.bytes).toBeGreaterThan(100);
    expect(call?.attempts[1]?.startMs).toBeGreaterThanOrEqual(call?.plannedMs ?? Number.NaN);
  });

  it('shows a read that another operation was making already', async () => {
    world.world.addFault({ endpoint: 'history', kind: 'delay', params: { ms: 300 }, first: 1 });
    const history =
      'query Same { group(id: "100004") { billingHistory(from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z") { totalCount } } }';
    await Promise.all([gateway.execute(history), gateway.execute(history)]);
    const calls = (await operations(gateway))
      .filter(({ name }) => name === 'Same')
      .flatMap((operation) => operation.calls);
    expect(calls.map((call) => call.attempts.length).sort()).toEqual([0, 1]);
    expect(calls.find((call) => call.attempts.length === 0)?.shared).toMatchObject({ answered: true });
  });

  it('shows a page that was served from the kept response', async () => {
    const query = `query Page($after: String) { group(id: "100001") {
      billingHistory(first: 2, after: $after) { pageInfo { endCursor } } } }`;
    const { data } = await gateway.execute<{ group: { billingHistory: { pageInfo: { endCursor: string } } } }>(query);
    const after = data?.group.billingHistory.pageInfo.endCursor ?? '';
    await gateway.execute(query, { after });
    const { calls, callsSaved, variables } = await lastOperation(gateway);
    expect(calls.map((call) => [call.read?.reason, call.attempts.length])).toEqual([['kept', 0]]);
    expect(callsSaved).toBe(1);
    expect(variables).not.toContain(after);
  });

  it('shows what the ledger says of a write, and that its repetition sent nothing', async () => {
    const input = { idempotencyKey: 'debug-order-2026-0001', packId: '1223', groupId: '100005' };
    await gateway.execute(ORDER, { input });
    const first = await lastOperation(gateway);
    expect(first.writes).toMatchObject([
      { kind: 'ORDER_BOOSTER_PACK', key: 'debu…0001', status: 'SUCCEEDED', replayed: false },
    ]);
    expect(first.calls.map(({ operation, kind }) => [operation, kind])).toEqual([
      ['getBillingHistory', 'read'],
      ['orderBoosterPack', 'write'],
    ]);
    const [write] = first.writes;
    expect(write?.createdMs).toBeLessThanOrEqual(write?.sentMs ?? Number.NaN);
    expect(write?.sentMs).toBeLessThanOrEqual(write?.completedMs ?? Number.NaN);

    await gateway.execute(ORDER, { input });
    const second = await lastOperation(gateway);
    expect(second.writes).toMatchObject([{ status: 'SUCCEEDED', replayed: true }]);
    expect(second.calls).toEqual([]);
  });

  it('shows what a write that was refused before it was sent meets, and no row where there is none', async () => {
    const input = { packId: '1223', groupId: '100006' };
    await gateway.execute(ORDER, { input: { ...input, idempotencyKey: 'debug-order-2026-1001' } });
    await gateway.execute(ORDER, { input: { ...input, idempotencyKey: 'debug-order-2026-1002' } });
    const equal = await lastOperation(gateway);
    expect(equal.errors).toEqual({ POSSIBLE_DUPLICATE: 1 });
    expect(equal.writes).toMatchObject([{ key: 'debu…1002', otherKey: 'debu…1001', status: 'SUCCEEDED' }]);
    const expected = { amount: '0.01' };
    await gateway.execute(ORDER, {
      input: { ...input, idempotencyKey: 'debug-order-2026-1003', quantity: 2, expected },
    });
    const priced = await lastOperation(gateway);
    expect(priced.errors).toEqual({ PRECONDITION_FAILED: 1 });
    expect(priced.writes).toMatchObject([{ key: 'debu…1003', otherKey: null, status: null }]);
  });

  it('shows what reconciling and resolving came to, and that a URL of the billing UI was made but not which', async () => {
    world.world.addFault({ endpoint: 'booster', kind: 'cut', params: { mode: 'length' }, first: 1 });
    const [key, groupId] = ['debug-order-2026-2001', '100008'];
    await gateway.execute(ORDER, { input: { idempotencyKey: key, packId: '1223', groupId } });
    const reconcile =
      'mutation ($key: ID!) { reconcileBillingOperation(idempotencyKey: $key) { userErrors { code } } }';
    await gateway.execute(reconcile, { key });
    expect((await lastOperation(gateway)).writes).toMatchObject([
      { kind: 'RECONCILE', key: 'debu…2001', status: 'SUCCEEDED' },
    ]);
    await gateway.execute(reconcile, { key: 'debug-order-of-nobody' });
    const none = await lastOperation(gateway);
    expect([none.errors, none.writes]).toMatchObject([{ NOT_FOUND: 1 }, [{ kind: 'RECONCILE', status: null }]]);
    const resolve = `mutation ($key: ID!) { resolveBillingOperation(input: { idempotencyKey: $key, outcome: REJECTED, note: "looked" }) {
      userErrors { code } } }`;
    await gateway.execute(resolve, { key });
    expect((await lastOperation(gateway)).writes).toMatchObject([
      { kind: 'RESOLVE', key: 'debu…2001', status: 'REJECTED' },
    ]);
    const { data } = await gateway.execute<{ openBillingUi: { url: string } }>('mutation { openBillingUi { url } }');
    const ui = await lastOperation(gateway);
    expect(ui.writes).toMatchObject([{ kind: 'OPEN_BILLING_UI', key: null, status: 'SUCCEEDED' }]);
    expect(JSON.stringify(ui)).not.toContain(data?.openBillingUi.url);
  });

  it('counts a refusal that is data, also where the client did not ask for it', async () => {
    const input = { idempotencyKey: 'debug-order-2026-0002', packId: '990402', groupId: '100005' };
    await gateway.execute(ORDER.replace('userErrors { code }', ''), { input });
    const { errors, writes } = await lastOperation(gateway);
    expect(errors).toEqual({ UPSTREAM_REJECTED: 1 });
    expect(writes).toMatchObject([{ status: 'REJECTED' }]);
  });

  it('shows operations that fail or are refused, by code', async () => {
    await gateway.execute('{ group(id: "999999999") { plan { name } } }');
    expect(await lastOperation(gateway)).toMatchObject({ errors: { NOT_FOUND: 1 }, errorPaths: ['group.plan'] });
    await gateway.execute('{ nonsense }');
    expect(await lastOperation(gateway)).toMatchObject({ state: 'answered', errors: { GRAPHQL_VALIDATION_FAILED: 1 } });
    await gateway.execute('{ "hunter2hunter2');
    expect(await lastOperation(gateway)).toMatchObject({ errors: { GRAPHQL_PARSE_FAILED: 1 }, text: null });
    await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query": "hunter2',
    });
    expect(await lastOperation(gateway)).toMatchObject({
      state: 'refused',
      httpStatus: 400,
      errors: { BAD_USER_INPUT: 1 },
    });
    await fetch(`${gateway.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(await lastOperation(gateway)).toMatchObject({ state: 'refused', httpStatus: 400 });
  });

  it('answers only what is new to a page that knows the rest', async () => {
    const everything = await (await fetch(`${gateway.url}/debug/operations`)).json();
    const query = new URLSearchParams({ since: String(everything.revision), run: everything.run });
    const rest = await (await fetch(`${gateway.url}/debug/operations?${query.toString()}`)).json();
    expect(rest.operations).toEqual([]);
    const afterRestart = await (
      await fetch(`${gateway.url}/debug/operations?since=${String(everything.revision)}&run=other`)
    ).json();
    expect(afterRestart.operations).toHaveLength(everything.operations.length);
  });

  it('loads nothing from elsewhere and runs no script but its own', async () => {
    const response = await fetch(`${gateway.url}/debug`);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? '?';
    const html = await response.text();
    expect(html.match(/<script[^>]*>/g)).toEqual([`<script nonce="${nonce}" type="module">`]);
    expect(html).not.toMatch(/(src|@import)=?["' ]*https?:/);
  });
});

describe('/debug where it is switched off', () => {
  it.each([
    ['by its setting', { DEBUG_UI: 'false' }],
    ['by default in production', { NODE_ENV: 'production', ALLOW_UNAUTHENTICATED: 'true' }],
  ])('is not there %s', async (_how, env) => {
    const gateway = await startWith(simulator.freshWorld('off'), env);
    try {
      await gateway.execute(PLAN, { id: '100001' });
      for (const path of ['/debug', '/debug/operations'])
        expect((await fetch(`${gateway.url}${path}`)).status).toBe(404);
    } finally {
      await gateway.close();
    }
  });
});
