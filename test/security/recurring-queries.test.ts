import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TestGateway } from '../support/start-gateway.js';
import { FUZZ_PATIENCE_MS, fuzzSettings } from '../support/suite.sizes.js';
import { selection } from './document.arbitrary.js';
import { postQuery } from './http-probe.js';
import { nearlyRight } from './request.arbitrary.js';
import { openStand } from './security.harness.js';
import { openTenantStand } from './tenant.harness.js';

// Text in a repeated query must stay text, and its response must stay the same.
const stand = await openStand('recurring');
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await stand.start();
});

afterAll(() => stand.close());

const { runs, seed } = fuzzSettings('queries that come again', 250);
const TIMES = 5;
const CURSOR = /"(startCursor|endCursor|cursor)":"[^"]*"/g;

async function responsesOf(query: string, variables: unknown = {}): Promise<string[]> {
  const responses: string[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const { text } = await postQuery(gateway.url, query, variables);
    responses.push(text.trimEnd().replaceAll(/"requestId":"[^"]*"/g, ''));
  }
  return responses;
}

function expectOneResponse(responses: readonly string[]): void {
  expect([...new Set(responses)]).toEqual(responses.slice(0, 1));
}

const INJECTED = [
  '"; globalThis.INJECTED = 1; //',
  "'; globalThis.INJECTED = 1; //",
  '`; globalThis.INJECTED = 1; //',
  `\${globalThis.INJECTED = 1}`,
  '\\u0022; globalThis.INJECTED = 1; //',
  '*/ globalThis.INJECTED = 1; /*',
  '\u2028globalThis.INJECTED = 1;\u2029',
  '</script><script>globalThis.INJECTED = 1</script>',
  '\\"); globalThis.INJECTED = 1; (\\"',
];

describe('a query that comes again', () => {
  it.each(INJECTED)('runs nothing of the literal %j, and answers the same each time', async (text) => {
    const literal = JSON.stringify(text);
    const block = `"""${text.replaceAll('"""', '')} """`;
    for (const value of [literal, block]) {
      for (const query of [
        `{ group(id: ${value}) { id } }`,
        `{ a: group(id: "100001") { id billingHistory(after: ${value}) { totalCount } } }`,
        `{ billingOperation(idempotencyKey: ${value}) { status } }`,
        `query ($x: ID! = ${value}) { group(id: $x) { id } }`,
        `{ _entities(representations: [{ __typename: ${value}, id: ${value} }]) { __typename } }`,
      ]) {
        expectOneResponse(await responsesOf(query));
      }
    }
    expect(Reflect.get(globalThis, 'INJECTED')).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__', 'then', 'prototype', 'this'])(
    'answers the alias %s as any other',
    async (alias) => {
      for (const query of [
        `{ ${alias}: group(id: "100001") { ${alias}: id } }`,
        `{ group(id: "100001") { ${alias}: plan { ${alias}: name } } }`,
        `query ${alias} { group(id: "100001") { ...${alias} } } fragment ${alias} on Group { id }`,
        `query ($${alias}: ID!) { group(id: $${alias}) { id } }`,
      ]) {
        const responses = await responsesOf(query, { [alias]: '100001' });
        expectOneResponse(responses);
      }
      expect(Reflect.get(Object.prototype, 'id')).toBeUndefined();
    },
  );

  it('fills in the defaults of variables each time', async () => {
    for (const type of ['ID', 'ID!']) {
      const responses = await responsesOf(`query ($id: ${type} = "100001") { group(id: $id) { id } }`);
      expect(new Set(responses)).toEqual(new Set(['{"data":{"group":{"id":"100001"}}}']));
    }
  });

  it('fills in the default of a variable each time', async () => {
    const responses = await responsesOf('query ($id: ID! = "100001") { group(id: $id) { id } }');
    expect(new Set(responses)).toEqual(new Set(['{"data":{"group":{"id":"100001"}}}']));
  });

  it('reads a variable inside a representation each time', async () => {
    const query =
      'query ($id: ID!) { _entities(representations: [{ __typename: "Group", id: $id }]) { ... on Group { id } } }';
    expect(new Set(await responsesOf(query, { id: '100001' }))).toEqual(
      new Set(['{"data":{"_entities":[{"id":"100001"}]}}']),
    );
  });

  it(
    'gets the same response each time, whatever it asks for',
    async () => {
      const question = fc.oneof(
        nearlyRight('odd').filter(({ query }) => !/^mutation/m.test(query)),
        selection.map((query) => ({ query, variables: {} })),
      );
      await fc.assert(
        fc.asyncProperty(question, async ({ query, variables }) => {
          // A cursor names the requested window, whose default end is now.
          const responses = (await responsesOf(query, variables)).map((text) => text.replaceAll(CURSOR, '"cursor"'));
          expectOneResponse(responses);
        }),
        { numRuns: Math.ceil(Math.min(runs, 2_000) / TIMES), seed, endOnFailure: true },
      );
    },
    FUZZ_PATIENCE_MS,
  );
});

describe('a caller without the scope, asking again and again', () => {
  const representations = [{ __typename: 'Group', id: '100001' }];

  it('never gets what a selection asks beside the same field left out', async () => {
    const tenants = await openTenantStand();
    try {
      const askTimes = async (query: string, scope: string): Promise<void> => {
        const responses: string[] = [];
        for (let time = 0; time < TIMES * 2; time += 1) {
          const { text } = await tenants.ask('alpha', query, { r: representations, x: true }, { scope });
          responses.push(text.replaceAll(/"requestId":"[^"]*"/g, ''));
        }
        expectOneResponse(responses);
        expect(responses[0]).not.toMatch(/amount|FORBIDDEN/);
        expect(responses[0]).toMatch(/"id":/);
      };
      const history = '... on Group { billingHistory(first: 1) { nodes { price { amount } } } }';
      for (const condition of [
        '@skip(if: true)',
        '@include(if: false)',
        '@skip(if: $x)',
        '@skip(if: $x) @include(if: $x)',
      ]) {
        const head = `query ($r: [_Any!]!${condition.includes('$x') ? ', $x: Boolean!' : ''})`;
        const ids = '_entities(representations: $r) { ... on Group { id } }';
        await askTimes(`${head} { _entities(representations: $r) ${condition} { ${history} } ${ids} }`, '');
        await askTimes(
          `${head} { ${ids} _entities(representations: $r) { ... on Group ${condition} { ...H } } } fragment H on Group { billingHistory { nodes { price { amount } } } }`,
          '',
        );
      }
      await askTimes(
        '{ group(id: "100001") { availablePlans @skip(if: true) { ...P } availablePlans { id } } } fragment P on AvailablePlan { wholesalePrice { amount } }',
        'billing:read',
      );
    } finally {
      await tenants.close();
    }
  });
});
