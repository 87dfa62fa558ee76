import {
  type ConstDirectiveNode,
  type DocumentNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parseConstValue,
  visit,
} from 'graphql';
import { accessOf, INHERITED } from './scopes.js';

/**
 * v2.9 is the highest version that the Apollo, Hive and Cosmo composers all accept. `@cacheControl` is no federation directive and
 * brings its own definition.
 */
export const FEDERATION_HEAD = /* GraphQL */ `
  extend schema
    @link(
      url: "https://specs.apollo.dev/federation/v2.9"
      import: ["@key", "@shareable", "@tag", "@cost", "@listSize", "@authenticated", "@requiresScopes"]
    )

  "How long an answer may be kept, and for whom."
  directive @cacheControl(
    "Seconds an answer may be kept."
    maxAge: Int
    "For whom it may be kept."
    scope: CacheControlScope
  ) on FIELD_DEFINITION | OBJECT

  "For whom an answer may be kept."
  enum CacheControlScope {
    "For anyone."
    PUBLIC
    "For the caller alone."
    PRIVATE
  }
`;

const ROOT_DESCRIPTIONS: Readonly<Record<string, string>> = {
  Query: 'Reads. Nothing here changes anything or costs money.',
  Mutation:
    'Writes. At most one per operation, by POST only. A valid, authorised write always answers as data: look at `userErrors` first.',
};

/** Adds what a class cannot carry: the access directives, from the one table that is enforced, and descriptions of the roots. */
export function withAccessDirectives(document: DocumentNode): DocumentNode {
  return visit(document, { ObjectTypeDefinition: (node) => withDescription(withFieldAccess(node)) });
}

function withFieldAccess(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const typeName = type.name.value;
  const fields = type.fields?.map((field) => {
    const access = accessOf(typeName, field.name.value);
    if (access === undefined || access === INHERITED) return field;
    const directives = [directive('authenticated'), directive('requiresScopes', { scopes: JSON.stringify([access]) })];
    // Every read belongs to one caller and is as old as the request: no shared cache may keep it.
    if (typeName === 'Query') directives.unshift(directive('cacheControl', { maxAge: '0', scope: 'PRIVATE' }));
    return { ...field, directives: [...(field.directives ?? []), ...directives] };
  });
  return fields === undefined ? type : { ...type, fields };
}

function withDescription(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const value = ROOT_DESCRIPTIONS[type.name.value];
  return value === undefined ? type : { ...type, description: { kind: Kind.STRING, value, block: true } };
}

function directive(name: string, args: Readonly<Record<string, string>> = {}): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: name },
    arguments: Object.entries(args).map(([argument, value]) => ({
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: argument },
      value: parseConstValue(value, { noLocation: true }),
    })),
  };
}
