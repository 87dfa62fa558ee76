import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  type ConstDirectiveNode,
  concatAST,
  type DocumentNode,
  type GraphQLSchema,
  isObjectType,
  isScalarType,
  Kind,
  lexicographicSortSchema,
  type ObjectTypeDefinitionNode,
  parse,
  parseConstValue,
  print,
  visit,
} from 'graphql';
import { buildSchema } from 'type-graphql';
import { badInput } from '../domain/errors.js';
import { AvailablePackResolver, AvailablePlanResolver } from './catalogue.js';
import type { GatewayContext } from './context.js';
import { groupNamed, methodResolvers } from './context.js';
import { GroupResolver } from './group.js';
import { BillingUiResolver } from './open-billing-ui.js';
import { BoosterPackResolver, OrderBoosterPackPayloadResolver } from './order-booster-pack.js';
import { CreditsResolver } from './purchase-credits.js';
import { accessOf, decidedCoordinates, INHERITED, withScopeLock } from './scopes.js';
import './group.type.js';
import { BillingOperationConnectionResolver, BillingOperationResolver } from './billing-operation.js';
import { PlanChangeResolver } from './change-plan.js';
import { PlanChangePreviewResolver } from './plan-change-preview.js';
import { withPlainRows } from './request/plain-rows.js';
import { idText, ScalarInputError, useSafeIds } from './scalars.js';

/** The executable subgraph, and the document behind `schema.graphql` and `_service { sdl }`. */
export interface GatewaySchema {
  readonly schema: GraphQLSchema;
  readonly sdl: string;
}

/**
 * Builds the schema from the classes. type-graphql's own printer loses directives. So this prints its schema with them,
 * adds what classes cannot carry, and makes it executable as a Federation subgraph. Throws when a field has no access
 * decision.
 */
export async function buildGatewaySchema(): Promise<GatewaySchema> {
  const codeFirst = await buildSchema({
    resolvers: [
      GroupResolver,
      AvailablePlanResolver,
      AvailablePackResolver,
      BillingOperationResolver,
      BillingOperationConnectionResolver,
      BoosterPackResolver,
      OrderBoosterPackPayloadResolver,
      PlanChangeResolver,
      PlanChangePreviewResolver,
      CreditsResolver,
      BillingUiResolver,
    ],
    // The use cases check values themselves, because they also serve callers outside of GraphQL.
    validate: false,
    // The check takes 5 % of the start time, and Apollo Server checks the final schema anyway.
    skipCheck: true,
  });
  const printed = parse(printSchemaWithDirectives(lexicographicSortSchema(codeFirst)));
  const typeDefs = concatAST([parse(FEDERATION_HEAD), withAccessDirectives(printed)]);
  const sdl = `${print(typeDefs)}\n`;
  const schema = buildSubgraphSchema([
    { typeDefs, resolvers: resolverMap(codeFirst) },
    {
      typeDefs: concatAST([]),
      resolvers: {
        // The library would return its whole working document; the published one must equal the committed one. It would
        // also fail the whole list of entities for one invalid representation.
        Query: { _service: () => ({ sdl }), _entities: resolveEntities },
      },
    },
  ]);
  useSafeIds(schema);
  assertEveryFieldDecided(schema);
  return { schema, sdl };
}

/**
 * Resolvers and scalars of the code-first schema, by type. A field that needs a scope has a resolver that checks it.
 * Other plain fields keep the default resolver of graphql-js. Enums need no resolver because their values are their
 * names.
 */
function resolverMap(schema: GraphQLSchema): GraphQLResolverMap<GatewayContext> {
  const map: GraphQLResolverMap<GatewayContext> = {};
  const methods = methodResolvers();
  for (const type of Object.values(schema.getTypeMap())) {
    if (isScalarType(type)) map[type.name] = type;
    if (!isObjectType(type)) continue;
    map[type.name] = Object.fromEntries(
      Object.values(type.getFields()).flatMap(({ name, resolve: own }) => {
        const coordinate = `${type.name}.${name}`;
        const resolve = withScopeLock(
          accessOf(type.name, name),
          withPlainRows(coordinate, methods.get(coordinate) ?? own),
        );
        return resolve === undefined ? [] : [[name, resolve]];
      }),
    );
  }
  return map;
}

