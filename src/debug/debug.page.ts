import { type PageLink, renderPage } from '../pages/page.frame.js';
import { DEBUG_SCRIPT } from './debug.script.js';
import { DEBUG_STYLE } from './debug.style.js';

export interface DebugPageView {
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
export function renderDebugPage(view: DebugPageView, nonce: string): string {
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
