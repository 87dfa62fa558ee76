import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { startTinyServer } from './tiny-server.js';

const LARGE = 'x'.repeat(8 * 1024 * 1024);
/** CI may ask for more: `STALLED_CLIENTS=20`. */
const CLIENTS = Number(process.env['STALLED_CLIENTS'] ?? 4);
const LIMIT_MS = 120_000;

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { large: { type: GraphQLString, resolve: () => LARGE } } }),
});

function ask(url: string): Socket {
  const body = '{"query":"{ large }"}';
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

describe('clients that do not read their responses', () => {
  it(
    'are cut off, and nothing of their responses is kept',
    async () => {
      const tiny = await startTinyServer({}, { schema, stallTimeoutMs: 200 });
      const clients = Array.from({ length: CLIENTS }, () => ask(tiny.url).pause());
      const stalled = (): string[] => tiny.log.filter((line) => line.includes('"clientStalled":true'));
      while (stalled().length < CLIENTS) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(stalled()).toHaveLength(CLIENTS);
      // Nothing is in flight any more, or this would last as long as the drain time-out.
      await tiny.server.drain();
      for (const client of clients) client.destroy();
    },
    LIMIT_MS,
  );
});