/**
 * `Query._entities` of the Federation specification. An error for one representation takes its position in the list;
 * the other entities are not affected.
 */
function resolveEntities(
  _root: unknown,
  { representations }: { readonly representations: readonly unknown[] },
  context: GatewayContext,
): readonly unknown[] {
  return representations.map((representation, index) => {
    try {
      return groupEntity(representation, context, ['representations', String(index)]);
    } catch (error) {
      return error;
    }
  });
}

/**
 * The group of a representation. Throws `BAD_USER_INPUT` for anything else, with a message that repeats nothing of it.
 * Throws `FORBIDDEN` for a group outside the caller's list.
 */
function groupEntity(representation: unknown, { caller }: GatewayContext, field: readonly string[]): unknown {
  const { __typename, id } = isRecord(representation) ? representation : {};
  if (__typename !== 'Group') {
    throw badInput('A representation is an object with the __typename of an entity of this subgraph.', field);
  }
  return { __typename, ...groupNamed(caller, entityId(id, [...field, 'id']), [...field, 'id']) };
}

function entityId(id: unknown, field: readonly string[]): string {
  try {
    return idText(id);
  } catch (error) {
    throw error instanceof ScalarInputError ? badInput(error.message, field) : error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function assertEveryFieldDecided(schema: GraphQLSchema): void {
  const fields = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) => (isObjectType(type) ? Object.keys(type.getFields()).map((field) => [type.name, field]) : []));
  const undecided = fields.filter(([type = '', field = '']) => accessOf(type, field) === undefined);
  const known = new Set(fields.map((coordinate) => coordinate.join('.')));
  const stale = decidedCoordinates().filter((coordinate) => !known.has(coordinate));
  if (undecided.length > 0 || stale.length > 0) {
    const names = [...undecided.map((coordinate) => coordinate.join('.')), ...stale];
    throw new Error(`Access decisions and schema differ: ${names.join(', ')}`);
  }
}

/**
 * v2.9 is the highest version that the Apollo, Hive and Cosmo composers all accept. `@cacheControl` is no federation
 * directive and brings its own definition.
 */
const FEDERATION_HEAD = /* GraphQL */ `
  extend schema
    @link(
      url: "https://specs.apollo.dev/federation/v2.9"
      import: ["@key", "@shareable", "@tag", "@cost", "@listSize", "@authenticated", "@requiresScopes"]
    )

  "How long a cache may keep a response, and for whom."
  directive @cacheControl(
    "Seconds that a cache may keep the response."
    maxAge: Int
    "The callers that the kept response may serve."
    scope: CacheControlScope
  ) on FIELD_DEFINITION | OBJECT

  "The callers that a kept response may serve."
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
    'Writes. At most one per operation, by POST only. The result of a valid, authorised write is always data: ' +
    'look at `userErrors` first.',
};

/**
 * Adds what a class cannot carry: descriptions of the roots, and access directives from the same table that the gateway
 * enforces.
 */
function withAccessDirectives(document: DocumentNode): DocumentNode {
  return visit(document, { ObjectTypeDefinition: (node) => withDescription(withFieldAccess(node)) });
}

function withFieldAccess(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const typeName = type.name.value;
  const fields = type.fields?.map((field) => {
    const access = accessOf(typeName, field.name.value);
    if (access === undefined || access === INHERITED) return field;
    const directives = [directive('authenticated'), directive('requiresScopes', { scopes: JSON.stringify([access]) })];
    // Every read belongs to one caller and is valid at the moment of the request, so no shared cache may keep it.
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
