import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml, newNonce, type PageLink, renderPage, sendPage } from '../../pages/page-frame.js';
import type { GatewayStatus, ReadinessPart, ServerPhase } from '../http-server-options.js';

const STYLE = readFileSync(join(import.meta.dirname, 'landing.css'), 'utf8');
const SCRIPT = readFileSync(join(import.meta.dirname, 'landing.js'), 'utf8');

export interface LandingPageOptions {
  readonly phase: () => ServerPhase;
  readonly readiness: () => readonly ReadinessPart[];
  /** Null where the status is not known. */
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
 * Makes the handler of `/`: the state of the gateway's dependencies, links, and commands to try. Needs no network, and
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

/** The page as HTML. Pure; every value from outside is escaped. */
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
  jwt: 'by a verified bearer token',
  passthrough: 'by the api key of the request',
  none: 'not at all: everybody who can reach it may do everything',
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

/** Purpose of each page; a link that is not listed leads to an upstream on this machine. */
const ABOUT: Readonly<Record<string, string>> = {
  '/graphiql': 'Write and run operations. Works without internet; every example is a tab.',
  '/graphql': "The same in Apollo's explorer, which is loaded from Apollo's servers.",
  '/debug': 'The last operations, each as a waterfall of its upstream calls.',
};
const ABOUT_UPSTREAM = 'The upstream on this machine: its groups, its clock, and its faults.';

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
    about: 'Sums over a group and all groups below',
    query: (id) =>
      `{ group(id: "${id}") { billingHistory(includeSubgroups: true) { summary { count usedDocuments spend { amount currency } } } } }`,
  },
];

/** Meanings of the circuit breaker's states, whose names `/ready` has for machines. */
const DETAILS: Readonly<Record<string, string>> = {
  'breaker closed': 'no trouble seen',
  'breaker open': 'not called for some seconds, because calls failed (breaker open)',
  'breaker half-open': 'one call tries whether it answers again (breaker half-open)',
};

function row(part: ReadinessPart): string {
  const state = part.ok ? '<td class="good">ok</td>' : '<td class="bad">not ok</td>';
  const detail = DETAILS[part.detail ?? ''] ?? part.detail ?? '';
  return `<tr><th scope="row">${escapeHtml(part.name)}</th>${state}<td class="quiet">${escapeHtml(detail)}</td></tr>`;
}

export interface StatusSentence {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly text: string;
}

/**
 * The state of the gateway in one sentence, the worst first.
 *
 * @param status null where it is not known
 */
export function statusSentence(
  phase: ServerPhase,
  parts: readonly ReadinessPart[],
  status: GatewayStatus | null,
  nowMs: number,
): StatusSentence {
  if (phase === 'starting') return { tone: 'warn', text: 'The gateway is starting.' };
  if (phase === 'draining' || phase === 'leaving') {
    return { tone: 'warn', text: 'The gateway is stopping: it finishes running operations and takes no new ones.' };
  }
  const isDown = (name: string): boolean => parts.some((part) => part.name === name && !part.ok);
  const clauses: string[] = [];
  const { silentSince = {}, unknownOutcomes = null } = status ?? {};
  if (isDown('xtracta')) {
    clauses.push(`Xtracta has not answered${since(silentSince.xtracta, nowMs)}; reads fail, writes are refused safely`);
  } else if (silentSince.xtracta !== undefined) {
    clauses.push(`Xtracta has not answered${since(silentSince.xtracta, nowMs)}; the next call tries again`);
  }
  if (isDown('ledger')) clauses.push('The ledger takes no write, so writes are refused safely and reads go on');
  if (isDown('credits')) {
    clauses.push(`The credits API has not answered${since(silentSince.credits, nowMs)}; purchases are refused safely`);
  }
  if (isDown('tenants')) clauses.push('A newer tenants file was refused, and the previous one is still in use');
  if (isDown('redis')) clauses.push('Redis is away, so each replica counts rate limits by itself');
  const waiting = waitingText(unknownOutcomes);
  const isBad = isDown('xtracta') || isDown('ledger') || isDown('credits');
  if (clauses.length === 0) {
    return waiting === null ? { tone: 'good', text: 'Everything works.' } : { tone: 'warn', text: `${waiting}.` };
  }
  const text = [...clauses, ...(waiting === null ? [] : [waiting])].map((clause) => `${clause}.`).join(' ');
  return { tone: isBad ? 'bad' : 'warn', text };
}

function waitingText(unknownOutcomes: number | null): string | null {
  if (unknownOutcomes === null || unknownOutcomes === 0) return null;
  return unknownOutcomes === 1
    ? 'One write waits for its outcome to be settled'
    : `${unknownOutcomes} writes wait for their outcome to be settled`;
}

/** ` since 08:17 UTC`, with the date where it was another day. Empty where the moment is not known. */
function since(atMs: number | undefined, nowMs: number): string {
  if (atMs === undefined) return '';
  const at = new Date(atMs).toISOString();
  const isToday = at.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10);
  return ` since ${isToday ? '' : `${at.slice(0, 10)} `}${at.slice(11, 16)} UTC`;
}
