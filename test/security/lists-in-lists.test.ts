import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestGateway } from '../support/start-gateway.js';
import { postQuery } from './http-probe.js';
import { openStand } from './stand.js';

// Resource-intensive queries: each history is asked of the upstream once, and may be shown any number of times.
const stand = await openStand('lists');
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await stand.start({ NODE_ENV: 'production' });
});

afterAll(() => stand.close());

beforeEach(() => stand.forgetCalls());

describe('lists inside lists', () => {
  const nested = (levels: number, page: string): string =>
    `billingHistory(${page}) { nodes { id ${levels === 0 ? '' : `group { ${nested(levels - 1, page)} }`} } }`;

  it.each([
    ['histories of histories', `{ group(id: "100000") { ${nested(2, 'includeSubgroups: true, first: 100')} } }`],
    ['full pages in full pages', `{ group(id: "100000") { ${nested(1, 'first: 5000')} } }`],
    [
      'groups of histories of groups',
      `{ group(id: "100000") { subgroups { ${nested(1, 'first: 100')} ... on Group { ...F } } } }
       fragment F on Group { x: billingHistory(last: 200) { edges { node { group { subgroups { id } } } } } }`,
    ],
    [
      'representations with histories of histories',
      `{ _entities(representations: [${'{ __typename: "Group", id: "100000" } '.repeat(20)}]) { ... on Group { ${nested(1, 'first: 200')} } } }`,
    ],
  ])('are refused before any upstream call: %s', async (_name, query) => {
    const answer = await postQuery(gateway.url, query);
    expect([answer.status, answer.codes, stand.upstreamCalls()]).toEqual([400, ['OPERATION_TOO_COMPLEX'], 0]);
    expect(answer.messages[0]).toContain('rows');
  });

  it.each([
    [
      'a hundred groups with a full page each',
      `query ($ids: [ID!]!) { groups(ids: $ids) { billingHistory(first: 5000) { nodes { id } } } }`,
    ],
    ['the history of the group of each row', `{ group(id: "100000") { ${nested(1, 'first: 50')} } }`],
    [
      'what is skipped',
      `query ($no: Boolean = true) { group(id: "100000") { id ...F @skip(if: $no) } } fragment F on Group { ${nested(2, 'first: 100')} }`,
    ],
  ])('are answered where they stay within reason: %s', async (_name, query) => {
    const ids = Array.from({ length: 100 }, (_, index) => String(100_000 + (index % 40)));
    expect((await postQuery(gateway.url, query, { ids })).codes).toEqual([]);
  });
});
