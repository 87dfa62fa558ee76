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
import { groupNamed } from './context.js';
import { GroupResolver } from './group.js';
import { BillingUiResolver } from './open-billing-ui.js';
import { BoosterPackResolver, OrderBoosterPackPayloadResolver } from './order-booster-pack.js';
import { CreditsResolver } from './purchase-credits.js';
import { accessOf, authChecker, decidedCoordinates, INHERITED, withScopeLock } from './scopes.js';
import './group.type.js';
import { BillingOperationConnectionResolver, BillingOperationResolver } from './billing-operation.js';
import { PlanChangeResolver } from './change-plan.js';
import { PlanChangePreviewResolver } from './plan-change-preview.js';
import { withPlainRows } from './request/plain-rows.js';
import { idText, ScalarInputError, useSafeIds } from './scalars.js';

/** The executable subgraph and the document that `schema.graphql` and `_service { sdl }` both are. */
export interface GatewaySchema {
  readonly schema: GraphQLSchema;
  readonly sdl: string;
}

/**
 * Builds the schema from the classes. type-graphql's own printer loses directives, so its schema is printed with them,
 * completed by what classes cannot carry, and made executable as a Federation subgraph. Throws when a field has no
 * access decision.
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
    authChecker,
    // Rules on values live in the use cases, which also serve callers that are not GraphQL.
    validate: false,
    // A twentieth of a start; Apollo Server checks the schema that is made of this one.
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
        // The library would answer its whole working document; what is published is what is committed. It would also
        // fail the whole list of entities for one representation that is none.
        Query: { _service: () => ({ sdl }), _entities: resolveEntities },
      },
    },
  ]);
  useSafeIds(schema);
  assertEveryFieldDecided(schema);
  return { schema, sdl };
}

/**
 * Resolvers and scalars of the code-first schema, by type. A field that needs a scope refuses by itself. Other plain
 * fields have no resolver of their own and stay with graphql-js' default; enums need none because their values are
 * their names.
 */
function resolverMap(schema: GraphQLSchema): GraphQLResolverMap<GatewayContext> {
  const map: GraphQLResolverMap<GatewayContext> = {};
  for (const type of Object.values(schema.getTypeMap())) {
    if (isScalarType(type)) map[type.name] = type;
    if (!isObjectType(type)) continue;
    map[type.name] = Object.fromEntries(
      Object.values(type.getFields()).flatMap(({ name, resolve: own }) => {
        const coordinate = `${type.name}.${name}`;
        const resolve = withScopeLock(accessOf(type.name, name), withPlainRows(coordinate, own));
        return resolve === undefined ? [] : [[name, resolve]];
      }),
    );
  }
  return map;
}

/**
 * `Query._entities` of the Federation specification. An error for one representation stands in its place; the other
 * entities stand.
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
 * Throws `BAD_USER_INPUT` for what represents no group, in words that hold nothing of it; `FORBIDDEN` for a group
 * outside a list.
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

/**
 * Adds what a class cannot carry: the access directives, from the one table that is enforced, and descriptions of the
 * roots.
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
