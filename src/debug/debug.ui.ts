import type { ApolloServerPlugin, BaseContext } from '@apollo/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { newNonce, type PageLink, renderPage, sendPage } from '../pages/page.frame.js';
import { debugPlugin } from './debug.plugin.js';
import { DEBUG_SCRIPT } from './debug.script.js';
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
  readonly curlHeaders: readonly string[];
  readonly hasExplorer: boolean;
}

/** `/debug` as the composition root wires it. Exists only where it is switched on: off, it costs nothing. */
export class DebugUi<TContext extends BaseContext> {
  readonly plugin: ApolloServerPlugin<TContext>;
  readonly #log = new OperationLog();
  readonly #traces = new WeakMap<object, OperationTrace>();

  constructor(private readonly options: DebugUiOptions<TContext>) {
    const { callsSaved } = options;
    this.plugin = debugPlugin({ traceOf: (context) => this.#traceOf(context), callsSaved });
  }

  begin(request: { readonly requestId: string; readonly tenantId: string }): OperationTrace {
    return this.#log.begin(request);
  }

  /** Ties an operation's context, as soon as there is one, to its trace. */
  attach(context: TContext, trace: OperationTrace): void {
    this.#traces.set(this.options.identityOf(context), trace);
  }

  /** Call before `/graphql` is routed: requests that are turned away there are seen by a hook. */
  readonly routes = (app: FastifyInstance): void => {
    const { links, curlHeaders, hasExplorer } = this.options;
    debugRoutes(app, this.#log, { links, curlHeaders, hasExplorer });
    app.addHook('onResponse', (request, reply, done) => {
      if (request.routeOptions.url === '/graphql') this.#noteRefusal(request, reply.statusCode);
      done();
    });
  };

  #traceOf(context: TContext): OperationTrace | undefined {
    return this.#traces.get(this.options.identityOf(context));
  }

  #noteRefusal(request: FastifyRequest, httpStatus: number): void {
    const { context, errorCodes } = this.options.requestOf(request);
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

interface DebugPageView {
  readonly links: readonly PageLink[];
  /** Headers of the curl lines, with placeholders for secrets. */
  readonly curlHeaders: readonly string[];
  /** Whether there is a GraphiQL to open an operation in. */
  readonly hasExplorer: boolean;
}

const MAIN = `<p class="hint">The last operations of this process, newest first, with the upstream calls they caused. Texts that are no id, number, date or
enum value are masked; headers and answers are not kept.</p>
<div class="tools">
<label class="check"><input id="live" type="checkbox" checked> live</label>
<label for="only">Show</label>
<select id="only"><option value="all">all but introspection</option><option value="every">everything</option><option value="upstream">with upstream calls</option>
<option value="write">writes</option><option value="failed">with errors</option></select>
<label for="wanted">Name or field</label> <input id="wanted" type="search" autocomplete="off">
</div>
<p id="status" role="status"></p>
<div id="operations"></div>
<noscript><p>This page needs JavaScript; the same data stands in <a href="/debug/operations">/debug/operations</a>.</p></noscript>`;

/** The page holds no data: its script fetches all of it. */
function renderDebugPage(view: DebugPageView, nonce: string): string {
  const settings = { curlHeaders: view.curlHeaders, hasExplorer: view.hasExplorer };
  // In a script element only this could end it.
  const json = JSON.stringify(settings).replaceAll('<', '\\u003c');
  return renderPage({
    title: 'Operations',
    path: '/debug',
    links: view.links,
    nonce,
    main: MAIN,
    style: DEBUG_STYLE,
    script: `const settings = ${json};\n${DEBUG_SCRIPT}`,
  });
}

/** What `/debug` adds to the common design. */
const DEBUG_STYLE = `
#operations { display: grid; grid-template-columns: minmax(0, 1fr); gap: .5rem; }
dd { overflow-wrap: anywhere; }
details { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; }
details[open] { border-color: var(--accent); }
summary { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; padding: .55rem .9rem; cursor: pointer; }
summary::before { content: '▸'; color: var(--quiet); }
details[open] > summary::before { content: '▾'; }
summary .name { font-weight: 600; overflow-wrap: anywhere; }
summary .end { margin-left: auto; display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; font-variant-numeric: tabular-nums; }
.detail { padding: 0 .9rem .9rem; }
.detail h2 { font-size: 1rem; margin: 1rem 0 .35rem; }
.waterfall td:first-child { min-width: 15rem; }
.waterfall .note { display: block; color: var(--quiet); font-size: .88rem; }
.lane { position: relative; min-width: 14rem; height: 1.15rem; background: var(--ground); border-radius: .25rem; }
.bar { position: absolute; top: .2rem; bottom: .2rem; min-width: 3px; border-radius: .2rem; background: var(--accent); }
.bar.wait { background: repeating-linear-gradient(45deg, var(--line), var(--line) 3px, var(--quiet) 3px, var(--quiet) 5px); }
.bar.bad { background: var(--bad); } .bar.good { background: var(--good); } .bar.write { background: var(--warn); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.columns > div { min-width: 0; }
.columns pre { max-height: 16rem; overflow: auto; }
#status { min-height: 1.5em; margin: 0; color: var(--quiet); }
#status.bad { color: var(--bad); font-weight: 600; }
`;
