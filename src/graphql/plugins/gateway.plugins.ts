import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from '../context.js';
import { type AdmissionOptions, admissionPlugin } from './admission.plugin.js';
import { type AnswerOptions, answerPlugin } from './answer.plugin.js';

/** The GraphQL rules of the gateway that belong to a request as a whole. All of them are needed for a safe server. */
export function gatewayPlugins(options: AnswerOptions & AdmissionOptions): ApolloServerPlugin<GatewayContext>[] {
  return [admissionPlugin(options), answerPlugin(options)];
}
