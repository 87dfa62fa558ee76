import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildSchema, isInputObjectType, isObjectType } from 'graphql';
import type { TestGateway } from '../support/start-gateway.js';
import { postJson, postQuery, probe, sendBytes } from './http-probe.js';
import { openStand } from './security.harness.js';

// The scenarios of Damn Vulnerable GraphQL Application (github.com/dolevf/Damn-Vulnerable-GraphQL-Application) that
// apply here, against the gateway with production settings. docs/security.md also lists those that do not apply.
const ROOT = resolve(import.meta.dirname, '../..');
const stand = await openStand('dvga');
const { simulator, world } = stand;
const upstreamCalls = (): number => stand.upstreamCalls();
let gateway: TestGateway;
let development: TestGateway;

beforeAll(async () => {
  gateway = await stand.start({ NODE_ENV: 'production' });
  development = await stand.start();
});

afterAll(() => stand.close());

beforeEach(() => {
  stand.forgetCalls();
  world.world.clearFaults();
});

const ORDER = `mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) {
  pack { id name group { id } } operation { status } userErrors { code field message } } }`;
const PURCHASE = `mutation ($input: PurchaseCreditsInput!) { purchaseCredits(input: $input) {
  purchase { id } operation { status } userErrors { code } } }`;

describe('denial of service', () => {
  it('batches, deep recursion, duplicate fields and aliases are refused before any upstream call', async () => {
    const deep = `${'subgroups { '.repeat(12)} id ${'} '.repeat(12)}`;
    const responses = [
      await postJson(gateway.url, [{ query: '{ __typename }' }, { query: '{ __typename }' }]),
      await postQuery(gateway.url, `{ group(id: "100000") { ${deep} } }`),
      await postQuery(gateway.url, `{ group(id: "100000") { ${'name '.repeat(1_001)} } }`),
      await postQuery(
        gateway.url,
        `{ ${Array.from({ length: 101 }, (_, i) => `a${i}: group(id: "${i + 1}") { name }`).join(' ')} }`,
      ),
      await postQuery(
        gateway.url,
        '{ group(id: "1") { ...A } } fragment A on Group { ...B } fragment B on Group { ...A }',
      ),
    ];
    expect(responses.map(({ status, data }) => [status >= 400 || status === 200, data])).toEqual(
      responses.map(() => [true, undefined]),
    );
    expect(upstreamCalls()).toBe(0);
  });

  it('an operation that would cost more than 100 upstream calls is refused before the first', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => String(100_000 + index));
    const windows = ['2019', '2021', '2023'].map(
      (year) =>
        `w${year}: billingHistory(from: "${year}-01-01T00:00:00Z", to: "${year}-02-01T00:00:00Z") { totalCount }`,
    );
    const response = await postQuery(
      gateway.url,
      `query ($ids: [ID!]!) { groups(ids: $ids) { ${windows.join(' ')} } }`,
      {
        ids,
      },
    );
    expect(new Set(response.codes)).toEqual(new Set(['OPERATION_TOO_COMPLEX']));
    expect(upstreamCalls()).toBe(0);
  });
});

