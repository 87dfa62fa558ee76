import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { WireAnswer } from './answer.js';
import { type Fault, type FaultAt, numberOf, textOf } from './fault.kinds.js';

const OVERSIZE_LIMIT = 1_000_000_000;
const FILLER = 'x'.repeat(65_536);

/**
 * Sends an answer, or spoils its sending. Ends early without an error when the client hangs up.
 *
 * @param signal aborted when the simulator stops, so that nothing is left waiting.
 */
export async function deliver(
  response: ServerResponse,
  wire: WireAnswer,
  fault: FaultAt<'delivery'> | null,
  signal: AbortSignal,
): Promise<void> {
  const part = wire.body.subarray(0, Math.floor(wire.body.length * Math.min(1, numberOfOr(fault, 'at', 1))));
  switch (fault?.kind) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'commit_then_drop':
      response.socket?.destroy();
      return;
    case 'cut':
      cut(response, wire, part, textOf(fault, 'mode'));
      return;
    case 'stall':
      writeHead(response, wire, wire.body.length);
      response.write(part);
      return;
    case 'drip':
      await drip(response, wire, fault, signal);
      return;
    case 'oversize':
      await oversize(response, wire, Math.min(numberOf(fault, 'bytes'), OVERSIZE_LIMIT));
      return;
    case undefined:
      // 204, 205 and 304 have no body, and no length that could contradict that.
      writeHead(response, wire, wire.body.length === 0 && wire.status !== 200 ? null : wire.body.length);
      response.end(wire.body);
  }
}

function writeHead(response: ServerResponse, wire: WireAnswer, length: number | null): void {
  response.writeHead(wire.status, { ...wire.headers, ...(length === null ? {} : { 'Content-Length': length }) });
}

function cut(response: ServerResponse, wire: WireAnswer, part: Buffer, mode: string): void {
  const { socket } = response;
  if (socket === null) return;
  if (mode === 'close') {
    // Neither a length nor chunks: the end of the connection is the end of the body, so the cut can't be seen.
    const lines = Object.entries({ 'X-Simulator': '1', ...wire.headers, Connection: 'close' }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.write(`HTTP/1.1 ${wire.status} OK\r\n${lines.join('')}\r\n`);
    socket.end(part);
    return;
  }
  writeHead(response, wire, mode === 'chunked' ? null : wire.body.length);
  response.write(part, () => socket.destroy());
}

async function drip(response: ServerResponse, wire: WireAnswer, fault: Fault, signal: AbortSignal): Promise<void> {
  const size = Math.max(1, Math.floor(numberOf(fault, 'bytes')));
  writeHead(response, wire, wire.body.length);
  for (let at = 0; at < wire.body.length && !response.destroyed; at += size) {
    response.write(wire.body.subarray(at, at + size));
    await wait(numberOf(fault, 'ms'), undefined, { signal });
  }
  response.end();
}

async function oversize(response: ServerResponse, wire: WireAnswer, bytes: number): Promise<void> {
  writeHead(response, wire, null);
  try {
    await pipeline(Readable.from(padded(wire.body.toString('utf8'), bytes), { objectMode: false }), response);
  } catch {
    // The client had enough, which is what it should do.
  }
}

/** The answer with that much filler where it changes nothing: a comment after the prolog, or blanks before JSON. */
function* padded(text: string, bytes: number): Generator<Buffer> {
  const prologEnd = text.startsWith('<?xml') ? text.indexOf('?>') + 2 : 0;
  yield Buffer.from(prologEnd > 0 ? `${text.slice(0, prologEnd)}<!--` : '');
  const filler = Buffer.from(prologEnd > 0 ? FILLER : FILLER.replaceAll('x', ' '));
  for (let left = bytes; left > 0; left -= filler.length) yield filler.subarray(0, Math.min(left, filler.length));
  yield Buffer.from(prologEnd > 0 ? `-->${text.slice(prologEnd)}` : text);
}

function numberOfOr(fault: Fault | null, name: string, fallback: number): number {
  return fault !== null && name in fault.params ? numberOf(fault, name) : fallback;
}
