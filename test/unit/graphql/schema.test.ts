import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  graphql,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type TypeNode,
  visit,
} from 'graphql';
import { buildGatewaySchema } from '../../../src/graphql/schema.js';

let schema: GraphQLSchema;
let sdl: string;
let document: DocumentNode;

beforeAll(async () => {
  ({ schema, sdl } = await buildGatewaySchema());
  document = parse(sdl);
});

function objectTypes(): readonly ObjectTypeDefinitionNode[] {
  return document.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
}

function fields(): readonly { readonly type: string; readonly field: FieldDefinitionNode }[] {
  return objectTypes().flatMap(({ name, fields = [] }) => fields.map((field) => ({ type: name.value, field })));
}

function fieldNamed(coordinate: string): FieldDefinitionNode | undefined {
  return fields().find(({ type, field }) => `${type}.${field.name.value}` === coordinate)?.field;
}

function directivesOf(node: { readonly directives?: readonly DirectiveNode[] } | undefined): readonly string[] {
  return (node?.directives ?? []).map((directive) => print(directive));
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE ? isList(type.type) : type.kind === Kind.LIST_TYPE;
}

describe('schema.graphql', () => {
  it('is what the code says', async () => {
    const committed = await readFile(join(import.meta.dirname, '../../../schema.graphql'), 'utf8');
    expect(committed).toBe(sdl);
  });

  it('is what _service answers to a router', async () => {
    const result = await graphql({ schema, source: '{ _service { sdl } }' });
    expect(result.data?.['_service']).toEqual({ sdl });
  });

  it('is the same when it is built again in the same process', async () => {
    expect((await buildGatewaySchema()).sdl).toBe(sdl);
  });

  it('describes every type, field, argument, input field, enum value and directive', () => {
    const bare: string[] = [];
    const check = (node: { name: { value: string }; description?: { value: string } | undefined }): undefined => {
      if ((node.description?.value ?? '').length < 10) bare.push(node.name.value);
    };
    visit(document, {
      ObjectTypeDefinition: check,
      InputObjectTypeDefinition: check,
      EnumTypeDefinition: check,
      ScalarTypeDefinition: check,
      DirectiveDefinition: check,
      FieldDefinition: check,
      InputValueDefinition: check,
      EnumValueDefinition: check,
    });
    expect(bare).toEqual([]);
  });

  it('has no Float, no root node field, no subscription and no union or interface', () => {
    expect(sdl).not.toMatch(/\bFloat\b/);
    expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).not.toContain('node');
    expect(schema.getSubscriptionType()).toBeUndefined();
    expect(sdl).not.toMatch(/^(?:union|interface) /m);
  });

  it('names every scalar that has a specification', () => {
    const specified = document.definitions.flatMap((node) =>
      node.kind === Kind.SCALAR_TYPE_DEFINITION && directivesOf(node).some((text) => text.startsWith('@specifiedBy'))
        ? [node.name.value]
        : [],
    );
    expect(specified.sort()).toEqual(['CurrencyCode', 'DateTime', 'URL', 'UUID']);
  });
});

describe('fields', () => {
  it('are read by graphql-js alone where nothing is computed: thousands of rows pass through them', () => {
    const computed = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith('_') && !['Query', 'Mutation'].includes(type.name)
        ? Object.values(type.getFields()).flatMap(({ name, resolve }) => (resolve ? [`${type.name}.${name}`] : []))
        : [],
    );
    expect(computed.sort()).toEqual([
      'AvailablePack.pricePerDocument',
      // A field with its own scope has a resolver that checks it.
      'AvailablePack.wholesalePrice',
      'AvailablePlan.differenceToCurrent',
      'AvailablePlan.pricePerDocument',
      'AvailablePlan.wholesalePrice',
      // Rows are written at once, not value by value.
      'BillingHistoryConnection.edges',
      'BillingHistoryConnection.nodes',
      'BillingOperation.evidence',
      'BillingOperation.evidenceFit',
      'BillingOperation.group',
      'BillingOperationConnection.nodes',
      'BoosterPackOrder.group',
      'ChangePlanPayload.catalogue',
      // Known only after all other reads of the operation.
      'Group.asOf',
      'Group.availablePacks',
      'Group.availablePlans',
      'Group.billingHistory',
      'Group.name',
      'Group.plan',
      'Group.planChangePreview',
      'Group.subgroups',
      'OrderBoosterPackPayload.catalogue',
    ]);
  });
});

