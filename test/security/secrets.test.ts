import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAULT_KINDS, type FaultKind } from '../../src/simulator/fault-kinds.js';
import type { FaultRule } from '../../src/simulator/fault-rules.js';
import type { TestGateway } from '../support/start-gateway.js';
import { jwtSettings, newSigningKey, token } from '../wire/auth/identity-provider.js';
import { type ProbeResponse, postQuery } from './http-probe.js';
import { SecretCanaries } from './secret-canaries.js';
import { openStand } from './security.harness.js';

const stand = await openStand('CANARY-api-key-8c1f');
const { simulator, world } = stand;
const CONTACT = {
  address: 'CANARY-7 Hidden Lane',
  company: 'CANARY-company-5521',
  email: 'canary.person@hidden.example',
  mobile: '+64-21-555-0142-77',
  phone: '+64-9-555-0177-31',
};
const PURCHASE_ORDER = 'CANARY-PO-99-4471';
const ROUTER_SECRET = 'CANARY-router-secret-0f9d2c';
const KINDS = Object.keys(FAULT_KINDS).filter((kind): kind is FaultKind => kind in FAULT_KINDS);
const folder = mkdtempSync(join(tmpdir(), 'secrets-'));

let canaries: SecretCanaries;
let bearer: string;
/** With a static bearer token; and with client credentials, whose token the simulator gives out. */
let gateways: { readonly static: TestGateway; readonly oauth: TestGateway };
let writes = 0;

beforeAll(async () => {
  const signing = await newSigningKey('secrets', 'ES256');
  bearer = await token(signing, {
    tenant: 'acme',
    scope: 'billing:read billing:write billing:ui billing:admin billing:delete-documents credits:purchase',
    email: CONTACT.email,
  });
  const start = async (name: string, credits: object): Promise<TestGateway> => {
    const file = join(folder, `${name}.json`);
    const tenant = { xtractaApiKey: world.apiKey, rootGroupId: world.rootGroupId, ...credits };
    writeFileSync(file, JSON.stringify({ tenants: { acme: tenant } }));
    return await stand.start({
      ...(await jwtSettings(signing)),
      TENANTS_FILE: file,
      ROUTER_SECRET,
      XTRACTA_API_KEY: undefined,
      CREDITS_TOKEN: undefined,
      LOG_LEVEL: 'trace',
      PLAN_SOURCE: 'usage',
      READ_TIMEOUT_MS: '600',
      WRITE_TIMEOUT_MS: '1000',
      RATE_LIMIT_WRITES_PER_MINUTE: '0',
      RATE_LIMIT_BILLING_UI_PER_MINUTE: '0',
    });
  };
  gateways = {
    static: await start('static', { creditsToken: world.creditsToken }),
    oauth: await start('oauth', {
      creditsTokenUrl: `${simulator.url}/Token`,
      creditsClientId: world.apiKey,
      creditsClientSecret: simulator.fixtures.creditsClientSecret,
    }),
  };
  canaries = new SecretCanaries({
    'api key, bearer token and client id': world.apiKey,
    'client secret': simulator.fixtures.creditsClientSecret,
    'router secret': ROUTER_SECRET,
    'caller’s token': bearer,
    'caller’s signature': bearer.slice(bearer.lastIndexOf('.') + 1),
    ...CONTACT,
    'purchase order': PURCHASE_ORDER,
  });
});

afterAll(async () => {
  await stand.close();
  await rm(folder, { recursive: true });
});

/** All secrets in the requests of an endpoint, which its upstream might repeat in a message. */
function echo(endpoint: string): string {
  const { apiKey } = world;
  if (endpoint === 'token') return `denied ${apiKey} ${simulator.fixtures.creditsClientSecret}`;
  if (endpoint !== 'purchase_credits') return `denied ${apiKey} api_key=${apiKey}`;
  return `denied Bearer ${apiKey} ${Object.values(CONTACT).join(' ')} ${PURCHASE_ORDER}`;
}

type Params = Readonly<Record<string, string | number | boolean>>;

/** A fault with a text parameter contains every secret of the endpoint. */
function paramsOf(kind: FaultKind, endpoint: string): Params {
  const text = echo(endpoint);
  const params: Partial<Record<FaultKind, Params>> = {
    status: { code: 400, body: 'xml', message: text },
    xml_status: { message: text },
    redirect: { location: `http://127.0.0.1:9/?api_key=${encodeURIComponent(text)}` },
    trailing: { text },
    status_element: { value: text },
    content_type: { value: `text/${world.apiKey}` },
    element: { name: 'price', value: text },
    error_beside: { code: 'E1', reason: text },
    json_value: { name: 'Quantity', raw: JSON.stringify(text) },
    wrong_root: { name: world.apiKey },
    server_error: { trace: true },
    oversize: { bytes: 3_000_000 },
  };
  return params[kind] ?? {};
}

