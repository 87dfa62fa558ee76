import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { navLink, newNonce, type PageLink, sendPage } from '../../pages/page-frame.js';
import { PACKAGE_ROOT } from '../../runtime/package-root.js';

export interface GraphiqlPageOptions {
  readonly links: readonly PageLink[];
  /** Initial headers of every new tab. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The parts of the page before and after the start tag of its one script, with a script to run before. */
interface Template {
  readonly head: Buffer;
  readonly seed: string;
  readonly tail: Buffer;
}

// GraphiQL is one inline script. Its editor starts workers from blobs and writes its own style elements.
const SCRIPT_START = /<div id="root"><\/div>\s*<script>/;

/**
 * Makes the handler of `/graphiql`: a GraphiQL that needs no internet, with the operations of `operations/` as tabs.
 * The first visit loads the bundle (9 MB), which stays in memory.
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
    import('./graphiql-template.js'),
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

/**
 * Throws when the page has no script at the expected place. Then a new version of the library has changed its shape.
 */
export function splitAtScript(html: string, bar: string): { readonly head: Buffer; readonly tail: Buffer } {
  const found = SCRIPT_START.exec(html);
  if (found === null) throw new Error('The GraphiQL page has no script after its root element.');
  const [place] = found;
  return {
    // An ARIA landmark, which GraphiQL itself does not have.
    head: Buffer.from(`${html.slice(0, found.index)}${bar}<div id="root" role="main"></div>`),
    tail: Buffer.from(html.slice(found.index + place.length)),
  };
}

/** The links to the other pages in a bar above GraphiQL, in the colours of GraphiQL's present theme. */
export function graphiqlBar(links: readonly PageLink[]): string {
  return `<style>${STYLE}</style>
<header class="pages"><h1>GraphiQL</h1><nav aria-label="Pages">${links.map((link) => navLink(link, '/graphiql')).join(' ')}</nav></header>`;
}

const STYLE = readFileSync(join(import.meta.dirname, 'graphiql.css'), 'utf8');

/**
 * The script that runs before GraphiQL. Reason: GraphiQL fills its editors from the browser's storage rather than from
 * the active tab, so the script prepares the storage. It takes the tabs of the last visit, or the examples. An
 * operation in the address (`#operation={"query": …, "variables": …}`) becomes the active tab. It is shown, never run.
 */
function seedScript(examples: readonly ExampleOperation[]): string {
  const tabs = JSON.stringify(examples.map(({ query, variables }) => ({ query, variables })));
  // Only `<` could end the script element.
  return `const examples = ${tabs.replaceAll('<', '\\u003c')};\n${SCRIPT}`;
}

const SCRIPT = readFileSync(join(import.meta.dirname, 'graphiql.js'), 'utf8');

/** One operation of `operations/`, as an explorer's tab shows it. */
interface ExampleOperation {
  readonly query: string;
  /** JSON text; empty without variables. */
  readonly variables: string;
}

const OPERATIONS_FOLDER = join(PACKAGE_ROOT, 'operations');

const FALLBACK: ExampleOperation = { query: '{\n  __typename\n}\n', variables: '' };

/** The operations of the folder, by file name. Their variables are in `variables.json` under the operation's name. */
export async function readExampleOperations(folder = OPERATIONS_FOLDER): Promise<ExampleOperation[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.graphql')).sort();
  if (names.length === 0) return [FALLBACK];
  const variables = await readVariables(folder);
  return await Promise.all(
    names.map(async (name) => {
      const query = await readFile(join(folder, name), 'utf8');
      const operation = /^\s*(?:query|mutation)\s+(\w+)/m.exec(query)?.[1] ?? '';
      const given = variables[operation];
      return { query, variables: given === undefined ? '' : JSON.stringify(given, null, 2) };
    }),
  );
}

async function readVariables(folder: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(folder, 'variables.json'), 'utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
