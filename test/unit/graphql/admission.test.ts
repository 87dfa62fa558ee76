import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloHarness, type GraphqlResult } from './apollo.harness.js';
import { inMemoryPorts } from './in-memory.context.js';

let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

/** Executes a request, and counts the calls behind the resolvers. */
async function ask(
  query: string,
  variables?: Readonly<Record<string, unknown>>,
  operationName?: string,
): Promise<GraphqlResult & { readonly calls: number }> {
  const ports = inMemoryPorts();
  const response = await gateway.ask({
    query,
    ports,
    ...(variables === undefined ? {} : { variables }),
    ...(operationName === undefined ? {} : { operationName }),
  });
  return { ...response, calls: ports.calls.length };
}

function expectTooComplex(response: GraphqlResult & { readonly calls: number }): void {
  expect([response.status, response.codes, response.data, response.calls]).toEqual([
    400,
    ['OPERATION_TOO_COMPLEX'],
    undefined,
    0,
  ]);
}

const order = (key: string): string =>
  `orderBoosterPack(input: { idempotencyKey: "${key}", packId: "1" }) { userErrors { code } }`;
const ui = 'openBillingUi { url }';
const ZERO = '00000000-0000-0000-0000-000000000000';
const reconcile = 'reconcileBillingOperation(idempotencyKey: "12345678") { userErrors { code } }';

describe('one mutation field per operation', () => {
  it.each([
    ['two fields', `mutation { ${order('11111111')} ${ui} }`],
    ['two of one kind by alias', `mutation { a: ${order('11111111')} b: ${order('22222222')} }`],
    ['one key twice by alias', `mutation { a: ${order('11111111')} b: ${order('11111111')} }`],
    ['two that spend nothing', `mutation { ${ui} ${reconcile} }`],
    ['one in a fragment', `mutation { ${ui} ...F } fragment F on Mutation { ${order('11111111')} }`],
    [
      'both in fragments',
      `mutation { ...F ...G } fragment F on Mutation { ${ui} } fragment G on Mutation { ${reconcile} }`,
    ],
    [
      'one in a fragment of a fragment',
      `mutation { ${ui} ...F } fragment F on Mutation { ...G } fragment G on Mutation { ${reconcile} }`,
    ],
    ['one in an inline fragment', `mutation { ${ui} ... on Mutation { ${reconcile} } }`],
    ['one in an inline fragment without a type', `mutation { ${ui} ... { ... { ${reconcile} } } }`],
    ['100 by alias', `mutation { ${Array.from({ length: 100 }, (_, index) => `a${index}: ${ui}`).join(' ')} }`],
  ])('refuses %s', async (_name, query) => {
    expectTooComplex(await ask(query));
  });

  it.each([
    ['one field', `mutation { ${ui} }`],
    ['one field and __typename', `mutation { __typename ${ui} }`],
    ['the same field twice, which GraphQL merges', `mutation { ${ui} openBillingUi { expiresAt } }`],
    ['the same field in a fragment', `mutation { ${ui} ...F } fragment F on Mutation { ${ui} }`],
    ['a second that is skipped', `mutation { ${ui} ${reconcile.replace(' {', ' @skip(if: true) {')} }`],
    [
      'a second in a fragment that is not included',
      `mutation { ${ui} ...F @include(if: false) } fragment F on Mutation { ${reconcile} }`,
    ],
  ])('admits %s and calls once', async (_name, query) => {
    const response = await ask(query);
    expect([response.status, response.codes, response.calls]).toEqual([200, [], 1]);
  });

  it('decides with the real variables and defaults each time the document comes', async () => {
    const query = `mutation ($skip: Boolean!, $include: Boolean = true) {
      ${ui}
      ... @skip(if: $skip) { ...F @include(if: $include) }
    }
    fragment F on Mutation { ${reconcile} }`;
    expect((await ask(query, { skip: true })).codes).toEqual([]);
    expectTooComplex(await ask(query, { skip: false }));
    expect((await ask(query, { skip: false, include: false })).codes).toEqual([]);
    expect((await ask(query, { skip: true, include: true })).codes).toEqual([]);
    expectTooComplex(await ask(query, { skip: false, include: true }));
  });

  it('counts the operation that is run, not its neighbours in the document', async () => {
    const query = `mutation One { ${ui} } mutation Two { ${reconcile} }`;
    expect(await ask(query, {}, 'Two')).toMatchObject({ codes: [], calls: 1 });
  });

  it('is not for queries', async () => {
    expect((await ask('{ a: group(id: "1") { id } b: group(id: "2") { id } }')).codes).toEqual([]);
  });
});

