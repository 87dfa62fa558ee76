import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** A link to another page of the gateway, or to the upstream's. */
export interface PageLink {
  readonly href: string;
  readonly text: string;
}

export interface PageFrame {
  readonly title: string;
  /** Path of the page itself: its link is marked as the current one. */
  readonly path: string;
  readonly links: readonly PageLink[];
  readonly nonce: string;
  /** HTML: whoever makes it escapes what it holds. */
  readonly main: string;
  /** Rules over the common ones. */
  readonly style?: string;
  readonly script?: string;
}

/** Makes a page in the common design. It loads nothing: style and script stand in it, under the page's nonce. */
export function renderPage(frame: PageFrame): string {
  const { title, path, links, nonce, main, style = '', script } = frame;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${PAGE_STYLE}${style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<div class="title"><h1>${escapeHtml(title)}</h1></div>
<nav aria-label="Pages">${links.map((link) => navLink(link, path)).join(' ')}</nav>
</header>
<main id="main" tabindex="-1">
${main}
</main>
${script === undefined ? '' : `<script nonce="${nonce}" type="module">${script}</script>`}
</body>
</html>
`;
}

/** A link of a page's navigation, marked where it leads to the page itself. */
export function navLink({ href, text }: PageLink, current: string): string {
  const mark = href === current ? ' aria-current="page"' : '';
  return `<a href="${escapeHtml(href)}"${mark}>${escapeHtml(text)}</a>`;
}

/** Which pages there are. */
export interface PageSet {
  readonly explorer: boolean;
  readonly debug: boolean;
  /** Address of an upstream on this machine, which may have a page of its own: the simulator's; null where it is elsewhere. */
  readonly localUpstream: string | null;
}

/** The links that every page shows, in their order. */
export function pageLinks(pages: PageSet): readonly PageLink[] {
  return [
    ...(pages.explorer
      ? [
          { href: '/', text: 'Start' },
          { href: '/graphiql', text: 'GraphiQL' },
          { href: '/graphql', text: 'Apollo Sandbox' },
        ]
      : []),
    ...(pages.debug ? [{ href: '/debug', text: 'Operations' }] : []),
    ...(pages.localUpstream === null ? [] : [{ href: `${pages.localUpstream}/`, text: 'Simulator' }]),
  ];
}

/** The design of every page, in light and dark. Each pair of text and ground has a contrast of at least 4.5 to 1. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --panel: #ffffff; --text: #1b2330; --quiet: #525c6b; --line: #d5dae2;
  --accent: #1f5fbf; --on-accent: #ffffff; --warn: #8a4b00; --warn-ground: #fff3df; --bad: #b3261e; --good: #1b6e3c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161d; --panel: #1b212b; --text: #e6eaf1; --quiet: #a5b0c0; --line: #343d4b;
    --accent: #8ab4ff; --on-accent: #0d1726; --warn: #ffce8a; --warn-ground: #3a2a10; --bad: #ff9c94; --good: #8fdba9;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 1rem; }
header { display: grid; gap: .75rem; }
main { padding-top: 0; }
.title { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1rem 0 .35rem; }
p { margin: 0 0 .75rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
a { color: var(--accent); }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--panel); padding: .5rem; z-index: 1; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; }
button, input, select, .button { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--quiet); border-radius: .4rem; padding: .35rem .6rem; }
button, .button { display: inline-block; background: var(--accent); color: var(--on-accent); border-color: var(--accent); cursor: pointer; font-weight: 600; min-height: 2.2rem; text-decoration: none; }
.secondary { background: transparent; color: var(--accent); }
input[type=checkbox] { width: 1.1rem; height: 1.1rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin: 0 0 .75rem; }
.check { display: inline-flex; gap: .35rem; align-items: center; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.scroll { overflow: auto; border: 1px solid var(--line); border-radius: .4rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .88em; }
pre { margin: 0 0 .75rem; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--ground); white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 .75rem; }
dl div { display: flex; gap: .4rem; } dt { color: var(--quiet); } dd { margin: 0; font-variant-numeric: tabular-nums; font-weight: 600; }
.badge { padding: .1rem .55rem; border-radius: 1rem; border: 1px solid currentcolor; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.quiet, .hint, footer { color: var(--quiet); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 1rem; padding: 0; margin: 0 0 1rem; list-style: none; }
.cards li { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.cards a { font-weight: 600; font-size: 1.05rem; }
.cards p { margin: .25rem 0 0; color: var(--quiet); }
`;

/** A fresh nonce for one page's own scripts and styles. */
export function newNonce(): string {
  return randomBytes(16).toString('base64');
}

/** Sends a page that may load nothing but what `policy` names and may not be framed by anybody. */
export function sendPage(reply: FastifyReply, html: string | Buffer, policy: readonly string[]): FastifyReply {
  const closed = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"];
  return reply
    .header('content-security-policy', [...closed, ...policy].join('; '))
    .header('x-frame-options', 'DENY')
    .header('cache-control', 'no-store')
    .header('content-type', 'text/html; charset=utf-8')
    .send(html);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
