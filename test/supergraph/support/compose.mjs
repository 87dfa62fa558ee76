// The three composers behind one signature: a list of subgraphs in, a supergraph or a list of errors out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices as composeByApollo } from '@apollo/composition';
import { composeServices as composeByHive } from '@theguild/federation-composition';
import { federateSubgraphs, LATEST_ROUTER_COMPATIBILITY_VERSION } from '@wundergraph/composition';
import { parse, print } from 'graphql';
import { ROOT } from './services.mjs';

/** @typedef {{ name: string, url: string, sdl: string }} Subgraph */
/** @typedef {{ errors: string[], warnings: string[], supergraph: string | null }} Composition */

export const billingSdl = () => readFileSync(join(ROOT, 'schema.graphql'), 'utf8');
export const accountsSdl = () => readFileSync(join(ROOT, 'examples/accounts/accounts.graphql'), 'utf8');

/** The two subgraphs, at the URLs given. */
export const subgraphs = ({ billing = 'http://127.0.0.1:4000', accounts = 'http://127.0.0.1:4001' } = {}) => [
  { name: 'billing', url: `${billing}/graphql`, sdl: billingSdl() },
  { name: 'accounts', url: `${accounts}/graphql`, sdl: accountsSdl() },
];

/** @type {Record<'Apollo' | 'Hive' | 'Cosmo', (subgraphs: Subgraph[]) => Composition>} */
export const COMPOSERS = {
  Apollo(list) {
    const result = composeByApollo(list.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
    return {
      errors: (result.errors ?? []).map(({ message }) => message),
      warnings: (result.hints ?? []).map(({ message }) => message),
      supergraph: result.supergraphSdl ?? null,
    };
  },
  Hive(list) {
    const result = composeByHive(list.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
    return {
      errors: (result.errors ?? []).map(({ message }) => message),
      warnings: [],
      supergraph: result.supergraphSdl ?? null,
    };
  },
  Cosmo(list) {
    const result = federateSubgraphs({
      subgraphs: list.map(({ name, url, sdl }) => ({ name, url, definitions: parse(sdl) })),
      version: LATEST_ROUTER_COMPATIBILITY_VERSION,
    });
    return {
      errors: result.success ? [] : result.errors.map(({ message }) => message),
      warnings: result.warnings.map(({ message }) => message),
      supergraph: result.success ? print(result.federatedGraphAST) : null,
    };
  },
};
