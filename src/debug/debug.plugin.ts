import type { ApolloServerPlugin, BaseContext, GraphQLRequestContext } from '@apollo/server';
import { type FormattedExecutionResult, type GraphQLFormattedError, Kind } from 'graphql';
import type { OperationTrace } from './operation.trace.js';
import { shownOperation } from './shown-operation.js';

export interface DebugPluginOptions<TContext> {
  readonly traceOf: (context: TContext) => OperationTrace | undefined;
  /** Upstream calls that sharing and batching have spared this operation. */
  readonly callsSaved: (context: TContext) => number;
}

const MAX_ROOT_FIELDS = 20;
const MAX_PATH = 200;

/** Tells an operation's trace what GraphQL knows of it. The answer is looked at for error codes only. */
export function debugPlugin<TContext extends BaseContext>(
  options: DebugPluginOptions<TContext>,
): ApolloServerPlugin<TContext> {
  return {
    requestDidStart: async ({ contextValue }) => {
      const trace = options.traceOf(contextValue);
      if (trace === undefined) return;
      trace.hasBegun = true;
      let isDescribed = false;
      return {
        // Before it is carried out, so that an operation that takes long can be seen.
        didResolveOperation: async (context) => {
          isDescribed = true;
          describe(trace, context);
        },
        willSendResponse: async (context) => {
          if (!isDescribed) describe(trace, context);
          const { http, body } = context.response;
          const result: FormattedExecutionResult = body.kind === 'single' ? body.singleResult : {};
          const errors = result.errors ?? [];
          trace.finish({
            state: 'answered',
            httpStatus: http.status ?? 200,
            errorCodes: [...errors.map(codeOf), ...refusalsOfWrites(result.data)],
            errorPaths: errors.flatMap(pathOf),
            callsSaved: options.callsSaved(context.contextValue),
          });
        },
      };
    },
  };
}

function describe<TContext extends BaseContext>(trace: OperationTrace, context: GraphQLRequestContext<TContext>): void {
  const { document, operation, schema, request } = context;
  // What cannot be parsed cannot be masked either.
  if (document === undefined) return;
  const selections = operation?.selectionSet.selections ?? [];
  const fields = selections.flatMap((node) => (node.kind === Kind.FIELD ? [node.name.value] : []));
  trace.describe({
    name: operation?.name?.value.slice(0, 100) ?? null,
    type: operation?.operation ?? null,
    rootFields: [...new Set(fields)].slice(0, MAX_ROOT_FIELDS),
    ...shownOperation(schema, document, request.variables ?? {}),
  });
}

function codeOf(error: GraphQLFormattedError): string {
  const code = error.extensions?.['code'];
  return typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR';
}

function pathOf({ path }: GraphQLFormattedError): string[] {
  return path === undefined ? [] : [path.join('.').slice(0, MAX_PATH)];
}

/** Codes of `userErrors` of the root fields, where the client has selected them. */
function refusalsOfWrites(data: FormattedExecutionResult['data']): string[] {
  return Object.values(data ?? {}).flatMap((payload) => {
    if (typeof payload !== 'object' || payload === null || !('userErrors' in payload)) return [];
    const errors: readonly unknown[] = Array.isArray(payload.userErrors) ? payload.userErrors : [];
    return errors.flatMap((error) =>
      typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
        ? [error.code]
        : [],
    );
  });
}
