import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloHarness, type GraphqlResult } from './apollo.harness.js';
import { inMemoryPorts } from './in-memory.context.js';

// A JSON parser reads 9007199254740993 as 9007199254740992, so two ids of a client arrive as one.
let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

/** Where an ID is given as `$id`, and the path of the input at fault, whether it is a variable or not. */
const PLACES: readonly (readonly [string, string, readonly string[]])[] = [
  ['an argument', '{ group(id: $id) { id } }', ['id']],
  ['an argument of a read of the ledger', '{ billingOperation(idempotencyKey: $id) { kind } }', ['idempotencyKey']],
  ['an element of a list', '{ groups(ids: ["1", $id]) { id } }', ['ids', '1']],
  [
    'an argument of a mutation',
    'mutation { reconcileBillingOperation(idempotencyKey: $id) { operation { kind } } }',
    ['idempotencyKey'],
  ],
  ...['idempotencyKey', 'packId', 'groupId'].map(
    (field) => [`${field} of an order`, order(field), ['input', field]] as const,
  ),
  [
    'planId of a plan change',
    'mutation { changePlan(input: { idempotencyKey: "key-0001", planId: $id }) { userErrors { code } } }',
    ['input', 'planId'],
  ],
];

function order(field: string): string {
  const fields = { idempotencyKey: '"key-0001"', packId: '"1223"', groupId: '"494"', [field]: '$id' };
  const input = Object.entries(fields).map((entry) => entry.join(': '));
  return `mutation { orderBoosterPack(input: { ${input.join(', ')} }) { userErrors { code } } }`;
}

const UNSAFE = [
  '9007199254740992',
  '9007199254740993',
  '-9007199254740992',
  '1234567890123456789',
  '1e300',
  '1.5',
  '-0.1',
];

interface Asked extends GraphqlResult {
  readonly calls: number;
}

async function ask(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Asked> {
  const ports = inMemoryPorts();
  return { ...(await gateway.ask({ query, variables, ports })), calls: ports.calls.length };
}

function expectRefused(response: Asked, value: string, field: readonly string[]): void {
  expect([response.status, response.data, response.calls]).toEqual([400, undefined, 0]);
  expect(response.codes).toEqual(['BAD_USER_INPUT']);
  expect(response.errors[0]?.extensions['field']).toEqual(field);
  expect(response.text).not.toContain(value);
}

describe.each(PLACES)('an ID in %s', (_name, document, field) => {
  const asVariable = document.replace(
    /^(mutation|query|)\s*/,
    (_all, word: string) => `${word || 'query'} ($id: ID!) `,
  );

  it.each(UNSAFE)('is refused as the number %s, written in the document', async (value) => {
    expectRefused(await ask(document.replace('$id', value)), value, field);
  });

  it.each(UNSAFE)('is refused as the number %s, in a variable and as its default', async (value) => {
    expectRefused(await ask(asVariable, { id: Number(value) }), value, field);
    expectRefused(await ask(asVariable.replace('ID!', `ID! = ${value}`)), value, field);
  });

  it('is taken as a text of the same digits, and as a number that JSON keeps', async () => {
    for (const id of ['9007199254740993', 9_007_199_254_740_991, 12_345_678]) {
      const variable = await ask(asVariable, { id });
      expect([variable.status, variable.codes]).toEqual([200, []]);
      const literal = await ask(document.replace('$id', JSON.stringify(id)));
      expect([literal.status, literal.codes]).toEqual([200, []]);
    }
  });
});

describe('an ID inside a variable', () => {
  it('is refused where one stands for a list of one', async () => {
    expectRefused(await ask('{ groups(ids: 9007199254740993) { id } }'), '9007199254740993', ['ids']);
    const query = 'query ($ids: [ID!]!) { groups(ids: $ids) { id } }';
    expectRefused(await ask(query, { ids: 2 ** 53 }), String(2 ** 53), ['ids']);
  });

  it('is refused at its place in a list and in an input', async () => {
    const list = await ask('query ($ids: [ID!]!) { groups(ids: $ids) { id } }', { ids: ['1', 2, 2 ** 60] });
    expectRefused(list, String(2 ** 60), ['ids', '2']);
    const input = { idempotencyKey: 2 ** 60, packId: '1223' };
    const mutation =
      'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { userErrors { code } } }';
    expectRefused(await ask(mutation, { input }), String(2 ** 60), ['input', 'idempotencyKey']);
  });

  it('is named by the input, whatever the variable is called and wherever it is used', async () => {
    const whole = 'mutation ($form: OrderBoosterPackInput!) { orderBoosterPack(input: $form) { userErrors { code } } }';
    const order = await ask(whole, { form: { idempotencyKey: 'key-0001', packId: 2 ** 60 } });
    expectRefused(order, String(2 ** 60), ['input', 'packId']);
    expect(order.errors[0]?.message).toContain('Variable $form.packId');
    const list = 'query ($some: [ID!]!) { groups(ids: $some) { id } }';
    expectRefused(await ask(list, { some: ['1', 2 ** 60] }), String(2 ** 60), ['ids', '1']);
    const fragment = 'query ($some: ID!) { ...F } fragment F on Query { group(id: $some) { id } }';
    expectRefused(await ask(fragment, { some: 2 ** 60 }), String(2 ** 60), ['id']);
    expect((await ask(fragment)).errors[0]?.extensions['field']).toEqual(['id']);
  });
});

describe('an ID in a representation', () => {
  const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Group { id } } }';

  it.each([2 ** 53, -(2 ** 53), 1.5, 1e300])('is refused at its item as the number %d', async (id) => {
    const response = await ask(query, {
      r: [
        { __typename: 'Group', id: 7 },
        { __typename: 'Group', id },
      ],
    });
    expect(response.data).toEqual({ _entities: [{ id: '7' }, null] });
    expect(response.errors).toMatchObject([
      { path: ['_entities', 1], extensions: { code: 'BAD_USER_INPUT', field: ['representations', '1', 'id'] } },
    ]);
  });

  it('is refused as a literal of the document too', async () => {
    const response = await ask(
      '{ _entities(representations: [{ __typename: "Group", id: 9007199254740993 }]) { ... on Group { id } } }',
    );
    expect([response.data, response.codes]).toEqual([{ _entities: [null] }, ['BAD_USER_INPUT']]);
    expect(response.text).not.toContain('900719925474099');
  });
});
