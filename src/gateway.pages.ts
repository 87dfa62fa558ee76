import type { Config } from './config/config.js';
import { DebugUi } from './debug/debug.ui.js';
import type { GatewayContext } from './graphql/context.js';
import type { PageLink } from './pages/page.frame.js';
import { pageLinks } from './pages/page.links.js';

/** `/debug`, or null where it is switched off. */
export function createDebugUi(config: Config): DebugUi<GatewayContext> | null {
  if (!config.http.debugUi) return null;
  const headers = Object.entries(callerHeaders(config)).map(([name, value]) => `${name}: ${value}`);
  return new DebugUi<GatewayContext>({
    identityOf: (context) => context.reads,
    callsSaved: (context) => context.reads.upstreamCalls().saved,
    requestOf: (request) => request.record,
    links: linksOf(config),
    curlHeaders: headers,
    hasExplorer: config.http.explorer,
  });
}

/** The pages that there are, as every page links to them. */
export function linksOf(config: Config): readonly PageLink[] {
  const { url, loopback } = config.xtracta;
  const { explorer, debugUi } = config.http;
  return pageLinks({ explorer, debug: debugUi, localUpstream: loopback ? new URL(url).origin : null });
}

/** Headers that GraphiQL starts with: how to say who is asking, and to be told of the upstream calls beside the answer. */
export function explorerHeaders(config: Config): Readonly<Record<string, string>> {
  return { ...callerHeaders(config), ...(config.production ? {} : { 'x-upstream-calls': '1' }) };
}

/** What a caller sends to be known, with placeholders for what is secret. */
function callerHeaders({ auth, http }: Config): Readonly<Record<string, string>> {
  return {
    ...(http.routerSecrets.length > 0 ? { 'x-router-secret': '<router secret>' } : {}),
    ...(auth.mode === 'jwt' ? { authorization: 'Bearer <token>' } : {}),
    ...(auth.mode === 'passthrough' ? { 'x-xtracta-api-key': '<api key>' } : {}),
  };
}
