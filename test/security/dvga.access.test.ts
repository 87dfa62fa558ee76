import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestGateway } from '../support/start-gateway.js';
import { postQuery, sendBytes } from './http-probe.js';
import { openStand } from './security.harness.js';

// Bypasses of protections in Damn Vulnerable GraphQL Application.
const stand = await openStand('dvga-access');
let gateway: TestGateway;
let development: TestGateway;

beforeAll(async () => {
  gateway = await stand.start({ NODE_ENV: 'production' });
  development = await stand.start();
});

afterAll(() => stand.close());

describe('what is protected by a name', () => {
  it('is not reached by the name of an operation, an alias, a fragment or a cookie', async () => {
    const locked = await stand.start({ AUTH: 'passthrough', NODE_ENV: 'production' });
    for (const query of [
      'query IntrospectionQuery { group(id: "100000") { name } }',
      'query health { __typename: group(id: "100000") { name } }',
      'query getPass { __schema: group(id: "100000") { name } }',
      'fragment __schema on Query { group(id: "100000") { name } } { ...__schema }',
    ]) {
      const response = await postQuery(locked.url, query, {}, { cookie: 'env=graphiql:enable; role=admin' });
      expect([response.status, response.codes]).toEqual([401, ['UNAUTHENTICATED']]);
    }
    expect(stand.upstreamCalls()).toBe(0);
  });
});

describe('paths', () => {
  it.each([
    '/graphiql/../../../../etc/passwd',
    '/..%2f..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/graphiql/..%5c..%5cetc%5cpasswd',
    '//etc/passwd',
    '/graphql/../package.json',
    '/package.json',
    '/.env',
    '/operations/variables.json',
    '/data/ledger.sqlite',
    '/graphiql%00.html',
    '/%',
  ])('%s leads to no file', async (path) => {
    for (const { url } of [gateway, development]) {
      const response = await sendBytes(url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(response).toMatch(/^HTTP\/1\.1 4\d\d/);
      expect(response).not.toMatch(/root:|"name": ?"billing|SQLite/);
    }
  });
});
