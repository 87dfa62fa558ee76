import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from '../context.js';
import { plainRowsPlugin } from '../plain-rows.js';
import { type AdmissionOptions, admissionPlugin } from './admission.plugin.js';
import { type AnswerOptions, answerPlugin } from './answer.plugin.js';

export interface GatewayPluginOptions extends AnswerOptions, AdmissionOptions {
  /** False: graphql-js completes every list, at several times the cost. The answers are the same. Default: true. */
  readonly plainRows?: boolean;
}

/** The GraphQL rules of the gateway that belong to a request as a whole. All of them are needed for a safe server. */
export function gatewayPlugins(options: GatewayPluginOptions): ApolloServerPlugin<GatewayContext>[] {
  const plugins = [admissionPlugin(options), answerPlugin(options)];
  return options.plainRows === false ? plugins : [plainRowsPlugin(), ...plugins];
}
