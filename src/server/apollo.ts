import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Logger } from '../observability/logger.js';
import { OWN_LINKS } from '../pages/page-frame.js';
import type { HttpServerOptions } from './http-server-options.js';
import { sandboxPagePlugin } from './pages/sandbox.page.js';
import type { RequestRecord, ServerContext } from './request-tracking.js';
import { BODY_TOO_LARGE, isLarge, writeBody } from './response-body.js';

/**
 * Starts Apollo Server on the gateway's schema. Every feature that costs time, calls Apollo's servers or reveals too
 * much is off.
 */
export async function startApollo(options: HttpServerOptions): Promise<ApolloServer<ServerContext>> {
  const { config, logger, limits } = options;
  const unexpected = new UnexpectedErrors();
  const formatError = unexpected.watch(options.formatError);
  const persistedQueries = options.safelist?.persistedQueries ?? options.persistedQueryCache;
  const apollo = new ApolloServer<ServerContext>({
    schema: options.schema,
    plugins: [
      ...options.plugins,
      // The last plugin that sees responses, because it leaves nothing of a large response for others.
      operationRecordPlugin(logger, unexpected),
      landingPage(options),
      ApolloServerPluginCacheControlDisabled(),
      // On by default for subgraphs: any caller could request errors and timings of every field.
      ApolloServerPluginInlineTraceDisabled(),
      // Otherwise the presence of APOLLO_KEY alone switches it on.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
    ],
    ...(persistedQueries === undefined ? {} : { cache: persistedQueries }),
    formatError,
    introspection: config.introspection,
    hideSchemaDetailsFromClientErrors: !config.introspection,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    parseOptions: { maxLexicalTokens: limits.maxTokens },
    maxRecursiveSelections: limits.maxRecursiveSelections,
    validationRules: [...limits.validationRules],
    stopOnTerminationSignals: false,
    logger: apolloLogger(logger),
  });
  await apollo.start();
  return apollo;
}

function landingPage({ config, links = OWN_LINKS, explorerHeaders = {} }: HttpServerOptions): ApolloServerPlugin {
  return config.explorer
    ? sandboxPagePlugin({ links, headers: explorerHeaders })
    : ApolloServerPluginLandingPageDisabled();
}

/**
 * A logger that keeps only the part before the first colon. Reason: the rest of Apollo's messages is the text of the
 * thrown error.
 */
function apolloLogger(
  logger: HttpServerOptions['logger'],
): Record<'debug' | 'info' | 'warn' | 'error', (message: unknown) => void> {
  const safe = (message: unknown): string => (typeof message === 'string' ? (message.split(':', 1)[0] ?? '') : 'error');
  return {
    debug: (message) => logger.debug(`Apollo Server: ${safe(message)}`),
    info: (message) => logger.info(`Apollo Server: ${safe(message)}`),
    warn: (message) => logger.warn(`Apollo Server: ${safe(message)}`),
    error: (message) => logger.error(`Apollo Server: ${safe(message)}`),
  };
}

/**
 * Fills the request's record and trace with the operation's name, type and error codes, and logs unexpected errors.
 * Then it writes a large response.
 */
function operationRecordPlugin(logger: Logger, unexpected: UnexpectedErrors): ApolloServerPlugin<ServerContext> {
  const listener: GraphQLRequestListener<ServerContext> = {
    didResolveOperation: async ({ contextValue: { record }, operation, operationName }) => {
      record.operationName = operationName;
      record.operationType = operation?.operation ?? null;
      if (record.operationType !== null) record.trace?.describeOperation(record.operationType, operationName);
    },
    willSendResponse: async ({ contextValue: { record, requestId }, response: { body }, errors }) => {
      record.hasResponse = true;
      if (body.kind !== 'single') return;
      for (const error of body.singleResult.errors ?? []) {
        const code = error.extensions?.['code'];
        record.errorCodes.push(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR');
      }
      record.trace?.endOperation(record.errorCodes);
      for (const error of errors ?? []) {
        if (!unexpected.has(error)) continue;
        logger.error({ requestId, err: error.originalError ?? error, path: error.path }, 'unexpected error');
      }
      if (isLarge(body.singleResult)) body.singleResult = await written(body.singleResult, record, requestId);
    },
  };
  return {
    requestDidStart: async ({ contextValue }) => {
      contextValue.record.trace?.beginOperation();
      return listener;
    },
  };
}

/**
 * Writes a large response in pieces and returns a placeholder for Apollo Server. Reason: Apollo Server would make one
 * text at once, which blocks all other requests for tenths of a second.
 */
async function written(
  result: FormattedExecutionResult,
  record: RequestRecord,
  requestId: string,
): Promise<FormattedExecutionResult> {
  record.body = await writeBody(result);
  if (record.body !== null) return {};
  const { message, extensions } = BODY_TOO_LARGE;
  record.errorCodes.push(extensions.code);
  return { errors: [{ message, extensions: { ...extensions, requestId } }], data: null };
}

export type FormatError = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/**
 * Remembers which errors became `INTERNAL_SERVER_ERROR`, so that the log can name them with their request. Reason: the
 * function that formats errors does not know the request. Keeps weak references only.
 */
class UnexpectedErrors {
  readonly #seen = new WeakSet<object>();

  watch(formatError: FormatError): FormatError {
    return (formatted, error) => {
      const shown = formatError(formatted, error);
      if (shown.extensions?.['code'] === 'INTERNAL_SERVER_ERROR' && typeof error === 'object' && error !== null) {
        this.#seen.add(error);
      }
      return shown;
    };
  }

  has(error: object): boolean {
    return this.#seen.has(error);
  }
}
