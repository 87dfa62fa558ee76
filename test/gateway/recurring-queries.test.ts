import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OperationRunner, startOperationRunner } from './operation-runner.js';

const TIMES = 5;

let operations: OperationRunner;

beforeAll(async () => {
  operations = await startOperationRunner();
  // Sold, with a lost response: a write that has evidence.
  const input = { idempotencyKey: 'example-order-0001', packId: '990001', groupId: '100008' };
  await operations.run('OrderBoosterPack', { input });
});

afterAll(() => operations.close());

// Data that is kept for a repeated document must not change its response.
describe('the queries of operations/, asked again and again', () => {
  it('answer the same each time', async () => {
    const queries = operations.queries();
    expect(queries).toEqual(expect.arrayContaining(['RecursiveHistory', 'UnknownOperations']));
    for (const name of queries) {
      const responses = [];
      for (let time = 0; time < TIMES; time += 1) responses.push(await operations.run(name));
      for (const { errors } of responses) expect({ name, errors }).toEqual({ name, errors: [] });
      const texts = responses.map(({ data }) => JSON.stringify(data, withoutCursors));
      expect({ name, responses: new Set(texts) }).toEqual({ name, responses: new Set(texts.slice(0, 1)) });
    }
    const { data } = await operations.run('UnknownOperations');
    expect(data).toMatchObject({ billingOperations: { nodes: [{ evidence: [{ kind: 'BOOSTER' }] }] } });
  }, 60_000);
});

const CARD = 'fragment Card on Group { name plan { name price { amount currency } } }';
const CARD_OF_PLAIN = 'name plan { name price { amount currency } }';

/**
 * Fields and fragments that `x` leaves out in one place and not in another. Each has an equal query that is written by
 * hand without a directive.
 */
const CONDITIONS: readonly (readonly [name: string, document: string, on: string, off: string])[] = [
  [
    'a fragment under opposite conditions',
    '{ group(id: "100001") { ...F @include(if: $x) ...F @skip(if: $x) } } fragment F on Group { name }',
    '{ group(id: "100001") { name } }',
    '{ group(id: "100001") { name } }',
  ],
  [
    'an object left out once of two',
    '{ group(id: "100001") { plan @skip(if: $x) { ... on BillingPlan { name } } plan { type } } }',
    '{ group(id: "100001") { plan { type } } }',
    '{ group(id: "100001") { plan { name type } } }',
  ],
  [
    'a fragment left out of one group and not of another',
    `{ a: group(id: "100001") { id ...Card @include(if: $x) } b: group(id: "100002") { ...Card } } ${CARD}`,
    `{ a: group(id: "100001") { id ${CARD_OF_PLAIN} } b: group(id: "100002") { ${CARD_OF_PLAIN} } }`,
    `{ a: group(id: "100001") { id } b: group(id: "100002") { ${CARD_OF_PLAIN} } }`,
  ],
  [
    'a fragment left out above its other use',
    `{ group(id: "100001") { id ...Card @include(if: $x) subgroups { id ...Card } } } ${CARD}`,
    `{ group(id: "100001") { id ${CARD_OF_PLAIN} subgroups { id ${CARD_OF_PLAIN} } } }`,
    `{ group(id: "100001") { id subgroups { id ${CARD_OF_PLAIN} } } }`,
  ],
  [
    'an inline fragment left out of rows beside one that stays',
    '{ group(id: "100001") { billingHistory(first: 2) { nodes { ... @skip(if: $x) { id price { amount } } ... on BillingActivity { price { currency } } } } } }',
    '{ group(id: "100001") { billingHistory(first: 2) { nodes { price { currency } } } } }',
    '{ group(id: "100001") { billingHistory(first: 2) { nodes { id price { amount currency } } } } }',
  ],
];

describe('a query with conditions, asked again and again by turns', () => {
  it.each(CONDITIONS)('answers each time as if it were written without: %s', async (_name, document, on, off) => {
    const whole = async (text: string, variables: object = {}): Promise<string> => {
      const { data, errors } = await operations.ask(text, { ...variables });
      expect(errors).toEqual([]);
      return JSON.stringify(data);
    };
    const right = { true: await whole(on), false: await whole(off) };
    expect(right.false).toMatch(/"(name|currency)":"/);
    for (let time = 0; time < TIMES * 2; time += 1) {
      for (const x of [true, false]) {
        expect(JSON.parse(await whole(`query ($x: Boolean!) ${document}`, { x }))).toEqual(JSON.parse(right[`${x}`]));
      }
    }
  });

  it('is refused with too many rows asked for, and runs without them', async () => {
    const history = 'billingHistory(first: 5000) { nodes { id } }';
    const document = `query ($x: Boolean!, $ids: [ID!]!) {
      groups(ids: $ids) @skip(if: $x) { a: ${history} b: ${history} } groups(ids: $ids) { id } }`;
    const ids = Array.from({ length: 100 }, (_, index) => String(100_001 + index));
    for (let time = 0; time < TIMES * 2; time += 1) {
      const few = await operations.ask(document, { x: true, ids });
      expect([few.errors, few.data]).toEqual([[], { groups: ids.map((id) => ({ id })) }]);
      const many = await operations.ask(document, { x: false, ids });
      expect(many.errors.map(({ extensions }) => extensions?.['code'])).toEqual(['OPERATION_TOO_COMPLEX']);
    }
  });
});

/** A cursor names its kept response, which is another one each time. */
function withoutCursors(name: string, value: unknown): unknown {
  return /cursor$/i.test(name) ? null : value;
}
