import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { startTestSimulator, type TestSimulator, type TestWorld } from '../support/start-simulator.js';
import { jwtSettings, newSigningKey, token } from '../wire/auth/identity-provider.js';

// Clients that lose their keys, on two replicas with one ledger. What was charged is counted at the simulator.

const PAYLOAD = `operation { idempotencyKey status replayed packId quantity planId purchaseId }
  userErrors { code message field retryable }`;
const QUERIES = {
  order: `mutation ($input: OrderBoosterPackInput!) { write: orderBoosterPack(input: $input) { ${PAYLOAD} } }`,
  plan: `mutation ($input: ChangePlanInput!) { write: changePlan(input: $input) { ${PAYLOAD} } }`,
  purchase: `mutation ($input: PurchaseCreditsInput!) { write: purchaseCredits(input: $input) { ${PAYLOAD} } }`,
} as const;
type Write = keyof typeof QUERIES;

interface Payload {
  readonly operation: Readonly<Record<string, unknown>> | null;
  readonly userErrors: readonly { readonly code: string; readonly message: string; readonly field: unknown }[];
}

interface WriteResult {
  readonly codes: readonly string[];
  readonly message: string;
  readonly operation: Payload['operation'];
  readonly errors: readonly unknown[];
}

let simulator: TestSimulator;
let postgres: TestPostgres | null = null;
const binaries = findPostgres();
const START_LIMIT_MS = 60_000;

beforeAll(async () => {
  simulator = await startTestSimulator();
  if (binaries !== null) postgres = await startPostgres(binaries);
}, START_LIMIT_MS);
afterAll(async () => {
  await postgres?.stop();
  await simulator.close();
  await removeGatewayFolders();
});

const ORDER = { packId: '1223', groupId: '100001', quantity: 1 };

function sentOf({ world }: TestWorld, endpoint = 'booster'): number {
  return world.journal.counts()[endpoint]?.received ?? 0;
}

let keys = 0;
function newKey(name = 'careless'): string {
  keys += 1;
  return `${name}-${String(keys).padStart(5, '0')}`;
}

async function send(
  gateway: TestGateway,
  { apiKey, creditsToken }: TestWorld,
  write: Write,
  input: Readonly<Record<string, unknown>>,
): Promise<WriteResult> {
  const headers = { 'x-xtracta-api-key': apiKey, 'x-credits-authorization': `Bearer ${creditsToken}` };
  const { data, errors } = await gateway.execute<{ write: Payload }>(QUERIES[write], { input }, headers);
  const { operation = null, userErrors = [] } = data?.write ?? {};
  return {
    codes: userErrors.map(({ code }) => code),
    message: userErrors[0]?.message ?? errors[0]?.message ?? '',
    operation,
    errors: errors.map(({ extensions }) => [extensions?.['code'], extensions?.['field'] ?? null]),
  };
}

/**
 * Repeats the request while it is told to, with the same key. Reason: under load a claim may be stored after it was
 * given up. It is given back within moments, and blocks its target until then.
 */
async function sendWhenFree(...request: Parameters<typeof send>): Promise<WriteResult> {
  for (;;) {
    const result = await send(...request);
    if (result.codes[0] !== 'OPERATION_IN_PROGRESS') return result;
    await delay(100);
  }
}

const STORES = binaries === null ? (['SQLite'] as const) : (['SQLite', 'PostgreSQL'] as const);
if (binaries === null) process.stderr.write('Left out: careless clients on PostgreSQL (it is not installed).\n');

