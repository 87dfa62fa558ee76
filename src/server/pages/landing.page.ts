import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml, newNonce, type PageLink, renderPage, sendPage } from '../../pages/page.frame.js';
import type { GatewayStatus, ReadinessPart } from '../http-server.options.js';
import type { ServerPhase } from '../operations.routes.js';
import { statusSentence } from './status.sentence.js';

const STYLE = readFileSync(join(import.meta.dirname, 'landing.css'), 'utf8');
const SCRIPT = readFileSync(join(import.meta.dirname, 'landing.js'), 'utf8');

export interface LandingPageOptions {
  readonly phase: () => ServerPhase;
  readonly readiness: () => readonly ReadinessPart[];
  /** Null where nobody tells. */
  readonly status: () => GatewayStatus | null;
  readonly exampleGroupId: string;
  readonly links: readonly PageLink[];
}

interface LandingView {
  readonly baseUrl: string;
  readonly phase: ServerPhase;
  readonly parts: readonly ReadinessPart[];
  readonly status: GatewayStatus | null;
  readonly nowMs: number;
  readonly exampleGroupId: string;
  readonly links: readonly PageLink[];
}

/**
 * Makes the handler of `/`: the state of what the gateway depends on, links, and lines to try. Needs no network, and
 * works without its script.
 */
export function landingPage(
  options: LandingPageOptions,
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (request, reply) => {
    const nonce = newNonce();
    const view: LandingView = {
      baseUrl: `${request.protocol}://${/^[\w.:[\]-]+$/.test(request.host) ? request.host : 'localhost'}`,
      phase: options.phase(),
      parts: options.readiness(),
      status: options.status(),
      nowMs: Date.now(),
      exampleGroupId: options.exampleGroupId,
      links: options.links,
    };
    return sendPage(reply, renderLandingPage(view, nonce), [
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      'img-src data:',
    ]);
  };
}

/** The page as HTML. Pure; everything that is not ours is escaped. */
export function renderLandingPage(view: LandingView, nonce: string): string {
  const { tone, text } = statusSentence(view.phase, view.parts, view.status, view.nowMs);
  const main = `<p class="now ${tone}" role="status">${escapeHtml(text)}</p>
<p>One GraphQL schema over Xtracta billing and the PurchaseCredits API. No charge is ever made twice, no figure is ever altered.</p>
<ul class="cards">
${view.links.flatMap(card).join('\n')}
</ul>
<section aria-labelledby="state">
<h2 id="state">State</h2>
<table aria-labelledby="state">
<thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">Detail</th></tr></thead>
<tbody>
${row({ name: 'gateway', ok: view.phase === 'serving', detail: view.phase })}
${view.parts.map(row).join('\n')}
</tbody>
</table>
${about(view.status)}
<p class="hint">For machines: <a href="/ready">readiness</a>, <a href="/health">health</a>, <a href="/metrics">metrics</a>.</p>
</section>
<section aria-labelledby="try">
<h2 id="try">Try it in a shell</h2>
${EXAMPLES.map(({ about, query }) => `<h3>${about}</h3>\n<pre><code>${escapeHtml(curlLine(view.baseUrl, query(view.exampleGroupId)))}</code></pre>`).join('\n')}
</section>`;
  return renderPage({
    title: 'Billing GraphQL gateway',
    path: '/',
    links: view.links,
    nonce,
    main,
    style: STYLE,
    script: SCRIPT,
  });
}

const CALLERS: Readonly<Record<GatewayStatus['auth'], string>> = {
  jwt: 'by a bearer token that is verified',
  passthrough: 'by the api key that they bring',
  none: 'not at all: everybody who reaches it may do everything',
};

function about(status: GatewayStatus | null): string {
  if (status === null) return '';
  const facts = [
    ['Version', status.version],
    ['Mode', status.production ? 'production' : 'development'],
    ['Callers are known', CALLERS[status.auth]],
  ];
  const pairs = facts.map(([name = '', value = '']) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`);
  return `<dl>${pairs.join('')}</dl>`;
}

/** What each page is for; a link that is not listed leads to an upstream on this machine. */
const ABOUT: Readonly<Record<string, string>> = {
  '/graphiql': 'Write and run operations. Works without internet; every example is a tab.',
  '/graphql': "The same in Apollo's explorer, which is loaded from Apollo's servers.",
  '/debug': 'The last operations, each as a waterfall of its upstream calls.',
};
const ABOUT_UPSTREAM = 'The upstream on this machine: its groups, its clock, and faults to switch on.';

function card({ href, text }: PageLink): string[] {
  if (href === '/') return [];
  return [`<li><a href="${escapeHtml(href)}">${escapeHtml(text)}</a><p>${ABOUT[href] ?? ABOUT_UPSTREAM}</p></li>`];
}

/** A shell line that posts the query; the query must not hold a single quote. */
export function curlLine(baseUrl: string, query: string): string {
  return `curl -s ${baseUrl}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'`;
}

const EXAMPLES: readonly { readonly about: string; readonly query: (groupId: string) => string }[] = [
  {
    about: 'The plan in force',
    query: (id) =>
      `{ group(id: "${id}") { plan { name type price { amount currency } remainingDocuments expiryDate } } }`,
  },
  {
    about: 'The newest rows of the history',
    query: (id) =>
      `{ group(id: "${id}") { billingHistory(first: 5) { totalCount nodes { id kind planName price { amount currency } startDate } } } }`,
  },
  {
    about: 'Sums over a group and all below it',
    query: (id) =>
      `{ group(id: "${id}") { billingHistory(includeSubgroups: true) { summary { count usedDocuments spend { amount currency } } } } }`,
  },
];

function row(part: ReadinessPart): string {
  const state = part.ok ? '<td class="good">ok</td>' : '<td class="bad">not ok</td>';
  return `<tr><th scope="row">${escapeHtml(part.name)}</th>${state}<td class="quiet">${escapeHtml(part.detail ?? '')}</td></tr>`;
}
