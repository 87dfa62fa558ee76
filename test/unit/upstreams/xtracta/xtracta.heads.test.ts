import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ResponseHeadFilter } from '../../../../src/upstreams/http/response-head.js';
import type { RawHandler } from '../../../support/raw-upstream.js';
import { randomRuns } from '../../../support/suite.sizes.js';
import {
  BOOSTER,
  clientOf,
  describeFaults,
  type Fault,
  INVALID,
  order,
  SHORT_MS,
  stopAllAfterEach,
  UNAVAILABLE,
  upstreamOf,
} from '../../../wire/upstreams/xtracta/xtracta.harness.js';

stopAllAfterEach();

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nx: a,\r\n  b\r\n\r\n';
const PROCESSING = 'HTTP/1.1 102 Processing\r\n\r\n';
const final = (lines = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\n${lines}content-length: ${Buffer.byteLength(BOOSTER)}\r\n\r\n${BOOSTER}`;

/** Each piece in a segment of its own, as far as a sender can tell. */
function inSegments(...pieces: readonly string[]): RawHandler {
  return ({ socket }) => {
    socket.setNoDelay(true);
    const next = (at: number): void => {
      const piece = pieces[at];
      if (piece !== undefined && !socket.destroyed) socket.write(piece, () => setImmediate(next, at + 1));
    };
    next(0);
  };
}

function endless(piece: string): RawHandler {
  return ({ socket }) => {
    const next = (): void => {
      if (!socket.destroyed) socket.write(piece, () => setImmediate(next));
    };
    next();
  };
}

/** Cut around the first fold's line end, which stands behind `x: a`. */
const cutInFolds = (text: string): string[] => {
  const at = text.indexOf('x: a') + 4;
  return [text.slice(0, at), text.slice(at, at + 1), text.slice(at + 1, at + 2), text.slice(at + 2)];
};

const sound = (name: string, handler: RawHandler): Fault => [name, handler, 'succeeded', 'OK 0', 1];
const refused = (name: string, bytes: string): Fault => [name, inSegments(bytes), 'unknown', INVALID, 1];

describeFaults('Xtracta, behind interim responses', [
  sound('100 and the response in one segment', inSegments(CONTINUE + final())),
  sound('100, then the response', inSegments(CONTINUE, final())),
  sound('100, 102 and two of 103', inSegments(CONTINUE, PROCESSING, HINTS + HINTS, final())),
  sound(
    '100 byte by byte',
    inSegments(...Array.from(CONTINUE), ...Array.from(final().slice(0, 60)), final().slice(60)),
  ),
  ['100 for ever', endless(CONTINUE), 'unknown', INVALID, 1],
  ['103 for ever', endless(HINTS), 'unknown', INVALID, 1],
  [
    'a switch of protocols behind 100',
    inSegments(CONTINUE, 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    'unknown',
    UNAVAILABLE,
    3,
  ],
]);

describeFaults('Xtracta, with folded header lines', [
  sound('a fold', inSegments(final('x-note: a,\r\n b\r\n'))),
  sound('folds by tabs and blanks, cut between segments', inSegments(...cutInFolds(final('x: a\r\n\t b\r\n \r\n')))),
  sound(
    'a folded content type',
    inSegments(final().replace('content-type: text/xml', 'content-type: text/xml;\r\n charset=utf-8')),
  ),
  sound('a fold behind 100', inSegments(CONTINUE, final('x: a\r\n b\r\n'))),
  [
    'a folded length',
    inSegments(final().replace(/content-length: \d+/, 'content-length: 1\r\n 2')),
    'unknown',
    INVALID,
    1,
  ],
  ['a folded encoding', inSegments(final('content-encoding:\r\n gzip\r\n')), 'unknown', INVALID, 1],
  refused('a fold behind the status line', final().replace('OK\r\n', 'OK\r\n x: y\r\n')),
]);

const chunk = Buffer.byteLength(BOOSTER).toString(16);
const chunked = (size: string, trailer = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ntransfer-encoding: chunked\r\n\r\n${size}\r\n${BOOSTER}\r\n0\r\n${trailer}\r\n`;

describeFaults('Xtracta, at the edges of HTTP', [
  sound('a chunk extension', inSegments(chunked(`${chunk};a=b`))),
  sound('a trailer', inSegments(chunked(chunk, 'x-sum: 3\r\n'))),
  refused('a length beside chunks', chunked(chunk).replace('\r\n\r\n', '\r\ncontent-length: 5\r\n\r\n')),
  refused('a chunk size that is none', chunked('zz')),
  refused('a bare CR in a header', final('x: a\rb\r\n')),
  refused('NUL in a header', final('x: a\0b\r\n')),
  refused('a blank before the colon', final('x : a\r\n')),
]);

describe('bytes beyond the response', () => {
  it('are nobody’s: a second response to one order is not the next one’s', async () => {
    const second = final().replace('<id>1<', '<id>666<');
    const upstream = await upstreamOf((exchange) => {
      inSegments(CONTINUE + final() + (exchange.number === 1 ? second : ''))(exchange);
    });
    const client = clientOf(upstream.url);
    const outcomes = [await order(client), await order(client)];
    expect(outcomes.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
    expect(JSON.stringify(outcomes)).not.toContain('666');
    expect([upstream.requests().length, upstream.connections()]).toEqual([2, 2]);
  });

  it('do not make an order wait whose final response never comes', async () => {
    const upstream = await upstreamOf(inSegments(CONTINUE));
    expect((await order(clientOf(upstream.url, SHORT_MS))).kind).toBe('unknown');
    expect(upstream.requests()).toHaveLength(1);
  });
});

describe('the filter of heads', () => {
  it('gives the same bytes in whatever pieces they come', () => {
    const head = fc.constantFrom(
      CONTINUE,
      HINTS,
      PROCESSING,
      'HTTP/1.1 100 C\nx: y\r\n\r\n',
      'HTTP/1.0 100 C\r\n\r\n',
      'junk',
      final('x: a\r\n\tb\r\n'),
      'HTTP/1.1 2',
    );
    const through = (pieces: readonly Buffer[]): string => {
      const filter = new ResponseHeadFilter();
      const out = pieces.map((piece) => {
        const taken = filter.take(piece);
        return taken.kind === 'bytes' ? taken.bytes : Buffer.from('refused');
      });
      return Buffer.concat([...out, filter.end()]).toString('latin1');
    };
    fc.assert(
      fc.property(
        fc.array(head, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
        (heads, sizes) => {
          const bytes = Buffer.from(heads.join('') + final(), 'latin1');
          const pieces: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            pieces.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(through(pieces)).toBe(through([bytes]));
        },
      ),
      { numRuns: randomRuns(300) },
    );
  });
});
