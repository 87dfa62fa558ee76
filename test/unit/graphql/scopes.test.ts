import { beforeAll, describe, expect, it } from '@jest/globals';
import { type GraphQLSchema, isObjectType, Kind, parse, print } from 'graphql';
import { SCOPES, type Scope } from '../../../src/domain/caller.js';
import { buildGatewaySchema } from '../../../src/graphql/schema.js';
import { accessOf, INHERITED } from '../../../src/graphql/scopes.js';
import { ApolloHarness } from './apollo.harness.js';
import { callerWith, inMemoryPorts } from './in-memory.context.js';

let schema: GraphQLSchema;
let sdl: string;
let gateway: ApolloHarness;

beforeAll(async () => {
  ({ schema, sdl } = await buildGatewaySchema());
  gateway = await ApolloHarness.start();
});

interface Row {
  readonly coordinate: string;
  /** An operation that selects the field and nothing else that needs a scope of its own. */
  readonly query: string;
  readonly needs: readonly Scope[];
}

const INPUT = {
  orderBoosterPack: 'input: { idempotencyKey: "12345678", packId: "1" }',
  changePlan: 'input: { idempotencyKey: "12345678", planId: "1" }',
  purchaseCredits: 'input: { idempotencyKey: "12345678", purchaseId: "9beb5f68-6493-4cc4-b55e-187541a9d22b" }',
  openBillingUi: '',
  reconcileBillingOperation: 'idempotencyKey: "12345678"',
  resolveBillingOperation: 'input: { idempotencyKey: "12345678", outcome: REJECTED, note: "n" }',
};

/** One operation for every guarded field, so that only that field's own guard applies. */
const ROWS: readonly Row[] = [
  row('Query.group', '{ group(id: "1") { id } }', 'billing:read'),
  row('Query.groups', '{ groups(ids: ["1"]) { id } }', 'billing:read'),
  row('Query.billingOperation', '{ billingOperation(idempotencyKey: "12345678") { status } }', 'billing:read'),
  row('Query.billingOperations', '{ billingOperations { totalCount } }', 'billing:read'),
  ...[
    ...['asOf', 'name', 'plan { name }', 'billingHistory { totalCount }', 'subgroups { id }'],
    ...['availablePlans { id differenceToCurrent { amount } }', 'availablePacks { id pricePerDocument }'],
    'planChangePreview(planId: "0112") { direction to { id } }',
  ].map((field) =>
    row(
      `Group.${/^\w+/.exec(field)?.[0] ?? ''}`,
      `{ _entities(representations: [{ __typename: "Group", id: "1" }]) { ... on Group { ${field} } } }`,
      'billing:read',
    ),
  ),
  ...(['AvailablePlan', 'AvailablePack'] as const).map((type) =>
    row(
      `${type}.wholesalePrice`,
      `{ _entities(representations: [{ __typename: "Group", id: "1" }]) { ... on Group { ${type === 'AvailablePlan' ? 'availablePlans' : 'availablePacks'} { wholesalePrice { amount } } } } }`,
      'billing:read',
      'billing:wholesale',
    ),
  ),
  row(
    'ChangePlanPayload.catalogue',
    `mutation { changePlan(${INPUT.changePlan}) { catalogue { id } } }`,
    'billing:write',
    'billing:read',
  ),
  row(
    'OrderBoosterPackPayload.catalogue',
    `mutation { orderBoosterPack(${INPUT.orderBoosterPack}) { catalogue { id } } }`,
    'billing:write',
    'billing:read',
  ),
  row(
    'BillingOperation.evidence',
    `mutation { resolveBillingOperation(${INPUT.resolveBillingOperation}) { operation { evidence { id } } } }`,
    'billing:admin',
    'billing:read',
  ),
  row(
    'BillingOperation.evidenceFit',
    `mutation { resolveBillingOperation(${INPUT.resolveBillingOperation}) { operation { evidenceFit { fits } } } }`,
    'billing:admin',
    'billing:read',
  ),
  row('Mutation.orderBoosterPack', mutation('orderBoosterPack'), 'billing:write'),
  row('Mutation.changePlan', mutation('changePlan'), 'billing:write'),
  row('Mutation.purchaseCredits', mutation('purchaseCredits'), 'credits:purchase'),
  row('Mutation.openBillingUi', mutation('openBillingUi'), 'billing:ui'),
  row('Mutation.reconcileBillingOperation', mutation('reconcileBillingOperation'), 'billing:write'),
  row('Mutation.resolveBillingOperation', mutation('resolveBillingOperation'), 'billing:admin'),
];

