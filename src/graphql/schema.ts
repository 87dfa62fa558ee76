import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  concatAST,
  type GraphQLSchema,
  isObjectType,
  isScalarType,
  lexicographicSortSchema,
  parse,
  print,
} from 'graphql';
import { buildSchema } from 'type-graphql';
import { badInput } from '../domain/errors.js';
import { authChecker, withScopeLock } from './auth-checker.js';
import { BillingUiResolver } from './billing-ui/billing-ui.resolver.js';
import { BoosterPackResolver, OrderBoosterPackPayloadResolver } from './booster-pack/booster-pack.resolver.js';
import { AvailablePackResolver, AvailablePlanResolver } from './catalogue/catalogue.resolver.js';
import type { GatewayContext } from './context.js';
import { CreditsResolver } from './credits/credits.resolver.js';
import { groupNamed } from './group/group.reference.js';
import { GroupResolver } from './group/group.resolver.js';
import './history/activity.group.js';
import { BillingOperationConnectionResolver, BillingOperationResolver } from './operation/operation.resolver.js';
import { withPlainRows } from './plain-rows.js';
import { PlanChangeResolver } from './plan-change/plan-change.resolver.js';
import { idText, useSafeIds } from './scalars/id.scalar.js';
import { ScalarInputError } from './scalars/scalar-input.js';
import { FEDERATION_HEAD, withAccessDirectives } from './schema.directives.js';
import { accessOf, decidedCoordinates } from './scopes.js';

/** The executable subgraph and the document that `schema.graphql` and `_service { sdl }` both are. */
export interface GatewaySchema {
  readonly schema: GraphQLSchema;
  readonly sdl: string;
}

/**
 * Builds the schema from the classes. type-graphql's own printer loses directives, so its schema is printed with them, completed by
 * what classes cannot carry, and made executable as a Federation subgraph. Throws when a field has no access decision.
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
        // The library would answer its whole working document; what is published is what is committed. It would also fail the whole
        // list of entities for one representation that is none.
        Query: { _service: () => ({ sdl }), _entities: resolveEntities },
      },
    },
  ]);
  useSafeIds(schema);
  assertEveryFieldDecided(schema);
  return { schema, sdl };
}

/**
 * Resolvers and scalars of the code-first schema, by type. A field that needs a scope refuses by itself. Other plain fields have no
 * resolver of their own and stay with graphql-js' default; enums need none because their values are their names.
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

/** `Query._entities` of the Federation specification. An error for one representation stands in its place; the other entities stand. */
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

/** Throws `BAD_USER_INPUT` for what represents no group, in words that hold nothing of it; `FORBIDDEN` for a group outside a list. */
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
