import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApolloServerPlugin } from '@apollo/server';
import { newNonce, type PageLink, renderPage } from '../../pages/page-frame.js';
import { readExampleOperations } from './graphiql.page.js';

const STYLE = readFileSync(join(import.meta.dirname, 'sandbox.css'), 'utf8');
const SCRIPT = readFileSync(join(import.meta.dirname, 'sandbox.js'), 'utf8');

/** Apollo Server's own page also loads version 2. */
const APOLLO_SCRIPT =
  'https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js?runtime=billing-gateway';

export interface SandboxPageOptions {
  readonly links: readonly PageLink[];
  /** Initial headers of the first document. */
  readonly headers: Readonly<Record<string, string>>;
}

const MAIN = `<p id="note" role="status">Loading Apollo Sandbox from Apollo's servers; GraphiQL opens in 3 s where they cannot be reached.</p>
<p><a class="button" href="/graphiql">Open GraphiQL now</a></p>
<p class="hint">GraphiQL needs no internet and no permission. Since Chrome 142 a page from elsewhere reaches this machine only with your permission:
where Sandbox says that it cannot reach the endpoint, allow <em>Access other apps and services on this device</em> in the site's settings.</p>
<noscript><p>Apollo Sandbox needs JavaScript.</p></noscript>
<div id="sandbox"></div>`;

/**
 * The page for a browser at `/graphql`: Apollo Sandbox with a first document, or, without internet, a link to GraphiQL.
 */
export function sandboxPagePlugin(options: SandboxPageOptions): ApolloServerPlugin {
  return {
    serverWillStart: async () => ({
      renderLandingPage: async () => ({ html: () => renderSandboxPage(options) }),
    }),
  };
}

async function renderSandboxPage({ links, headers }: SandboxPageOptions): Promise<string> {
  const [first] = await readExampleOperations();
  const nonce = newNonce();
  const settings = {
    script: APOLLO_SCRIPT,
    initialState: { document: first?.query ?? '', variables: first?.variables ?? '', headers },
  };
  // Only `<` could end the script element.
  const json = JSON.stringify(settings).replaceAll('<', '\\u003c');
  const html = renderPage({
    title: 'Apollo Sandbox',
    path: '/graphql',
    links,
    nonce,
    main: MAIN,
    style: STYLE,
    script: `const settings = ${json};\n${SCRIPT}`,
  });
  return html.replace('<meta charset="utf-8">', `<meta charset="utf-8">\n${policyOf(nonce)}`);
}

/**
 * Apollo Server sends the page, so its content security policy is inside the HTML. Sandbox calls the endpoint from this
 * page and from its own frame.
 */
function policyOf(nonce: string): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' https://embeddable-sandbox.cdn.apollographql.com`,
    `style-src 'nonce-${nonce}' https://embeddable-sandbox.cdn.apollographql.com`,
    "connect-src 'self'",
    'img-src data:',
    'frame-src https://sandbox.embed.apollographql.com',
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return `<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">`;
}
