/**
 * @jest-environment ./test/support/deviations.environment.mjs
 */
import type { Server } from 'node:http';
import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { createLogger } from '../../../src/observability/logger.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { createHttpLayer } from '../../../src/server/http-server.js';
import type { ServerContext } from '../../../src/server/request-tracking.js';
import { CALLER, HTTP, unusedContext } from './tiny-server.js';

// The suite that Apollo publishes for integrations of its server, on the gateway's HTTP layer. Where it is answered
// otherwise on purpose stands below, and each of these tests must fail as told here: see the environment.

interface Deviation {
  readonly why: string;
  /** A part of what the failing test says. */
  readonly failure: string;
  /** Full names without the file's. */
  readonly tests: readonly string[];
}

const HTTP_TESTS = 'integration tests httpServerTests.ts';
const APOLLO_TESTS = 'integration tests apolloServerTests.ts';
const CONTEXT_ERRORS = `${APOLLO_TESTS} lifecycle context field as a function context errors`;

const DEVIATIONS: readonly Deviation[] = [
  {
    why: 'Every error names its request, also where no operation began: support asks for nothing else. The rest of each response is equal.',
    failure: '"requestId": ',
    tests: [
      `${APOLLO_TESTS} formatError wraps thrown error from validation rules`,
      `${CONTEXT_ERRORS} GraphQLErrors are formatted, defaulting to status 500`,
      `${CONTEXT_ERRORS} GraphQLErrors are formatted, defaulting to INTERNAL_SERVER_ERROR`,
      `${CONTEXT_ERRORS} GraphQLErrors are formatted, obeying http extension`,
      `${CONTEXT_ERRORS} non-GraphQLErrors are formatted`,
      `${HTTP_TESTS} graphqlHTTP throws an error if GET request has a non-application/json content-type`,
      `${HTTP_TESTS} graphqlHTTP throws an error if GET request has a non-preflighted non-application/json content-type`,
      `${HTTP_TESTS} graphqlHTTP throws an error if GET request has a malformed content-type`,
      `${HTTP_TESTS} graphqlHTTP POST does not handle a request with variables as string`,
      `${HTTP_TESTS} graphqlHTTP POST does not handle a request with extensions as string`,
      `${HTTP_TESTS} graphqlHTTP returns an error on batch requests with no elements`,
      `${HTTP_TESTS} graphqlHTTP disables batch requests by default`,
    ],
  },
  {
    why: 'A body that is not JSON is 415 (RFC 9110, 15.5.16), before it is read.',
    failure: 'Expected: 400\nReceived: 415',
    tests: [
      `${HTTP_TESTS} graphqlHTTP throws an error if POST body is empty`,
      `${HTTP_TESTS} graphqlHTTP throws an error if invalid content-type`,
    ],
  },
  {
    why: "A body that cannot be read is told so in words of the gateway's own: the parser's would repeat a part of it.",
    failure: 'Expected: true\nReceived: false',
    tests: [`${HTTP_TESTS} graphqlHTTP throws an error if POST JSON is malformed`],
  },
  {
    why: 'A client that names both types alike gets the newer one, whose status codes tell more.',
    failure: 'Received: "application/graphql-response+json; charset=utf-8"',
    tests: [
      `${HTTP_TESTS} graphqlHTTP can handle a basic request accepting application/json, application/graphql-response+json`,
    ],
  },
  {
    why: "No response is kept by anybody: each is one tenant's, whatever cache hints a schema has.",
    failure: 'Received: "no-store"',
    tests: [
      `${HTTP_TESTS} graphqlHTTP cache-control runs when cache-control is disabled`,
      `${HTTP_TESTS} graphqlHTTP cache-control not set without any hints with if-cacheable`,
    ],
  },
  {
    why: 'A hash that is no text is refused before it becomes part of a key of the cache.',
    failure: 'sha256Hash must be a text of 64 hexadecimal digits',
    tests: [`${HTTP_TESTS} Persisted Queries returns error when hash does not match`],
  },
  {
    why: 'The same, asked through a client that takes only what it awaits.',
    failure: 'Received: undefined',
    tests: [`${APOLLO_TESTS} Persisted Queries returns error when hash does not match`],
  },
  {
    why: 'Inline traces are off: they tell errors and timings of every field to whoever asks. Their header does not get to Apollo Server.',
    failure: "Cannot read properties of undefined (reading 'ftv1')",
    tests: ['nullable _Service.sdl field', 'non-nullable _Service.sdl! field'].flatMap((field) => [
      `${APOLLO_TESTS} Federated tracing with ${field} reports a total duration that is longer than the duration of its resolvers`,
      `${APOLLO_TESTS} Federated tracing with ${field} includes errors in federated trace`,
    ]),
  },
  {
    why: 'The same where a page of a stranger could send it: blocked, and by the type alone.',
    failure: 'Expected value: 415',
    tests: [`${APOLLO_TESTS} CSRF prevention default`],
  },
  {
    why: 'The protection against cross-site requests looks at the headers that the gateway knows; others do not get to Apollo Server.',
    failure: 'Expected: 200\nReceived: 400',
    tests: [`${APOLLO_TESTS} CSRF prevention csrfPrevention: {requestHeaders}`],
  },
  {
    why: 'It holds by what it blocks one test before: the suite keeps one list of what was blocked for all three.',
    failure: 'Received length: 1',
    tests: [`${APOLLO_TESTS} CSRF prevention csrfPrevention: false`],
  },
];

Object.assign(globalThis, {
  expectedDeviations: Object.fromEntries(
    DEVIATIONS.flatMap(({ failure, tests }) => tests.map((name) => [name, failure])),
  ),
  // They need a graphql-js that has `@defer` and `@stream`, which the schema does not have.
  leftOut: ['incremental delivery', 'includes all fields with defer'],
});

/** As the gateway's own plugins do: a response that they have finished is left as it is. */
const answeredPlugin: ApolloServerPlugin<Partial<ServerContext>> = {
  requestDidStart: async ({ contextValue: { record } }) => ({
    willSendResponse: async () => {
      if (record !== undefined) record.hasResponse = true;
    },
  }),
};

// The suite imports folders of another package, which Node alone finds no file for.
const folders = registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('@apollo/client/') && context.conditions.includes('import') && context.parentURL !== undefined
      ? next(pathToFileURL(createRequire(context.parentURL).resolve(specifier)).href, context)
      : next(specifier, context),
});
const { defineIntegrationTestSuite } = await import('@apollo/server-integration-testsuite');
folders.deregister();

const logger = await createLogger({ level: 'fatal', format: 'json', destination: { write: () => undefined } });

defineIntegrationTestSuite(
  async (config, options) => {
    const server = new ApolloServer({ ...config, plugins: [...(config.plugins ?? []), answeredPlugin] });
    await server.start();
    let http: Server | null = null;
    const layer = await createHttpLayer(server, {
      config: HTTP,
      authenticate: async () => CALLER,
      createContext: async (request) => Object.assign({ ...unusedContext(request) }, await options?.context?.()),
      readiness: () => [],
      logger,
      metrics: new Metrics({ processMetrics: false }),
      routes: (app) => {
        http = app.server;
        // The suite asks at the root, where the gateway has its start page.
        app.server.prependListener('request', (request) => {
          request.url = request.url?.replace(/^\/(?=\?|$)/, '/graphql');
        });
      },
    });
    const { url } = await layer.listen();
    return {
      server,
      url,
      extraCleanup: async () => {
        http?.closeAllConnections();
        await layer.drain();
      },
    };
  },
  { noIncrementalDelivery: true },
);
