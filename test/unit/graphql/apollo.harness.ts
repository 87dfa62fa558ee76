import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled';
import type { Caller } from '../../../src/domain/caller.js';
import type { GatewayContext } from '../../../src/graphql/context.js';
import { formatError } from '../../../src/graphql/request/error-format.js';
import {
  MAX_RECURSIVE_SELECTIONS,
  MAX_REPORTED_ERRORS,
  MAX_TOKENS,
  operationLimitRules,
} from '../../../src/graphql/request/limits.js';
import { beginRows, placeRows } from '../../../src/graphql/request/plain-rows.js';
import { type GatewayPluginOptions, gatewayPlugin } from '../../../src/graphql/request/request-plugins.js';
import { buildGatewaySchema } from '../../../src/graphql/schema.js';
import { contextOf, type InMemoryPorts, inMemoryPorts } from './in-memory.context.js';

interface ResponseError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly locations?: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface GraphqlResult {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: unknown;
  readonly errors: readonly ResponseError[];
  readonly codes: readonly unknown[];
  readonly extensions: unknown;
  readonly text: string;
}

export interface Question {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly caller?: Caller;
  readonly ports?: InMemoryPorts;
}

/** Apollo Server with the gateway's plugins, over ports in memory, called by its HTTP interface without a socket. */
export class ApolloHarness {
  readonly #server: ApolloServer<GatewayContext>;

  private constructor(server: ApolloServer<GatewayContext>) {
    this.#server = server;
  }

  static async start(
    options: Partial<GatewayPluginOptions> & { readonly introspection?: boolean; readonly admission?: boolean } = {},
  ): Promise<ApolloHarness> {
    const { introspection = true, admission = true, ...pluginOptions } = options;
    const { schema } = await buildGatewaySchema();
    const server = new ApolloServer<GatewayContext>({
      schema,
      introspection,
      formatError,
      plugins: [
        // Without admission, to test the locks of the fields alone.
        admission
          ? gatewayPlugin({ exposeUpstreamCalls: true, suggestions: introspection, ...pluginOptions })
          : plainRowsPlugin(),
        // Off as in the server. A plugin that watches fields gives each field a resolver, and then no row is plain.
        ApolloServerPluginCacheControlDisabled(),
        ApolloServerPluginInlineTraceDisabled(),
      ],
      validationRules: operationLimitRules({ introspection }),
      parseOptions: { maxLexicalTokens: MAX_TOKENS },
      maxRecursiveSelections: MAX_RECURSIVE_SELECTIONS,
      validationOptions: { maxErrors: MAX_REPORTED_ERRORS },
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    await server.start();
    return new ApolloHarness(server);
  }

  async ask(question: Question): Promise<GraphqlResult> {
    const { query, variables, operationName, method = 'POST' } = question;
    const body = { query, variables, operationName };
    const response = await this.#server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method,
        headers: new HeaderMap(
          Object.entries({ ...(method === 'POST' ? POST_HEADERS : GET_HEADERS), ...question.headers }),
        ),
        search: method === 'GET' ? `?query=${encodeURIComponent(query)}` : '',
        body: method === 'POST' ? JSON.parse(JSON.stringify(body)) : undefined,
      },
      context: async () => contextOf(question.ports ?? inMemoryPorts(), question.caller),
    });
    const text = response.body.kind === 'complete' ? response.body.string : '';
    const result: Partial<GraphqlResult> = JSON.parse(text);
    const errors = result.errors ?? [];
    return {
      status: response.status ?? 200,
      headers: response.headers,
      data: result.data,
      errors,
      codes: errors.map((error) => error.extensions['code']),
      extensions: result.extensions,
      text,
    };
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}

const POST_HEADERS = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const GET_HEADERS = { 'apollo-require-preflight': '1', accept: 'application/graphql-response+json' };

function ignore(): void {
  // The harness is silent.
}

function plainRowsPlugin(): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ contextValue, operation }) => {
        if (operation !== undefined) beginRows(contextValue, operation);
      },
      willSendResponse: async ({ contextValue, response: { body } }) => {
        if (body.kind === 'single') placeRows(contextValue, body.singleResult);
      },
    }),
  };
}
