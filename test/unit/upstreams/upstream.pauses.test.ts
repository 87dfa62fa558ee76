import { afterEach, describe, expect, it } from '@jest/globals';
import { createGotTransport } from '../../../src/upstreams/upstream.got.js';
import type { UpstreamTransport } from '../../../src/upstreams/upstream.transport.js';
import { createUndiciTransport } from '../../../src/upstreams/upstream.undici.js';
import { type RawUpstream, startRawUpstream } from '../../support/raw-upstream.js';

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
])('an answer that pauses in its middle, over %s', (_name, createTransport) => {
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
        maxAnswerBytes: 1_000_000,
        sink,
      });
      expect(result).toMatchObject({ kind: 'answer', bytes: 2 * HALF.byteLength });
      expect(bytes).toBe(2 * HALF.byteLength);
      expect(pieces).not.toContain(0);
    },
  );
});
