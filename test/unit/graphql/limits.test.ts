import { beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { ApolloHarness, type GraphqlResult } from './apollo.harness.js';
import { inMemoryPorts } from './in-memory.context.js';

let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

interface Asked extends GraphqlResult {
  readonly calls: number;
}

async function ask(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Asked> {
  const ports = inMemoryPorts();
  const response = await gateway.ask({ query, variables, ports });
  return { ...response, calls: ports.calls.length };
}

function expectTooComplex(response: Asked, what: string): void {
  expect([response.status, response.calls, response.data]).toEqual([400, 0, undefined]);
  expect(response.codes[0]).toBe('OPERATION_TOO_COMPLEX');
  expect(response.text).toContain(what);
}

function repeat(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(' ');
}

/** Fields from a group to its rows and back to their groups. */
const WAY = [
  { type: 'Group', leaf: 'id', field: 'billingHistory(first: 1)' },
  { type: 'BillingHistoryConnection', leaf: 'totalCount', field: 'nodes' },
  { type: 'BillingActivity', leaf: 'kind', field: 'group' },
] as const;

function step(index: number): (typeof WAY)[number] {
  return WAY[index % WAY.length] ?? WAY[0];
}

/** A chain of groups of rows of groups, `levels` fields deep from the root. */
function nested(levels: number): string {
  const inner = levels - 2;
  return `group(id: "1") { ${repeat(inner, (index) => `${step(index).field} {`)} ${step(inner).leaf} ${'}'.repeat(inner)} }`;
}

describe('limits of one operation', () => {
  it('admits 100 aliases and refuses 101', async () => {
    const aliases = (count: number): string => `{ ${repeat(count, (index) => `a${index}: group(id: "1") { id }`)} }`;
    expect((await ask(aliases(100))).codes).toEqual([]);
    expectTooComplex(await ask(aliases(101)), '100 aliases');
  });

  it('counts aliases where fragments bring them, each time', async () => {
    const fragment = `fragment F on Group { ${repeat(26, (index) => `n${index}: id`)} }`;
    const spread = '{ ...F subgroups { ...F subgroups { ...F subgroups { ...F } } } }';
    expectTooComplex(await ask(`{ group(id: "1") ${spread} } ${fragment}`), '100 aliases');
  });

  it('admits 12 levels of fields and refuses 13', async () => {
    expect((await ask(`{ ${nested(12)} }`)).codes).toEqual([]);
    expectTooComplex(await ask(`{ ${nested(13)} }`), '12 levels');
  });

  it('counts levels through fragments, and none for the fragment itself', async () => {
    const fragments = repeat(10, (index) => {
      const { type, field } = step(index);
      const inner = index === 9 ? step(index + 1).leaf : `...F${index + 1}`;
      return `fragment F${index} on ${type} { ... on ${type} { ${field} { ${inner} } } }`;
    });
    expect((await ask(`{ group(id: "1") { ...F0 } } ${fragments}`)).codes).toEqual([]);
    expectTooComplex(await ask(`{ group(id: "1") { subgroups { ...F0 } } } ${fragments}`), '12 levels');
  });

  it.each([
    ['', 'query', 'group(id: "1")', 'subgroups { subgroups { id } }', ''],
    [
      ' through fragments',
      'query',
      'group(id: "1")',
      '...F',
      'fragment F on Group { subgroups { ... on Group { subgroups { id } } } }',
    ],
    [
      ' through rows',
      'query',
      'group(id: "1")',
      'a: subgroups { billingHistory(first: 1) { nodes { group { b: subgroups { id } } } } }',
      '',
    ],
    [
      ' in mutations',
      'mutation',
      'reconcileBillingOperation(idempotencyKey: "order-0001") { operation { group',
      'subgroups { subgroups { id } }',
      '',
    ],
  ])('admits two levels of subgroups%s and refuses three', async (_name, operation, root, selection, fragment) => {
    const closed = (text: string): string => `${text}${operation === 'mutation' ? ' } }' : ''}`;
    const document = (inner: string): string => `${operation} { ${closed(`${root} { ${inner} }`)} } ${fragment}`;
    expect((await ask(document(selection))).codes).toEqual([]);
    expectTooComplex(await ask(document(`subgroups { ${selection} }`)), '2 levels of subgroups');
  });

  it('is not fooled by a fragment that is named like introspection', async () => {
    const query = `{ ...__schema } fragment __schema on Query { ${nested(13)} }`;
    expectTooComplex(await ask(query), '12 levels');
  });

  it('lets the introspection of explorers and code generators through', async () => {
    const full = getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true, schemaDescription: true });
    expect((await ask(full)).codes).toEqual([]);
  });

  it("lets a router's entity batches through, 50 at a time with fragments", async () => {
    const representations = Array.from({ length: 50 }, (_, index) => ({ __typename: 'Group', id: String(index + 1) }));
    const query = `query Billing__1($representations: [_Any!]!) {
      _entities(representations: $representations) { ...F }
    }
    fragment F on Group { __typename id plan { name price { amount currency } } billingHistory(first: 1) { edges { node { group { id plan { price { amount } } } } } } }`;
    const response = await ask(query, { representations });
    expect([response.status, response.codes]).toEqual([200, []]);
  });

  it('admits 50 directives and refuses 51, wherever they stand', async () => {
    const directives = (count: number): string =>
      `query ($t: Boolean = true) { ...F } fragment F on Query { ${repeat(count, (index) => `g${index % 90}: group(id: "1") @include(if: $t) { id }`)} }`;
    expect((await ask(directives(50))).codes).toEqual([]);
    expectTooComplex(await ask(directives(51)), '50 directives');
  });

  it('admits 100 fields at the root and refuses more, written out or by fragments', async () => {
    expect((await ask(`{ ${repeat(100, () => 'group(id: "1") { id }')} }`)).codes).toEqual([]);
    expectTooComplex(await ask(`{ ${repeat(101, () => 'group(id: "1") { id }')} }`), '100 fields');
    const fragment = `fragment F on Query { ${repeat(51, () => '__typename')} }`;
    expectTooComplex(await ask(`{ ...F ... { ...F } } ${fragment}`), '100 fields');
  });

  it('measures every operation of a document', async () => {
    const query = `query Small { group(id: "1") { id } } query Large { ${nested(20)} }`;
    const response = await gateway.ask({ query, operationName: 'Small' });
    expect(response.codes).toEqual(['OPERATION_TOO_COMPLEX']);
  });

  it('takes 5,000 tokens and not one more', async () => {
    // A list literal costs tokens and nothing else; the rest of the document is twelve.
    const query = (ids: number): string => `{ groups(ids: [${'1 '.repeat(ids)}]) { id } }`;
    expect((await ask(query(4_988))).codes).toEqual(['BAD_USER_INPUT']);
    expectTooComplex(await ask(query(4_989)), 'too many tokens');
  });

  it('takes 1,000 selections after fragments are expanded', async () => {
    const fragment = `fragment F on Group { ${repeat(99, () => 'id')} }`;
    const query = (spreads: number): string =>
      `{ group(id: "1") { ${repeat(spreads, () => '... on Group { ...F }')} } } ${fragment}`;
    expect((await ask(query(9))).codes).toEqual([]);
    expectTooComplex(await ask(query(10)), 'too many selections');
  });
});

describe('hostile documents', () => {
  const chain = (count: number, make: (next: string) => string): string =>
    `${repeat(count, (index) => `fragment f${index} on Group { ${make(`...f${index + 1}`)} }`)} fragment f${count} on Group { id }`;

  const DOCUMENTS: readonly (readonly [string, string])[] = [
    ['2^30 expansions of fragments', `{ group(id: "1") { ...f0 } } ${chain(30, (next) => `${next} ${next}`)}`],
    [
      '2^30 expansions with fields',
      `{ group(id: "1") { ...f0 } } ${chain(30, (next) => `a: subgroups { ${next} } b: subgroups { ${next} }`)}`,
    ],
    ['a fragment that spreads itself', '{ group(id: "1") { ...F } } fragment F on Group { subgroups { ...F } }'],
    [
      'fragments in a circle',
      '{ group(id: "1") { ...F } } fragment F on Group { subgroups { ...G } } fragment G on Group { subgroups { ...F } }',
    ],
    ['500 levels', `{ ${nested(500)} }`],
    ['20,000 braces', '{'.repeat(20_000)],
    ['2,400 selection sets that are never closed', '{a'.repeat(2_400)],
    ['2,000 inline fragments in each other', `{ ${'... { '.repeat(2_000)}`],
    ['10,000 duplicate fields', `{ group(id: "1") { ${'id '.repeat(10_000)} } }`],
    ['4,900 duplicate fields', `{ group(id: "1") { ${'id '.repeat(4_900)} } }`],
    ['600 duplicate fields with selections', `{ ${'group(id: "1") { id } '.repeat(500)} }`],
    [
      'nested duplicates',
      `{ group(id: "1") { ${'subgroups { id subgroups { id } '.repeat(500)} ${'}'.repeat(500)} } }`,
    ],
    ['500 directives', `{ group(id: "1") { id ${'@include(if: true) '.repeat(500)} } }`],
    ['5,000 unknown fields', `{ ${repeat(4_900, (index) => `x${index}`)} }`],
    ['a list literal 2,000 deep', `{ groups(ids: ${'['.repeat(2_000)}`],
    ['a nested introspection', `{ __schema { types { ${'fields { type { '.repeat(20)} name ${'} } '.repeat(20)} } } }`],
  ];

  it.each(DOCUMENTS)(
    '%s: refused with few errors, no resolver runs, and the gateway answers on',
    async (_name, query) => {
      const response = await ask(query);
      expect([response.status, response.calls, response.data]).toEqual([400, 0, undefined]);
      expect(response.errors.length).toBeGreaterThan(0);
      expect(response.errors.length).toBeLessThanOrEqual(5);
      expect((await ask('{ group(id: "1") { id } }')).data).toEqual({ group: { id: '1' } });
    },
  );

  it('take no longer than a few ordinary documents that are as long', async () => {
    const time = async (query: string): Promise<number> => {
      const startedAt = performance.now();
      await ask(query);
      return performance.now() - startedAt;
    };
    const ordinary = `{ group(id: "1") { ${repeat(90, (index) => `a${index}: billingHistory(first: ${index + 1}) { nodes { id kind } }`)} } }`;
    await time(ordinary);
    const yardstick = Math.max(await time(ordinary), await time(`${ordinary} `));
    const bomb = await time(DOCUMENTS[0]?.[1] ?? '');
    // Exponential work would be millions of times more; this leaves room for a busy machine.
    expect(bomb).toBeLessThan(100 * yardstick);
  });
});

describe('what this service does not do', () => {
  it('has no subscriptions', async () => {
    const response = await ask('subscription { group(id: "1") { id } }');
    expect([response.status, response.codes[0]]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(response.errors.map(({ message }) => message)).toContain('This service has no subscriptions.');
  });

  it.each(['@defer', '@stream', '@live'])('does not know %s', async (directive) => {
    const response = await ask(`{ group(id: "1") { ... ${directive} { id } } }`);
    expect([response.status, response.codes]).toEqual([400, ['GRAPHQL_VALIDATION_FAILED']]);
  });

  it('tells its schema to nobody where introspection is off', async () => {
    const closed = await ApolloHarness.start({ introspection: false });
    for (const query of [
      '{ __schema { queryType { name } } }',
      '{ __type(name: "Group") { name } }',
      '{ _service { sdl } }',
    ]) {
      const response = await closed.ask({ query });
      expect([response.status, response.codes]).toEqual([400, ['GRAPHQL_VALIDATION_FAILED']]);
    }
    expect((await closed.ask({ query: '{ __typename group(id: "1") { __typename } }' })).codes).toEqual([]);
  });
});