describe.each(STORES)('a careless client, on %s', (store) => {
  const started: TestGateway[] = [];
  let first: TestGateway;
  let second: TestGateway;

  async function open(env: Readonly<Record<string, string>>, ledger?: string): Promise<TestGateway> {
    const gateway = await startGateway({
      xtractaUrl: simulator.url,
      creditsUrl: simulator.url,
      env: {
        AUTH: 'passthrough',
        XTRACTA_API_KEY: undefined,
        CREDITS_TOKEN: undefined,
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
        ...(ledger === undefined ? {} : { LEDGER_URL: ledger }),
        ...env,
      },
    });
    started.push(gateway);
    return gateway;
  }

  /** Two replicas on one new ledger. */
  async function openPair(env: Readonly<Record<string, string>> = {}): Promise<readonly [TestGateway, TestGateway]> {
    const url = store === 'PostgreSQL' ? await postgres?.createLedgerSpace() : undefined;
    const one = await open(env, url);
    return [one, await open(env, url ?? `sqlite:${one.ledgerPath}`)];
  }

  beforeAll(async () => {
    [first, second] = await openPair();
  }, START_LIMIT_MS);
  afterAll(async () => {
    await Promise.all(started.map((gateway) => gateway.close()));
  });

  const EQUAL: readonly [Write, Readonly<Record<string, unknown>>, string, string][] = [
    ['order', ORDER, 'booster', 'ordered 1 of pack 1223'],
    ['plan', { planId: '113', groupId: '100001' }, 'update', 'changed to plan 113'],
  ];
  it.each(EQUAL)('refuses an equal %s under a new key, and shows the first', async (write, input, endpoint, words) => {
    const world = simulator.freshWorld('equal');
    const idempotencyKey = newKey();
    expect((await send(first, world, write, { ...input, idempotencyKey })).codes).toEqual([]);
    const again = await send(second, world, write, { ...input, idempotencyKey: newKey() });
    expect(again.codes).toEqual(['POSSIBLE_DUPLICATE']);
    expect(again.operation).toMatchObject({ idempotencyKey, status: 'SUCCEEDED', replayed: false });
    expect(again.message).toContain(`You already ${words}`);
    expect(sentOf(world, endpoint)).toBe(1);
  });

  it('makes a second one that repeats the first, and a third that repeats the second only', async () => {
    const world = simulator.freshWorld('repeats');
    const [a, b, c] = [newKey(), newKey(), newKey()];
    await send(first, world, 'order', { ...ORDER, idempotencyKey: a });
    expect(await send(second, world, 'order', { ...ORDER, idempotencyKey: b, repeats: a })).toMatchObject({
      codes: [],
      operation: { idempotencyKey: b, status: 'SUCCEEDED', replayed: false },
    });
    const stale = await send(first, world, 'order', { ...ORDER, idempotencyKey: c, repeats: a });
    expect(stale).toMatchObject({ codes: ['POSSIBLE_DUPLICATE'], operation: { idempotencyKey: b } });
    expect((await send(first, world, 'order', { ...ORDER, idempotencyKey: c, repeats: b })).codes).toEqual([]);
    expect(sentOf(world)).toBe(3);
  });

  it('replays a key whatever stands beside the input, and sends nothing', async () => {
    const world = simulator.freshWorld('replay');
    const idempotencyKey = newKey();
    await send(first, world, 'order', { ...ORDER, idempotencyKey });
    for (const beside of [{}, { repeats: newKey() }, { expected: { amount: '1' } }]) {
      const again = await send(second, world, 'order', { ...ORDER, ...beside, idempotencyKey });
      expect(again).toMatchObject({ codes: [], operation: { idempotencyKey, replayed: true } });
    }
    expect(sentOf(world)).toBe(1);
  });

  it.each([1, 2])('sends one of two equal orders at the same instant, on two replicas, round %d', async () => {
    const world = simulator.freshWorld('instant');
    const responses = await Promise.all(
      [first, second].map((gateway) => send(gateway, world, 'order', { ...ORDER, idempotencyKey: newKey() })),
    );
    expect(responses.flatMap(({ codes }) => codes)).toEqual(['POSSIBLE_DUPLICATE']);
    expect(sentOf(world)).toBe(1);
    // Two clicks on "yes, again" are one order more.
    const repeats = responses.find(({ codes }) => codes.length === 0)?.operation?.['idempotencyKey'];
    const more = await Promise.all(
      [first, second].map((gateway) => send(gateway, world, 'order', { ...ORDER, idempotencyKey: newKey(), repeats })),
    );
    expect(more.flatMap(({ codes }) => codes)).toEqual(['POSSIBLE_DUPLICATE']);
    expect(sentOf(world)).toBe(2);
  });

  it('lets through what differs, and what did not succeed', async () => {
    const world = simulator.freshWorld('differs');
    for (const change of [{}, { quantity: 2 }, { packId: '1224' }, { groupId: '100002' }]) {
      expect((await send(first, world, 'order', { ...ORDER, ...change, idempotencyKey: newKey() })).codes).toEqual([]);
    }
    for (const _attempt of [1, 2]) {
      const refused = { ...ORDER, packId: '990402', idempotencyKey: newKey() };
      expect((await send(first, world, 'order', refused)).codes).toEqual(['UPSTREAM_REJECTED']);
    }
  });

  it('keeps PRIOR_OUTCOME_UNKNOWN before everything else, and repeats lifts no lock', async () => {
    const world = simulator.freshWorld('unknown');
    const lost = newKey();
    const input = { ...ORDER, packId: '990001' };
    expect((await send(first, world, 'order', { ...input, idempotencyKey: lost })).codes).toEqual(['OUTCOME_UNKNOWN']);
    for (const beside of [{}, { repeats: lost }]) {
      const again = await send(second, world, 'order', { ...input, ...beside, idempotencyKey: newKey() });
      expect(again).toMatchObject({ codes: ['PRIOR_OUTCOME_UNKNOWN'], operation: { idempotencyKey: lost } });
    }
    expect(sentOf(world)).toBe(1);
  });

  it.each([
    ['too short', 'short'],
    ['the key itself', 'itself'],
    ['a write with another input', 'another'],
  ])('refuses repeats that is %s', async (_name, kind) => {
    const world = simulator.freshWorld('input');
    const [earlier, idempotencyKey] = [newKey(), newKey()];
    await send(first, world, 'order', { ...ORDER, quantity: 3, idempotencyKey: earlier });
    const repeats = kind === 'short' ? 'x' : kind === 'itself' ? idempotencyKey : earlier;
    const refused = await send(second, world, 'order', { ...ORDER, idempotencyKey, repeats });
    expect(refused.errors).toEqual([['BAD_USER_INPUT', ['input', 'repeats']]]);
    expect(sentOf(world)).toBe(1);
  });

  it('lets a write through that repeats a key nobody used, where there is no equal one', async () => {
    const world = simulator.freshWorld('nobody');
    expect(
      (await send(first, world, 'order', { ...ORDER, idempotencyKey: newKey(), repeats: newKey() })).codes,
    ).toEqual([]);
  });

  it('compares the expected price with the catalogue as it is now, and sends nothing when it differs', async () => {
    const world = simulator.freshWorld('expected');
    const idempotencyKey = newKey();
    for (const expected of [{ amount: '98.99' }, { amount: '99', currency: 'NZD' }, { amount: '-99' }]) {
      const refused = await send(first, world, 'order', { ...ORDER, idempotencyKey, expected });
      expect(refused).toMatchObject({ codes: ['PRECONDITION_FAILED'], operation: null });
      expect(refused.message).toMatch(/Expected was a price of .*, and the catalogue says 99 .*Nothing was sent/);
    }
    const missing = { ...ORDER, packId: '4711', expected: { amount: '99' }, idempotencyKey: newKey() };
    expect((await send(first, world, 'order', missing)).codes).toEqual(['PRECONDITION_FAILED']);
    expect(sentOf(world)).toBe(0);
    // The key was not used up.
    const agreed = await send(second, world, 'order', { ...ORDER, idempotencyKey, expected: { amount: '99.00' } });
    expect(agreed).toMatchObject({ codes: [], operation: { replayed: false } });
    expect(sentOf(world)).toBe(1);
    world.world.setToggles({ catalogueCurrency: 'yes' });
    for (const [currency, codes] of [
      ['USD', ['PRECONDITION_FAILED']],
      ['NZD', []],
    ] as const) {
      const expected = { amount: '450.5', currency };
      const input = { ...ORDER, packId: '1224', idempotencyKey: newKey(), expected };
      expect((await send(first, world, 'order', input)).codes).toEqual(codes);
    }
  });

  it('shows the price of now to a page that looks again after it was refused', async () => {
    const world = simulator.freshWorld('again');
    const headers = { 'x-xtracta-api-key': world.apiKey };
    const query = '{ group(id: "100001") { availablePacks { id price { amount } } } }';
    const shown = async () => {
      const { data } = await first.execute<{ group: { availablePacks: { id: string; price: { amount: string } }[] } }>(
        query,
        {},
        headers,
      );
      return data?.group.availablePacks.find(({ id }) => id === ORDER.packId)?.price.amount;
    };
    const amount = await shown();
    world.world.addFault({ endpoint: 'plans', kind: 'element', params: { name: 'price', value: '120.50' } });
    // A catalogue is kept for a while.
    expect(await shown()).toBe(amount);
    const refused = await send(first, world, 'order', { ...ORDER, idempotencyKey: newKey(), expected: { amount } });
    expect(refused.codes).toEqual(['PRECONDITION_FAILED']);
    expect(await shown()).toBe('120.50');
  });

  it('refuses an expectation when the catalogue cannot be read', async () => {
    const world = simulator.freshWorld('unread');
    world.world.addFault({ endpoint: 'plans', kind: 'xml_status', params: { code: 500, message: 'No' } });
    const refused = await send(first, world, 'order', {
      ...ORDER,
      idempotencyKey: newKey(),
      expected: { amount: '99' },
    });
    expect(refused.codes).toEqual(['PRECONDITION_FAILED']);
    expect(refused.message).toContain('the catalogue could not be read');
    expect(sentOf(world)).toBe(0);
  });

  describe('with limits', () => {
    const limited = (limits: object) =>
      openPair({ DUPLICATE_WINDOW_SECONDS: '0', SPENDING_LIMITS: JSON.stringify(limits) });

    it(
      'counts writes and spend to the unit, over both replicas, of 200 orders at the same instant',
      async () => {
        const [one, other] = await limited({ spendPerDay: { NZD: '1200' }, writesPerDay: 14 });
        const world = simulator.freshWorld('limits');
        // Over forty groups, so that few targets are busy.
        const responses = await Promise.all(
          Array.from({ length: 200 }, (_, index) =>
            send(index % 2 === 0 ? one : other, world, 'order', {
              ...ORDER,
              groupId: String(100_001 + (index % 40)),
              idempotencyKey: newKey(),
            }),
          ),
        );
        const reached = responses.filter(({ codes }) => codes[0] === 'SPENDING_LIMIT_REACHED');
        expect(reached.length).toBeGreaterThan(0);
        // The price is 99, so a thirteenth order would pass 1200.
        const sent = sentOf(world);
        expect(sent).toBeLessThanOrEqual(12);
        expect(responses.filter(({ codes }) => codes.length === 0)).toHaveLength(sent);
        let left = 12 - sent;
        for (; left > 0; left -= 1) {
          expect((await sendWhenFree(one, world, 'order', { ...ORDER, idempotencyKey: newKey() })).codes).toEqual([]);
        }
        const refused = await sendWhenFree(other, world, 'order', { ...ORDER, idempotencyKey: newKey() });
        expect(refused.codes).toEqual(['SPENDING_LIMIT_REACHED']);
        expect(refused.operation).toBeNull();
        expect(refused.message).toMatch(
          /^spendPerDay NZD: 1188 of 1200 used in the last 24 hours, and this write costs 99\. It frees up at \d{4}-.*Z\. Nothing was sent\.$/,
        );
        // Cheaper ones still fit, until the writes are used up.
        for (const codes of [[], [], ['SPENDING_LIMIT_REACHED']]) {
          const cheap = { ...ORDER, packId: '1225', idempotencyKey: newKey() };
          expect((await sendWhenFree(one, world, 'order', cheap)).codes).toEqual(codes);
        }
        expect(sentOf(world)).toBe(14);
      },
      START_LIMIT_MS,
    );

    it(
      'refuses large orders, and what the catalogue does not price',
      async () => {
        const [one] = await limited({ maxQuantity: 2, requirePrice: true });
        const world = simulator.freshWorld('quantity');
        const large = await send(one, world, 'order', { ...ORDER, quantity: 3, idempotencyKey: newKey() });
        expect(large).toMatchObject({ codes: ['SPENDING_LIMIT_REACHED'], operation: null });
        const unpriced = { ...ORDER, packId: '4711', idempotencyKey: newKey() };
        expect((await send(one, world, 'order', unpriced)).codes).toEqual(['SPENDING_LIMIT_REACHED']);
        const purchase = { idempotencyKey: newKey(), purchaseId: simulator.fixtures.purchaseId };
        expect((await send(one, world, 'purchase', purchase)).codes).toEqual(['SPENDING_LIMIT_REACHED']);
        expect(sentOf(world)).toBe(0);
        expect((await send(one, world, 'order', { ...ORDER, quantity: 2, idempotencyKey: newKey() })).codes).toEqual(
          [],
        );
      },
      START_LIMIT_MS,
    );

    it(
      'sends nothing at all while spending is frozen, the billing page included, and still replays',
      async () => {
        const url = store === 'PostgreSQL' ? await postgres?.createLedgerSpace() : undefined;
        const one = await open({}, url);
        const world = simulator.freshWorld('frozen');
        const idempotencyKey = newKey();
        await send(one, world, 'order', { ...ORDER, idempotencyKey });
        const frozen = await open({ SPENDING_LIMITS: '{"frozen": true}' }, url ?? `sqlite:${one.ledgerPath}`);
        expect((await send(frozen, world, 'order', { ...ORDER, idempotencyKey })).operation).toMatchObject({
          replayed: true,
        });
        const other = { ...ORDER, quantity: 2, idempotencyKey: newKey() };
        expect((await send(frozen, world, 'order', other)).codes).toEqual(['SPENDING_LIMIT_REACHED']);
        const { data } = await frozen.execute(
          'mutation { openBillingUi { url userErrors { code } } }',
          {},
          { 'x-xtracta-api-key': world.apiKey },
        );
        expect(data).toEqual({ openBillingUi: { url: null, userErrors: [{ code: 'SPENDING_LIMIT_REACHED' }] } });
        expect(sentOf(world)).toBe(1);
        expect(sentOf(world, 'billing_ui')).toBe(0);
      },
      START_LIMIT_MS,
    );
  });
});