const ASK = { 'x-router-secret': ROUTER_SECRET };

async function ask(gateway: TestGateway, query: string, variables: unknown = {}): Promise<ProbeResponse> {
  return await postQuery(gateway.url, query, variables, { ...ASK, authorization: `Bearer ${bearer}` });
}

/** One request, so that its attempts alone do not open the circuit. */
const HISTORY =
  '{ group(id: "100001") { billingHistory { nodes { id planName price { amount } } summary { count } } } }';
const CATALOGUE =
  'query ($id: ID!) { group(id: $id) { availablePlans { id name } availablePacks { id price { amount } } } }';
let lastGroup = 100_000;

/** The gateway keeps a catalogue for a while, so each read uses another group. */
function freshGroup(): string {
  lastGroup += 1;
  return String(lastGroup);
}

const OPERATION = `operation { idempotencyKey status evidence { id planName } } warnings { code message }
  userErrors { code message upstreamStatus upstreamMessage }`;
const ORDER = `mutation ($key: ID!) { orderBoosterPack(input: { idempotencyKey: $key, packId: "1223", groupId: "100002" }) {
  pack { id name price { amount } } ${OPERATION} } }`;
const CHANGE = `mutation ($key: ID!) { changePlan(input: { idempotencyKey: $key, planId: "112", groupId: "100003" }) {
  plan { planId name } ${OPERATION} } }`;
const UI = 'mutation { openBillingUi { url expiresAt userErrors { code message upstreamMessage } } }';
const PURCHASE = `mutation ($key: ID!, $id: UUID!, $contact: BillingContactInput, $order: String) {
  purchaseCredits(input: { idempotencyKey: $key, purchaseId: $id, purchaseOrder: $order, billing: $contact }) {
    purchase { id result userId quantity invoiceNumber purchaseType } ${OPERATION} } }`;
const RESOLVE = `mutation ($key: ID!) { resolveBillingOperation(
  input: { idempotencyKey: $key, outcome: REJECTED, note: "tried" }) { operation { status } userErrors { code } } }`;

interface Attempt {
  readonly endpoint: string;
  run(gateway: TestGateway): Promise<ProbeResponse>;
}

/** A write under a fresh key, whose unknown outcome is resolved at once, so that the next one may be sent. */
function write(endpoint: string, query: string, variables: object = {}): Attempt {
  return {
    endpoint,
    async run(gateway) {
      writes += 1;
      const key = `canary-run-${writes}`;
      const response = await ask(gateway, query, { key, ...variables });
      canaries.searchResponse('a response from /resolve', await ask(gateway, RESOLVE, { key }));
      return response;
    },
  };
}

const purchase = (endpoint: string): Attempt =>
  write(endpoint, PURCHASE, { id: simulator.fixtures.purchaseId, contact: CONTACT, order: PURCHASE_ORDER });

const READS: readonly Attempt[] = [
  { endpoint: 'history', run: (gateway) => ask(gateway, HISTORY) },
  { endpoint: 'usage', run: (gateway) => ask(gateway, '{ group(id: "100001") { plan { planId name } } }') },
  { endpoint: 'plans', run: (gateway) => ask(gateway, CATALOGUE, { id: freshGroup() }) },
];
const WRITES: readonly Attempt[] = [
  write('booster', ORDER),
  write('update', CHANGE),
  { endpoint: 'billing_ui', run: (gateway) => ask(gateway, UI) },
  purchase('purchase_credits'),
];

/** One good response, so that failures in a row do not open the circuit and hide the next fault. */
async function recover(gateway: TestGateway, endpoint: string): Promise<void> {
  if (endpoint === 'purchase_credits' || endpoint === 'token') {
    await purchase(endpoint).run(gateway);
    return;
  }
  // A read that is late on a busy machine is a failure, too.
  while ((await ask(gateway, HISTORY)).codes.length > 0);
}

function learnIssuedSecrets(): void {
  for (const [index, { token: issued }] of world.world.state().uiTokens.entries()) {
    canaries.add(`billing UI token ${index}`, issued);
  }
  for (const [index, { token: issued }] of world.world.state().bearerTokens.entries()) {
    canaries.add(`issued bearer token ${index}`, issued);
  }
}

