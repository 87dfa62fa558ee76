// Hive Gateway in front of the plain baseline, which is its one subgraph: a team that has a GraphQL service already. At
// its start it composes the supergraph, which would usually come from a registry. Environment: PORT, SUBGRAPH_URL.
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeSubgraphs } from '@graphql-mesh/compose-cli';
import { buildSchema } from 'graphql';
import { typeDefs } from '../naive/billing.schema.ts';

const { PORT, SUBGRAPH_URL = '' } = process.env;

const { supergraphSdl } = composeSubgraphs([{ name: 'billing', schema: buildSchema(typeDefs), url: SUBGRAPH_URL }]);
const gateway = createGatewayRuntime({ supergraph: supergraphSdl, logging: false });
createServer(gateway).listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
