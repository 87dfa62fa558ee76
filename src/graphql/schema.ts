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
import { authChecker } from './auth-checker.js';
import { BillingUiResolver } from './billing-ui/billing-ui.resolver.js';
import { BoosterPackResolver, OrderBoosterPackPayloadResolver } from './booster-pack/booster-pack.resolver.js';
import { AvailablePackResolver, AvailablePlanResolver } from './catalogue/catalogue.resolver.js';
import type { GatewayContext } from './context.js';
import { CreditsResolver } from './credits/credits.resolver.js';
import { groupNamed } from './group/group.reference.js';
import { GroupResolver } from './group/group.resolver.js';
import './history/activity.group.js';
import { BillingOperationConnectionResolver, BillingOperationResolver } from './operation/operation.resolver.js';
import { PlanChangeResolver } from './plan-change/plan-change.resolver.js';
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
        // The library would answer its whole working document; what is published is what is committed.
        Query: { _service: () => ({ sdl }) },
        Group: { __resolveReference: resolveGroupReference },
      },
    },
  ]);
  assertEveryFieldDecided(schema);
  return { schema, sdl };
}

/**
 * Resolvers and scalars of the code-first schema, by type. Plain fields have no resolver of their own and stay with graphql-js'
 * default; enums need none because their values are their names.
 */
function resolverMap(schema: GraphQLSchema): GraphQLResolverMap<unknown> {
  const map: GraphQLResolverMap<unknown> = {};
  for (const type of Object.values(schema.getTypeMap())) {
    if (isScalarType(type)) map[type.name] = type;
    if (!isObjectType(type)) continue;
    map[type.name] = Object.fromEntries(
      Object.values(type.getFields()).flatMap(({ name, resolve }) => (resolve === undefined ? [] : [[name, resolve]])),
    );
  }
  return map;
}

/** An error for one representation is answered in its place; the other entities stand. */
function resolveGroupReference(reference: { readonly id?: unknown }, context: GatewayContext): unknown {
  const { id } = reference;
  try {
    return groupNamed(context.caller, typeof id === 'string' || typeof id === 'number' ? String(id) : '', ['id']);
  } catch (error) {
    return error;
  }
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
