import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { withoutAccessDirectives } from '../../examples/without-access-directives.mjs';
import { COMPOSERS, subgraphs } from './support/compose.mjs';
import {
  ROUTER_SECRET,
  startAccounts,
  startBillingGateway,
  startSimulator,
  stopServices,
} from './support/services.mjs';
import { itServesTheSupergraph } from './support/supergraph.scenarios.mjs';
import { createIssuer } from './support/tokens.mjs';

const FORWARDED = ['authorization', 'x-request-id', 'traceparent'];
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

class SubgraphWithHeaders extends RemoteGraphQLDataSource {
  willSendRequest({ request, context, kind }) {
    if (kind !== 'incoming operation') return;
    for (const name of FORWARDED) if (context.headers[name]) request.http.headers.set(name, context.headers[name]);
    request.http.headers.set('x-router-secret', ROUTER_SECRET);
  }
}

describe('@apollo/gateway', () => {
  const issuer = createIssuer();
  const supergraph = { bearer: issuer.bearer };
  let server;
  let list;

  before(async () => {
    const [simulator, accounts] = await Promise.all([startSimulator(), startAccounts()]);
    supergraph.world = simulator.world('apollo-gateway');
    supergraph.billing = await startBillingGateway(simulator, supergraph.world, { ...issuer.settings, ROUTER_SECRET });
    list = subgraphs({ billing: supergraph.billing.url, accounts: accounts.url });
    const { errors, supergraph: supergraphSdl } = COMPOSERS.Apollo(
      list.map((subgraph) => ({ ...subgraph, sdl: withoutAccessDirectives(subgraph.sdl) })),
    );
    assert.deepEqual(errors, []);
    server = new ApolloServer({
      gateway: new ApolloGateway({
        supergraphSdl,
        logger: SILENT,
        buildService: ({ url }) => new SubgraphWithHeaders({ url }),
      }),
      logger: SILENT,
    });
    const { url } = await startStandaloneServer(server, {
      listen: { port: 0, host: '127.0.0.1' },
      context: async ({ req }) => ({ headers: req.headers }),
    });
    supergraph.url = url;
  });
  after(async () => {
    await server?.stop();
    await supergraph.billing?.stop();
    await stopServices();
  });

  it('refuses a supergraph that carries access directives, so they are left out for it', async () => {
    const { supergraph: supergraphSdl } = COMPOSERS.Apollo(list);
    const gateway = new ApolloGateway({ supergraphSdl, logger: SILENT });
    await assert.rejects(gateway.load(), /SECURITY but is unsupported/);
    await gateway.stop();
  });

  itServesTheSupergraph(() => supergraph);
});
