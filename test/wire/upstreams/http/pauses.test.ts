import { afterEach, describe, expect, it } from '@jest/globals';
import { createGotTransport } from '../../../../src/upstreams/http/got.transport.js';
import type { UpstreamTransport } from '../../../../src/upstreams/http/transport.js';
import { createUndiciTransport } from '../../../../src/upstreams/http/undici.transport.js';
import { type RawUpstream, startRawUpstream } from '../../../support/raw-upstream.js';

const HALF = Buffer.alloc(100_000, 'a');
const headOf = (connection: string): string =>
  `HTTP/1.1 200 OK\r\nconnection: ${connection}\r\ncontent-length: ${2 * HALF.byteLength}\r\n\r\n`;

let upstream: RawUpstream;
let transport: UpstreamTransport;

afterEach(async () => {
  transport.close();
  await upstream.close();
});

describe.each([
  ['undici', createUndiciTransport],
  ['got', createGotTransport],
])('a response that pauses in its middle, over %s', (_name, createTransport) => {
  // A sink that has nothing to do with an empty piece is done at once; to be given another one for it would never end.
  it.each(['keep-alive', 'close'])(
    'hands its reader bytes, and nothing while there are none (%s)',
    async (connection) => {
      let sendRest = (): void => undefined;
      upstream = await startRawUpstream(({ socket }) => {
        socket.write(headOf(connection));
        socket.write(HALF);
        sendRest = () => {
          sendRest = () => undefined;
          if (connection === 'close') socket.end(HALF);
          else socket.write(HALF);
        };
      });
      transport = createTransport();
      const pieces: number[] = [];
      let bytes = 0;
      const sink = {
        write: async (chunk: Buffer): Promise<void> => {
          pieces.push(chunk.byteLength);
          bytes += chunk.byteLength;
          await new Promise(setImmediate);
          // The rest comes when the reader has long been ready for it.
          if (bytes === HALF.byteLength) setImmediate(() => sendRest());
        },
      };
      const result = await transport.send({
        url: upstream.url,
        kind: 'read',
        headers: {},
        body: 'group_id=1',
        timeoutMs: 30_000,
        maxResponseBytes: 1_000_000,
        sink,
      });
      expect(result).toMatchObject({ kind: 'response', bytes: 2 * HALF.byteLength });
      expect(bytes).toBe(2 * HALF.byteLength);
      expect(pieces).not.toContain(0);
    },
  );
});

/** 16 pieces, at whose ends a slow reader makes the transport wait. */
const BODY = Buffer.alloc(1_000_000, 'b');
const CHUNKED = Buffer.concat([Buffer.from(`${BODY.byteLength.toString(16)}\r\n`), BODY, Buffer.from('\r\n0\r\n\r\n')]);

/** Ways in which an upstream says that a response has ended, and then ends the connection. */
const ENDS: Readonly<Record<string, Buffer>> = {
  'a length, and close': Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${BODY.byteLength}\r\n\r\n`),
    BODY,
  ]),
  'a length, unannounced': Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY.byteLength}\r\n\r\n`),
    BODY,
  ]),
  'chunks, and close': Buffer.concat([
    Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n'),
    CHUNKED,
  ]),
  'chunks, unannounced': Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'), CHUNKED]),
  'the connection alone': Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), BODY]),
};

describe.each([
  ['undici', createUndiciTransport],
  ['got', createGotTransport],
])('a whole response whose connection ends while its reader is busy, over %s', (_name, createTransport) => {
  it.each(Object.entries(ENDS))('is whole for its reader when its end is marked by %s', async (_end, response) => {
    upstream = await startRawUpstream(({ socket }) => void socket.end(response));
    transport = createTransport();
    let bytes = 0;
    let busy = 0;
    const sink = {
      write: async (chunk: Buffer): Promise<void> => {
        busy += 1;
        expect(busy).toBe(1);
        // Longer than the end of the connection takes.
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        bytes += chunk.byteLength;
        busy -= 1;
      },
    };
    const result = await transport.send({
      url: upstream.url,
      kind: 'read',
      headers: {},
      body: 'group_id=1',
      timeoutMs: 30_000,
      maxResponseBytes: 2_000_000,
      sink,
    });
    expect(result).toMatchObject({ kind: 'response', bytes: BODY.byteLength });
    expect(bytes).toBe(BODY.byteLength);
  });
});
