import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BillingActivity, BillingPlan } from '../../../src/domain/billing-history.js';
import { BillingError } from '../../../src/domain/errors.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import type { GroupRef } from '../../../src/reads/billing-reads.js';
import { ApolloHarness, type GraphqlResult, type Question } from './apollo.harness.js';
import { callerWith, historyPage, type InMemoryPorts, inMemoryPorts, PLAN, ROW } from './in-memory.context.js';

const TIMES = 10;
let gateway: ApolloHarness;
let byGraphqlJs: ApolloHarness;
let unguarded: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
  byGraphqlJs = await ApolloHarness.start({ plainRows: false });
  unguarded = await ApolloHarness.start({ admission: false });
});

afterAll(() => Promise.all([gateway.stop(), byGraphqlJs.stop(), unguarded.stop()]));

function portsOf(rows: readonly BillingActivity[]): InMemoryPorts {
  return inMemoryPorts({ reads: { historyPage: async () => historyPage(rows) } });
}

/** The response, which must be the same all ten times and equal that of graphql-js. */
async function askTenTimes(question: Question, ports: () => InMemoryPorts = inMemoryPorts): Promise<GraphqlResult> {
  const expected = await byGraphqlJs.ask({ ...question, ports: ports() });
  for (let time = 0; time < TIMES; time += 1) {
    const response = await gateway.ask({ ...question, ports: ports() });
    expect(`${response.status} ${response.text}`).toBe(`${expected.status} ${expected.text}`);
  }
  return expected;
}

const CARD = 'fragment Card on Group { name plan { name price { amount } } }';
const ROWS = 'billingHistory { nodes';

