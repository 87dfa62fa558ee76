import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestGateway } from '../support/start-gateway.js';
import { postQuery } from './http-probe.js';
import { openStand } from './security.harness.js';

// Resource-intensive queries: each history is read from the upstream once, and a response may show it any number of
// times.
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
    const response = await postQuery(gateway.url, query);
    expect([response.status, response.codes, stand.upstreamCalls()]).toEqual([400, ['OPERATION_TOO_COMPLEX'], 0]);
    expect(response.messages[0]).toContain('rows');
  });

  const brackets = (depth: number, open: string, inner: string, close: string): string =>
    `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

  it.each<[string, (depth: number) => string]>([
    ['lists in an argument', (depth) => `{ groups(ids: ${brackets(depth, '[', '"1"', ']')}) { id } }`],
    ['objects', (depth) => `{ _entities(representations: [${brackets(depth, '{a: ', '1', '}')}]) { __typename } }`],
    ['lists in a type', (depth) => `query ($a: ${brackets(depth, '[', 'ID', ']')}) { groups(ids: $a) { id } }`],
    ['inline fragments', (depth) => `{ ${brackets(depth, '... { ', '__typename', '}')} }`],
    ['brackets that never end', (depth) => '{a('.repeat(depth)],
    ['brackets behind strings', (depth) => `{ groups(ids: ["]]", """]\\"""]""", ${'['.repeat(depth)}`],
  ])('are refused before they are parsed, where they overflow the stack: %s', async (_name, make) => {
    for (const depth of [101, 1_200, 2_400, 9_000]) {
      const response = await postQuery(gateway.url, make(depth));
      expect([response.status, response.codes]).toEqual([400, ['OPERATION_TOO_COMPLEX']]);
      expect(response.messages).toEqual(['The document has more than 100 levels of brackets.']);
    }
  });

  it('are not seen in strings and comments', async () => {
    const comment = `# ${'['.repeat(200)}\n`;
    const string = `"${'('.repeat(200)}\\"${'('.repeat(200)}"`;
    const block = `"""${'{'.repeat(200)}\\"""${'{'.repeat(200)}"""`;
    const query = `${comment}{ a: group(id: ${string}) { id } b: group(id: ${block}) { id } }`;
    expect((await postQuery(gateway.url, query)).codes).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
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
