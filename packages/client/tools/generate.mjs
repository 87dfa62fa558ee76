// Writes every file of the kit that is made from the gateway's schema: `node packages/client/tools/generate.mjs
// [--check]`.
//
// schema.graphql the API, without the parts for federated routers src/__generated__/documents.ts typed documents of
// operations/ and of src/kit.graphql src/__generated__/schema.facts.ts facts about each type for a normalised cache
// ../testing/src/__generated__/schema.text.ts the API, for the handlers of MSW
//
// Uses the code generator of the repository's root, so that the kit's own lock file stays small.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codegen } from '@graphql-codegen/core';
import * as documents from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { Kind, parse, print, visit } from 'graphql';

const KIT = fileURLToPath(new URL('../', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Directives of federation and of its routers. A client's tools need none of them. */
const ROUTER_DIRECTIVES = new Set([
  'link',
  'key',
  'shareable',
  'tag',
  'cost',
  'listSize',
  'authenticated',
  'requiresScopes',
  'cacheControl',
]);

/** Figures and dates stay text. */
const SCALARS = {
  // The generator's default also allows a number as input, but a number may already be rounded.
  ID: { input: 'string', output: 'string' },
  CurrencyCode: 'string',
  DateTime: 'string',
  Decimal: 'string',
  Long: 'number',
  URL: 'string',
  UUID: 'string',
};

for (const kit of ['client', 'testing']) mkdirSync(`${ROOT}packages/${kit}/src/__generated__`, { recursive: true });
const source = parse(readFileSync(`${ROOT}schema.graphql`, 'utf8'));
const api = apiSchema(source);
const outputs = {
  'schema.graphql': `# Generated from the gateway's schema: do not edit.\n${print(api)}\n`,
  'src/__generated__/documents.ts': await typedDocuments(api),
  'src/__generated__/schema.facts.ts': schemaFacts(source),
  // The test kit runs in browsers too, where it can read no file.
  '../testing/src/__generated__/schema.text.ts': `/* Generated from the gateway's schema: do not edit. */\nexport const SCHEMA = ${JSON.stringify(print(api))};\n`,
};
const stale = Object.entries(outputs).filter(
  ([name, text]) => !existsSync(KIT + name) || readFileSync(KIT + name, 'utf8') !== text,
);
if (!process.argv.includes('--check')) for (const [name, text] of stale) writeFileSync(KIT + name, text);
else if (stale.length > 0) {
  process.stderr.write(`Stale in packages/client: ${stale.map(([name]) => name).join(', ')}. Run npm run codegen.\n`);
  process.exitCode = 1;
}

/** The schema for clients. */
function apiSchema(document) {
  return visit(document, {
    Directive: ({ name }) => (ROUTER_DIRECTIVES.has(name.value) ? null : undefined),
    DirectiveDefinition: ({ name }) => (ROUTER_DIRECTIVES.has(name.value) ? null : undefined),
    // The only type of a router's directive that the schema defines itself.
    EnumTypeDefinition: ({ name }) => (name.value === 'CacheControlScope' ? null : undefined),
    SchemaExtension: () => null,
    SchemaDefinition: () => null,
  });
}

async function typedDocuments(schema) {
  const folder = `${ROOT}operations/`;
  const files = [
    ...readdirSync(folder)
      .filter((name) => name.endsWith('.graphql'))
      .sort()
      .map((name) => folder + name),
    `${KIT}src/kit.graphql`,
  ];
  const text = await codegen({
    filename: 'documents.ts',
    schema,
    documents: files.map((location) => ({ location, document: parse(readFileSync(location, 'utf8')) })),
    config: {},
    plugins: [
      { operations: { strictScalars: true, scalars: SCALARS, enumsAsTypes: true, useTypeImports: true } },
      {
        documents: {
          useTypeImports: true,
          optimizeDocumentNode: true,
          emitLegacyCommonJSImports: false,
          pureMagicComment: true,
        },
      },
    ],
    pluginMap: { operations, documents },
  });
  // The plugin casts an object literal; the cast is what types the document.
  return `/* Generated from the gateway's schema and operations: do not edit. */\n${text}`;
}

/**
 * The facts for a normalised cache. A type is an entity when a field of Query finds it by exactly one of its fields (a
 * group by `id`, a write by `idempotencyKey`). Every other type is part of its owner. Reason: the upstream does not say
 * that the id of a row, a plan or a pack means the same in two groups. A catalogue's data about a plan also depends on
 * the group.
 */
function schemaFacts(document) {
  const types = Object.fromEntries(
    document.definitions
      .filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION)
      .map((type) => [type.name.value, type]),
  );
  const { Query, Mutation, Group, ...others } = types;
  const entities = {};
  for (const { type, arguments: args } of Query.fields) {
    const found = type.kind === Kind.NAMED_TYPE ? types[type.name.value] : undefined;
    const [only, ...more] = args;
    if (found === undefined || only === undefined || more.length > 0) continue;
    const field = found.fields.find(({ name }) => name.value === only.name.value);
    if (field !== undefined && print(field.type) === 'ID!') entities[found.name.value] = field.name.value;
  }
  const hasDirective = (node, name, text = '') =>
    node.directives.some((directive) => directive.name.value === name && print(directive).includes(text));
  const payloadHas = ({ type }, name) =>
    types[type.type?.name.value ?? '']?.fields.some((field) => field.name.value === name) === true;
  const names = (fields) => fields.map(({ name }) => name.value).sort();
  const charges = Mutation.fields.filter((field) => hasDirective(field, 'tag', 'moves-money'));
  const settling = Mutation.fields.filter((field) => payloadHas(field, 'operation') && !charges.includes(field));
  const list = (values) => `[\n${values.map((value) => `  '${value}',\n`).join('')}] as const`;
  return `/* Generated from the gateway's schema: do not edit. */

/** Types that a cache keeps once, wherever they appear, and the field that names one. */
export const ENTITY_KEYS = {
${Object.entries(entities)
  .sort()
  .map(([type, field]) => `  ${type}: '${field}',\n`)
  .join('')}} as const;

/** Every other type: part of its owner, never shared and never merged. */
export const EMBEDDED_TYPES = ${list([...Object.keys(others), 'Group'].filter((name) => !(name in entities)).sort())};

/** Fields of a group from the upstream, which a write may change. The name is not among them. */
export const GROUP_READS = ${list(names(Group.fields.filter((field) => hasDirective(field, 'cost') && field.name.value !== 'name')))};

/** Mutations that charge. */
export const CHARGES = ${list(names(charges))};

/** Mutations that may return the outcome of an earlier write. */
export const SETTLEMENTS = ${list(names(settling))};
`;
}