describe('variables', () => {
  const ORDER = 'mutation ($input: OrderBoosterPackInput!) { orderBoosterPack(input: $input) { userErrors { code } } }';
  const input = { idempotencyKey: '12345678', packId: '1' };

  it.each<[string, string, unknown, readonly string[]]>([
    ['left out', ORDER, undefined, ['input']],
    ['null where it must not be', ORDER, null, ['input']],
    ['of another shape', ORDER, 's3cret', ['input']],
    ['a list', ORDER, ['s3cret'], ['input']],
    ['lacking a required field', ORDER, { idempotencyKey: '12345678' }, ['input', 'packId']],
    ['with a field that there is not', ORDER, { ...input, s3cret: 1 }, ['input']],
    ['with a null in a required field', ORDER, { ...input, packId: null }, ['input', 'packId']],
    ['with a number out of range', ORDER, { ...input, quantity: 2_147_483_648 }, ['input', 'quantity']],
    ['with a fraction', ORDER, { ...input, quantity: 1.5 }, ['input', 'quantity']],
    ['with a number as text', ORDER, { ...input, quantity: 's3cret' }, ['input', 'quantity']],
    ['with an enum word that there is not', ORDER, { ...input, heldDocuments: 's3cret' }, ['input', 'heldDocuments']],
    ['with an enum in lower case', ORDER, { ...input, heldDocuments: 'delete' }, ['input', 'heldDocuments']],
    ['with an object for a text', ORDER, { ...input, packId: { s3cret: 1 } }, ['input', 'packId']],
    ['with true for a text', ORDER, { ...input, packId: true }, ['input', 'packId']],
    [
      'a date without offset',
      'query ($input: DateTime) { group(id: "1") { plan(at: $input) { name } } }',
      '2024-01-01T00:00:00 s3cret',
      ['at'],
    ],
    [
      'a list with one bad item',
      'query ($input: [ID!]!) { groups(ids: $input) { id } }',
      ['1', { s3cret: 1 }],
      ['ids', '1'],
    ],
    [
      'a list of enums with one bad item',
      'query ($input: [BillingOperationStatus!]) { billingOperations(status: $input) { totalCount } }',
      ['NOT_SENT', 's3cret'],
      ['status', '1'],
    ],
  ])('%s are refused by path, without the value, before any resolver', async (_name, query, value, field) => {
    const response = await ask(query, value === undefined ? {} : { input: value });
    expect([response.status, response.calls, response.data]).toEqual([400, 0, undefined]);
    expect(response.errors).toHaveLength(1);
    expect(response.errors[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      retryable: false,
      field,
      requestId: 'request-1',
    });
    // The message speaks of the variable, the field of the input that it is given for.
    expect(response.errors[0]?.message).toContain(['Variable $input', ...field.slice(1)].join('.'));
    expect(response.text).not.toContain('s3cret');
  });

  it('are called variables, and an enum word is met with the nearest that there is', async () => {
    const query = 'query ($s: [BillingOperationStatus!]) { billingOperations(status: $s) { totalCount } }';
    const response = await ask(query, { s: ['SUCCEDED'] });
    expect(response.errors[0]?.message).toMatch(/^Variable \$s\.0 .* Did you mean the enum value "SUCCEEDED"\?$/);
    expect(response.text).not.toContain('SUCCEDED');
    const literal = await ask('{ billingOperations(status: [SUCCEDED]) { totalCount } }');
    expect(literal.errors[0]?.message).toMatch(/^status\.0 .* Did you mean the enum value "SUCCEEDED"\?$/);
    expect(literal.text).not.toContain('SUCCEDED');
    const missing = await ask('query ($id: ID!) { group(id: $id) { id } }');
    expect(missing.errors[0]?.message).toBe('Variable $id is required: ID!.');
  });

  it('say what a date must look like', async () => {
    const response = await ask('query ($at: DateTime) { group(id: "1") { plan(at: $at) { name } } }', {
      at: 'yesterday',
    });
    expect(response.errors[0]?.message).toContain('RFC 3339');
  });

  it('that are too many are ignored, whatever their names', async () => {
    const variables: unknown = JSON.parse('{ "__proto__": { "polluted": true }, "constructor": 1, "id": "5" }');
    const response = await ask('query ($id: ID!) { group(id: $id) { id } }', Object(variables));
    expect(response.data).toEqual({ group: { id: '5' } });
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it.each([
    [
      ['input', 'quantity'],
      'mutation ($groupId: ID, $x: Int) { orderBoosterPack(input: { idempotencyKey: "12345678", packId: "1", groupId: $groupId, quantity: $x }) { userErrors { code } } }',
    ],
    [
      ['input', 'expected', 'amount'],
      'mutation ($groupId: ID, $x: Decimal = "1") { changePlan(input: { idempotencyKey: "12345678", planId: "1", groupId: $groupId, expected: { amount: $x } }) { userErrors { code } } }',
    ],
    [
      ['input', 'expireSeconds'],
      'mutation ($x: Int) { ...M } fragment M on Mutation { openBillingUi(input: { expireSeconds: $x }) { url } }',
    ],
    [
      ['input', 'heldDocuments'],
      'mutation ($x: HeldDocumentsAction) { openBillingUi(input: { heldDocuments: $x }) { url } }',
    ],
    [
      ['input'],
      `mutation ($x: PurchaseCreditsInput = { idempotencyKey: "12345678", purchaseId: "${ZERO}" }) { purchaseCredits(input: $x) { userErrors { code } } }`,
    ],
    [['ids', '1'], 'query ($x: ID = "2") { groups(ids: ["1", $x]) { id } }'],
    [
      ['status', '0'],
      'query ($x: BillingOperationStatus = NOT_SENT) { billingOperations(status: [$x]) { totalCount } }',
    ],
    [['orderBy'], 'query ($x: BillingHistoryOrder) { group(id: "1") { billingHistory(orderBy: $x) { totalCount } } }'],
    [
      ['activity', '1'],
      'query ($x: BillingActivityKind = RENEW) { group(id: "1") { billingHistory(activity: [BOOSTER, $x]) { totalCount } } }',
    ],
    [['representations', '0'], 'query ($x: _Any = {}) { _entities(representations: [$x]) { __typename } }'],
  ])('that are null where a default stands are refused at %j', async (field, query) => {
    const response = await ask(query, { x: null, groupId: null });
    expect(response).toMatchObject({ calls: 0, codes: ['BAD_USER_INPUT'] });
    expect(response.errors[0]?.extensions['field']).toEqual(field);
    expect(response.errors[0]?.message).toContain(field.join('.'));
  });

  it('that are null are told at each of many places, also past those that Apollo Server formats', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => String(index + 1));
    const list = (name: string): string => `${name}: billingHistory(first: 1, includeSubgroups: $x) { totalCount }`;
    const query = `query ($ids: [ID!]!, $x: Boolean) { groups(ids: $ids) { ${['a', 'b', 'c'].map(list).join(' ')} } }`;
    const { errors } = await ask(query, { ids, x: null });
    expect(errors.map(({ extensions }) => [extensions['code'], extensions['field']])).toEqual(
      Array.from({ length: 300 }, () => ['BAD_USER_INPUT', ['includeSubgroups']]),
    );
  });

  it('that are left out where a default stands are the default', async () => {
    const query =
      'mutation ($q: Int) { orderBoosterPack(input: { idempotencyKey: "12345678", packId: "1", quantity: $q }) { userErrors { code } } }';
    expect(await ask(query, {})).toMatchObject({ calls: 1, codes: [] });
  });

  it.each([
    ['a field', 'query ($x: Boolean = false) { group(id: "1") { id name @include(if: $x) } }'],
    [
      'a spread',
      'query ($x: Boolean = true) { group(id: "1") { id ...N @skip(if: $x) } } fragment N on Group { name }',
    ],
    ['a list', 'query ($x: Boolean = true) { group(id: "1") { billingHistory @skip(if: $x) { totalCount } } }'],
    ['what needs no scope', 'query ($x: Boolean = true) { __typename @skip(if: $x) }'],
    ['a mutation', `mutation ($x: Boolean = true) { ${order('11111111')} ${ui.replace(' {', ' @skip(if: $x) {')} }`],
  ])(
    'that are null where @skip and @include stand at %s are refused, and not a fault of ours',
    async (_name, query) => {
      const response = await ask(query, { x: null });
      expect(response).toMatchObject({ status: 400, calls: 0, codes: ['BAD_USER_INPUT'] });
      expect(response.errors[0]?.extensions['field']).toEqual(['if']);
      expect((await ask(query, {})).codes).toEqual([]);
    },
  );

  it.each([
    ['a text with a NUL', '\u0000'],
    ['a lone surrogate', '\ud800'],
    ['a text of 50,000 characters', 'x'.repeat(50_000)],
    ['an emoji', '💥'],
  ])('%s as an id is refused without repeating it', async (_name, id) => {
    const response = await ask('query ($id: ID!) { group(id: $id) { id } }', { id });
    expect(response.codes).toEqual(['BAD_USER_INPUT']);
    expect(response.text.length).toBeLessThan(500);
  });
});