describe('a query that comes ten times', () => {
  it.each([
    [
      'a fragment under opposite conditions',
      '{ group(id: "1") { ...F @include(if: $x) ...F @skip(if: $x) } } fragment F on Group { name }',
      { group: { name: 'Root' } },
    ],
    [
      'a fragment left out once',
      `{ a: group(id: "1") { id ...Card @include(if: $x) } b: group(id: "2") { ...Card } } ${CARD}`,
      { a: { id: '1' }, b: { name: 'Root', plan: { name: 'Plan A', price: { amount: '99.50' } } } },
    ],
    [
      'a fragment left out above',
      `{ group(id: "1") { id ...Card @include(if: $x) subgroups { id ...Card } } } ${CARD}`,
      { group: { id: '1', subgroups: [{ id: '11', name: 'Below', plan: { name: 'Plan A' } }] } },
    ],
    [
      'rows by a fragment used twice',
      `{ group(id: "1") { ${ROWS} { ...R @include(if: $x) ...R } } } } fragment R on BillingActivity { id price { amount } }`,
      { group: { billingHistory: { nodes: [{ id: '0123', price: { amount: '99' } }] } } },
    ],
    [
      'rows with fields left out',
      `{ group(id: "1") { ${ROWS} { kind @include(if: $x) id ...R @skip(if: $x) ... @include(if: $x) { planName } } } } } fragment R on BillingActivity { kind }`,
      { group: { billingHistory: { nodes: [{ id: '0123', kind: 'SIGNUP' }] } } },
    ],
  ])('answers %s as graphql-js does', async (_name, body, data) => {
    const response = await askTenTimes({ query: `query ($x: Boolean!) ${body}`, variables: { x: false } });
    expect(response.data).toMatchObject(data);
    expect(response.errors).toEqual([]);
  });

  it('leaves out a field and asks for it in one selection', async () => {
    const query =
      'query ($x: Boolean!) { group(id: "1") { plan @skip(if: $x) { ... on BillingPlan { name } } plan { type } } }';
    const response = await askTenTimes({ query, variables: { x: true } });
    expect(response.data).toEqual({ group: { plan: { type: 'MONTHLY' } } });
  });

  it('counts the rows of what it really selects', async () => {
    const many = Array.from({ length: 13 }, (_, index) => `h${index}: billingHistory(first: 5000) { nodes { id } }`);
    const query = `query ($x: Boolean!) { groups(ids: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]) {
      ... @skip(if: $x) { ${many.join(' ')} } billingHistory(first: 1) { nodes { id } } } }`;
    expect((await askTenTimes({ query, variables: { x: true } })).errors).toEqual([]);
    expect((await askTenTimes({ query, variables: { x: false } })).codes).toEqual(['OPERATION_TOO_COMPLEX']);
  });

  it('answers by the operation that is named, and by defaults and explicit nulls', async () => {
    const query = `query A($x: Boolean = true) { group(id: "1") { ${ROWS} { id kind @skip(if: $x) } } } }
      query B($x: Boolean = false) { group(id: "1") { ${ROWS} { id kind @skip(if: $x) @include(if: true) } } } }`;
    for (const operationName of ['A', 'B', 'C', undefined]) {
      for (const variables of [{}, { x: true }, { x: false }, { x: null }]) {
        await askTenTimes({ query, variables, ...(operationName === undefined ? {} : { operationName }) });
      }
    }
    const text = async (operationName: string): Promise<unknown> => (await askTenTimes({ query, operationName })).data;
    expect(await text('A')).toEqual({ group: { billingHistory: { nodes: [{ id: '0123' }] } } });
    expect(await text('B')).toEqual({ group: { billingHistory: { nodes: [{ id: '0123', kind: 'SIGNUP' }] } } });
  });

  it('refuses circles of fragments', async () => {
    const query = `{ group(id: "1") { ${ROWS} { ...A } } } } fragment A on BillingActivity { id ...B } fragment B on BillingActivity { ...A }`;
    expect((await askTenTimes({ query })).codes).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });

  it('keeps nothing for each of the operations of a document', async () => {
    const operations = Array.from({ length: 300 }, (_, index) => `query Q${index} { a: group(id: 1) { id } }`);
    const query = operations.join('\n');
    const askAll = async (): Promise<void> => {
      for (let index = 0; index < operations.length; index += 1)
        await gateway.ask({ query, operationName: `Q${index}` });
    };
    setFlagsFromString('--expose-gc');
    const collectGarbage: unknown = runInNewContext('gc');
    const heap = (): number => {
      if (typeof collectGarbage === 'function') Reflect.apply(collectGarbage, undefined, []);
      return process.memoryUsage().heapUsed;
    };
    await askAll();
    const before = heap();
    for (let time = 0; time < 4; time += 1) await askAll();
    // A compiled query for each would be 100 KB a request: 120 MB.
    expect(heap() - before).toBeLessThan(10_000_000);
  }, 60_000);
});

