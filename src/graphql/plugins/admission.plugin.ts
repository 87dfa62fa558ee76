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
import { BillingError } from '../../domain/errors.js';
import { requireScopes } from '../auth-checker.js';
import type { GatewayContext } from '../context.js';
import { argumentError } from '../input-error.js';
import { type OperationFacts, operationFacts } from '../operation-facts.js';
import { MAX_ROWS, rowsAskedFor } from '../operation-size.js';
import { type CoercedVariables, coerceVariables } from '../operation-variables.js';
import { requestError } from '../request-error.js';
import { DELETE_DOCUMENTS_SCOPE } from '../scopes.js';

export interface AdmissionOptions {
  /** Whether an error may name what the schema has in place of a word that it has not: not where introspection is off. */
  readonly suggestions: boolean;
}

/**
 * Admits or refuses a whole operation before any resolver runs: variables fit their types, the caller has every scope that the
 * selection needs, and a mutation has one field. What it learns of a document without `@skip` and `@include` is kept with the
 * parsed document, which the server keeps for documents that come again.
 */
export function admissionPlugin(options: AdmissionOptions): ApolloServerPlugin<GatewayContext> {
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