/** @param also other faults that end with this one */
async function meet(
  gateway: TestGateway,
  attempt: Attempt,
  kind: FaultKind,
  ...also: readonly FaultRule[]
): Promise<void> {
  const fault = world.world.addFault({ endpoint: attempt.endpoint, kind, params: paramsOf(kind, attempt.endpoint) });
  const response = await attempt.run(gateway);
  expect([kind, attempt.endpoint, fault.struck > 0]).toEqual([kind, attempt.endpoint, true]);
  for (const { id } of [fault, ...also]) world.world.clearFaults(id);
  learnIssuedSecrets();
  // Only its own caller may see the URL, in its own response.
  const own = [...world.world.state().uiTokens.keys()].map((index) => `billing UI token ${index}`);
  canaries.searchResponse(
    `a response: ${kind} at ${attempt.endpoint}`,
    response,
    attempt.endpoint === 'billing_ui' ? own : [],
  );
}

async function meetAndRecover(gateway: TestGateway, kind: FaultKind, ...attempts: readonly Attempt[]): Promise<void> {
  await Promise.all(attempts.map((attempt) => meet(gateway, attempt, kind)));
  for (const { endpoint } of attempts) await recover(gateway, endpoint);
}

/** Attempts that last until a time limit of the gateway, or nearly. */
const SLOW: ReadonlySet<FaultKind> = new Set(['hang', 'stall', 'drip', 'delay']);

describe('no secret leaves', () => {
  it.each(KINDS)('when an upstream answers with the fault %s, at whatever endpoint', async (kind) => {
    // The circuit stays closed, because no more than three attempts fail in a row.
    const turns = SLOW.has(kind) ? [READS, WRITES] : [...READS, ...WRITES].map((attempt) => [attempt]);
    for (const attempts of turns) await meetAndRecover(gateways.static, kind, ...attempts);
    expect(canaries.leaks()).toEqual([]);
  });

  it.each(['Result', 'PurchaseType', 'InvoiceNumber'])('in %s of a purchase, also replayed', async (name) => {
    const params = { name, raw: JSON.stringify(echo('purchase_credits')) };
    const { id } = world.world.addFault({ endpoint: 'purchase_credits', kind: 'json_value', params });
    const key = `canary-text-${name}`;
    const variables = { key, id: simulator.fixtures.purchaseId, contact: CONTACT, order: PURCHASE_ORDER };
    for (const place of ['a purchase', 'a replayed purchase']) {
      const response = await ask(gateways.static, PURCHASE, variables);
      expect(response.text).toContain('"status":"SUCCEEDED"');
      canaries.searchResponse(`${place} with ${name}`, response);
    }
    world.world.clearFaults(id);
    expect(canaries.leaks()).toEqual([]);
  });

  it('when the token endpoint fails or repeats the client’s secret', async () => {
    for (const kind of ['status', 'html', 'empty', 'not_xml', 'reset', 'server_error', 'trailing'] as const) {
      // After a refusal of its token the client fetches another.
      const refusal = { endpoint: 'purchase_credits', kind: 'status', params: { code: 401, body: 'json' } } as const;
      await meet(gateways.oauth, purchase('token'), kind, world.world.addFault(refusal));
      await recover(gateways.oauth, 'token');
    }
    expect(canaries.leaks()).toEqual([]);
  });

  it('in a request that is refused, whatever is wrong with it', async () => {
    const { url } = gateways.static;
    const secrets = [world.apiKey, bearer, ROUTER_SECRET, CONTACT.email, PURCHASE_ORDER];
    for (const secret of secrets) {
      const headers = { ...ASK, authorization: `Bearer ${bearer}` };
      const responses = [
        await postQuery(url, `{ group(id: "${secret}") { id } }`, {}, headers),
        await postQuery(url, `{ x${secret.replaceAll(/\W/g, '_')}: ${secret} }`, {}, headers),
        await postQuery(url, ORDER, { key: `${secret} ` }, headers),
        await postQuery(url, PURCHASE, { key: 'k', id: secret, order: secret }, headers),
        await postQuery(url, HISTORY, {}, { ...ASK, authorization: secret }),
        await postQuery(
          url,
          HISTORY,
          {},
          { 'x-router-secret': `${ROUTER_SECRET}x`, authorization: `Bearer ${bearer}` },
        ),
      ];
      for (const response of responses) canaries.searchResponse('the response to a refused request', response);
    }
    // The name of an unknown field is repeated to the developer who wrote it; here the developer typed a secret.
    expect(canaries.leaks().filter(({ place }) => !place.includes('refused'))).toEqual([]);
  });

  it('into the log at its finest, the metrics, /debug, or the bytes of the ledger', async () => {
    for (const gateway of Object.values(gateways)) await canaries.searchGateway(gateway);
    expect(canaries.leaks().filter(({ place }) => !place.includes('refused'))).toEqual([]);
    const { secrets, characters } = canaries.effort();
    expect(secrets).toBeGreaterThan(20);
    expect(characters).toBeGreaterThan(1_000_000);
    expect(gateways.static.logs()).toContain('"level":"debug"');
  });
});
