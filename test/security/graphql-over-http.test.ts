import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuditResult, auditServer } from 'graphql-http';
import { removeGatewayFolders, startGateway, type TestGateway } from '../support/start-gateway.js';

// The audits of the reference implementation of GraphQL over HTTP, with introspection on because they use it.
describe('GraphQL over HTTP', () => {
  let gateway: TestGateway;
  let results: AuditResult[];

  beforeAll(async () => {
    gateway = await startGateway({ xtractaUrl: 'http://127.0.0.1:9', env: { INTROSPECTION: 'true' } });
    results = await auditServer({ url: `${gateway.url}/graphql` });
  });

  afterAll(async () => {
    await gateway.close();
    await removeGatewayFolders();
  });

  const outcomesOf = (level: string) => {
    const ofLevel = results.filter(({ name }) => name.startsWith(level));
    const failed = ofLevel.filter(({ status }) => status !== 'ok').map(({ id, name }) => `${id} ${name}`);
    return { count: ofLevel.length, failed };
  };

  it('has 61 audits, none of which ends in an error', () => {
    expect(results).toHaveLength(61);
    expect(results.filter(({ status }) => status === 'error')).toEqual([]);
  });

  it('is kept in all 13 that say MUST', () => {
    expect(outcomesOf('MUST')).toEqual({ count: 13, failed: [] });
  });

  it('is kept in all 23 that say SHOULD', () => {
    expect(outcomesOf('SHOULD')).toEqual({ count: 23, failed: [] });
  });

  it('is kept in 22 of 25 that say MAY: the others want GETs that any page could send', () => {
    const { count, failed } = outcomesOf('MAY');
    expect(count).toBe(25);
    expect(failed.map((name) => name.slice(0, 4)).sort()).toEqual(['5A70', '6A70', 'D6D5']);
  });
});