describe('disclosure of information', () => {
  it('introspection is refused, also over a WebSocket', async () => {
    expect((await postQuery(gateway.url, '{ __schema { types { name } } }')).data).toBeUndefined();
    const upgrade = [
      'GET /graphql HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade, close',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
    ].join('\r\n');
    expect(await sendBytes(gateway.url, `${upgrade}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d/);
  });

  it('server-side requests: no input takes an address, and no header moves the upstream', async () => {
    const schema = buildSchema(readFileSync(join(ROOT, 'schema.graphql'), 'utf8'), { assumeValid: true });
    const inputs = Object.values(schema.getTypeMap()).flatMap((type) => {
      if (type.name.startsWith('__')) return [];
      if (isInputObjectType(type)) return Object.values(type.getFields());
      return isObjectType(type) ? Object.values(type.getFields()).flatMap(({ args }) => args) : [];
    });
    expect(inputs.length).toBeGreaterThan(20);
    for (const { name, type } of inputs) {
      expect(String(type)).not.toMatch(/url/i);
      expect(name).not.toMatch(/url|uri|host|port|scheme|path|endpoint/i);
    }
    const headers = {
      'x-forwarded-host': '127.0.0.1:9',
      'x-forwarded-for': '127.0.0.1',
      forwarded: 'host=127.0.0.1:9',
      'x-xtracta-url': 'http://127.0.0.1:9',
      'x-xtracta-api-key': 'another-key',
      'x-credits-authorization': 'Bearer another',
    };
    const response = await postQuery(gateway.url, '{ group(id: "100000") { plan { name } } }', {}, headers);
    expect(response.data).toEqual({ group: { plan: { name: 'Business 1000' } } });
    expect(upstreamCalls()).toBe(1);
  });

  it('an error has no stack, no path of a file and no query of a database', async () => {
    world.world.addFault({ endpoint: 'history', kind: 'server_error', params: { trace: true } });
    world.world.addFault({ endpoint: 'purchase_credits', kind: 'server_error', params: { trace: true } });
    const responses = [
      await postQuery(gateway.url, '{ group(id: "100000") { plan { name } } }'),
      await postQuery(gateway.url, PURCHASE, {
        input: { idempotencyKey: 'dvga-trace-1', purchaseId: simulator.fixtures.purchaseId },
      }),
      await postQuery(gateway.url, '{ billingOperations(after: "x") { nodes { status } } }'),
    ];
    for (const { text } of responses) {
      expect(text).not.toMatch(/stack|System\.Exception|at Simulated|node_modules|\.[jt]s:\d|SELECT |sqlite/i);
    }
  });
});

describe('execution of code, and injection', () => {
  const HOSTILE = [
    '1; cat /etc/passwd',
    '$(id)',
    '`id`',
    '| id',
    "1' OR '1'='1",
    '1 UNION SELECT * FROM operations',
    '1&purge=delete',
    '1%26group_id%3D900001',
    '1\r\nX-Injected: 1',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '{{7*7}}',
    '#{7*7}',
    '１',
  ];

  it.each(HOSTILE)('%j is no id of anything: refused, unsaid, unsent', async (text) => {
    const responses = [
      await postQuery(gateway.url, 'query ($id: ID!) { group(id: $id) { plan { name } } }', { id: text }),
      await postQuery(gateway.url, ORDER, { input: { idempotencyKey: 'dvga-key-0001', packId: text } }),
      await postQuery(gateway.url, ORDER, {
        input: { idempotencyKey: 'dvga-key-0002', packId: '1223', groupId: text },
      }),
      await postQuery(gateway.url, ORDER, { input: { idempotencyKey: `dvga-${text} `, packId: '1223' } }),
      await postQuery(gateway.url, PURCHASE, { input: { idempotencyKey: 'dvga-key-0003', purchaseId: text } }),
      await postQuery(gateway.url, 'query ($key: ID!) { billingOperation(idempotencyKey: $key) { status } }', {
        key: `${text} `,
      }),
    ];
    expect(responses.map(({ codes }) => codes)).toEqual(responses.map(() => ['BAD_USER_INPUT']));
    for (const { messages } of responses) expect(messages.join()).not.toContain(text);
    expect(upstreamCalls()).toBe(0);
  });

  it.each(['"},"PurchaseID":"x","a":{"b":"', "$(id); ' OR 1=1 --", 'a=b&c=d%00 <b>{{7*7}}</b>'])(
    'a purchase order %j reaches the upstream as the one value that it is',
    async (purchaseOrder) => {
      const { purchaseId } = simulator.fixtures;
      const input = { idempotencyKey: `dvga-text-${purchaseOrder.length}`, purchaseId, purchaseOrder };
      const response = await postQuery(development.url, PURCHASE, { input });
      expect(response.data).toMatchObject({ purchaseCredits: { operation: { status: 'SUCCEEDED' } } });
      const [sent] = world.world.journal.list({ endpoint: 'purchase_credits' });
      expect(Object.fromEntries(sent?.params ?? [])).toEqual({ PurchaseID: purchaseId, PurchaseOrder: purchaseOrder });
    },
  );

  it('an operator’s note with SQL in it is text, and the ledger stays whole', async () => {
    const note = "'); DROP TABLE operations; --";
    world.world.addFault({ endpoint: 'booster', kind: 'commit_then_drop', first: 1 });
    const input = { idempotencyKey: 'dvga-note-1', packId: '1223' };
    expect((await postQuery(gateway.url, ORDER, { input })).text).toContain('OUTCOME_UNKNOWN');
    const resolved = await postQuery(
      gateway.url,
      'mutation ($input: ResolveBillingOperationInput!) { resolveBillingOperation(input: $input) { operation { status } userErrors { code } } }',
      { input: { idempotencyKey: 'dvga-note-1', outcome: 'SUCCEEDED', note } },
    );
    expect(resolved.data).toMatchObject({ resolveBillingOperation: { operation: { status: 'SUCCEEDED' } } });
    const list = await postQuery(gateway.url, '{ billingOperations { nodes { idempotencyKey status } } }');
    expect(list.data).toMatchObject({
      billingOperations: { nodes: expect.arrayContaining([{ idempotencyKey: 'dvga-note-1', status: 'SUCCEEDED' }]) },
    });
  });

  it('the code starts no process but its own Node, evaluates no text and reads no file that a request names', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.startsWith('simulator'),
    );
    const found = (pattern: RegExp): string[] =>
      sources.filter((name) => pattern.test(readFileSync(join(ROOT, 'src', name), 'utf8'))).sort();
    expect(found(/child_process|node:vm|worker_threads/)).toEqual(['runtime/pinned-node.ts']);
    // A call of Redis' own `eval` runs on the Redis server; the global one would run here.
    expect(found(/(?<![.\w])eval\(|new Function\(/)).toEqual([]);
    expect(
      found(/node:fs/).filter((name) => /^(graphql|billing|reads|auth\/authenticate|upstreams)/.test(name)),
    ).toEqual([]);
  });

  it('markup that an upstream sends comes out as JSON text that no browser takes for a page', async () => {
    const name = '<img src=x onerror=alert(1)>';
    world.world.addFault({ endpoint: 'history', kind: 'element', params: { name: 'group_name', value: name } });
    const response = await postQuery(gateway.url, '{ group(id: "100000") { name } }');
    expect(response.data).toEqual({ group: { name } });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    for (const path of ['/', '/graphiql']) {
      const page = await probe(`${development.url}${path}`, { headers: { accept: 'text/html' } });
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.headers.get('content-security-policy')).not.toContain("script-src 'unsafe-inline'");
    }
  });

  it('markup of a request is in no response: neither the path nor a header, a name or a value', async () => {
    const mark = '<script>alert(1)</script>';
    const responses = [
      await probe(`${development.url}/${encodeURIComponent(mark)}`),
      await probe(`${development.url}/?x=${encodeURIComponent(mark)}`, { headers: { accept: 'text/html' } }),
      await probe(`${development.url}/graphql?query=${encodeURIComponent(mark)}`, {
        headers: { 'apollo-require-preflight': '1' },
      }),
      await postQuery(development.url, `{ group(id: "${mark}") { id } }`),
      await postJson(development.url, { query: '{ __typename }', operationName: mark }),
    ];
    for (const { text } of responses) expect(text).not.toContain('<script>alert');
  });

  it('a log line is one JSON object, whatever a request or an upstream puts into it', async () => {
    world.world.addFault({
      endpoint: 'history',
      kind: 'xml_status',
      params: { code: 400, message: 'no\n{"level":"fatal","msg":"forged"}\u001b[2J' },
    });
    const headers = { 'x-request-id': 'a"},{"level":"fatal', 'user-agent': 'forged' };
    await postQuery(development.url, 'query Forged { group(id: "100000") { plan { name } } }', {}, headers);
    await postJson(development.url, { query: '{ __typename }', operationName: 'x\n{"level":"fatal"}' });
    const lines = development.logs().trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(JSON.parse(line)).not.toMatchObject({ level: 'fatal' });
    expect(development.logs()).not.toContain('\u001b');
    expect(development.logs()).not.toContain('forged');
  });
});