describe('limits in the tenants file, while the gateway runs', () => {
  let world: TestWorld;
  let gateway: TestGateway;
  let bearer: string;
  let file: string;
  const tenantsFile = (limits: string) => `tenants:
  acme:
    xtractaApiKey: ${world.apiKey}
    creditsToken: ${world.creditsToken}
    rootGroupId: 100000
${limits}  zeta:
    xtractaApiKey: key-of-nobody
...
`;
  const LIMITS = '    limits:\n      writesPerDay: 4\n      spendPerDay: { NZD: "198" }\n';
  const FROZEN = `${LIMITS}      frozen: true\n`;

  async function order(change: Readonly<Record<string, unknown>> = {}): Promise<WriteResult> {
    const input = { ...ORDER, ...change, idempotencyKey: newKey('file') };
    const { data, errors } = await gateway.execute<{ write: Payload }>(
      QUERIES.order,
      { input },
      { authorization: bearer },
    );
    const { operation = null, userErrors = [] } = data?.write ?? {};
    return { codes: userErrors.map(({ code }) => code), message: userErrors[0]?.message ?? '', operation, errors };
  }

  /** Writes the file in place, and waits for what the gateway makes of it. */
  async function rewrite(limits: string, word: string): Promise<void> {
    const before = gateway.logs().split(word).length;
    await writeFile(file, tenantsFile(limits));
    while (gateway.logs().split(word).length === before) await gateway.execute('{ __typename }');
  }

  async function ratios(count: number, ratio: string): Promise<readonly string[]> {
    for (;;) {
      const text = await (await fetch(`${gateway.url}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith('billing_spending_limit_used_ratio{'));
      if (lines.length === count && lines.some((line) => line.endsWith(` ${ratio}`))) return lines;
    }
  }

  beforeAll(async () => {
    world = simulator.freshWorld('file');
    const key = await newSigningKey('limits', 'ES256');
    bearer = `Bearer ${await token(key, { tenant: 'acme', scope: 'billing:read billing:write billing:ui' })}`;
    const folder = await mkdtemp(join(tmpdir(), 'limits-'));
    file = join(folder, 'tenants.yaml');
    await writeFile(file, tenantsFile(LIMITS));
    gateway = await startGateway({
      xtractaUrl: simulator.url,
      creditsUrl: simulator.url,
      env: {
        ...(await jwtSettings(key)),
        TENANTS_FILE: file,
        XTRACTA_API_KEY: undefined,
        CREDITS_TOKEN: undefined,
        DUPLICATE_WINDOW_SECONDS: '0',
        RATE_LIMIT_WRITES_PER_MINUTE: '0',
      },
      parts: { tenantsCheckIntervalMs: 10, spendingIntervalMs: 10 },
    });
  }, START_LIMIT_MS);
  afterAll(async () => {
    await gateway.close();
    await rm(dirname(file), { recursive: true, force: true });
  });

  it('freezes and thaws within two looks at the file, and sends nothing in between', async () => {
    await rewrite(FROZEN, 'tenants file re-read');
    const refused = await order();
    expect(refused.codes).toEqual(['SPENDING_LIMIT_REACHED']);
    expect(refused.message).toMatch(/^frozen: .*Nothing was sent\.$/);
    const change = { idempotencyKey: newKey('file'), planId: '113', groupId: '100001' };
    const { data } = await gateway.execute(QUERIES.plan, { input: change }, { authorization: bearer });
    expect(data).toMatchObject({ write: { userErrors: [{ code: 'SPENDING_LIMIT_REACHED' }] } });
    expect([sentOf(world), sentOf(world, 'update')]).toEqual([0, 0]);
    // A version without the word is refused, and it stays frozen.
    await rewrite(LIMITS, 'acme.limits has lost its frozen');
    expect((await order()).codes).toEqual(['SPENDING_LIMIT_REACHED']);
    expect(sentOf(world)).toBe(0);
    await rewrite(`${LIMITS}      frozen: false\n`, 'tenants file re-read');
    expect((await order()).codes).toEqual([]);
    expect(sentOf(world)).toBe(1);
  });

  it('stops a write that waits for its catalogue, or for its baseline, while spending is frozen', async () => {
    const before = sentOf(world);
    const thawed = `${LIMITS}      frozen: false\n`;
    for (const endpoint of ['plans', 'history'] as const) {
      const reached = () => world.world.journal.counts()[endpoint]?.received ?? 0;
      const earlier = reached();
      world.world.addFault({ endpoint, kind: 'delay', params: { ms: 1_500 }, first: 1 });
      const waiting = order({ groupId: '100002' });
      while (reached() === earlier) await gateway.execute('{ __typename }');
      await rewrite(FROZEN, 'tenants file re-read');
      expect((await waiting).codes).toEqual(['SPENDING_LIMIT_REACHED']);
      await rewrite(thawed, 'tenants file re-read');
    }
    expect(sentOf(world)).toBe(before);
  });

  it('refuses while the catalogue cannot be read, because any price may pass the limit of spend', async () => {
    const before = sentOf(world);
    world.world.addFault({ endpoint: 'plans', kind: 'xml_status', params: { code: 500, message: 'No' }, first: 9 });
    const refused = await order({ quantity: 100 });
    expect(refused.codes).toEqual(['SPENDING_LIMIT_REACHED']);
    expect(refused.message).toMatch(/^spendPerDay: .* the catalogue could not be read\. Nothing was sent\.$/);
    world.world.clearFaults();
    expect(sentOf(world)).toBe(before);
  });

  it('tells for each limit how much of it is used, as the refusal names it', async () => {
    world.world.setToggles({ catalogueCurrency: 'yes' });
    expect((await ratios(2, '0.5')).toSorted()).toEqual([
      'billing_spending_limit_used_ratio{tenant="acme",limit="spendPerDay NZD"} 0.5',
      'billing_spending_limit_used_ratio{tenant="acme",limit="writesPerDay"} 0.25',
    ]);
    expect((await order()).codes).toEqual([]);
    const used = await ratios(2, '1');
    expect(used).toContain('billing_spending_limit_used_ratio{tenant="acme",limit="spendPerDay NZD"} 1');
    expect((await order()).message).toMatch(/^spendPerDay NZD: 198 of 198 used/);
    // A limit that was lifted has no series.
    await rewrite('    limits: { writesPerDay: 8, spendPerDay: none }\n', 'tenants file re-read');
    expect(await ratios(1, '0.25')).toEqual([
      'billing_spending_limit_used_ratio{tenant="acme",limit="writesPerDay"} 0.25',
    ]);
    expect((await order()).codes).toEqual([]);
    expect(sentOf(world)).toBe(3);
  });
});
