import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  /** HTML. Its author escapes every value in it. */
  readonly main: string;
  /** CSS rules in addition to the common ones. */
  readonly style?: string;
  readonly script?: string;
}

/** Makes a page in the common design. It loads nothing: style and script are inside the page, under its nonce. */
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

/** A link of a page's navigation, marked where it leads to the current page. */
export function navLink({ href, text }: PageLink, current: string): string {
  const mark = href === current ? ' aria-current="page"' : '';
  return `<a href="${escapeHtml(href)}"${mark}>${escapeHtml(text)}</a>`;
}

/** The pages that exist. */
export interface PageSet {
  readonly explorer: boolean;
  readonly debug: boolean;
  /**
   * Address of an upstream on this machine, which may have a page: the simulator's. Null where the upstream is
   * elsewhere.
   */
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

/** The server's own pages. */
export const OWN_LINKS = pageLinks({ explorer: true, debug: false, localUpstream: null });

/** The design of every page, in light and dark. Each pair of text and ground has a contrast of at least 4.5 to 1. */
export const PAGE_STYLE = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');

/** A fresh nonce for one page's own scripts and styles. */
export function newNonce(): string {
  return randomBytes(16).toString('base64');
}

/** Sends a page that may load only the sources in `policy` and that no other page may frame. */
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
