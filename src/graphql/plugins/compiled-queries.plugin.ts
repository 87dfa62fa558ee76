import {
  type ApolloServerPlugin,
  type GraphQLRequestContext,
  type GraphQLRequestContextResponseForOperation,
  type GraphQLRequestListener,
  type GraphQLResponse,
  HeaderMap,
} from '@apollo/server';
import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { GatewayContext } from '../context.js';

export interface CompiledQueriesOptions {
  /** Executions of one document by graphql-js before it is compiled; a document that comes once is not worth it. */
  readonly compileAfter: number;
  /** As Apollo Server formats the errors of what it executes itself. */
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
}

export const COMPILE_AFTER = 2;

/**
 * Values of enums and of the built-in scalars are answered as they are: they come from decoders of the same type, so that to serialize them
 * changes nothing. Scalars of our own are serialized.
 */
const COMPILATION = { disableLeafSerialization: true } as const;

type Executable = GraphQLRequestContextResponseForOperation<GatewayContext>;

/** What is known of one parsed document. The server keeps documents that come again, bounded; this goes with them. */
interface KnownDocument {
  executions: number;
  /** By operation name. Null: it is left to graphql-js. */
  readonly compiled: Map<string, CompiledQuery | null>;
}

/**
 * Answers queries that come again by a compiled query, in place of Apollo Server's execution; mutations and rare queries are left
 * to it. Both give the same answer: every test of the schema's behaviour runs on both. Mutable: what is known of documents.
 *
 * It is no executor for Apollo Server's `gateway` option: what Apollo makes for one on each request has accessors, and each such
 * object leaves a hidden class behind, which keeps the request alive until the next full garbage collection.
 */
export function compiledQueriesPlugin(options: CompiledQueriesOptions): ApolloServerPlugin<GatewayContext> {
  const known = new WeakMap<DocumentNode, KnownDocument>();
  const listener: GraphQLRequestListener<GatewayContext> = {
    responseForOperation: async (context) => {
      if (!isCompilable(context)) return null;
      const { schema, document, request, contextValue } = context;
      const compiled = compiledFor(schema, document, request.operationName ?? null, known, options.compileAfter);
      if (compiled === null) return null;
      return respond(context, await compiled.query(undefined, contextValue, request.variables ?? {}), options);
    },
  };
  return { requestDidStart: async () => listener };
}

/**
 * Mutations are small, and must not depend on a second way of execution. An explicit null may have no place in the argument that it goes
 * to, which graphql-jit says in the words that clients are answered with.
 */
function isCompilable({ operation, request }: GraphQLRequestContext<GatewayContext>): boolean {
  if (operation?.operation !== OperationTypeNode.QUERY) return false;
  return request.variables === undefined || !Object.values(request.variables).includes(null);
}

/** Finishes a result as Apollo Server finishes those of its own execution. */
function respond(
  context: Executable,
  { data, errors: thrown }: ExecutionResult,
  options: CompiledQueriesOptions,
): GraphQLResponse {
  const headers = new HeaderMap();
  const shown = data === undefined ? {} : { data };
  if (thrown === undefined) return { http: { headers }, body: { kind: 'single', singleResult: shown } };
  const errors = thrown.map(asErrorOfGraphqlJs);
  // Where other plugins look for what was thrown.
  Object.assign(context, { errors });
  const formatted = errors.map((error) => options.formatError(withCode(error), error));
  return {
    // Without data nothing was executed: a variable did not fit.
    http: data === undefined ? { status: 400, headers } : { headers },
    body: { kind: 'single', singleResult: { ...shown, errors: formatted } },
  };
}

function withCode(error: GraphQLError): GraphQLFormattedError {
  return { ...error.toJSON(), extensions: { code: 'INTERNAL_SERVER_ERROR', ...error.extensions } };
}

/** Compiled queries make errors of a class of their own, which nobody else knows. */
function asErrorOfGraphqlJs({ message, path, locations, originalError, extensions }: GraphQLError): GraphQLError {
  const error = new GraphQLError(message, { path, originalError, extensions });
  // graphql-js works them out from nodes, which a compiled query no longer has.
  Object.defineProperty(error, 'locations', { value: locations, enumerable: locations !== undefined });
  return error;
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
  const made = needsGraphqlJs(document)
    ? null
    : compileQuery(schema, document, operationName ?? undefined, COMPILATION);
  const query = made !== null && isCompiledQuery(made) ? made : null;
  facts.compiled.set(name, query);
  return query;
}
