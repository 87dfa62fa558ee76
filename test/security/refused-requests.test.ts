import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestGateway } from '../support/start-gateway.js';
import { handmade } from '../wire/auth/identity-provider.js';
import { postQuery, probe, sendBytes } from './http-probe.js';
import { openStand } from './security.harness.js';
import { openTenantStand, type TenantStand } from './tenant.harness.js';

const stand = await openStand('refused');
let gateway: TestGateway;
/** With less patience for headers. */
let hasty: TestGateway;
let tenants: TenantStand;

beforeAll(async () => {
  gateway = await stand.start({
    RATE_LIMIT_WRITES_PER_MINUTE: '2',
    RATE_LIMIT_BILLING_UI_PER_MINUTE: '1',
    ROUTER_SECRET: 'old-router-secret-1,new-router-secret-2',
  });
  hasty = await stand.start({}, { headersTimeoutMs: 200 });
  tenants = await openTenantStand({ RATE_LIMIT_WRITES_PER_MINUTE: '1' });
});

afterAll(async () => {
  await tenants.close();
  await stand.close();
});

beforeEach(() => {
  stand.forgetCalls();
  tenants.forgetCalls();
});

const SECRET = { 'x-router-secret': 'new-router-secret-2' };
const ORDER = `mutation ($key: ID!, $group: ID = "100001") { orderBoosterPack(
  input: { idempotencyKey: $key, packId: "1223", groupId: $group }) { operation { status } userErrors { code } } }`;

describe('an order', () => {
  it.each(['text/html', 'application/xml', 'application/json;q=0', 'multipart/mixed'])(
    'is not sent for a client that accepts %s alone and could not be told what came of it',
    async (accept) => {
      const response = await postQuery(gateway.url, ORDER, { key: 'accept-1234' }, { ...SECRET, accept });
      expect([response.status, response.codes, stand.upstreamCalls()]).toEqual([406, ['BAD_USER_INPUT'], 0]);
    },
  );

  it.each(['application/json; foo=bar', 'application/json;charset=latin1', 'text/html;q=0.9, application/*;q=0.1'])(
    'is answered as JSON to a client that accepts %s',
    async (accept) => {
      const response = await postQuery(gateway.url, ORDER, { key: 'accept 1234' }, { ...SECRET, accept });
      expect([response.status, response.codes]).toEqual([200, ['BAD_USER_INPUT']]);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    },
  );

  it.each([
    ['a byte of Latin-1', Buffer.from([0xe9])],
    ['half a character', Buffer.from([0xc3])],
    ['a surrogate in bytes', Buffer.from([0xed, 0xa0, 0x80])],
  ])('is not sent by a body that is not UTF-8: %s', async (_name, bytes) => {
    const [before, after] = JSON.stringify({ query: ORDER, variables: { key: 'utf8-12345', note: '|' } }).split('|');
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { ...SECRET, 'content-type': 'application/json; charset=utf-8' },
      body: Buffer.concat([Buffer.from(before ?? ''), bytes, Buffer.from(after ?? '')]),
    });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect([response.status, stand.upstreamCalls()]).toEqual([400, 0]);
  });

  it('is not sent by a body that comes in parts without end, is too large, or is cut', async () => {
    const head = (more: string): string =>
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nx-router-secret: new-router-secret-2\r\ncontent-type: application/json\r\nconnection: close\r\n${more}\r\n\r\n`;
    const body = JSON.stringify({ query: ORDER, variables: { key: 'parts-12345' } });
    const large = 'x'.repeat(200_000);
    const responses = [
      await sendBytes(gateway.url, `${head('transfer-encoding: chunked')}${large.length.toString(16)}\r\n${large}\r\n`),
      await sendBytes(gateway.url, `${head(`content-length: ${large.length}`)}${large}`),
      await sendBytes(gateway.url, `${head('transfer-encoding: chunked')}zz\r\n${body}\r\n0\r\n\r\n`),
      // Requests that one server reads as one and another as two (request smuggling).
      await sendBytes(
        gateway.url,
        `${head(`content-length: 5\r\ntransfer-encoding: chunked`)}0\r\n\r\nPOST /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      ),
      await sendBytes(gateway.url, `${head(`content-length: 5\r\ncontent-length: ${body.length}`)}${body}`),
    ];
    for (const response of responses) expect(response).toMatch(/^(HTTP\/1\.1 4\d\d|$)/);
    expect(stand.upstreamCalls()).toBe(0);
  });
});

describe('a persisted query', () => {
  const ask = (persistedQuery: unknown, query?: string) =>
    probe(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...SECRET },
      body: JSON.stringify({ query, extensions: { persistedQuery } }),
    });

  it.each([
    ['a list that holds an object without a text', [{ toString: null }]],
    ['an object', { length: 64 }],
    ['a number', 7],
    ['nothing', undefined],
  ])('whose hash is %s is refused as what it is: a bad request', async (_name, sha256Hash) => {
    const response = await ask({ version: 1, sha256Hash });
    expect([response.status, response.codes]).toEqual([400, ['BAD_USER_INPUT']]);
  });

  it('of another version, or with the hash of another text, is a bad request', async () => {
    for (const persistedQuery of [{ version: 2, sha256Hash: 'x' }, { version: 1, sha256Hash: '0'.repeat(64) }, true]) {
      const response = await ask(persistedQuery, '{ __typename }');
      expect([response.status, response.codes]).toEqual([400, ['BAD_REQUEST']]);
    }
    expect(gateway.logs()).not.toContain('unexpected error');
  });
});

