import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestGateway } from '../support/start-gateway.js';
import { type ProbeResponse, postJson, postQuery, probe } from './http-probe.js';
import { openStand } from './security.harness.js';

// The checks of graphql-cop (github.com/dolevf/graphql-cop), each with the request that it sends.
const stand = await openStand('cop');
let production: TestGateway;
let development: TestGateway;

beforeAll(async () => {
  production = await stand.start({ NODE_ENV: 'production' });
  development = await stand.start();
});

afterAll(() => stand.close());

function expectRefused(response: ProbeResponse): void {
  expect(response.data).toBeUndefined();
  expect(response.codes.length).toBeGreaterThan(0);
  expect(response.codes.length).toBeLessThanOrEqual(5);
  expect(stand.upstreamCalls()).toBe(0);
}

const IDE_MARKS = /graphiql|playground|altair|voyager|sandbox|<html/i;
const IDE_PATHS = ['/', '/graphiql', '/playground', '/console', '/graphql', '/debug', '/altair', '/graphql-explorer'];

describe.each([
  ['in production', () => production],
  ['outside production', () => development],
])('graphql-cop %s', (_name, gateway) => {
  it('alias overloading: 101 aliases are refused', async () => {
    const aliases = Array.from({ length: 101 }, (_, index) => `alias${index}: __typename`).join('\n');
    expectRefused(await postQuery(gateway().url, `query cop { ${aliases} }`));
  });

  it('batching: a list of queries is refused as a whole', async () => {
    const response = await postJson(
      gateway().url,
      Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' })),
    );
    expectRefused(response);
    expect([response.status, response.codes]).toEqual([400, ['BAD_REQUEST']]);
  });

  it('field duplication: 500 times the same field is refused', async () => {
    expectRefused(await postQuery(gateway().url, `query cop { ${'__typename \n'.repeat(500)} }`));
  });

  it('directive overloading: ten unknown directives make few errors', async () => {
    expectRefused(await postQuery(gateway().url, `query cop { __typename ${'@aa'.repeat(10)} }`));
  });

  it('circular introspection is refused', async () => {
    const circle = '{ fields { name type '.repeat(8);
    const query = `query cop { __schema { types ${circle} { name } ${'} }'.repeat(8)} } }`;
    expectRefused(await postQuery(gateway().url, query));
  });

  it('mutations by GET are refused', async () => {
    const response = await probe(`${gateway().url}/graphql?query=mutation%20cop%20%7B__typename%7D`, {
      headers: { 'apollo-require-preflight': '1' },
    });
    expectRefused(response);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('queries by a GET that any page could send are refused', async () => {
    const response = await probe(`${gateway().url}/graphql?query=query%20cop%20%7B__typename%7D`);
    expectRefused(response);
    expect(response.status).toBe(400);
  });

  it('queries by POST of a form, which any page could send, are refused', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=cop', '']) {
      const response = await probe(`${gateway().url}/graphql`, {
        method: 'POST',
        headers: type === '' ? {} : { 'content-type': type },
        body: new TextEncoder().encode('query=query cop { __typename }'),
      });
      expectRefused(response);
      expect([400, 415]).toContain(response.status);
    }
  });

  it('tracing: nothing but data and errors is answered, whatever headers ask for', async () => {
    const headers = { 'x-apollo-tracing': '1', 'apollo-federation-include-trace': 'ftv1', 'x-debug': '1' };
    const { body } = await postQuery(gateway().url, 'query cop { __typename }', {}, headers);
    expect(body).toEqual({ data: { __typename: 'Query' } });
  });

  it('unhandled errors: nonsense is refused without a trace of the code', async () => {
    for (const query of ['qwerty cop { abc }', '{ __typename } }', '}{', '\u0000', '{ group(id: {a: }) }']) {
      const response = await postQuery(gateway().url, query);
      expectRefused(response);
      expect(response.text).not.toMatch(/stack|exception|node_modules|\.[jt]s:\d/i);
    }
  });
});

describe('graphql-cop, what helps exploring', () => {
  it('introspection is refused in production', async () => {
    for (const query of [
      'query cop { __schema { types { name fields { name } } } }',
      '{ __type(name: "Query") { name } }',
    ]) {
      expectRefused(await postQuery(production.url, query));
    }
    const response = await postQuery(development.url, '{ __schema { queryType { name } } }');
    expect(response.data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  });

  it('no name is suggested in production', async () => {
    for (const query of [
      'query cop { grou }',
      '{ group(id: "1") { nam } }',
      '{ group(i: "1") { id } }',
      '{ billingOperations(status: [OUTCOME_UNKNOW]) { totalCount } }',
      'mutation { orderBoosterPack(input: { packI: "1" }) { pack { id } } }',
      '{ ... on Grou { id } }',
      'query ($x: OrderBoosterPackInpu) { __typename }',
      '{ __typename @includ(if: true) }',
    ]) {
      const response = await postQuery(production.url, query);
      expectRefused(response);
      expect(response.text).not.toMatch(/did you mean/i);
    }
  });

  it('no page answers in production, whatever a browser asks for', async () => {
    for (const path of IDE_PATHS) {
      for (const cookie of ['', 'env=graphiql:enable', 'env=Z3JhcGhpcWw6ZW5hYmxl']) {
        const response = await probe(`${production.url}${path}`, { headers: { accept: 'text/html', cookie } });
        expect(response.status).toBeGreaterThanOrEqual(400);
        expect(response.text).not.toMatch(IDE_MARKS);
      }
    }
  });
});