function row(coordinate: string, query: string, ...needs: Scope[]): Row {
  return { coordinate, query, needs };
}

function mutation(field: keyof typeof INPUT): string {
  const args = INPUT[field] === '' ? '' : `(${INPUT[field]})`;
  return `mutation { ${field}${args} { userErrors { code } } }`;
}

function coordinates(): readonly (readonly [string, string])[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.keys(type.getFields()).map((field) => [type.name, field] as const)
      : [],
  );
}

/** `Query._entities`, `Query._service` and `_Service.sdl`: every router knows them, so no subgraph prints them. */
const NOT_PRINTED = 3;

describe('access decisions', () => {
  it('exist for every field of the schema', () => {
    const undecided = coordinates().filter(([type, field]) => accessOf(type, field) === undefined);
    expect(undecided).toEqual([]);
  });

  it('have an operation in this matrix for every field that needs a scope', () => {
    const guarded = coordinates()
      .filter(([type, field]) => accessOf(type, field) !== INHERITED)
      .map((coordinate) => coordinate.join('.'));
    expect(ROWS.map(({ coordinate }) => coordinate).sort()).toEqual([...guarded].sort());
  });

  it('are printed for routers as they are enforced', () => {
    const printed = new Map<string, readonly string[]>();
    for (const node of parse(sdl).definitions) {
      if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
      for (const field of node.fields ?? []) {
        const directives = (field.directives ?? []).map((directive) => print(directive));
        printed.set(`${node.name.value}.${field.name.value}`, directives);
      }
    }
    const compared = coordinates().filter(([type, field]) => printed.has(`${type}.${field}`));
    expect(coordinates().length - compared.length).toBe(NOT_PRINTED);
    for (const [type, field] of compared) {
      const directives = printed.get(`${type}.${field}`) ?? [];
      const access = accessOf(type, field) ?? [];
      const expected = access === INHERITED ? [] : ['@authenticated', `@requiresScopes(scopes: [${list(access)}])`];
      expect(directives.filter((text) => /^@(?:authenticated|requiresScopes)/.test(text))).toEqual(expected);
    }
  });
});

function list(scopes: readonly Scope[]): string {
  return `[${scopes.map((scope) => `"${scope}"`).join(', ')}]`;
}

describe('every guarded field and every scope', () => {
  const matrix = ROWS.flatMap((entry) => SCOPES.map((scope) => ({ ...entry, scope })));

  it.each(matrix)('$coordinate with $scope alone', async ({ query, needs, scope }) => {
    const ports = inMemoryPorts();
    const response = await gateway.ask({ query, caller: callerWith([scope]), ports });
    if (needs.every((needed) => needed === scope)) {
      expect(response.codes).toEqual([]);
      return;
    }
    expect(response.status).toBe(403);
    expect(response.codes).toEqual(['FORBIDDEN']);
    expect(response.data).toBeUndefined();
    expect(ports.calls).toEqual([]);
  });

  it.each(ROWS)('$coordinate with just what it needs', async ({ query, needs }) => {
    const response = await gateway.ask({ query, caller: callerWith(needs) });
    expect(response.codes).toEqual([]);
  });

  it.each(ROWS)('$coordinate with all scopes but one of those it needs', async ({ query, needs }) => {
    for (const missing of needs) {
      const response = await gateway.ask({ query, caller: callerWith(SCOPES.filter((scope) => scope !== missing)) });
      expect(response.codes).toEqual(['FORBIDDEN']);
      expect(response.errors[0]?.message).toContain(missing);
    }
  });
});

