import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { answerText } from './answer.text.js';
import type { HttpServerOptions } from './http-server.options.js';
import { operationRecordPlugin } from './plugins/operation-record.plugin.js';
import type { ServerContext } from './request-record.js';
import { UnexpectedErrors } from './unexpected-errors.js';

/** Starts Apollo Server on the gateway's schema, with everything off that costs time, calls home or tells too much. */
export async function startApollo(options: HttpServerOptions): Promise<ApolloServer<ServerContext>> {
  const { config, logger, limits } = options;
  const unexpected = new UnexpectedErrors();
  const formatError = unexpected.watch(options.formatError);
  const persistedQueries = options.safelist?.persistedQueries ?? options.persistedQueryCache;
  const apollo = new ApolloServer<ServerContext>({
    schema: options.schema,
    plugins: [
      ...options.plugins,
      operationRecordPlugin(logger, unexpected),
      landingPage(config.explorer),
      ApolloServerPluginCacheControlDisabled(),
      // On by default for subgraphs: errors and timings of every field would go to whoever asks for them.
      ApolloServerPluginInlineTraceDisabled(),
      // Switched on by the mere presence of APOLLO_KEY otherwise.
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
    stringifyResult: answerText,
    stopOnTerminationSignals: false,
    logger: apolloLogger(logger),
  });
  await apollo.start();
  return apollo;
}

function landingPage(explorer: boolean): ApolloServerPlugin {
  if (!explorer) return ApolloServerPluginLandingPageDisabled();
  return ApolloServerPluginLandingPageLocalDefault({
    embed: { runTelemetry: false, endpointIsEditable: false, initialState: { pollForSchemaUpdates: false } },
    footer: false,
  });
}

/** Apollo's own messages end with the text of whatever was thrown; the part before the first colon is Apollo's. */
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