describe('a client that is slow on purpose', () => {
  it('is cut off before its headers are whole', async () => {
    const response = await sendBytes(hasty.url, 'POST /graphql HTTP/1.1\r\nHost: localhost\r\nx-slow: ');
    expect(response).toMatch(/^(HTTP\/1\.1 408|$)/);
  });
});

describe('a method', () => {
  it.each(['TRACE', 'CONNECT', 'PATCH', 'HEAD', 'QUERY'])('%s is refused', async (method) => {
    const target = method === 'CONNECT' ? 'x:80' : '/graphql';
    const response = await sendBytes(
      gateway.url,
      `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nx-router-secret: new-router-secret-2\r\nconnection: close\r\n\r\n`,
    );
    expect(response).toMatch(/^(HTTP\/1\.1 4\d\d|$)/);
    expect(response).not.toContain('new-router-secret');
  });
});

describe('a rate limit', () => {
  it('answers RATE_LIMITED in errors, without any upstream call, and says when to come again', async () => {
    for (const key of ['limit-order-1', 'limit-order-2']) {
      await postQuery(gateway.url, ORDER, { key, group: `10000${key.at(-1)}` }, SECRET);
    }
    stand.forgetCalls();
    const order = await postQuery(gateway.url, ORDER, { key: 'limit-order-3' }, SECRET);
    expect([order.data, order.codes, order.messages[0]]).toEqual([
      null,
      ['RATE_LIMITED'],
      expect.stringMatching(/again in \d+ s/),
    ]);
    // Neither a replay nor another input under the same key counts, because nothing is sent for either.
    const replay = await postQuery(gateway.url, ORDER, { key: 'limit-order-1', group: '100001' }, SECRET);
    expect([replay.codes, replay.data === null]).toEqual([[], false]);
    const reused = await postQuery(gateway.url, ORDER, { key: 'limit-order-1', group: '100002' }, SECRET);
    expect([reused.codes, reused.data === null]).toEqual([[], false]);
    expect(stand.upstreamCalls()).toBe(0);
    const ui = 'mutation { openBillingUi { url } }';
    await postQuery(gateway.url, ui, {}, SECRET);
    stand.forgetCalls();
    expect((await postQuery(gateway.url, ui, {}, SECRET)).codes).toEqual(['RATE_LIMITED']);
    expect(stand.upstreamCalls()).toBe(0);
    // Reads are not limited, and the ledger has no row for a refused write.
    const read = await postQuery(
      gateway.url,
      '{ group(id: "100001") { name } billingOperation(idempotencyKey: "limit-order-3") { status } }',
      {},
      SECRET,
    );
    expect(read.data).toEqual({ group: { name: 'Northern Region' }, billingOperation: null });
  });

  it('of one tenant is not used up by another, though both hold the same upstream key', async () => {
    const codes = async (tenant: 'alpha' | 'gamma', key: string, group: string) =>
      (await tenants.ask(tenant, ORDER, { key, group })).codes;
    expect(await codes('alpha', 'tenant-limit-1', '100001')).toEqual([]);
    expect(await codes('alpha', 'tenant-limit-2', '100001')).toEqual(['RATE_LIMITED']);
    expect(await codes('gamma', 'tenant-limit-1', '100002')).toEqual([]);
    expect(tenants.calls('alpha', 'booster')).toBe(2);
  });
});

describe('the router’s secret', () => {
  it('may be the old or the new one while it is rotated, and nothing near either', async () => {
    const statusWith = async (secret: string | null): Promise<number> =>
      (await postQuery(gateway.url, '{ __typename }', {}, secret === null ? {} : { 'x-router-secret': secret })).status;
    expect(await statusWith('old-router-secret-1')).toBe(200);
    expect(await statusWith('new-router-secret-2')).toBe(200);
    for (const wrong of [null, '', 'old-router-secret-', 'old-router-secret-12', 'OLD-ROUTER-SECRET-1', ',']) {
      expect(await statusWith(wrong)).toBe(401);
    }
    const twice = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nx-router-secret: wrong\r\nx-router-secret: new-router-secret-2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
    expect(await sendBytes(gateway.url, twice)).toMatch(/^HTTP\/1\.1 401/);
  });
});

describe('a forged token', () => {
  it('is answered as no token is, byte for byte but for the request’s id', async () => {
    const claims = { tenant: 'alpha', scope: 'billing:read', iss: 'https://login.test/', aud: 'billing', exp: 4e9 };
    const forgeries = [
      undefined,
      `Bearer ${handmade({ alg: 'none' }, claims)}`,
      `Bearer ${handmade({ alg: 'HS256', kid: '../../etc/passwd' }, claims, 'x')}`,
      `Bearer ${handmade({ alg: 'ES256', jku: 'http://127.0.0.1:9/keys' }, claims, 'x')}`,
      `Basic ${Buffer.from('alpha:alpha').toString('base64')}`,
      `Bearer ${'x'.repeat(9_000)}`,
    ];
    const responses = await Promise.all(
      forgeries.map((authorization) =>
        probe(`${tenants.gateway.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
          body: '{"query":"{ group(id: \\"100001\\") { name } }"}',
        }),
      ),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([401]));
    const bodies = responses.map(({ text }) => text.replace(/"requestId":"[^"]*"/, ''));
    expect(new Set(bodies).size).toBe(1);
    expect(tenants.calls('alpha')).toBe(0);
  });
});
