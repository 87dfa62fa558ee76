import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReadinessPart } from '../http-server.options.js';
import type { ServerPhase } from '../operations.routes.js';
import { escapeHtml, newNonce, sendPage } from '../../pages/page-security.js';

export interface LandingPageOptions {
  readonly phase: () => ServerPhase;
  readonly readiness: () => readonly ReadinessPart[];
  readonly exampleGroupId: string;
  /** Whether there is a `/debug` to link to. */
  readonly hasDebugPage: () => boolean;
}

interface LandingView {
  readonly baseUrl: string;
  readonly phase: ServerPhase;
  readonly parts: readonly ReadinessPart[];
  readonly exampleGroupId: string;
  readonly hasDebugPage: boolean;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1d23; --soft: #565d6b; --paper: #fff; --line: #d8dce4; --box: #f4f5f8; --link: #0b57d0; --ok: #146c2e; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ee; --soft: #a6adbb; --paper: #14161b; --line: #333945; --box: #1d2028; --link: #8ab4f8; --ok: #7bd88f; --bad: #ff9d94; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 52rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; }
h2 { margin: 2.25rem 0 .75rem; font-size: 1.1rem; }
p { margin: 0 0 1rem; color: var(--soft); }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; }
td.detail { color: var(--soft); }
.ok { color: var(--ok); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
pre { margin: 0 0 .75rem; padding: .75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .4rem; background: var(--box); font: .85rem/1.5 ui-monospace, monospace; }
dt { font-weight: 600; } dd { margin: 0 0 .6rem; color: var(--soft); }
`;

/** Makes the handler of `/`: the state of what the gateway depends on, links, and lines to try. Needs no script and no network. */
export function landingPage(
  options: LandingPageOptions,
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (request, reply) => {
    const nonce = newNonce();
    const view: LandingView = {
      baseUrl: `${request.protocol}://${/^[\w.:[\]-]+$/.test(request.host) ? request.host : 'localhost'}`,
      phase: options.phase(),
      parts: options.readiness(),
      exampleGroupId: options.exampleGroupId,
      hasDebugPage: options.hasDebugPage(),
    };
    return sendPage(reply, renderLandingPage(view, nonce), [`style-src 'nonce-${nonce}'`, 'img-src data:']);
  };
}

/** The page as HTML. Pure; everything that is not ours is escaped. */
export function renderLandingPage(view: LandingView, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Billing GraphQL gateway</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<header>
<h1>Billing GraphQL gateway</h1>
<p>One GraphQL schema over Xtracta billing and the PurchaseCredits API.</p>
</header>
<main>
<h2 id="state">State</h2>
<table aria-labelledby="state">
<thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">Detail</th></tr></thead>
<tbody>
${row({ name: 'gateway', ok: view.phase === 'serving', detail: view.phase })}
${view.parts.map(row).join('\n')}
</tbody>
</table>
<h2>Explore</h2>
<dl>
<dt><a href="/graphiql">GraphiQL</a></dt><dd>Write and run operations; works without internet.</dd>
<dt><a href="/graphql">Apollo Sandbox</a></dt><dd>The same, loaded from Apollo's servers.</dd>
${view.hasDebugPage ? '<dt><a href="/debug">Recent operations</a></dt><dd>Each as a waterfall of its upstream calls.</dd>' : ''}
<dt><a href="/ready">Readiness</a>, <a href="/health">health</a>, <a href="/metrics">metrics</a></dt><dd>For orchestrators and Prometheus.</dd>
</dl>
<h2>Try it</h2>
${exampleQueries(view.exampleGroupId)
  .map((query) => `<pre><code>${escapeHtml(curlLine(view.baseUrl, query))}</code></pre>`)
  .join('\n')}
</main>
</body>
</html>
`;
}

/** A shell line that posts the query; the query must not hold a single quote. */
export function curlLine(baseUrl: string, query: string): string {
  return `curl -s ${baseUrl}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`;
}

function exampleQueries(groupId: string): string[] {
  const group = `group(id: ${JSON.stringify(groupId)})`;
  return [
    `{ ${group} { plan { name type price { amount currency } remainingDocuments expiryDate } } }`,
    `{ ${group} { billingHistory(first: 5) { totalCount nodes { id kind planName price { amount currency } startDate } } } }`,
    `{ ${group} { billingHistory(includeSubgroups: true) { summary { count usedDocuments spend { amount currency } } } } }`,
  ];
}

function row(part: ReadinessPart): string {
  const state = part.ok ? '<td class="ok">ok</td>' : '<td class="bad">not ok</td>';
  return `<tr><th scope="row">${escapeHtml(part.name)}</th>${state}<td class="detail">${escapeHtml(part.detail ?? '')}</td></tr>`;
}
