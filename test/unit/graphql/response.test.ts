import { beforeAll, describe, expect, it } from '@jest/globals';
import { BillingError } from '../../../src/domain/errors.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import { ApolloHarness } from './apollo.harness.js';
import { callerWith, historyPage, inMemoryPorts, ROW } from './in-memory.context.js';

const JSON_ONLY = { accept: 'application/json' };
let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

const OK = '{ group(id: "1") { id } }';
const UI = 'mutation { openBillingUi { url } }';

describe('the HTTP status of a GraphQL response', () => {
  it.each<[string, string, number, number, string | null]>([
    ['an operation that ran', OK, 200, 200, null],
    ['an operation of which a field failed', '{ group(id: "x") { id } }', 200, 200, 'BAD_USER_INPUT'],
    ['a document that does not parse', '{', 400, 200, 'GRAPHQL_PARSE_FAILED'],
    ['a document that does not fit the schema', '{ nothing }', 400, 200, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a literal that its type does not allow',
      '{ group(id: "1") { billingHistory(first: "x") { totalCount } } }',
      400,
      200,
      'BAD_USER_INPUT',
    ],
    ['a variable that is missing', 'query ($id: ID!) { group(id: $id) { id } }', 400, 200, 'BAD_USER_INPUT'],
    [
      'more than a limit',
      `{ ${'a'.repeat(3)}: group(id: "1") { id } ${'group(id: "1") { id } '.repeat(101)} }`,
      400,
      400,
      'OPERATION_TOO_COMPLEX',
    ],
    [
      'two mutation fields',
      `mutation { openBillingUi { url } b: openBillingUi { url } }`,
      400,
      400,
      'OPERATION_TOO_COMPLEX',
    ],
    [
      'an operation that cannot be told',
      'query A { __typename } query B { __typename }',
      400,
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['no query', '', 400, 400, 'BAD_REQUEST'],
  ])('%s', async (_name, query, graphqlStatus, jsonStatus, code) => {
    const inNewType = await gateway.ask({ query });
    expect([inNewType.status, inNewType.codes[0] ?? null]).toEqual([graphqlStatus, code]);
    for (const headers of [JSON_ONLY, { accept: '*/*' }]) {
      const inJson = await gateway.ask({ query, headers });
      expect([inJson.status, inJson.codes[0] ?? null]).toEqual([jsonStatus, code]);
    }
  });

  it('is 403 where a scope is missing', async () => {
    const response = await gateway.ask({ query: OK, caller: callerWith([]), headers: JSON_ONLY });
    expect([response.status, response.codes]).toEqual([403, ['FORBIDDEN']]);
  });

  it('is 405 for a mutation by GET, also for one that is not allowed', async () => {
    for (const caller of [callerWith(), callerWith([])]) {
      const response = await gateway.ask({ query: UI, method: 'GET', caller });
      expect([response.status, response.codes, response.headers.get('allow')]).toEqual([405, ['BAD_REQUEST'], 'POST']);
    }
    expect((await gateway.ask({ query: OK, method: 'GET' })).status).toBe(200);
  });
});

describe('every response', () => {
  it.each([OK, '{', '{ nothing }', '{ group(id: "x") { id } }', UI])('is kept by no cache: %s', async (query) => {
    expect((await gateway.ask({ query })).headers.get('cache-control')).toBe('no-store');
  });

  it.each(['{', '{ nothing }', '{ group(id: "x") { id } }', 'query ($id: ID!) { group(id: $id) { id } }'])(
    'names the request in each error: %s',
    async (query) => {
      const { errors } = await gateway.ask({ query });
      expect(errors.map(({ extensions }) => extensions['requestId'])).toEqual(errors.map(() => 'request-1'));
      expect(errors.length).toBeGreaterThan(0);
    },
  );

  it('to a refused request has at most five errors', async () => {
    const unknown = Array.from({ length: 50 }, (_, index) => `x${index}`).join(' ');
    expect((await gateway.ask({ query: `{ ${unknown} }` })).errors).toHaveLength(5);
  });

  it('to an operation that ran has every error', async () => {
    const ids = Array.from({ length: 20 }, () => 'x');
    const response = await gateway.ask({
      query: 'query ($ids: [ID!]!) { groups(ids: $ids) { id } }',
      variables: { ids },
    });
    expect(response.errors).toHaveLength(20);
  });

  it('never has a stack trace', async () => {
    for (const query of ['{', '{ nothing }', '{ group(id: "x") { id } }']) {
      expect((await gateway.ask({ query })).text).not.toMatch(/stack|\.ts:|node_modules/);
    }
  });
});

describe('extensions.upstreamCalls', () => {
  it('is answered to a client that asks for it', async () => {
    const response = await gateway.ask({ query: OK, headers: { 'x-upstream-calls': '1' } });
    expect(response.extensions).toEqual({
      upstreamCalls: { made: 1, saved: 2 },
      cost: { asked: 3, made: 1, saved: 2, left: 97 },
    });
  });

  it('is absent where nobody asks, or where it is switched off', async () => {
    expect((await gateway.ask({ query: OK })).extensions).toBeUndefined();
    expect((await gateway.ask({ query: OK, headers: { 'x-upstream-calls': '0' } })).extensions).toBeUndefined();
    const closed = await ApolloHarness.start({ exposeUpstreamCalls: false });
    expect((await closed.ask({ query: OK, headers: { 'x-upstream-calls': '1' } })).extensions).toBeUndefined();
  });
});

describe('hundreds of errors', () => {
  const price = new UnreadableValue('xtracta', 'getBillingHistory', 'price');
  const rows = Array.from({ length: 700 }, (_, index) => ({ ...ROW, id: String(index), price }));
  const query = '{ group(id: "1") { billingHistory { nodes { id price { amount } } } } }';

  it('are each at its place, in order, and alike', async () => {
    const ports = inMemoryPorts({ reads: { historyPage: async () => historyPage(rows) } });
    const { errors } = await gateway.ask({ query, ports });
    expect(errors.map(({ path }) => path)).toEqual(
      rows.map((_, index) => ['group', 'billingHistory', 'nodes', index, 'price']),
    );
    const alike = new Set(errors.map((error) => JSON.stringify({ ...error, path: null })));
    expect(alike.size).toBe(1);
    expect([...alike][0]).toContain('"requestId"');
  });

  it('are the one refusal of an operation that is refused', async () => {
    const refusal = new BillingError('OPERATION_TOO_COMPLEX', 'too large');
    const refused = { endedBy: () => refusal, refusal: () => refusal };
    const ports = inMemoryPorts({ reads: { historyPage: async () => historyPage(rows), ...refused } });
    const { data, errors } = await gateway.ask({ query, ports });
    expect([data, errors.map(({ message }) => message)]).toEqual([null, ['too large']]);
  });
});
