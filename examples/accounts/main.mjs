// A second subgraph for the examples and the supergraph tests: `node examples/accounts/main.mjs`, port 4001 or PORT. It
// extends `Group` with `account`; its accounts belong to the simulator's first groups.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { ApolloServer, HeaderMap } from '@apollo/server';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';

// 100013 is left out at first: no history names a group that was never billed, so each time it costs a call of its own.
const groupIds = Array.from({ length: 51 }, (_, index) => String(100_001 + index)).filter((id) => id !== '100013');
const accounts = groupIds.map((groupId, index) => ({
  id: `account-${index + 1}`,
  name: `Customer ${index + 1}`,
  creditLimit: { amount: `${(index + 1) * 100}.50`, currency: 'NZD' },
  group: { id: groupId },
}));
// Groups with little data: the first is outside of the api key's tree, the second has an invalid number, the third has
// no plan.
accounts.push({ id: 'account-foreign', name: 'Somebody Else', creditLimit: null, group: { id: '900001' } });
accounts.push({ id: 'account-broken', name: 'Misrecorded', creditLimit: null, group: { id: 'G-17' } });
accounts.push({ id: 'account-new', name: 'Newcomer', creditLimit: null, group: { id: '100013' } });

const schema = buildSubgraphSchema([
  {
    typeDefs: parse(readFileSync(new URL('./accounts.graphql', import.meta.url), 'utf8')),
    resolvers: {
      Query: { accounts: (_root, { first }) => accounts.slice(0, Math.min(first, 100)) },
      Account: { __resolveReference: ({ id }) => accounts.find((account) => account.id === id) ?? null },
      Group: {
        __resolveReference: ({ id }) => ({ id }),
        account: ({ id }) => accounts.find((account) => account.group.id === id) ?? null,
      },
    },
  },
]);
const apollo = new ApolloServer({ schema, introspection: true });
await apollo.start();

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const headers = new HeaderMap();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname !== '/graphql') return response.writeHead(404).end();
    const text = Buffer.concat(chunks).toString('utf8');
    let body;
    try {
      body = text === '' ? undefined : JSON.parse(text);
    } catch {
      return response.writeHead(400).end();
    }
    const result = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method ?? 'GET', headers, search, body },
      context: async () => ({}),
    });
    response.writeHead(result.status ?? 200, Object.fromEntries(result.headers));
    response.end(result.body.kind === 'complete' ? result.body.string : '');
  });
});
server.listen(Number(process.env.PORT ?? 4001), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ accounts: `http://127.0.0.1:${server.address().port}` })}\n`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));
