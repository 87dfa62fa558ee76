import type { PageLink } from '../../pages/page.frame.js';
import { navLink } from '../../pages/page.frame.js';

/** The links to the other pages in a bar above GraphiQL, in the colours of the theme that is chosen there. */
export function graphiqlBar(links: readonly PageLink[]): string {
  return `<style>${STYLE}</style>
<header class="pages"><h1>GraphiQL</h1><nav aria-label="Pages">${links.map((link) => navLink(link, '/graphiql')).join(' ')}</nav></header>`;
}

const STYLE = `
.pages { --ground: #f6f7f9; --text: #1b2330; --accent: #1f5fbf; --line: #d5dae2; }
@media (prefers-color-scheme: dark) { body:not(.graphiql-light) .pages { --ground: #12161d; --text: #e6eaf1; --accent: #8ab4ff; --line: #343d4b; } }
body.graphiql-dark .pages { --ground: #12161d; --text: #e6eaf1; --accent: #8ab4ff; --line: #343d4b; }
.pages { display: flex; gap: 1rem; align-items: center; height: 2.4rem; padding: 0 1rem; overflow-x: auto; white-space: nowrap;
  background: var(--ground); border-bottom: 1px solid var(--line); font: 15px system-ui, sans-serif; }
.pages nav { display: flex; gap: 1rem; }
.pages h1 { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
.pages a { color: var(--accent); } .pages a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
.pages a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.pages ~ #root .graphiql-container { height: calc(100vh - 2.4rem); }
/* The first press on a tab starts an animation from where it was before the fonts were there, and the click misses it. */
.graphiql-tab { transform: none !important; }
`;
