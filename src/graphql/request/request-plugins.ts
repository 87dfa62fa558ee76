import type { ApolloServerPlugin, GraphQLRequestContextWillSendResponse, GraphQLRequestListener } from '@apollo/server';
import type { FormattedExecutionResult } from 'graphql';
import {
  type FieldNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getArgumentValues,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { Scope } from '../../domain/caller.js';
import { type Allowance, BillingError, type BillingErrorCode, requireAllowance } from '../../domain/errors.js';
import type { StaleRead } from '../../reads/billing-reads.js';
import { eachInSlices } from '../../runtime/large-work.js';
import type { GatewayContext } from '../context.js';
import { DELETE_DOCUMENTS_SCOPE, requireScopes } from '../scopes.js';
import { formatError } from './error-format.js';
import { argumentRefusal, type CoercedVariables, coerceVariables, withArgumentRefused } from './input-error.js';
import { MAX_REPORTED_ERRORS } from './limits.js';
import { beginRows, placeRows } from './plain-rows.js';
import { MAX_ROWS, type OperationFacts, operationFacts, rowsAskedFor } from './selection.js';

export interface GatewayPluginOptions extends ResponseOptions, AdmissionOptions {}

/** The gateway's rules for a request as a whole. A safe server needs all of them. */
export function gatewayPlugin(options: GatewayPluginOptions): ApolloServerPlugin<GatewayContext> {
  // One listener, because Apollo Server makes promises for each of them at each of its hooks.
  const listener = { ...admission(options), ...completion(options) };
  return { requestDidStart: async () => listener };
}

type Listener = GraphQLRequestListener<GatewayContext>;

interface AdmissionOptions {
  /** False: graphql-js completes every list, at several times the cost. The responses are the same. Default: true. */
  readonly plainRows?: boolean;
  /** Whether an error may suggest a name of the schema for an unknown word. False where introspection is off. */
  readonly suggestions: boolean;
  /** Takes one query from the tenant's allowance, or says in how many seconds one becomes free. Left out: no limit. */
  readonly takeReadAllowance?: (tenantId: string) => Allowance | Promise<Allowance>;
}

/**
 * Admits or refuses a whole operation before any resolver runs. It checks that variables fit their types, that the
 * caller has every scope of the selection, and that a mutation has one field. The facts of a document without `@skip`
 * and `@include` are kept with the parsed document, which the server keeps for repeated documents.
 */
function admission(options: AdmissionOptions): Listener {
  const known = new WeakMap<OperationDefinitionNode, OperationFacts>();
  return {
    didResolveOperation: async ({ schema, document, operation, request, contextValue }) => {
      // No operation has that name, or there are several and the request names none. Execution reports that error.
      if (operation === undefined) return;
      if (options.plainRows !== false) beginRows(contextValue, operation);
      const { variables: given = {} } = request;
      try {
        const variables = coerceVariables(schema, operation, given, options);
        const facts = known.get(operation) ?? operationFacts(schema, document, operation, variables);
        if (!facts.conditional) known.set(operation, facts);
        if (operation.operation === OperationTypeNode.MUTATION) requireOneField(facts);
        requireScopes(contextValue.caller, [...facts.scopes, ...scopesOfInput(schema, operation, facts, variables)]);
        if (options.takeReadAllowance !== undefined && operation.operation === OperationTypeNode.QUERY) {
          requireAllowance(await options.takeReadAllowance(contextValue.caller.tenant.id));
        }
        if (facts.hasLists) requireFewRows(rowsAskedFor(schema, document, operation, variables));
      } catch (error) {
        const refused =
          error instanceof GraphQLError ? argumentRefusal({ schema, document, variables: given })(error) : error;
        throw refused instanceof BillingError ? requestError(refused) : error;
      }
    },
  };
}

/** A client could not tell two writes in one request apart when the connection breaks during the response. */
function requireOneField(facts: OperationFacts): void {
  if (facts.rootFields.size > 1) {
    throw new BillingError('OPERATION_TOO_COMPLEX', 'An operation may have one mutation field.');
  }
}

/** Lists inside lists multiply the rows, and no other limit sees that. */
function requireFewRows(rows: number): void {
  if (rows > MAX_ROWS) {
    throw new BillingError(
      'OPERATION_TOO_COMPLEX',
      `The response may have more than ${MAX_ROWS} rows: ask for smaller pages, or for fewer lists inside lists.`,
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
  return definition === undefined ? {} : getArgumentValues(definition, field, variables);
}

function asksToDelete({ input }: Readonly<Record<string, unknown>>): boolean {
  return typeof input === 'object' && input !== null && 'heldDocuments' in input && input.heldDocuments === 'DELETE';
}

/** HTTP status of a request that is refused as a whole with this code. */
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
      // These codes belong to a field of an operation, whose status is 200. As the error of a whole request they are a
      // fault of the gateway.
      return 500;
  }
}

/** The error of a whole request in Apollo's form, with its HTTP status. */
export function requestError(error: BillingError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { code: error.code, http: { status: httpStatusOf(error.code) } },
  });
}

