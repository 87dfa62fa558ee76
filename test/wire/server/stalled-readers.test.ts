import { connect, type Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { GraphQLList, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { startTinyServer } from './tiny-server.js';

const LARGE = 'x'.repeat(8 * 1024 * 1024);
/** CI may ask for more: `STALLED_CLIENTS=20`. */
const CLIENTS = Number(process.env['STALLED_CLIENTS'] ?? 4);
const LIMIT_MS = 120_000;

const ROW = { text: 'Ünï\ud800 "quoted" \u2028'.repeat(100) };
const ROWS = Array.from({ length: 3_000 }, () => ROW);
const row = new GraphQLObjectType({ name: 'Row', fields: { text: { type: GraphQLString } } });
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      large: { type: GraphQLString, resolve: () => LARGE },
      rows: { type: new GraphQLList(row), resolve: () => ROWS },
    },
  }),
});

function ask(url: string, query: string): Socket {
  const body = JSON.stringify({ query });
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

describe('clients that do not read their responses', () => {
  it.each(['{ large }', '{ rows { text } }'])(
    'are cut off, and nothing of their responses is kept: %s',
    async (query) => {
      const tiny = await startTinyServer({}, { schema, stallTimeoutMs: 200 });
      const clients = Array.from({ length: CLIENTS }, () => ask(tiny.url, query).pause());
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

describe('a large response', () => {
  it(
    'arrives whole and with its length, beside one whose client leaves in the middle',
    async () => {
      const tiny = await startTinyServer({}, { schema, stallTimeoutMs: 10_000 });
      const leaving = ask(tiny.url, '{ rows { text } }');
      leaving.once('data', () => leaving.destroy());
      const response = await fetch(`${tiny.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ rows { text } }' }),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.equals(Buffer.from(`${JSON.stringify({ data: { rows: ROWS } })}\n`))).toBe(true);
      expect(response.headers.get('content-length')).toBe(String(bytes.byteLength));
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      while (!tiny.log.some((line) => line.includes('"clientLeft":true')))
        await new Promise((resolve) => setTimeout(resolve, 20));
      // Nothing is in flight any more, or this would last as long as the drain time-out.
      await tiny.server.drain();
    },
    LIMIT_MS,
  );
});
