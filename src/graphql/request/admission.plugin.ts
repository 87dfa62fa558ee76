import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import {
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  getArgumentValues,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { Scope } from '../../domain/caller.js';
import { type Allowance, BillingError, type BillingErrorCode, requireAllowance } from '../../domain/errors.js';
import type { GatewayContext } from '../context.js';
import { DELETE_DOCUMENTS_SCOPE, requireScopes } from '../scopes.js';
import { argumentError, type CoercedVariables, coerceVariables } from './input-error.js';
import { plainRowsPlugin } from './plain-rows.js';
import { type AnswerOptions, answerPlugin } from './response.plugin.js';
import { MAX_ROWS, type OperationFacts, operationFacts, rowsAskedFor } from './selection.js';

export interface GatewayPluginOptions extends AnswerOptions, AdmissionOptions {
  /** False: graphql-js completes every list, at several times the cost. The answers are the same. Default: true. */
  readonly plainRows?: boolean;
}

/** The GraphQL rules of the gateway that belong to a request as a whole. All of them are needed for a safe server. */
export function gatewayPlugins(options: GatewayPluginOptions): ApolloServerPlugin<GatewayContext>[] {
  const plugins = [admissionPlugin(options), answerPlugin(options)];
  return options.plainRows === false ? plugins : [plainRowsPlugin(), ...plugins];
}

interface AdmissionOptions {
  /**
   * Whether an error may name what the schema has in place of a word that it has not: not where introspection is off.
   */
  readonly suggestions: boolean;
  /** Takes one query from the tenant's allowance, or says in how many seconds there will be one; absent: there is no limit. */
  readonly takeReadAllowance?: (tenantId: string) => Allowance | Promise<Allowance>;
}

/**
 * Admits or refuses a whole operation before any resolver runs: variables fit their types, the caller has every scope
 * that the selection needs, and a mutation has one field. What it learns of a document without `@skip` and `@include`
 * is kept with the parsed document, which the server keeps for documents that come again.
 */
function admissionPlugin(options: AdmissionOptions): ApolloServerPlugin<GatewayContext> {
  const known = new WeakMap<OperationDefinitionNode, OperationFacts>();
  const listener: GraphQLRequestListener<GatewayContext> = {
    didResolveOperation: async ({ schema, document, operation, request, contextValue }) => {
      // No operation of that name, or several and none named: execution answers that.
      if (operation === undefined) return;
      try {
        const variables = coerceVariables(schema, operation, request.variables ?? {}, options);
        const facts = known.get(operation) ?? operationFacts(schema, document, operation, variables);
        if (!facts.conditional) known.set(operation, facts);
        if (operation.operation === OperationTypeNode.MUTATION) requireOneField(facts);
        requireScopes(contextValue.caller, [...facts.scopes, ...scopesOfInput(schema, operation, facts, variables)]);
        if (options.takeReadAllowance !== undefined && operation.operation === OperationTypeNode.QUERY) {
          requireAllowance(await options.takeReadAllowance(contextValue.caller.tenant.id));
        }
        if (facts.hasLists) requireFewRows(rowsAskedFor(schema, document, operation, variables));
      } catch (error) {
        throw error instanceof BillingError ? requestError(error) : error;
      }
    },
  };
  return { requestDidStart: async () => listener };
}

/** Two writes in one request could not be told apart when the answer is lost half-way. */
function requireOneField(facts: OperationFacts): void {
  if (facts.rootFields.size > 1) {
    throw new BillingError('OPERATION_TOO_COMPLEX', 'An operation may have one mutation field.');
  }
}

/** Lists inside lists multiply, and no other limit sees that. */
function requireFewRows(rows: number): void {
  if (rows > MAX_ROWS) {
    throw new BillingError(
      'OPERATION_TOO_COMPLEX',
      `The operation may answer more than ${MAX_ROWS} rows: ask for smaller pages, or for fewer lists inside lists.`,
    );
  }
}

function scopesOfInput(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  facts: OperationFacts,
  variables: CoercedVariables,
): readonly Scope[] {
  if (operation.operation !== OperationTypeNode.MUTATION) return [];
  const deletes = [...facts.rootFields.values()].some((field) =>
    asksToDelete(mutationArguments(schema, field, variables)),
  );
  return deletes ? [DELETE_DOCUMENTS_SCOPE] : [];
}

function mutationArguments(
  schema: GraphQLSchema,
  field: FieldNode,
  variables: CoercedVariables,
): Readonly<Record<string, unknown>> {
  const definition = schema.getMutationType()?.getFields()[field.name.value];
  if (definition === undefined) return {};
  try {
    return getArgumentValues(definition, field, variables);
  } catch (error) {
    const cause = error instanceof GraphQLError ? new GraphQLError('', { originalError: error }) : undefined;
    throw (cause === undefined ? undefined : argumentError(cause)) ?? error;
  }
}

function asksToDelete({ input }: Readonly<Record<string, unknown>>): boolean {
  return typeof input === 'object' && input !== null && 'heldDocuments' in input && input.heldDocuments === 'DELETE';
}

/** HTTP status of a request that was refused as a whole with this code. */
export function httpStatusOf(code: BillingErrorCode): number {
  switch (code) {
    case 'UNAUTHENTICATED':
      return 401;
    case 'FORBIDDEN':
      return 403;
    case 'BAD_USER_INPUT':
    case 'OPERATION_TOO_COMPLEX':
      return 400;
    case 'RATE_LIMITED':
      return 429;
    case 'SHUTTING_DOWN':
      return 503;
    case 'NOT_FOUND':
    case 'NOT_CONFIGURED':
    case 'UPSTREAM_UNAUTHENTICATED':
    case 'UPSTREAM_REJECTED':
    case 'UPSTREAM_UNAVAILABLE':
    case 'UPSTREAM_TIMEOUT':
    case 'UPSTREAM_INVALID_RESPONSE':
    case 'OUTCOME_UNKNOWN':
    case 'OPERATION_IN_PROGRESS':
    case 'IDEMPOTENCY_KEY_REUSED':
    case 'PRIOR_OUTCOME_UNKNOWN':
    case 'POSSIBLE_DUPLICATE':
    case 'PRECONDITION_FAILED':
    case 'SPENDING_LIMIT_REACHED':
    case 'LEDGER_UNAVAILABLE':
    case 'INTERNAL_SERVER_ERROR':
      // These belong to a field of an operation, which answers 200; alone they are a fault of the gateway.
      return 500;
  }
}

/** The error as Apollo takes it for a whole request: with its HTTP status. */
export function requestError(error: BillingError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { code: error.code, http: { status: httpStatusOf(error.code) } },
  });
}
