// Composes supergraph.yaml with Apollo's composer from npm and prints the supergraph:
// `npm exec -- node examples/apollo-router/compose.mjs > supergraph.graphql`.
// It leaves access directives out, because a router without a GraphOS plan refuses them. --with-access-directives keeps
// them.
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse as parseGraphql } from 'graphql';
import { parse as parseYaml } from 'yaml';
import { withoutAccessDirectives } from '../without-access-directives.mjs';

const keepAccess = process.argv.includes('--with-access-directives');
const { subgraphs } = parseYaml(readFileSync(new URL('./supergraph.yaml', import.meta.url), 'utf8'));

const services = Object.entries(subgraphs).map(([name, { routing_url: url, schema }]) => {
  const sdl = readFileSync(new URL(schema.file, import.meta.url), 'utf8');
  return { name, url, typeDefs: parseGraphql(keepAccess ? sdl : withoutAccessDirectives(sdl)) };
});
const { errors, supergraphSdl } = composeServices(services);
if (errors?.length) {
  process.stderr.write(`${errors.map(({ message }) => message).join('\n')}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`${supergraphSdl}\n`);
}