describe('a list of rows', () => {
  const HISTORY = `{ group(id: "1") { ${ROWS} { __typename id name: planName price { amount currency } group { id name } } edges { cursor node { id } } } } }`;

  /** The source of a row's value. */
  function watched(more: object = {}): { readonly row: BillingActivity; readonly readers: string[] } {
    const readers: string[] = [];
    const row = Object.defineProperty({ ...ROW, ...more }, 'planName', {
      enumerable: true,
      get: () => {
        readers.push(
          /src\/graphql\/request\/plain-rows|graphql\/execution\/execute/.exec(new Error().stack ?? '')?.[0] ?? '',
        );
        return 'watched';
      },
    });
    return { row, readers };
  }

  it('is written by the writer, each value read once, where all of it is plain', async () => {
    const { row, readers } = watched();
    const response = await gateway.ask({ query: HISTORY, ports: portsOf([row, ROW]) });
    expect(response.errors).toEqual([]);
    expect(response.text).toContain(
      '"nodes":[{"__typename":"BillingActivity","id":"0123","name":"watched","price":{"amount":"99","currency":null},"group":{"id":"123456","name":"Café"}}',
    );
    expect(response.text).toContain('"edges":[{"cursor":"c0","node":{"id":"0123"}},{"cursor":"c1"');
    expect(readers).toEqual(['src/graphql/request/plain-rows']);
  });

  it.each<[string, object]>([
    ['an unreadable value', { price: new UnreadableValue('xtracta', 'history', 'price') }],
    [
      'an unreadable value in an object',
      { price: { amount: '1', currency: new UnreadableValue('xtracta', 'history', 'c') } },
    ],
    ['a null out of place', { id: null }],
    ['a promise', { creditAmount: Promise.resolve('5') }],
    ['a word that is no value of the enum', { kind: 'NEVER_HEARD' }],
    ['a figure that its scalar refuses', { allowedDocuments: 1.5 }],
    ['a name that has to be looked up', { group: { id: '7' } }],
    ['an object in the place of text', { planTypeRaw: { length: 1 } }],
  ])('with %s is completed by graphql-js, and no port is asked twice', async (_name, more) => {
    const query = `{ group(id: "1") { ${ROWS} { id kind name: planName creditAmount allowedDocuments planTypeRaw price { amount currency } group { id name } } totalCount } } }`;
    const ports = (): InMemoryPorts => portsOf([watched(more).row, ROW]);
    await askTenTimes({ query }, ports);
    const { row, readers } = watched(more);
    let pages = 0;
    const counting = inMemoryPorts({
      reads: {
        historyPage: async () => {
          pages += 1;
          return historyPage([row]);
        },
      },
    });
    await gateway.ask({ query, ports: counting });
    expect(pages).toBe(1);
    expect(readers.at(-1) ?? 'graphql/execution/execute').toBe('graphql/execution/execute');
  });

  it.each(['__proto__', 'constructor', 'toString', 'then', 'length'])(
    'answers the alias %s as graphql-js does',
    async (alias) => {
      const query = `{ ${alias}: group(id: "1") { ${alias}: billingHistory { ${alias}: nodes { ${alias}: id price { ${alias}: amount } } } } }`;
      const response = await askTenTimes({ query });
      expect(response.text).toContain(`"${alias}":[{"${alias}":"0123","price":{"${alias}":"99"}}]`);
    },
  );

  it('belongs to what an error has made nothing of', async () => {
    const broken = { ...historyPage(), totalCount: Number.NaN };
    const ports = (): InMemoryPorts => inMemoryPorts({ reads: { historyPage: async () => broken } });
    const response = await askTenTimes({ query: `{ group(id: "1") { ${ROWS} { id } totalCount } } }` }, ports);
    expect(response.data).toEqual({ group: { billingHistory: null } });
    expect(response.errors).toHaveLength(1);
  });
});

describe('a plan', () => {
  const planOf = (plan: BillingPlan | null): InMemoryPorts => inMemoryPorts({ reads: { plan: async () => plan } });

  it('is written by the writer, in the place and order of its field', async () => {
    const readers: string[] = [];
    const plan = Object.defineProperty({ ...PLAN }, 'name', {
      enumerable: true,
      get: () => {
        readers.push(/src\/graphql\/request\/plain-rows/.exec(new Error().stack ?? '')?.[0] ?? '');
        return 'watched';
      },
    });
    const query =
      '{ group(id: "1") { id plan { type called: name price { currency } } name } none: group(id: "2") { name } }';
    const response = await gateway.ask({ query, ports: planOf(plan) });
    expect(response.errors).toEqual([]);
    expect(response.text).toContain('"id":"1","plan":{"type":"');
    expect(response.text).toContain('"called":"watched","price":{"currency":');
    expect(readers).toEqual(['src/graphql/request/plain-rows']);
  });

  it.each<[string, BillingPlan | null]>([
    ['none', null],
    [
      'with an unreadable value',
      { ...PLAN, usedDocuments: new UnreadableValue('xtracta', 'history', 'used_documents') },
    ],
    ['with a null out of place', Object.assign({ ...PLAN }, { type: null })],
  ])('%s is what graphql-js answers', async (_name, plan) => {
    await askTenTimes({ query: '{ group(id: "1") { plan { name usedDocuments type } id } }' }, () => planOf(plan));
  });

  it('is selected by the variables of each request', async () => {
    const query = `query ($x: Boolean!) { group(id: "1") { plan { name price @include(if: $x) { amount } ...More } } }
      fragment More on BillingPlan { type @skip(if: $x) }`;
    for (const x of [true, false, true]) {
      const variables = { x };
      const { text } = await askTenTimes({ query, variables }, () => planOf(PLAN));
      expect([text.includes('amount'), text.includes('"type"')]).toEqual([x, !x]);
    }
  });
});