describe('federation', () => {
  it('links v2.9 and applies no directive that one of the composers lacks', () => {
    expect(sdl).toContain('https://specs.apollo.dev/federation/v2.9');
    expect(sdl).not.toMatch(/@oneOf|@policy|@cacheTag/);
  });

  it('imports exactly the directives that it applies', () => {
    const imported = [...(/import: \[([^\]]*)\]/.exec(sdl)?.[1]?.matchAll(/"@(\w+)"/g) ?? [])].map(([, name]) => name);
    const applied = new Set<string>();
    visit(document, { Directive: ({ name }) => void applied.add(name.value) });
    const own = ['link', 'cacheControl', 'specifiedBy'];
    expect([...applied].filter((name) => !own.includes(name)).sort()).toEqual([...imported].sort());
  });

  it.each([
    ['Group', '@key(fields: "id")'],
    ['Money', '@shareable'],
    ['PageInfo', '@shareable'],
  ])('marks %s with %s', (name, directive) => {
    const type = objectTypes().find((node) => node.name.value === name);
    expect(directivesOf(type)).toEqual([directive]);
  });

  it.each(['Mutation.orderBoosterPack', 'Mutation.changePlan', 'Mutation.purchaseCredits'])(
    'tags %s as moving money',
    (coordinate) => {
      expect(directivesOf(fieldNamed(coordinate))).toContain('@tag(name: "moves-money")');
    },
  );

  it('tags personal data in responses and inputs', () => {
    const tagged: string[] = [];
    const note = (node: { name: { value: string }; directives?: readonly DirectiveNode[] | undefined }): undefined => {
      if (directivesOf({ directives: node.directives ?? [] }).includes('@tag(name: "personal-data")')) {
        tagged.push(node.name.value);
      }
    };
    visit(document, { FieldDefinition: note, InputValueDefinition: note });
    expect(tagged.sort()).toEqual(['address', 'company', 'email', 'mobile', 'phone', 'userId']);
  });

  it('tags the URL of the billing page as a credential', () => {
    expect(directivesOf(fieldNamed('OpenBillingUiPayload.url'))).toContain('@tag(name: "credential")');
  });

  it('sizes every list once: by itself, or by its connection', () => {
    const sized = (field: FieldDefinitionNode): number =>
      directivesOf(field).filter((text) => text.startsWith('@listSize')).length;
    const connectionFields = new Set(
      fields()
        .filter(({ field }) => directivesOf(field).some((text) => text.includes('sizedFields: ["edges", "nodes"]')))
        .map(({ field }) => print(field.type).replace('!', '')),
    );
    expect([...connectionFields].sort()).toEqual(['BillingHistoryConnection', 'BillingOperationConnection']);
    for (const { type, field } of fields().filter((entry) => isList(entry.field.type))) {
      const isInConnection = connectionFields.has(type) && ['edges', 'nodes'].includes(field.name.value);
      expect([`${type}.${field.name.value}`, sized(field)]).toEqual([
        `${type}.${field.name.value}`,
        isInConnection ? 0 : 1,
      ]);
    }
  });

  it('prices the fields that cost an upstream call, and only those', () => {
    const priced = fields()
      .filter(({ field }) => directivesOf(field).includes('@cost(weight: 10)'))
      .map(({ type, field }) => `${type}.${field.name.value}`);
    expect(priced.sort()).toEqual([
      'AvailablePlan.differenceToCurrent',
      'BillingOperation.evidence',
      'BillingOperation.evidenceFit',
      'ChangePlanPayload.catalogue',
      'Group.availablePacks',
      'Group.availablePlans',
      'Group.billingHistory',
      'Group.name',
      'Group.plan',
      'Group.planChangePreview',
      'Group.subgroups',
      'Mutation.changePlan',
      'Mutation.openBillingUi',
      'Mutation.orderBoosterPack',
      'Mutation.purchaseCredits',
      'Mutation.reconcileBillingOperation',
      'OrderBoosterPackPayload.catalogue',
    ]);
  });

  it('makes fields that need an upstream call nullable, so that one failing leaves the rest whole', () => {
    const ofGroup = [
      'name',
      'plan',
      'billingHistory',
      'subgroups',
      'availablePlans',
      'availablePacks',
      'planChangePreview',
    ];
    const coordinates = [
      ...ofGroup.map((field) => `Group.${field}`),
      ...['AvailablePlan.differenceToCurrent', 'ChangePlanPayload.catalogue', 'OrderBoosterPackPayload.catalogue'],
    ];
    for (const coordinate of coordinates) {
      expect(fieldNamed(coordinate)?.type.kind).not.toBe(Kind.NON_NULL_TYPE);
    }
  });

  it('keeps every read out of shared caches', () => {
    const queries = fields().filter(({ type }) => type === 'Query');
    for (const { field } of queries) {
      expect(directivesOf(field)).toContain('@cacheControl(maxAge: 0, scope: PRIVATE)');
    }
  });
});
