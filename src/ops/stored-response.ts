import net from 'node:net';
import type { BodySink, TransportResult, UpstreamTransport } from '../upstreams/http/transport.js';

/**
 * One stored HTTP response: by `curl -i`, by `doctor --record`, or a bare body. `bytes` go over the wire in the replay.
 * `notes` list the repairs, because tools change a response when they store it.
 */
export interface StoredResponse {
  readonly bytes: Buffer;
  readonly notes: readonly string[];
}

const HEAD_START = /^HTTP\/\d(?:\.\d)?[ \t]+(\d{3})/;
/** The form of a chunk's first line (RFC 9112, 7.1). */
const CHUNK = /^[0-9a-fA-F]+[ \t]*(?:;[^\r\n]*)?\r\n/;

/** @param contentType of a bare body, which has no head of its own */
export function parseStoredResponse(file: Buffer, contentType: string): StoredResponse {
  const notes: string[] = [];
  let rest = file;
  for (;;) {
    const stored = splitHead(rest);
    if (stored === null) break;
    const status = Number(HEAD_START.exec(stored.head)?.[1]);
    const isBeforeTheResponse = status < 200 || (status === 200 && splitHead(stored.body) !== null);
    if (!isBeforeTheResponse) return { bytes: toWire(stored.head, stored.body, notes), notes };
    notes.push(`a head with the status ${status} precedes the response's own head and is left out`);
    rest = stored.body;
  }
  notes.push('the file has no HTTP head: it is read as the body of a 200');
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ncontent-length: ${rest.byteLength}\r\n\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), rest]), notes };
}

/** Splits head and body; null without a head. A head without an end counts as a head without a body. */
function splitHead(bytes: Buffer): { readonly head: string; readonly body: Buffer } | null {
  if (!HEAD_START.test(bytes.subarray(0, 64).toString('latin1'))) return null;
  const text = bytes.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  if (end === null) return { head: text, body: Buffer.alloc(0) };
  return { head: text.slice(0, end.index), body: bytes.subarray(end.index + end[0].length) };
}

/** The response in HTTP/1.1. Reason: curl decodes the body but leaves the old headers, so they are corrected here. */
function toWire(head: string, body: Buffer, notes: string[]): Buffer {
  const lines = head.split(/\r?\n/);
  const isUnchunked = !CHUNK.test(body.subarray(0, 256).toString('latin1'));
  const kept = lines.slice(1).filter((line) => !(isUnchunked && /^transfer-encoding:\s*chunked\s*$/i.test(line)));
  const hasEnd = kept.some((line) => /^(?:content-length|transfer-encoding):/i.test(line));
  if (kept.length < lines.length - 1)
    notes.push('the body is stored without its chunks: the end of the file counts as its end');
  const length = hasEnd || kept.length === lines.length - 1 ? [] : [`content-length: ${body.byteLength}`];
  const first = (lines[0] ?? '').replace(/^HTTP\/\S+/, 'HTTP/1.1');
  return Buffer.concat([Buffer.from(`${[first, ...kept, ...length].join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** The last attempt at a stored response: the transport's result, and the received body. */
export interface ReplayedAttempt {
  readonly result: TransportResult;
  readonly body: Buffer;
}

/**
 * Runs `use` against a local server that responds with the stored bytes. So the bytes pass the gateway's own HTTP
 * client, limits and parsers. Nothing leaves the machine.
 *
 * @param transport the gateway's own; it is closed at the end
 */
export async function replay<T>(
  stored: StoredResponse,
  transport: UpstreamTransport,
  use: (transport: UpstreamTransport, lastAttempt: () => ReplayedAttempt | null) => Promise<T>,
): Promise<T> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onWholeRequest(socket, () => socket.end(stored.bytes));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  let last: ReplayedAttempt | null = null;
  const origin = `http://127.0.0.1:${portOf(server)}`;
  const redirected: UpstreamTransport = {
    send: async (request) => {
      const copy = copyOf(request.sink);
      const url = `${origin}${new URL(request.url).pathname}`;
      const sent = { ...request, url };
      const result = await transport.send(copy === null ? sent : { ...sent, sink: copy.sink });
      last = { result, body: copy === null ? bodyOf(result) : Buffer.concat(copy.chunks) };
      return result;
    },
    close: () => transport.close(),
  };
  try {
    return await use(redirected, () => last);
  } finally {
    transport.close();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** A sink that passes its chunks on and keeps a copy. */
export function copyOf(sink: BodySink | undefined): { readonly sink: BodySink; readonly chunks: Buffer[] } | null {
  if (sink === undefined) return null;
  const chunks: Buffer[] = [];
  const write = (chunk: Buffer): Promise<void> | undefined => {
    chunks.push(Buffer.from(chunk));
    return sink.write(chunk);
  };
  return { sink: { write }, chunks };
}

function bodyOf(result: TransportResult): Buffer {
  return result.kind === 'response' ? result.body : Buffer.alloc(0);
}

function onWholeRequest(socket: net.Socket, respond: () => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const length = /^content-length:\s*(\d+)/im.exec(received.subarray(0, headEnd).toString('latin1'))?.[1] ?? '0';
    if (received.byteLength >= headEnd + 4 + Number(length)) respond();
  });
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server on this machine has no port.');
  return address.port;
}