describe('without any admission, a caller still sees no field', () => {
  const nobody = callerWith([]);
  const reader = callerWith(['billing:read']);

  it.each<[string, string, Question['caller']]>([
    ['of the root', '{ group(id: "1") { id } }', nobody],
    [
      'of an entity',
      '{ _entities(representations: [{ __typename: "Group", id: "1" }]) { ... on Group { id name } } }',
      nobody,
    ],
    [
      'of an entity, its history',
      '{ _entities(representations: [{ __typename: "Group", id: "1" }]) { ... on Group { billingHistory { nodes { price { amount } } } } } }',
      nobody,
    ],
    [
      'beside one that is left out',
      '{ group(id: "1") { availablePlans @skip(if: true) { id } availablePlans { ...P } } } fragment P on AvailablePlan { id wholesalePrice { amount } }',
      reader,
    ],
    ['of a list', '{ groups(ids: ["1"]) { plan { name } } }', nobody],
    ['of the ledger', '{ billingOperations { nodes { idempotencyKey } } }', nobody],
    ['of a mutation', 'mutation { openBillingUi { url } }', reader],
  ])('%s that needs a scope', async (_name, query, caller) => {
    const ports = inMemoryPorts();
    const response = await unguarded.ask({ query, ports, ...(caller === undefined ? {} : { caller }) });
    expect(new Set(response.codes)).toEqual(new Set(['FORBIDDEN']));
    expect(response.text).not.toMatch(/99|350|Root|order-0001|https/);
    expect(ports.calls.filter(({ port }) => port !== 'catalogue')).toEqual([]);
  });

  it('which it sees with the scope', async () => {
    const query = '{ group(id: "1") { name availablePlans { wholesalePrice { amount } } } }';
    const response = await unguarded.ask({ query, caller: callerWith(['billing:read', 'billing:wholesale']) });
    expect(response.data).toEqual({ group: { name: 'Root', availablePlans: [{ wholesalePrice: { amount: '350' } }] } });
  });
});

