import type { ApolloServerPlugin, GraphQLRequestContextWillSendResponse, GraphQLRequestListener } from '@apollo/server';
import type { FormattedExecutionResult } from 'graphql';
import type { BillingError } from '../../domain/errors.js';
import type { StaleRead } from '../../reads/billing-reads.js';
import type { GatewayContext } from '../context.js';
import { MAX_REPORTED_ERRORS } from './limits.js';

export interface AnswerOptions {
  /** Lets a client ask for `extensions.upstreamCalls` with the header `x-upstream-calls: 1`. */
  readonly exposeUpstreamCalls: boolean;
  /** Adds `extensions.cost` to each answer. */
  readonly tellsCost?: boolean;
}

/**
 * Refusals of the request as such. GraphQL over HTTP (draft, 6.4.1) wants 200 for them in `application/json`, where a client cannot
 * tell a GraphQL answer from a proxy's by the media type; in `application/graphql-response+json` they are 400. Refusals for
 * another reason (limits, scopes) are 4xx in both.
 */
const REQUEST_ERROR_CODES: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
]);

/** Finishes every GraphQL answer: no cache keeps it, each error names the request, few errors, the right status. */
export function answerPlugin(options: AnswerOptions): ApolloServerPlugin<GatewayContext> {
  const listener: GraphQLRequestListener<GatewayContext> = {
    willSendResponse: async (context) => {
      const { http, body } = context.response;
      http.headers.set('cache-control', 'no-store');
      if (body.kind !== 'single') return;
      const { reads } = context.contextValue;
      const end = reads.endedBy();
      // What was read by a deadline is answered.
      if (end !== null && end.code !== 'UPSTREAM_TIMEOUT') body.singleResult = endedResult(end);
      const result = body.singleResult;
      finishErrors(result, context.contextValue.requestId);
      const wait = result.data === undefined ? result.errors?.[0]?.extensions?.['retryAfterSeconds'] : undefined;
      if (typeof wait === 'number') http.headers.set('retry-after', String(wait));
      if (http.status === 400 && isRequestError(result) && isJsonClient(context)) http.status = 200;
      if (options.tellsCost === true) result.extensions = { ...result.extensions, cost: reads.cost() };
      const stale = reads.staleReads();
      if (stale.length > 0) result.extensions = { ...result.extensions, stale: stale.map(toStaleEntry) };
      if (options.exposeUpstreamCalls && context.request.http?.headers.get('x-upstream-calls') === '1') {
        const upstreamCalls = context.contextValue.reads.upstreamCalls();
        result.extensions = { ...result.extensions, upstreamCalls };
      }
    },
  };
  return { requestDidStart: async () => listener };
}

/** `extensions.stale`: for clients that do not select `Group.asOf`. */
function toStaleEntry({ groupId, read, asOfMs }: StaleRead) {
  return { groupId, read, asOf: new Date(asOfMs).toISOString() };
}

/** An operation over a limit, or one that did not get its turn, has no answer, not even a part of one: whoever asked too much must not take it for the whole. */
function endedResult({ message, code, retryable }: BillingError): FormattedExecutionResult {
  return { errors: [{ message, extensions: { code, retryable } }], data: null };
}

function finishErrors(result: FormattedExecutionResult, requestId: string): void {
  if (result.errors === undefined) return;
  // Errors of an executed operation stay whole: each belongs to a place in `data`.
  const errors = result.data === undefined ? result.errors.slice(0, MAX_REPORTED_ERRORS) : result.errors;
  result.errors = errors.map((error) => ({ ...error, extensions: { ...error.extensions, requestId } }));
}

function isRequestError(result: FormattedExecutionResult): boolean {
  const codes = result.errors?.map((error) => error.extensions?.['code']) ?? [];
  return result.data === undefined && codes.every((code) => REQUEST_ERROR_CODES.has(code));
}

/** True when the answer goes out as `application/json`: also where the client names nothing. */
function isJsonClient({ request }: GraphQLRequestContextWillSendResponse<GatewayContext>): boolean {
  return !(request.http?.headers.get('accept') ?? '').includes('application/graphql-response+json');
}
