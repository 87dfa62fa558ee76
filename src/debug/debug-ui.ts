import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApolloServerPlugin, BaseContext, GraphQLRequestContext } from '@apollo/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type FormattedExecutionResult, type GraphQLFormattedError, Kind } from 'graphql';
import { newNonce, type PageLink, renderPage, sendPage } from '../pages/page-frame.js';
import { OperationLog } from './operation-log.js';
import type { OperationTrace } from './operation-trace.js';
import { shownOperation } from './shown-operation.js';

/** The server's facts about an ended HTTP request to `/graphql`. */
export interface DebugRequest<TContext> {
  /** Null where the gateway refused the request before it made a context. */
  readonly context: TContext | null;
  readonly errorCodes: readonly string[];
}

export interface DebugUiOptions<TContext> {
  /** An object that belongs to this operation alone. Reason: GraphQL copies the context object. */
  readonly identityOf: (context: TContext) => object;
  readonly callsSaved: (context: TContext) => number;
  readonly requestOf: (request: FastifyRequest) => DebugRequest<TContext>;
  readonly links: readonly PageLink[];
  /** Headers of the curl lines, with placeholders for secrets. */
  readonly curlHeaders: readonly string[];
  /** Whether GraphiQL exists, so that it can open an operation. */
  readonly hasExplorer: boolean;
  /** Meaning of each error code, in one sentence or more. */
  readonly meanings: Readonly<Record<string, string>>;
}

/** `/debug` as the composition root wires it. Exists only where it is switched on, so it costs nothing elsewhere. */
export class DebugUi<TContext extends BaseContext> {
  readonly #options: DebugUiOptions<TContext>;
  readonly plugin: ApolloServerPlugin<TContext>;
  readonly #log = new OperationLog();
  readonly #traces = new WeakMap<object, OperationTrace>();

  constructor(options: DebugUiOptions<TContext>) {
    this.#options = options;
    const { callsSaved } = options;
    this.plugin = debugPlugin({ traceOf: (context) => this.#traceOf(context), callsSaved });
  }

  begin(request: { readonly requestId: string; readonly tenantId: string }): OperationTrace {
    return this.#log.begin(request);
  }

  /** Connects an operation's context, as soon as it exists, to its trace. */
  attach(context: TContext, trace: OperationTrace): void {
    this.#traces.set(this.#options.identityOf(context), trace);
  }

  /** Register before the routes of `/graphql`, because a hook records the requests that these routes refuse. */
  readonly routes = (app: FastifyInstance): void => {
    debugRoutes(app, this.#log, this.#options);
    app.addHook('onResponse', (request, reply, done) => {
      if (request.routeOptions.url === '/graphql') this.#noteRefusal(request, reply.statusCode);
      done();
    });
  };

  #traceOf(context: TContext): OperationTrace | undefined {
    return this.#traces.get(this.#options.identityOf(context));
  }

  #noteRefusal(request: FastifyRequest, httpStatus: number): void {
    const { context, errorCodes } = this.#options.requestOf(request);
    const known = context === null ? undefined : this.#traceOf(context);
    if (known?.hasBegun === true) return;
    // The request of a page is no operation.
    if (known === undefined && errorCodes.length === 0) return;
    const trace = known ?? this.#log.begin({ requestId: request.id, tenantId: null });
    trace.finish({ state: 'refused', httpStatus, errorCodes, errorPaths: [], callsSaved: 0 });
  }
}

/** `/debug` and the JSON that its page requests every second. */
function debugRoutes(app: FastifyInstance, log: OperationLog, view: DebugPageView): void {
  app.get('/debug', (_request, reply) => {
    const nonce = newNonce();
    return sendPage(reply, renderDebugPage(view, nonce), [
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      "connect-src 'self'",
      'img-src data:',
    ]);
  });

  app.get('/debug/operations', (request, reply) =>
    reply.header('cache-control', 'no-store').send(log.since(revisionOf(request, log.run))),
  );
}

/** The revision in the request, if the page knows a state of this process; else 0, which requests everything. */
function revisionOf({ query }: FastifyRequest, run: string): number {
  if (typeof query !== 'object' || query === null) return 0;
  if (!('run' in query) || query.run !== run || !('since' in query)) return 0;
  const since = Number(query.since);
  return Number.isSafeInteger(since) && since > 0 ? since : 0;
}

type DebugPageView = Pick<DebugUiOptions<never>, 'links' | 'curlHeaders' | 'hasExplorer' | 'meanings'>;

const MAIN = readFileSync(join(import.meta.dirname, 'debug.html'), 'utf8');
const STYLE = readFileSync(join(import.meta.dirname, 'debug.css'), 'utf8');
const SCRIPT = readFileSync(join(import.meta.dirname, 'debug.js'), 'utf8');

/** The page holds no data: its script fetches all of it. */
function renderDebugPage(view: DebugPageView, nonce: string): string {
  const { links, curlHeaders, hasExplorer, meanings } = view;
  const settings = { curlHeaders, hasExplorer, meanings };
  // Only `<` could end the script element.
  const json = JSON.stringify(settings).replaceAll('<', '\\u003c');
  return renderPage({
    title: 'Operations',
    path: '/debug',
    links,
    nonce,
    main: MAIN,
    style: STYLE,
    script: `const settings = ${json};\n${SCRIPT}`,
  });
}

interface DebugPluginOptions<TContext> {
  readonly traceOf: (context: TContext) => OperationTrace | undefined;
  /** Upstream calls that sharing and batching saved for this operation. */
  readonly callsSaved: (context: TContext) => number;
}

const MAX_ROOT_FIELDS = 20;
const MAX_PATH = 200;

/** Adds GraphQL's facts about an operation to its trace. Of the response it reads only the error codes. */
function debugPlugin<TContext extends BaseContext>(
  options: DebugPluginOptions<TContext>,
): ApolloServerPlugin<TContext> {
  return {
    requestDidStart: async ({ contextValue }) => {
      const trace = options.traceOf(contextValue);
      if (trace === undefined) return;
      trace.hasBegun = true;
      let isDescribed = false;
      return {
        // Before the execution, so that the page shows a slow operation while it runs.
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
  // Without a parsed document there is no masking, so nothing is shown.
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
