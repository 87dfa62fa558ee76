// Prints schema.graphql without @authenticated and @requiresScopes, for routers that refuse a supergraph with them or
// cannot check tokens themselves: `npm exec -- node examples/without-access-directives.mjs > billing.graphql`.
// Nothing is lost: the gateway enforces both by itself, whatever a router does.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parse, print, visit } from 'graphql';

const ACCESS = ['authenticated', 'requiresScopes'];

/** @param {string} sdl a subgraph's schema */
export function withoutAccessDirectives(sdl) {
  const bare = visit(parse(sdl), {
    Directive: (node) => (ACCESS.includes(node.name.value) ? null : undefined),
    // A directive that is not used must not be imported.
    ListValue: (node) => ({
      ...node,
      values: node.values.filter(
        (item) => item.kind !== 'StringValue' || !ACCESS.includes(item.value.replace('@', '')),
      ),
    }),
  });
  return `${print(bare)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(withoutAccessDirectives(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')));
}
