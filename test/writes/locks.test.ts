import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { jwtSettings, newSigningKey, type SigningKey, token } from '../wire/auth/identity-provider.js';

/** A pack whose order resets the connection and charges nothing; a purchase that does the same. */
const RESET_PACK = '990002';
const RESET_PURCHASE = '00000000-0000-4000-8000-000000990002';
const PACK = '1223';
const PURCHASE = '00000000-0000-4000-8000-000000000001';
const ROOT = '100000';

const OPERATION = 'operation { status replayed } userErrors { code }';
const ORDER = `mutation Order($input: OrderBoosterPackInput!) { write: orderBoosterPack(input: $input) {
  value: pack { id } ${OPERATION} } }`;
const BUY = `mutation Buy($input: PurchaseCreditsInput!) { write: purchaseCredits(input: $input) {
  value: purchase { id invoiceNumber } ${OPERATION} } }`;

interface Written {
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly operation: { readonly status: string; readonly replayed: boolean } | null;
  readonly userErrors: readonly { readonly code: string }[];
}

const codes = ({ userErrors }: Written) => userErrors.map(({ code }) => code);

describe('locks and keys', () => {
  let simulator: TestSimulator;
  const started: TestGateway[] = [];

  beforeAll(async () => {
    simulator = await startTestSimulator();
  });
  afterAll(async () => {
    await Promise.all(started.map((gateway) => gateway.close()));
    await simulator.close();
    await removeGatewayFolders();
  });

  async function start(env: Readonly<Record<string, string | undefined>>, tenantsCheckIntervalMs?: number) {
    const gateway = await startGateway({
      xtractaUrl: simulator.url,
      creditsUrl: simulator.url,
      env: {
        XTRACTA_API_KEY: undefined,
        CREDITS_TOKEN: undefined,
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
        // Keys and locks are looked at by themselves.
        DUPLICATE_WINDOW_SECONDS: '0',
        ...env,
      },
      ...(tenantsCheckIntervalMs === undefined ? {} : { parts: { tenantsCheckIntervalMs } }),
    });
    started.push(gateway);
    return gateway;
  }

  const freshWorld = () => simulator.freshWorld('locks');
  const received = ({ world }: TestWorld, endpoint: string): number => world.journal.counts()[endpoint]?.received ?? 0;

  async function write(
    gateway: TestGateway,
    headers: Readonly<Record<string, string>>,
    query: string,
    input: Readonly<Record<string, unknown>>,
  ): Promise<Written> {
    const { data, text } = await gateway.execute<{ write: Written }>(query, { input }, headers);
    if (data?.write === undefined) throw new Error(text);
    return data.write;
  }

  describe('of callers with credentials of their own', () => {
    let gateway: TestGateway;
    let a: TestWorld;
    let b: TestWorld;

    beforeAll(async () => {
      gateway = await start({ AUTH: 'passthrough' });
    });
    beforeEach(() => {
      a = freshWorld();
      b = freshWorld();
    });

    const headers = (apiKey: string, creditsToken?: string) => ({
      'x-xtracta-api-key': apiKey,
      ...(creditsToken === undefined ? {} : { 'x-credits-authorization': `Bearer ${creditsToken}` }),
    });
    const of = ({ apiKey, creditsToken }: TestWorld) => headers(apiKey, creditsToken);
    const buy = (as: Readonly<Record<string, string>>, idempotencyKey: string, purchaseId = PURCHASE) =>
      write(gateway, as, BUY, { idempotencyKey, purchaseId });
    const order = (
      as: Readonly<Record<string, string>>,
      idempotencyKey: string,
      input: Readonly<Record<string, string>> = {},
    ) => write(gateway, as, ORDER, { idempotencyKey, packId: PACK, ...input });

    it('buy for each account under the same key, and show neither the other’s invoice', async () => {
      const first = await buy(of(a), 'shared-key');
      const second = await buy(of(b), 'shared-key');
      expect([first, second]).toMatchObject([
        { operation: { status: 'SUCCEEDED', replayed: false } },
        { operation: { status: 'SUCCEEDED', replayed: false } },
      ]);
      expect([received(a, 'purchase_credits'), received(b, 'purchase_credits')]).toEqual([1, 1]);
      // Also when the second account comes with the first one's api key.
      const third = await buy(headers(a.apiKey, b.creditsToken), 'shared-key');
      expect(third).toEqual({ ...second, operation: { status: 'SUCCEEDED', replayed: true } });
      expect([received(a, 'purchase_credits'), received(b, 'purchase_credits')]).toEqual([1, 1]);
    });

    it('buy once under one key for one credits account, whatever api key comes with it', async () => {
      expect((await buy(headers(a.apiKey, a.creditsToken), 'one-account')).operation?.replayed).toBe(false);
      expect((await buy(headers(b.apiKey, a.creditsToken), 'one-account')).operation?.replayed).toBe(true);
      expect(received(a, 'purchase_credits')).toBe(1);
    });

    it('block a credits account whose last purchase is unknown, whatever api key comes with it', async () => {
      expect((await buy(of(a), 'unknown-1', RESET_PURCHASE)).operation?.status).toBe('OUTCOME_UNKNOWN');
      expect(codes(await buy(headers(b.apiKey, a.creditsToken), 'unknown-2'))).toEqual(['PRIOR_OUTCOME_UNKNOWN']);
      expect(received(a, 'purchase_credits')).toBe(1);
      expect((await buy(of(b), 'unknown-3')).operation?.status).toBe('SUCCEEDED');
    });

    it('refuse a key that a write of the other kind has used', async () => {
      expect((await order(of(a), 'both-kinds')).operation?.status).toBe('SUCCEEDED');
      expect(codes(await buy(of(a), 'both-kinds'))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
      expect((await buy(of(a), 'both-kinds-2')).operation?.status).toBe('SUCCEEDED');
      expect(codes(await order(of(a), 'both-kinds-2'))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
      expect([received(a, 'booster'), received(a, 'purchase_credits')]).toEqual([1, 1]);
    });

    it('carry out one of an order and a purchase that race under one key', async () => {
      for (let round = 1; round <= 10; round += 1) {
        const key = `race-${String(round).padStart(4, '0')}`;
        const both = await Promise.all([order(of(a), key), buy(of(a), key)]);
        expect(both.flatMap(codes)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
        expect(received(a, 'booster') + received(a, 'purchase_credits')).toBe(round);
      }
    });

    it.each([
      ['the own group, then its number', {}, { groupId: ROOT }],
      ['the own group, then any number', {}, { groupId: '100001' }],
      ['a number, then the own group', { groupId: ROOT }, {}],
    ])('block a group that may be the same while its number is not known: %s', async (_title, first, second) => {
      const unknown = await order(of(a), 'root-unknown-1', { packId: RESET_PACK, ...first });
      expect(unknown.operation?.status).toBe('OUTCOME_UNKNOWN');
      expect(codes(await order(of(a), 'root-unknown-2', second))).toEqual(['PRIOR_OUTCOME_UNKNOWN']);
      expect(received(a, 'booster')).toBe(1);
      expect((await order(of(b), 'root-unknown-3', second)).operation?.status).toBe('SUCCEEDED');
    });
  });

  describe('of tenants in a file', () => {
    let folder: string;
    let file: string;
    let signing: SigningKey;
    let gateway: TestGateway;
    let a: TestWorld;
    const looks = () => gateway.logs().split('tenants file re-read').length;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'locks-'));
      file = join(folder, 'tenants.json');
      signing = await newSigningKey('locks', 'ES256');
      await setTenants({ acme: 'sim-locks-none' });
      gateway = await start(
        {
          ...(await jwtSettings(signing)),
          TENANTS_FILE: file,
        },
        10,
      );
    });
    beforeEach(() => {
      a = freshWorld();
    });
    afterAll(async () => {
      await rm(folder, { recursive: true });
    });

    async function setTenants(apiKeys: Readonly<Record<string, string>>): Promise<void> {
      const tenants = Object.fromEntries(
        Object.entries(apiKeys).map(([name, xtractaApiKey]) => [name, { xtractaApiKey, allowedGroups: 'all' }]),
      );
      await writeFile(`${file}.new`, JSON.stringify({ tenants }));
      await rename(`${file}.new`, file);
    }
    /** Resolves when the gateway has taken it. */
    async function replaceTenants(apiKeys: Readonly<Record<string, string>>): Promise<void> {
      const before = looks();
      await setTenants(apiKeys);
      while (looks() === before) await gateway.execute('{ __typename }');
    }
    async function order(tenant: string, idempotencyKey: string, packId = PACK, groupId: string | null = ROOT) {
      const bearer = await token(signing, { tenant, scope: 'billing:read billing:write' });
      const input = { idempotencyKey, packId, groupId };
      return await write(gateway, { authorization: `Bearer ${bearer}` }, ORDER, input);
    }

    it('outlive the api key: a new one lifts nothing', async () => {
      await replaceTenants({ acme: a.apiKey });
      expect((await order('acme', 'rotated-1', RESET_PACK)).operation?.status).toBe('OUTCOME_UNKNOWN');
      await replaceTenants({ acme: `${a.apiKey}@${ROOT}` });
      expect(codes(await order('acme', 'rotated-2'))).toEqual(['PRIOR_OUTCOME_UNKNOWN']);
      expect(codes(await order('acme', 'rotated-3', PACK, null))).toEqual(['PRIOR_OUTCOME_UNKNOWN']);
      expect((await order('acme', 'rotated-1', RESET_PACK)).operation).toEqual({
        status: 'OUTCOME_UNKNOWN',
        replayed: true,
      });
      expect(received(a, 'booster')).toBe(1);
    });

    it('are shared by tenants that share an api key', async () => {
      await replaceTenants({ first: a.apiKey, second: a.apiKey, third: freshWorld().apiKey });
      expect((await order('first', 'same-key-1', RESET_PACK)).operation?.status).toBe('OUTCOME_UNKNOWN');
      const refused = await order('second', 'same-key-1');
      expect(refused).toMatchObject({ operation: null, userErrors: [{ code: 'PRIOR_OUTCOME_UNKNOWN' }] });
      expect(received(a, 'booster')).toBe(1);
      expect((await order('third', 'same-key-1')).operation?.status).toBe('SUCCEEDED');
    });
  });
});
