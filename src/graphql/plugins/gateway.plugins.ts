import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from '../context.js';
import { admissionPlugin } from './admission.plugin.js';
import { type AnswerOptions, answerPlugin } from './answer.plugin.js';
import { type OperationSummary, operationSummaryPlugin } from './operation-summary.plugin.js';

export interface GatewayPluginOptions extends AnswerOptions {
  /** Told of every operation: for the log, metrics and `/debug`. Must not throw. */
  readonly onOperation?: (summary: OperationSummary) => void;
}

/** The GraphQL rules of the gateway that belong to a request as a whole. All of them are needed for a safe server. */
export function gatewayPlugins(options: GatewayPluginOptions): ApolloServerPlugin<GatewayContext>[] {
  const plugins = [admissionPlugin(), answerPlugin(options)];
  return options.onOperation === undefined ? plugins : [...plugins, operationSummaryPlugin(options.onOperation)];
}
