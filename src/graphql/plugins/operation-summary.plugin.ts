import type { ApolloServerPlugin, GraphQLRequestContextWillSendResponse } from '@apollo/server';
import { Kind } from 'graphql';
import type { GatewayContext } from '../context.js';

/** One operation as logs, metrics and `/debug` may know it: no variable, no argument, no answer; every text bounded. */
export interface OperationSummary {
  readonly requestId: string;
  readonly tenantId: string;
  /** As the client named it, at most 100 characters; null when it did not, or the document was refused before. */
  readonly operationName: string | null;
  /** Null when the document was refused before its operation was known. */
  readonly operationType: 'query' | 'mutation' | 'subscription' | null;
  readonly durationMs: number;
  /** Each code once, in the order of the first error that has it. */
  readonly errorCodes: readonly string[];
  /** Names of the schema, not aliases, each once, at most 20. Fields inside fragments are not listed. */
  readonly rootFields: readonly string[];
}

const MAX_NAME = 100;
const MAX_ROOT_FIELDS = 20;

/** Tells `onOperation` of every operation that was answered, refused ones too. The hook must not throw and returns at once. */
export function operationSummaryPlugin(
  onOperation: (summary: OperationSummary) => void,
): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => {
      const startedAt = performance.now();
      return {
        willSendResponse: async (context) => onOperation(summarise(context, performance.now() - startedAt)),
      };
    },
  };
}

function summarise(
  context: GraphQLRequestContextWillSendResponse<GatewayContext>,
  durationMs: number,
): OperationSummary {
  const { body } = context.response;
  const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
  const codes = errors.map((error) => error.extensions?.['code']).filter((code) => typeof code === 'string');
  const selections = context.operation?.selectionSet.selections ?? [];
  const names = selections.flatMap((selection) => (selection.kind === Kind.FIELD ? [selection.name.value] : []));
  return {
    requestId: context.contextValue.requestId,
    tenantId: context.contextValue.caller.tenant.id,
    operationName: context.operation?.name?.value.slice(0, MAX_NAME) ?? null,
    operationType: context.operation?.operation ?? null,
    durationMs,
    errorCodes: [...new Set(codes)],
    rootFields: [...new Set(names)].slice(0, MAX_ROOT_FIELDS),
  };
}
