import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from './request-record.js';

/** What Apollo Server and its plugins decide by, beside `Accept`. No other header gets there, credentials least of all. */
const HEADERS = ['content-type', 'apollo-require-preflight', 'x-apollo-operation-name', 'x-upstream-calls'];

/**
 * Has Apollo Server answer a request, sets status and headers of the reply, and returns its body.
 *
 * @param context makes the resolvers' context; called once, and only for what may be a GraphQL request
 */
export async function askApollo(
  apollo: ApolloServer<ServerContext>,
  request: FastifyRequest,
  reply: FastifyReply,
  context: () => Promise<ServerContext>,
): Promise<string> {
  const { method, body } = request;
  const {
    headers,
    status = 200,
    body: answer,
  } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method, headers: headersFor(request), search: searchOf(request), body },
    context,
  });
  for (const [name, value] of headers) reply.header(name, value);
  reply.code(status);
  // Parts come of `@defer` and `@stream`, which the schema does not have.
  if (answer.kind === 'chunked') throw new Error('an answer in parts');
  return answer.string;
}

function headersFor({ headers }: FastifyRequest): HeaderMap {
  const map = new HeaderMap();
  for (const name of HEADERS) {
    const value = headers[name];
    if (value !== undefined && value !== '') map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  // JSON is what it answers where nothing is asked for, and then it does not look through media types.
  if (headers.accept !== undefined && headers.accept !== 'application/json') map.set('accept', headers.accept);
  return map;
}

/** Read as the safelist reads it: both must see the same document. */
function searchOf({ method, url }: FastifyRequest): string {
  return method === 'GET' ? new URL(url, 'http://localhost').search : '';
}