describe('a response of many rows', () => {
  const many = (length: number, last: object = {}): readonly BillingActivity[] =>
    Array.from({ length }, (_, index) => ({
      ...ROW,
      id: String(index),
      planName: index % 3 === 0 ? 'Ünï\ud800 "quoted" \u2028' : ROW.planName,
      ...(index === length - 1 ? last : {}),
    }));
  const selection = 'nodes { id kind planName price { amount currency } group { id name } startDate }';
  const query = `{ group(id: "1") { a: billingHistory(first: 5000) { ${selection} edges { cursor node { id } } }
    b: billingHistory(first: 5000) { totalCount ${selection} } } }`;

  it.each([
    ['short lists', 120],
    ['lists of a step more or less', 1_000],
    ['long lists', 2_500],
  ])('is the one of graphql-js: %s', async (_name, length) => {
    const expected = await byGraphqlJs.ask({ query, ports: portsOf(many(length)) });
    const response = await gateway.ask({ query, ports: portsOf(many(length)) });
    expect(response.text === expected.text).toBe(true);
    expect(response.errors).toEqual([]);
  });

  it('is the one of graphql-js where the last row cannot be read', async () => {
    const price = new UnreadableValue('xtracta', 'history', 'price');
    const expected = await byGraphqlJs.ask({ query, ports: portsOf(many(2_500, { price })) });
    const response = await gateway.ask({ query, ports: portsOf(many(2_500, { price })) });
    expect(response.text === expected.text).toBe(true);
    expect(response.errors).toHaveLength(2);
  });

  describe('of groups below', () => {
    const below = (length: number, last: object = {}): readonly GroupRef[] =>
      Array.from({ length }, (_, index) => ({
        id: String(index + 2),
        name: index % 3 === 0 ? 'Ünï "quoted"' : `Group ${index}`,
        ...(index === length - 1 ? last : {}),
      }));
    const portsBelow = (groups: readonly GroupRef[]): InMemoryPorts =>
      inMemoryPorts({ reads: { subgroups: async () => groups, groupName: async () => 'Asked for' } });
    const listed = '{ group(id: "1") { a: subgroups { __typename id name } b: subgroups { key: id } name } }';
    const nested = '{ group(id: "1") { subgroups { id plan { name } } } }';

    it.each([
      ['a few', listed, 3],
      ['many', listed, 700],
      ['more than stay objects', listed, 2_500],
      ['a few with plans', nested, 3],
      ['many with plans, in slices', nested, 700],
    ])('is the one of graphql-js: %s', async (_name, query, length) => {
      const expected = await byGraphqlJs.ask({ query, ports: portsBelow(below(length)) });
      const response = await gateway.ask({ query, ports: portsBelow(below(length)) });
      expect(response.text === expected.text).toBe(true);
      expect(response.errors).toEqual([]);
    });

    it('is the one of graphql-js where one group has no known name', async () => {
      const groups = below(700, { name: undefined });
      const expected = await byGraphqlJs.ask({ query: listed, ports: portsBelow(groups) });
      const response = await gateway.ask({ query: listed, ports: portsBelow(groups) });
      expect(response.text === expected.text).toBe(true);
      expect(response.text).toContain('{"__typename":"Group","id":"701","name":"Asked for"}');
    });

    it('hands no group to graphql-js where each has a known name', async () => {
      const read: string[] = [];
      const group = Object.defineProperty({ id: '2', name: 'Below' }, 'id', {
        enumerable: true,
        get: () => {
          read.push(/graphql\/execution\/execute/.exec(new Error().stack?.split('\n')[2] ?? '')?.[0] ?? 'written');
          return '2';
        },
      });
      await gateway.ask({ query: '{ group(id: "1") { subgroups { id name } } }', ports: portsBelow([group]) });
      expect(read).toEqual(['written']);
    });
  });

  it('counts the bytes of their text as they are written', async () => {
    const bytes: number[] = [];
    const ports = portsOf(many(2_500));
    const counting = { ...ports, reads: { ...ports.reads, countText: (count: number) => void bytes.push(count) } };
    const { text } = await gateway.ask({
      query: `{ group(id: "1") { billingHistory(first: 5000) { ${selection} } } }`,
      ports: counting,
    });
    const frame = JSON.stringify({ data: { group: { billingHistory: { nodes: [] } } } }).length - 2;
    expect(bytes.reduce((sum, count) => sum + count, 0)).toBe(Buffer.byteLength(text) - frame - 1);
    expect(bytes.length).toBeGreaterThan(1);
  });
});

describe('an operation that ends while rows are written', () => {
  it('has an error at the list, and never an empty list', async () => {
    const rows = Array.from({ length: 2_000 }, (_, index) => ({ ...ROW, id: String(index) }));
    const deadline = new BillingError('UPSTREAM_TIMEOUT', 'The operation took too long.');
    let steps = 0;
    const endedBy = (): BillingError | null => {
      steps += 1;
      return steps > 3 ? deadline : null;
    };
    const ports = inMemoryPorts({ reads: { historyPage: async () => historyPage(rows), endedBy } });
    const { data, errors } = await gateway.ask({ query: `{ group(id: "1") { id ${ROWS} { id } } } }`, ports });
    expect(errors.map(({ path, extensions }) => [path, extensions['code']])).toEqual([
      [['group', 'billingHistory', 'nodes'], 'UPSTREAM_TIMEOUT'],
    ]);
    expect(data).toEqual({ group: { id: '1', billingHistory: null } });
  });
});
