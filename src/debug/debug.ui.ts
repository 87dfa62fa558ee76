import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { newNonce, type PageLink, renderPage, sendPage } from '../pages/page.frame.js';
import { debugPlugin } from './debug.plugin.js';
import { OperationLog } from './operation.log.js';
import type { OperationTrace } from './operation.trace.js';

/** What the server knows of an HTTP request to `/graphql` when it is over. */
export interface DebugRequest<TContext> {
  /** Null where the request was refused before it had one. */
  readonly context: TContext | null;
  readonly errorCodes: readonly string[];
}

export interface DebugUiOptions<TContext> {
  /** An object that belongs to this operation alone. GraphQL copies the context itself. */
  readonly identityOf: (context: TContext) => object;
  readonly callsSaved: (context: TContext) => number;
  readonly requestOf: (request: FastifyRequest) => DebugRequest<TContext>;
  readonly links: readonly PageLink[];
  /** Headers of the curl lines, with placeholders for secrets. */
  readonly curlHeaders: readonly string[];
  /** Whether there is a GraphiQL to open an operation in. */
  readonly hasExplorer: boolean;
  /** What each error code means, in a sentence or more. */
  readonly meanings: Readonly<Record<string, string>>;
}

/** `/debug` as the composition root wires it. Exists only where it is switched on: off, it costs nothing. */
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

  /** Ties an operation's context, as soon as there is one, to its trace. */
  attach(context: TContext, trace: OperationTrace): void {
    this.#traces.set(this.#options.identityOf(context), trace);
  }

  /** Call before `/graphql` is routed: requests that are turned away there are seen by a hook. */
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
    // A page that was asked for is no operation.
    if (known === undefined && errorCodes.length === 0) return;
    const trace = known ?? this.#log.begin({ requestId: request.id, tenantId: null });
    trace.finish({ state: 'refused', httpStatus, errorCodes, errorPaths: [], callsSaved: 0 });
  }
}

/** `/debug` and the JSON that its page asks for every second. */
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

/** 0, which is everything, unless the page knows a state of this very process. */
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
  // In a script element only this could end it.
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
