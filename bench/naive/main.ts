// The plain baseline: the same responses, written as most teams would write it. Environment: PORT, XTRACTA_URL,
// XTRACTA_API_KEY.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { type NaiveContext, resolvers } from '#bench/naive/billing.resolvers';
import { typeDefs } from '#bench/naive/billing.schema';
import { XtractaDataSource } from '#bench/naive/xtracta.datasource';

const { PORT, XTRACTA_URL = '', XTRACTA_API_KEY = '' } = process.env;

const server = new ApolloServer<NaiveContext>({ typeDefs, resolvers });
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(PORT) },
  context: async () => ({ dataSources: { xtracta: new XtractaDataSource(XTRACTA_URL, XTRACTA_API_KEY) } }),
});
