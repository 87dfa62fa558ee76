import { gzipSync } from 'node:zlib';
import {
  chunkedResponse,
  closedResponse,
  drip,
  hang,
  headOnly,
  httpResponse,
  raw,
  reset,
  shortResponse,
} from '../../../support/raw-upstream.js';
import {
  BOOSTER,
  describeFaults,
  type Fault,
  INVALID,
  stopAllAfterEach,
  TIMEOUT,
  UNAVAILABLE,
} from './xtracta.harness.js';

stopAllAfterEach();

const TRANSPORT_FAULTS: readonly Fault[] = [
  ['reset after the whole request', reset(), 'unknown', UNAVAILABLE, 3],
  ['end of the connection instead of a response', raw('', { close: true }), 'unknown', UNAVAILABLE, 3],
  ['silence', hang(), 'unknown', TIMEOUT, 1],
  ['a head, then silence', headOnly(200), 'unknown', TIMEOUT, 1],
  ['one byte every 20 ms for ever', drip(20), 'unknown', TIMEOUT, 1],
  ['less body than announced', shortResponse(200, BOOSTER), 'unknown', UNAVAILABLE, 3],
  ['chunks without the last one', chunkedResponse(200, BOOSTER, { cut: true }), 'unknown', UNAVAILABLE, 3],
  ['a body cut at the end of the connection', closedResponse(200, BOOSTER.slice(0, -30)), 'unknown', INVALID, 3],
  [
    'a gzip bomb',
    httpResponse(200, gzipSync(Buffer.alloc(10_000_000)), { 'content-encoding': 'gzip' }),
    'unknown',
    INVALID,
    1,
  ],
  ['an announced body of 17 MB', raw('HTTP/1.1 200 OK\r\ncontent-length: 17000000\r\n\r\n<a>'), 'unknown', INVALID, 1],
  ['a head of 20 KB', raw(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`), 'unknown', INVALID, 1],
  ['no HTTP at all', raw('SSH-2.0-OpenSSH_9.2\r\n'), 'unknown', INVALID, 1],
  [
    'two lengths',
    raw(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!`),
    'unknown',
    INVALID,
    1,
  ],
  [
    'a response to an upgrade that nobody asked for',
    raw('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    'unknown',
    UNAVAILABLE,
    3,
  ],
  ...[204, 205, 304].map(
    (status): Fault => [
      `${status} without a body`,
      raw(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`),
      'unknown',
      INVALID,
      1,
    ],
  ),
];

describeFaults('Xtracta, when the wire fails', TRANSPORT_FAULTS);
