import { PAGE_STYLE } from './page.style.js';
import { escapeHtml } from './page-security.js';

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