interface ResponseOptions {
  /** The header `x-upstream-calls: 1` requests `extensions.upstreamCalls` and `extensions.cost`. */
  readonly exposeUpstreamCalls: boolean;
  /** Adds `extensions.cost` to each response, requested or not. */
  readonly tellsCost?: boolean;
}

/**
 * Refusals of the request as such. GraphQL over HTTP (draft, 6.4.1) wants status 200 for them in `application/json`,
 * because that media type does not tell a GraphQL response from a proxy's. In `application/graphql-response+json` they
 * are 400. Refusals for another reason (limits, scopes) are 4xx in both.
 */
const REQUEST_ERROR_CODES: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
]);

/**
 * Apollo Server formats so many errors in one step. More would take it tenths of a second, so they are formatted here,
 * in slices.
 */
const FEW_ERRORS = 250;

/**
 * Finishes every GraphQL response: no cache keeps it, each error names the request, errors are few, the status is
 * right.
 */
function completion(options: ResponseOptions): Listener {
  const laterErrors = new WeakMap<GatewayContext, readonly GraphQLFormattedError[]>();
  return {
    didEncounterErrors: async ({ errors, contextValue, schema, document, request: { variables = {} } }) => {
      if (!isOwnList(errors) || document === undefined) return;
      const refusal = argumentRefusal({ schema, document, variables });
      const later = errors.splice(FEW_ERRORS);
      for (const [index, error] of errors.entries()) errors[index] = withArgumentRefused(error, refusal);
      if (later.length === 0 || contextValue.reads.refusal() !== null) return;
      const formatted: GraphQLFormattedError[] = [];
      await eachInSlices(later, (located) => {
        const error = withArgumentRefused(located, refusal);
        formatted.push(withRequestId(formatError(error.toJSON(), error), contextValue.requestId));
      });
      laterErrors.set(contextValue, formatted);
    },
    willSendResponse: async (context) => {
      const { http, body } = context.response;
      http.headers.set('cache-control', 'no-store');
      if (body.kind !== 'single') return;
      placeRows(context.contextValue, body.singleResult);
      const { reads } = context.contextValue;
      const refusal = reads.refusal();
      if (refusal !== null) body.singleResult = endedResult(refusal);
      const result = body.singleResult;
      finishErrors(result, context.contextValue.requestId, laterErrors.get(context.contextValue));
      const wait = result.data === undefined ? result.errors?.[0]?.extensions?.['retryAfterSeconds'] : undefined;
      if (typeof wait === 'number') http.headers.set('retry-after', String(wait));
      if (http.status === 400 && isRequestError(result) && isJsonClient(context)) http.status = 200;
      const isRequested = options.exposeUpstreamCalls && context.request.http?.headers.get('x-upstream-calls') === '1';
      if (options.tellsCost === true || isRequested) result.extensions = { ...result.extensions, cost: reads.cost() };
      const stale = reads.staleReads();
      if (stale.length > 0) result.extensions = { ...result.extensions, stale: stale.map(toStaleEntry) };
      if (isRequested) result.extensions = { ...result.extensions, upstreamCalls: reads.upstreamCalls() };
    },
  };
}

/** `extensions.stale`: for clients that do not select `Group.asOf`. */
function toStaleEntry({ groupId, read, asOfMs }: StaleRead) {
  return { groupId, read, asOf: new Date(asOfMs).toISOString() };
}

/**
 * An operation over a limit, or one that got no time slice, has no data, not even a part. Reason: a client must not
 * take a part for the whole.
 */
function endedResult({ message, code, retryable }: BillingError): FormattedExecutionResult {
  return { errors: [{ message, extensions: { code, retryable } }], data: null };
}

/** @param later errors of an executed operation that are finished */
function finishErrors(
  result: FormattedExecutionResult,
  requestId: string,
  later: readonly GraphQLFormattedError[] = [],
): void {
  if (result.errors === undefined) return;
  // Errors of an executed operation stay whole: each belongs to a place in `data`.
  const errors = result.data === undefined ? result.errors.slice(0, MAX_REPORTED_ERRORS) : result.errors;
  result.errors = [...errors.map((error) => withRequestId(error, requestId)), ...later];
}

function withRequestId(error: GraphQLFormattedError, requestId: string): GraphQLFormattedError {
  return { ...error, extensions: { ...error.extensions, requestId } };
}

/** The list of an execution's errors belongs to its response alone. */
function isOwnList(errors: readonly GraphQLError[]): errors is GraphQLError[] {
  return Array.isArray(errors);
}

function isRequestError(result: FormattedExecutionResult): boolean {
  const codes = result.errors?.map((error) => error.extensions?.['code']) ?? [];
  return result.data === undefined && codes.every((code) => REQUEST_ERROR_CODES.has(code));
}

/** True when the response is `application/json`, also where the client names no media type. */
function isJsonClient({ request }: GraphQLRequestContextWillSendResponse<GatewayContext>): boolean {
  return !(request.http?.headers.get('accept') ?? '').includes('application/graphql-response+json');
}
