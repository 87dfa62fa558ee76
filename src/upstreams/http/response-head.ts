import type { Socket } from 'node:net';

/** As much of one head as the parsers behind read; what is longer is theirs to refuse. */
const MAX_HEAD_BYTES = 16 * 1024;
/**
 * No server sends more before one response; an upstream that goes on for ever would hold the attempt until its
 * deadline.
 */
const MAX_INTERIM_RESPONSES = 16;

const HEAD_END = Buffer.from('\r\n\r\n');
const FOLDS = [Buffer.from('\r\n '), Buffer.from('\r\n\t')];
const VERSION = 'HTTP/1.1 ';
const NOTHING = Buffer.alloc(0);

/**
 * An interim response (RFC 9110, 15.2) as a whole: a status line, header lines, folded ones too, and a blank line.
 * Nothing after it belongs to it.
 */
const INTERIM =
  /^HTTP\/1\.1 1\d\d(?: [^\r\n\0]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*\r\n(?:[ \t][^\r\n\0]*\r\n)*)*\r\n$/;
/** The one interim status that is not followed by a response: the connection would change its protocol. */
const SWITCHING_PROTOCOLS = 'HTTP/1.1 101';

/**
 * More interim responses than any server sends. The code is that of a parser's error, which is what this is for an
 * attempt.
 */
class TooManyInterimResponses extends Error {
  readonly code = 'HPE_TOO_MANY_INTERIM_RESPONSES';
}

export type FilteredBytes = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'refused' };

/**
 * Takes out of the bytes of one connection what neither undici nor Node's strict parser reads and RFC 9110 and 9112 ask
 * for: interim responses, which are dropped (undici ends the connection at a 100 that it did not ask for), and folded
 * header lines, which become blanks in place (RFC 9112, 5.2), so that whatever interprets the header sees its value
 * whole. All else is passed on as it came, the malformed too: the parser behind decides, with all its strictness.
 * Mutable: the state of one connection.
 */
export class ResponseHeadFilter {
  /** `null`: what comes is no head. */
  #held: Buffer | null = NOTHING;
  #interim = 0;

  /** A request is written: what comes next is the head of its response. */
  expectHead(): void {
    if (this.#held !== null) return;
    this.#held = NOTHING;
    this.#interim = 0;
  }

  /** What of the bytes, and of those held back, is to be passed on now. */
  take(chunk: Buffer): FilteredBytes {
    if (this.#held === null) return { kind: 'bytes', bytes: chunk };
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      if (!mayBeHead(bytes)) return this.#release(bytes);
      const end = bytes.indexOf(HEAD_END);
      if (end < 0) {
        if (bytes.length > MAX_HEAD_BYTES) return this.#release(bytes);
        this.#held = bytes;
        return { kind: 'bytes', bytes: NOTHING };
      }
      const length = end + HEAD_END.length;
      if (!isInterim(bytes.subarray(0, length))) return this.#release(unfold(bytes, length));
      this.#interim += 1;
      if (this.#interim > MAX_INTERIM_RESPONSES) return { kind: 'refused' };
      bytes = bytes.subarray(length);
    }
  }

  /** The connection has ended: what was held back. */
  end(): Buffer {
    const held = this.#held ?? NOTHING;
    this.#held = null;
    return held;
  }

  #release(bytes: Buffer): FilteredBytes {
    this.#held = null;
    return { kind: 'bytes', bytes };
  }
}

function mayBeHead(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, VERSION.length);
  return bytes.toString('latin1', 0, length) === VERSION.slice(0, length);
}

function isInterim(head: Buffer): boolean {
  if (head[VERSION.length] !== 0x31) return false;
  const text = head.toString('latin1');
  return !text.startsWith(SWITCHING_PROTOCOLS) && INTERIM.test(text);
}

/** A fold right behind the status line would belong to no header: it stays, and is refused. */
function unfold(bytes: Buffer, length: number): Buffer {
  const head = bytes.subarray(0, length);
  if (FOLDS.every((fold) => !head.includes(fold))) return bytes;
  const unfolded = Buffer.from(bytes);
  const firstLineEnd = head.indexOf('\r\n');
  for (
    let at = head.indexOf('\r\n', firstLineEnd + 2);
    at >= 0 && at < length - HEAD_END.length;
    at = head.indexOf('\r\n', at + 2)
  ) {
    const next = head[at + 2];
    if (next === 0x20 || next === 0x09) unfolded.fill(0x20, at, at + 2);
  }
  return unfolded;
}

/**
 * Puts a {@link ResponseHeadFilter} in front of whoever reads the socket. Bytes reach a socket's reader through its
 * `push`, whether they come from TCP or out of TLS, and whatever way they are read from there; requests leave through
 * its `write`.
 */
export function filterResponseHeads(socket: Socket): void {
  const filter = new ResponseHeadFilter();
  const push = socket.push.bind(socket);
  // Whatever of its forms is called: the types would keep the last one only.
  const write: (...written: never[]) => boolean = socket.write.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null) {
      const rest = filter.end();
      if (rest.length > 0) push(rest);
      return push(null);
    }
    if (!Buffer.isBuffer(chunk)) return push(chunk, encoding);
    const filtered = filter.take(chunk);
    if (filtered.kind === 'bytes') return push(filtered.bytes);
    socket.destroy(new TooManyInterimResponses('too many interim responses'));
    return false;
  };
  Object.defineProperty(socket, 'write', {
    configurable: true,
    writable: true,
    value: (...written: never[]): boolean => {
      filter.expectHead();
      return write(...written);
    },
  });
}
