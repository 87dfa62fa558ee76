import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  type DocumentNode,
  getNamedType,
  isInputObjectType,
  isNonNullType,
  Kind,
  type NamedTypeNode,
  parse,
  print,
  type TypeNode,
  typeFromAST,
  validate,
} from 'graphql';
import { buildGatewaySchema } from '../../../src/graphql/schema.js';
import { GroupPlanDocument } from '../../__generated__/operations.js';
import { ApolloHarness } from './apollo.harness.js';

const FOLDER = join(import.meta.dirname, '../../../operations');

interface Example {
  readonly file: string;
  readonly text: string;
  readonly document: DocumentNode;
  readonly name: string;
}

let examples: readonly Example[];
let variables: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
let gateway: ApolloHarness;

beforeAll(async () => {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.graphql')).sort();
  examples = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(FOLDER, file), 'utf8');
      const document = parse(text);
      return { file, text, document, name: operationNames(document)[0] ?? '' };
    }),
  );
  variables = JSON.parse(await readFile(join(FOLDER, 'variables.json'), 'utf8'));
  gateway = await ApolloHarness.start();
});

function operationNames(document: DocumentNode): readonly string[] {
  return document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? [node.name?.value ?? ''] : [],
  );
}

function namedTypeOf(type: TypeNode): NamedTypeNode {
  return type.kind === Kind.NAMED_TYPE ? type : namedTypeOf(type.type);
}

describe('the example operations', () => {
  it('are at least twelve, one named operation a file, each with a comment that says what it is for', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12);
    for (const { file, text, document } of examples) {
      expect([file, operationNames(document).length]).toEqual([file, 1]);
      expect([file, /^# \w.{20,}/.test(text)]).toEqual([file, true]);
    }
    expect(new Set(examples.map(({ name }) => name)).size).toBe(examples.length);
  });

  it('fit the schema', async () => {
    const { schema } = await buildGatewaySchema();
    for (const { file, document } of examples) expect([file, validate(schema, document)]).toEqual([file, []]);
  });

  it('have example variables each, and there are none for others', () => {
    expect(Object.keys(variables).sort()).toEqual(examples.map(({ name }) => name).sort());
  });

  it('name every input field that must not be null, also one with a default: GraphiQL’s editor marks it red otherwise', async () => {
    const { schema } = await buildGatewaySchema();
    const inputs = examples.flatMap(({ document, name }) =>
      document.definitions.flatMap((node) =>
        node.kind !== Kind.OPERATION_DEFINITION
          ? []
          : (node.variableDefinitions ?? []).flatMap(({ variable, type }) => {
              const declared = getNamedType(typeFromAST(schema, namedTypeOf(type)));
              return isInputObjectType(declared) ? [{ name, variable: variable.name.value, declared }] : [];
            }),
      ),
    );
    expect(inputs.length).toBeGreaterThanOrEqual(5);
    for (const { name, variable, declared } of inputs) {
      const required = Object.values(declared.getFields()).filter(({ type }) => isNonNullType(type));
      const given = Object.keys(variables[name]?.[variable] ?? {});
      expect([name, required.map((field) => field.name).filter((field) => !given.includes(field))]).toEqual([name, []]);
    }
  });

  it('pass the limits and run with their example variables', async () => {
    for (const { file, text, name } of examples) {
      const response = await gateway.ask({ query: text, variables: variables[name] ?? {}, operationName: name });
      expect([file, response.status, response.errors]).toEqual([file, 200, []]);
    }
  });

  it('select every mutation and every query of the schema', async () => {
    const { schema } = await buildGatewaySchema();
    const used = new Set(examples.flatMap(({ text }) => [...text.matchAll(/^ {2}(\w+)/gm)].map(([, field]) => field)));
    const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(fields.filter((field) => !field.startsWith('_') && !used.has(field))).toEqual([]);
  });

  it('have generated documents that say the same', () => {
    const source = examples.find(({ name }) => name === 'GroupPlan');
    expect(print(GroupPlanDocument)).toBe(source === undefined ? undefined : print(source.document));
  });
});
