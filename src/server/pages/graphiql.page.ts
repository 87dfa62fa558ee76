import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ExampleOperation, readExampleOperations } from './example-operations.js';
import { newNonce, sendPage } from './page-security.js';

/** The page around the place where its one script's nonce goes. */
interface Template {
  readonly head: Buffer;
  readonly tail: Buffer;
}

// The bundle is one inline script; its editor starts workers from blobs and writes style elements of its own.
const SCRIPT_START = /(<div id="root"><\/div>\s*<script)(>)/;

/**
 * Makes the handler of `/graphiql`: a GraphiQL that needs no internet, with the operations of `operations/` as tabs. The bundle
 * (9 MB) is loaded at the first visit and kept.
 */
export function graphiqlPage(): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  let template: Promise<Template> | null = null;
  return async (_request, reply) => {
    template ??= loadTemplate();
    const { head, tail } = await template;
    const nonce = newNonce();
    return sendPage(reply, Buffer.concat([head, Buffer.from(` nonce="${nonce}"`), tail]), [
      `script-src 'nonce-${nonce}'`,
      "style-src 'unsafe-inline'",
      "connect-src 'self'",
      'font-src data:',
      "img-src 'self' data:",
      'worker-src blob:',
    ]);
  };
}

async function loadTemplate(): Promise<Template> {
  const [{ renderGraphiQL }, operations] = await Promise.all([
    import('@graphql-yoga/render-graphiql'),
    readExampleOperations(),
  ]);
  return splitAtScript(renderGraphiQL({ title: 'Billing GraphiQL', defaultTabs: operations.map(tab) }));
}

function tab({ query, variables }: ExampleOperation): { query: string; variables: string } {
  return { query, variables };
}

/** Throws when the page has no script where one is expected: its shape has changed with the library. */
export function splitAtScript(html: string): Template {
  const found = SCRIPT_START.exec(html);
  const before = found?.[1];
  if (found === null || before === undefined)
    throw new Error('The GraphiQL page has no script after its root element.');
  const cut = found.index + before.length;
  return { head: Buffer.from(html.slice(0, cut)), tail: Buffer.from(html.slice(cut)) };
}
