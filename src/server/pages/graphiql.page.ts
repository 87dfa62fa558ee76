import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PageLink } from '../../pages/page.frame.js';
import { newNonce, sendPage } from '../../pages/page-security.js';
import { type ExampleOperation, readExampleOperations } from './example-operations.js';
import { graphiqlBar } from './graphiql.bar.js';
import { seedScript } from './graphiql.seed.js';

export interface GraphiqlPageOptions {
  readonly links: readonly PageLink[];
  /** Headers that every new tab starts with. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The page around the start tag of its one script, and a script to run before that. */
interface Template {
  readonly head: Buffer;
  readonly seed: string;
  readonly tail: Buffer;
}

// The bundle is one inline script; its editor starts workers from blobs and writes style elements of its own.
const SCRIPT_START = /<div id="root"><\/div>\s*<script>/;

/**
 * Makes the handler of `/graphiql`: a GraphiQL that needs no internet, with the operations of `operations/` as tabs. The bundle
 * (9 MB) is loaded at the first visit and kept.
 */
export function graphiqlPage(
  options: GraphiqlPageOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  let template: Promise<Template> | null = null;
  return async (_request, reply) => {
    template ??= loadTemplate(options);
    const { head, seed, tail } = await template;
    const nonce = newNonce();
    const scripts = `<script nonce="${nonce}">${seed}</script><script nonce="${nonce}">`;
    return sendPage(reply, Buffer.concat([head, Buffer.from(scripts), tail]), [
      `script-src 'nonce-${nonce}'`,
      "style-src 'unsafe-inline'",
      "connect-src 'self'",
      'font-src data:',
      "img-src 'self' data:",
      'worker-src blob:',
    ]);
  };
}

async function loadTemplate({ links, headers }: GraphiqlPageOptions): Promise<Template> {
  const [{ renderGraphiQL }, operations] = await Promise.all([
    import('./graphiql.template.js'),
    readExampleOperations(),
  ]);
  const html = renderGraphiQL({
    title: 'Billing',
    endpoint: '/graphql',
    defaultTabs: operations.map(tab),
    // Headers hold tokens and keys.
    shouldPersistHeaders: false,
    ...(Object.keys(headers).length === 0 ? {} : { headers: JSON.stringify(headers, null, 2) }),
  });
  return { ...splitAtScript(html, graphiqlBar(links)), seed: seedScript(operations) };
}

function tab({ query, variables }: ExampleOperation): { query: string; variables: string } {
  return { query, variables };
}

/** Throws when the page has no script where one is expected: its shape has changed with the library. */
export function splitAtScript(html: string, bar: string): { readonly head: Buffer; readonly tail: Buffer } {
  const found = SCRIPT_START.exec(html);
  if (found === null) throw new Error('The GraphiQL page has no script after its root element.');
  const [place] = found;
  return {
    // A landmark, which GraphiQL itself does not make.
    head: Buffer.from(`${html.slice(0, found.index)}${bar}<div id="root" role="main"></div>`),
    tail: Buffer.from(html.slice(found.index + place.length)),
  };
}
