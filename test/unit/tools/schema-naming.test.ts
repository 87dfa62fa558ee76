import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type FieldDefinitionNode, Kind, type NamedTypeNode, parse, type TypeNode } from 'graphql';

const { definitions } = parse(readFileSync(join(import.meta.dirname, '../../../schema.graphql'), 'utf8'));
const objects = definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
const inputs = definitions.filter((node) => node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION);
const enums = definitions.filter((node) => node.kind === Kind.ENUM_TYPE_DEFINITION);
const fields = objects.flatMap(({ name, fields: own = [] }) => own.map((field) => ({ type: name.value, field })));
const mutations = fields.filter(({ type }) => type === 'Mutation').map(({ field }) => field);

const hasDirective = (field: FieldDefinitionNode, name: string): boolean =>
  field.directives?.some((directive) => directive.name.value === name) ?? false;
const namedType = (type: TypeNode): NamedTypeNode => (type.kind === Kind.NAMED_TYPE ? type : namedType(type.type));
const names = (nodes: readonly { readonly name: { readonly value: string } }[]): string[] =>
  nodes.map(({ name }) => name.value);

describe('the schema’s names', () => {
  it('are PascalCase for types, and end with what they are for inputs', () => {
    const types = [...objects, ...inputs, ...enums];
    expect(names(types).filter((name) => !/^[A-Z][A-Za-z]+$/.test(name))).toEqual([]);
    expect(names(inputs).filter((name) => !name.endsWith('Input'))).toEqual([]);
  });

  it('are camelCase for fields and arguments', () => {
    const all = [
      ...names(fields.map(({ field }) => field)),
      ...names(fields.flatMap(({ field }) => field.arguments ?? [])),
      ...names(inputs.flatMap((input) => input.fields ?? [])),
    ];
    expect(all.filter((name) => !/^[a-z][A-Za-z]+$/.test(name))).toEqual([]);
  });

  it('are UPPER_CASE for enum values', () => {
    const values = names(enums.flatMap((node) => node.values ?? []));
    expect(values.filter((name) => !/^[A-Z]+(?:_[A-Z]+)*$/.test(name))).toEqual([]);
  });

  it('do not repeat the type in its own fields', () => {
    const repeating = fields.filter(({ type, field }) => field.name.value.toLowerCase().startsWith(type.toLowerCase()));
    expect(repeating.filter(({ type }) => type !== 'Query' && type !== 'Mutation')).toEqual([]);
  });

  it('give every enum that may be OTHER a raw field beside it, with the word of the upstream', () => {
    const open = names(enums.filter(({ values = [] }) => names(values).includes('OTHER')));
    const read = fields.filter(({ field }) => open.includes(namedType(field.type).name.value));
    expect(read.length).toBeGreaterThan(2);
    const all = new Set(fields.map(({ type, field }) => `${type}.${field.name.value}`));
    const alone = read.map(({ type, field }) => `${type}.${field.name.value}Raw`).filter((name) => !all.has(name));
    expect(alone).toEqual([]);
  });
});

describe('the schema’s mutations', () => {
  it('take one input, or the key of the write that they are about', () => {
    for (const { arguments: given = [] } of mutations) {
      expect(given).toHaveLength(1);
      expect(['input', 'idempotencyKey']).toContain(given[0]?.name.value);
    }
  });

  it('answer a payload with userErrors, and everything else in it may be null', () => {
    for (const mutation of mutations) {
      const payload = namedType(mutation.type).name.value;
      expect(payload).toMatch(/Payload$/);
      const own = fields.filter(({ type }) => type === payload).map(({ field }) => field);
      expect(names(own)).toContain('userErrors');
      const nonNull = own.filter(({ type }) => type.kind === Kind.NON_NULL_TYPE);
      expect(names(nonNull).filter((name) => !['userErrors', 'warnings'].includes(name))).toEqual([]);
    }
  });
});

describe('the schema’s nullability', () => {
  it('lets a field that costs an upstream call be null, so that one failing leaves the rest', () => {
    const priced = fields.filter(({ type, field }) => type !== 'Mutation' && hasDirective(field, 'cost'));
    const nonNull = priced.filter(({ field }) => field.type.kind === Kind.NON_NULL_TYPE);
    // Evidence is read beside the ledger's row; where it cannot be read it is empty.
    expect(nonNull.map(({ type, field }) => `${type}.${field.name.value}`)).toEqual([
      'BillingOperation.evidence',
      'BillingOperation.evidenceFit',
    ]);
  });

  it('has no null inside a list, but for the ids of which each stands for itself', () => {
    const loose = fields.filter(({ field: { type } }) => {
      const list = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
      return list.kind === Kind.LIST_TYPE && list.type.kind !== Kind.NON_NULL_TYPE;
    });
    expect(loose.map(({ type, field }) => `${type}.${field.name.value}`)).toEqual(['Query.groups']);
  });
});
