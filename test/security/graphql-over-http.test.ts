import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuditResult, auditServer } from 'graphql-http';
import { openStand } from './security.harness.js';

// The audits of the reference implementation of GraphQL over HTTP, with introspection on because they use it.
const stand = await openStand('audits');

describe('GraphQL over HTTP', () => {
  let results: AuditResult[];

  beforeAll(async () => {
    const gateway = await stand.start({ INTROSPECTION: 'true' });
    results = await auditServer({ url: `${gateway.url}/graphql` });
  });

  afterAll(() => stand.close());

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
