import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import type { Logger } from '../../observability/logger.js';
import type { ServerContext } from '../request-record.js';
import type { UnexpectedErrors } from '../unexpected-errors.js';

/** Fills the request's record and trace with the operation's name, type and error codes, and logs errors that nobody foresaw. */
export function operationRecordPlugin(logger: Logger, unexpected: UnexpectedErrors): ApolloServerPlugin<ServerContext> {
  const listener: GraphQLRequestListener<ServerContext> = {
    didResolveOperation: async ({ contextValue: { record }, operation, operationName }) => {
      record.operationName = operationName;
      record.operationType = operation?.operation ?? null;
      if (record.operationType !== null) record.trace?.describeOperation(record.operationType, operationName);
    },
    willSendResponse: async ({ contextValue: { record, requestId }, response, errors }) => {
      record.answered = true;
      if (response.body.kind !== 'single') return;
      for (const error of response.body.singleResult.errors ?? []) {
        const code = error.extensions?.['code'];
        record.errorCodes.push(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR');
      }
      record.trace?.endOperation(record.errorCodes);
      for (const error of errors ?? []) {
        if (!unexpected.has(error)) continue;
        logger.error({ requestId, err: error.originalError ?? error, path: error.path }, 'unexpected error');
      }
    },
  };
  return {
    requestDidStart: async ({ contextValue }) => {
      contextValue.record.trace?.beginOperation();
      return listener;
    },
  };
}