describe('deleting held documents', () => {
  const withoutDelete = callerWith(SCOPES.filter((scope) => scope !== 'billing:delete-documents'));

  it.each([
    ['orderBoosterPack', 'OrderBoosterPackInput', { idempotencyKey: '12345678', packId: '1' }],
    ['changePlan', 'ChangePlanInput', { idempotencyKey: '12345678', planId: '1' }],
    ['openBillingUi', 'OpenBillingUiInput', {}],
  ])(
    'needs its own scope in %s, asked by variable, by literal and by a variable inside',
    async (field, type, input) => {
      const ports = inMemoryPorts();
      const literal = Object.entries(input).map(([name, value]) => `${name}: "${value}"`);
      const forms = [
        {
          query: `mutation ($input: ${type}!) { ${field}(input: $input) { userErrors { code } } }`,
          variables: { input: { ...input, heldDocuments: 'DELETE', confirmDocumentDeletion: true } },
        },
        {
          query: `mutation { ${field}(input: { ${[...literal, 'heldDocuments: DELETE'].join(', ')} }) { userErrors { code } } }`,
        },
        {
          query: `mutation ($what: HeldDocumentsAction!) { ${field}(input: { ${[...literal, 'heldDocuments: $what'].join(', ')} }) { userErrors { code } } }`,
          variables: { what: 'DELETE' },
        },
        {
          query: `mutation ($what: HeldDocumentsAction! = DELETE) { x: ${field}(input: { ${[...literal, 'heldDocuments: $what'].join(', ')} }) { userErrors { code } } }`,
        },
      ];
      for (const form of forms) {
        const response = await gateway.ask({ ...form, caller: withoutDelete, ports });
        expect([response.status, response.codes]).toEqual([403, ['FORBIDDEN']]);
        expect((await gateway.ask(form)).codes).toEqual([]);
      }
      expect(ports.calls).toEqual([]);
    },
  );

  it('is not asked for by a field that is skipped', async () => {
    const query = `mutation ($no: Boolean!) {
      orderBoosterPack(input: { idempotencyKey: "12345678", packId: "1", heldDocuments: DELETE }) @skip(if: $no) { userErrors { code } }
    }`;
    expect((await gateway.ask({ query, variables: { no: true }, caller: withoutDelete })).codes).toEqual([]);
    expect((await gateway.ask({ query, variables: { no: false }, caller: withoutDelete })).codes).toEqual([
      'FORBIDDEN',
    ]);
  });
});

describe('what is selected decides, not what is written', () => {
  const query = `query ($with: Boolean!) {
    ...Root @include(if: $with)
    __typename
  }
  fragment Root on Query { group(id: "1") { ... on Group { plan { name } } } }`;

  it('asks for the scopes of included fragments with the real variables, also when the document comes again', async () => {
    const caller = callerWith([]);
    for (const included of [false, true, false, true]) {
      const response = await gateway.ask({ query, variables: { with: included }, caller });
      expect(response.codes).toEqual(included ? ['FORBIDDEN'] : []);
    }
  });

  it('lets anybody who is authenticated read the names of types', async () => {
    const response = await gateway.ask({
      query: '{ __typename __schema { queryType { name } } _service { sdl } }',
      caller: callerWith([]),
    });
    expect(response.codes).toEqual([]);
  });
});

describe('a mutation that is executed without the admission of the whole operation', () => {
  it('still refuses a caller without the scope', async () => {
    const { graphql } = await import('graphql');
    const { contextOf } = await import('./in-memory.context.js');
    const ports = inMemoryPorts();
    const result = await graphql({
      schema,
      source: mutation('purchaseCredits'),
      contextValue: contextOf(ports, callerWith(['billing:write'])),
    });
    expect(result.errors?.[0]?.originalError).toMatchObject({ code: 'FORBIDDEN' });
    expect(ports.calls).toEqual([]);
  });
});
