import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { jwtSettings, newSigningKey, type SigningKey, token } from '../wire/auth/identity-provider.js';

/** A pack whose order resets the connection and charges nothing. */
const RESET_PACK = '990002';
const PACK = { packId: '1223' };
const PLAN = { planId: '113' };
const ROOT = '100000';
const OTHER = '100001';

const OPERATION = 'operation { idempotencyKey status replayed group { id } } userErrors { code }';
const ORDER = `mutation Order($input: OrderBoosterPackInput!) { write: orderBoosterPack(input: $input) {
  value: pack { id group { id } } ${OPERATION} } }`;
const CHANGE = `mutation Change($input: ChangePlanInput!) { write: changePlan(input: $input) {
  value: plan { planId name } group { id plan { name } } ${OPERATION} } }`;
const LIST = '{ billingOperations { totalCount edges { node { idempotencyKey group { id } } } } }';

interface Written {
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly group?: { readonly id: string; readonly plan: { readonly name: string } | null } | null;
  readonly operation: Readonly<Record<string, unknown>> | null;
  readonly userErrors: readonly { readonly code: string }[];
}

// The gateway reads its tenants file again while a client goes on to leave the group out.
describe('writes on the own group while rootGroupId changes in the tenants file', () => {
  let simulator: TestSimulator;
  let folder: string;
  let file: string;
  let signing: SigningKey;
  let gateway: TestGateway;
  let world: TestWorld;
  let tenant = '';
  let tenants = 0;

  beforeAll(async () => {
    simulator = await startTestSimulator();
    folder = await mkdtemp(join(tmpdir(), 'own-group-'));
    file = join(folder, 'tenants.json');
    signing = await newSigningKey('own-group', 'ES256');
    await write({ nobody: { xtractaApiKey: 'sim-own-group-none', allowedGroups: 'all' } });
    gateway = await start();
  });
  beforeEach(() => {
    world = simulator.freshWorld('own-group');
    tenants += 1;
    tenant = `tenant-${tenants}`;
  });
  afterAll(async () => {
    await gateway.close();
    await simulator.close();
    await removeGatewayFolders();
    await rm(folder, { recursive: true });
  });

  async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
    return await startGateway({
      xtractaUrl: simulator.url,
      env: {
        ...(await jwtSettings(signing)),
        XTRACTA_API_KEY: undefined,
        TENANTS_FILE: file,
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
        ...env,
      },
      parts: { tenantsCheckIntervalMs: 10 },
    });
  }

  async function write(entries: Readonly<Record<string, object>>): Promise<void> {
    await writeFile(`${file}.new`, JSON.stringify({ tenants: entries }));
    await rename(`${file}.new`, file);
  }

  /** Resolves when the gateway has taken it. */
  async function setRoot(rootGroupId: string | null): Promise<void> {
    const looks = () => gateway.logs().split('tenants file re-read').length;
    const before = looks();
    const root = rootGroupId === null ? {} : { rootGroupId };
    // Each version differs from the one before, so that the gateway says when it has it.
    const mark = { xtractaApiKey: `sim-own-group-${before}`, allowedGroups: 'all' };
    await write({ [tenant]: { xtractaApiKey: world.apiKey, allowedGroups: 'all', ...root }, mark });
    while (looks() === before) await gateway.execute('{ __typename }');
  }

  async function ask<T>(query: string, variables: object, groups?: readonly string[], on = gateway): Promise<T> {
    const claims = { tenant, scope: 'billing:read billing:write' };
    const bearer = await token(signing, groups === undefined ? claims : { ...claims, groups });
    const { data, text } = await on.execute<T>(query, { ...variables }, { authorization: `Bearer ${bearer}` });
    if (data === undefined || data === null) throw new Error(text);
    return data;
  }

  async function send(query: string, input: object, groups?: readonly string[], on?: TestGateway): Promise<Written> {
    return (await ask<{ readonly write: Written }>(query, { input }, groups, on)).write;
  }

  const received = (): number =>
    ['booster', 'update'].reduce((sum, name) => sum + (world.world.journal.counts()[name]?.received ?? 0), 0);

  it.each<[string, string | null, string | null]>([
    ['comes', null, ROOT],
    ['goes', ROOT, null],
    ['changes', ROOT, OTHER],
  ])('%s: the same key is replayed, an equal order is refused, and one is sent', async (_title, before, after) => {
    await setRoot(before);
    const first = await send(ORDER, { idempotencyKey: 'order-key-1', ...PACK });
    expect(first).toMatchObject({ operation: { status: 'SUCCEEDED', group: before === null ? null : { id: before } } });
    await setRoot(after);
    const again = await send(ORDER, { idempotencyKey: 'order-key-1', ...PACK });
    expect(again).toEqual({ ...first, operation: { ...first.operation, replayed: true } });
    expect(await send(ORDER, { idempotencyKey: 'order-key-2', ...PACK })).toMatchObject({
      value: null,
      operation: { idempotencyKey: 'order-key-1' },
      userErrors: [{ code: 'POSSIBLE_DUPLICATE' }],
    });
    expect(received()).toBe(1);
    const repeated = await send(ORDER, { idempotencyKey: 'order-key-2', ...PACK, repeats: 'order-key-1' });
    expect(repeated).toMatchObject({
      operation: { status: 'SUCCEEDED', group: after === null ? null : { id: after } },
    });
    expect(received()).toBe(2);
  });

  it('shows the plan of the group that was changed, not of the one that is told now', async () => {
    await setRoot(ROOT);
    const first = await send(CHANGE, { idempotencyKey: 'change-key-1', ...PLAN });
    await setRoot(OTHER);
    const again = await send(CHANGE, { idempotencyKey: 'change-key-1', ...PLAN });
    expect(again.group).toEqual({ id: ROOT, plan: { name: first.value?.['name'] } });
    expect(again).toEqual({ ...first, operation: { ...first.operation, replayed: true } });
    expect(received()).toBe(1);
  });

  it.each<[string, string | null, string | null]>([
    ['comes', null, ROOT],
    ['goes', ROOT, null],
    ['changes', ROOT, OTHER],
  ])('%s: an unknown outcome blocks another key', async (_title, before, after) => {
    await setRoot(before);
    const lost = { packId: RESET_PACK };
    const first = await send(ORDER, { idempotencyKey: 'unknown-key-1', ...lost });
    expect(first.operation).toMatchObject({ status: 'OUTCOME_UNKNOWN' });
    await setRoot(after);
    expect((await send(ORDER, { idempotencyKey: 'unknown-key-2', ...lost })).userErrors).toEqual([
      { code: 'PRIOR_OUTCOME_UNKNOWN' },
    ]);
    expect((await send(ORDER, { idempotencyKey: 'unknown-key-1', ...lost })).operation).toMatchObject({
      status: 'OUTCOME_UNKNOWN',
      replayed: true,
    });
    expect(received()).toBe(1);
  });

  it('is recognised by a replica that has the other version of the file, as during a rolling restart', async () => {
    await setRoot(ROOT);
    const older = join(folder, 'older.json');
    await writeFile(
      older,
      JSON.stringify({ tenants: { [tenant]: { xtractaApiKey: world.apiKey, allowedGroups: 'all' } } }),
    );
    const replica = await start({ TENANTS_FILE: older, LEDGER_URL: `sqlite:${gateway.ledgerPath}` });
    const first = await send(ORDER, { idempotencyKey: 'rolling-key-1', ...PACK });
    const again = await send(ORDER, { idempotencyKey: 'rolling-key-1', ...PACK }, undefined, replica);
    expect(again).toEqual({ ...first, operation: { ...first.operation, replayed: true } });
    expect((await send(ORDER, { idempotencyKey: 'rolling-key-2', ...PACK }, undefined, replica)).userErrors).toEqual([
      { code: 'POSSIBLE_DUPLICATE' },
    ]);
    await replica.close();
    expect(received()).toBe(1);
  });

  it('shows a caller with a list of groups no row of another group', async () => {
    await setRoot(ROOT);
    await send(ORDER, { idempotencyKey: 'listed-key-1', ...PACK });
    await setRoot(OTHER);
    expect(await send(ORDER, { idempotencyKey: 'listed-key-1', ...PACK }, [OTHER])).toEqual({
      value: null,
      operation: null,
      userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }],
    });
    expect(await send(ORDER, { idempotencyKey: 'listed-key-2', ...PACK }, [OTHER])).toEqual({
      value: null,
      operation: null,
      userErrors: [{ code: 'POSSIBLE_DUPLICATE' }],
    });
    expect(await ask(LIST, {}, [OTHER])).toEqual({ billingOperations: { totalCount: 0, edges: [] } });
    expect(received()).toBe(1);
  });
});
