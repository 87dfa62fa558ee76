import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  OperationTypeNode,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { GatewayContext } from './context.js';

/** How Apollo Server lets somebody else execute. */
type GatewayInterface = ApolloServerOptionsWithGateway<GatewayContext>['gateway'];
type GatewayExecutor = NonNullable<Awaited<ReturnType<GatewayInterface['load']>>['executor']>;

export interface ExecutionOptions {
  /** Executions of one document by graphql-js before it is compiled; a document that comes once is not worth it. */
  readonly compileAfter: number;
}

export const COMPILE_AFTER = 2;

/** What is known of one parsed document. The server keeps documents that come again, bounded; this goes with them. */
interface KnownDocument {
  executions: number;
  /** By operation name. Null: it is left to graphql-js. */
  readonly compiled: Map<string, CompiledQuery | null>;
}

/**
 * Executes operations for Apollo Server: mutations and rare queries by graphql-js, queries that come again compiled. Both give the
 * same answer; every test of the schema's behaviour runs on both. Mutable: what is known of documents.
 */
export function gatewayExecution(schema: GraphQLSchema, options: ExecutionOptions): GatewayInterface {
  const known = new WeakMap<DocumentNode, KnownDocument>();
  const executor: GatewayExecutor = async ({ document, request, context }) => {
    const operationName = request.operationName ?? null;
    const variables = request.variables ?? {};
    const compiled = isCompilable(document, operationName, variables)
      ? compiledFor(schema, document, operationName, known, options.compileAfter)
      : null;
    if (compiled === null) {
      return execute({ schema, document, contextValue: context, variableValues: variables, operationName });
    }
    return withErrorsOfGraphqlJs(await compiled.query(undefined, context, variables));
  };
  return {
    load: async () => ({ executor }),
    onSchemaLoadOrUpdate: (use) => {
      use({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    stop: async () => undefined,
  };
}

/**
 * Mutations are small, and must not depend on a second way of execution. An explicit null may have no place in the argument that it goes
 * to, which graphql-js says in the words that clients are answered with.
 */
function isCompilable(
  document: DocumentNode,
  operationName: string | null,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  if (Object.values(variables).includes(null)) return false;
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.QUERY;
}

/**
 * What compiled queries get wrong: a variable inside the literal of a scalar (of all that a query takes, a representation of
 * `_entities`), which they read without its variables; and a required variable with a default, which they call missing where the
 * default should stand in.
 */
function needsGraphqlJs(document: DocumentNode): boolean {
  let found = false;
  const stop = (): typeof BREAK => {
    found = true;
    return BREAK;
  };
  visit(document, {
    ObjectValue: (object) => {
      visit(object, { Variable: stop });
      return found ? BREAK : false;
    },
    VariableDefinition: ({ type, defaultValue }) =>
      type.kind === Kind.NON_NULL_TYPE && defaultValue !== undefined ? stop() : undefined,
  });
  return found;
}

/** Compiled queries make errors of a class of their own, which nobody else knows. */
function withErrorsOfGraphqlJs(result: ExecutionResult): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = result.errors.map(({ message, path, locations, originalError, extensions }) => {
    const error = new GraphQLError(message, { path, originalError, extensions });
    // graphql-js works them out from nodes, which a compiled query no longer has.
    Object.defineProperty(error, 'locations', { value: locations, enumerable: locations !== undefined });
    return error;
  });
  return { ...result, errors };
}

function compiledFor(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null,
  known: WeakMap<DocumentNode, KnownDocument>,
  compileAfter: number,
): CompiledQuery | null {
  const facts: KnownDocument = known.get(document) ?? { executions: 0, compiled: new Map() };
  known.set(document, facts);
  facts.executions += 1;
  if (facts.executions <= compileAfter) return null;
  const name = operationName ?? '';
  const compiled = facts.compiled.get(name);
  if (compiled !== undefined) return compiled;
  const made = needsGraphqlJs(document) ? null : compileQuery(schema, document, operationName ?? undefined);
  const query = made !== null && isCompiledQuery(made) ? made : null;
  facts.compiled.set(name, query);
  return query;
}
