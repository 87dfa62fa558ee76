import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PAGE_STYLE, pageLinks, renderPage } from '../../../src/pages/page-frame.js';
import { graphiqlBar } from '../../../src/server/pages/graphiql.page.js';

const PAGE_CSS = readFileSync(new URL('../../../src/simulator/page/page.css', import.meta.url), 'utf8');

/** Custom properties of each block that sets some, in order: light, then dark. */
function colours(css: string): readonly (readonly string[])[] {
  return [...css.matchAll(/\{([^{}]*--ground:[^{}]*)\}/g)].map(
    ([, block = '']) => block.match(/--[\w-]+: #[0-9a-f]{6}/g) ?? [],
  );
}

describe('the design', () => {
  it('is the same on the pages of the gateway and of the simulator, which shares no code with them', () => {
    expect(colours(PAGE_STYLE)).toHaveLength(2);
    expect(colours(PAGE_STYLE)).toEqual(colours(PAGE_CSS));
  });

  it('is the same in the bar above GraphiQL', () => {
    const known = new Set(colours(PAGE_STYLE).flat());
    expect(
      colours(graphiqlBar([]))
        .flat()
        .filter((colour) => !known.has(colour)),
    ).toEqual([]);
  });

  it('links only to pages that there are', () => {
    const hrefs = (pages: Parameters<typeof pageLinks>[0]) => pageLinks(pages).map(({ href }) => href);
    expect(hrefs({ explorer: true, debug: true, localUpstream: 'http://127.0.0.1:4010' })).toEqual([
      '/',
      '/graphiql',
      '/graphql',
      '/debug',
      'http://127.0.0.1:4010/',
    ]);
    expect(hrefs({ explorer: false, debug: true, localUpstream: null })).toEqual(['/debug']);
    expect(hrefs({ explorer: true, debug: false, localUpstream: null })).not.toContain('/debug');
  });

  it('marks the page that one is on, and escapes what it is given', () => {
    const html = renderPage({
      title: '<b>',
      path: '/debug',
      links: [{ href: '/debug', text: 'A & B' }],
      nonce: 'n',
      main: '',
    });
    expect(html).toContain('<a href="/debug" aria-current="page">A &amp; B</a>');
    expect(html).not.toContain('<b>');
  });
});
