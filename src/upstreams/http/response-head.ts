import type { Socket } from 'node:net';

/** Bytes of one head that the filter holds back. The parsers that follow refuse longer heads themselves. */
const MAX_HEAD_BYTES = 16 * 1024;
/**
 * Largest number of interim responses before one response. An endless series would hold the attempt until its deadline.
 */
const MAX_INTERIM_RESPONSES = 16;

const HEAD_END = Buffer.from('\r\n\r\n');
const FOLDS = [Buffer.from('\r\n '), Buffer.from('\r\n\t')];
const VERSION = 'HTTP/1.1 ';
const NOTHING = Buffer.alloc(0);

/**
 * A whole interim response (RFC 9110, 15.2): a status line, header lines, also folded ones, and a blank line. Nothing
 * follows it.
 */
const INTERIM =
  /^HTTP\/1\.1 1\d\d(?: [^\r\n\0]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*\r\n(?:[ \t][^\r\n\0]*\r\n)*)*\r\n$/;
/** The one interim status without a following response, because the connection would change its protocol. */
const SWITCHING_PROTOCOLS = 'HTTP/1.1 101';

/**
 * Error for more interim responses than any server sends. It has the code of a parser's error, so that the attempt
 * treats it as one.
 */
class TooManyInterimResponses extends Error {
  readonly code = 'HPE_TOO_MANY_INTERIM_RESPONSES';
}

export type FilteredBytes = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'refused' };

/**
 * Removes from the bytes of one connection two valid forms of RFC 9110 and 9112 that undici and Node's strict parser do
 * not read. Interim responses are dropped, because undici ends the connection at a 100 that it did not request. Folded
 * header lines become blanks in place (RFC 9112, 5.2), so that a reader of the header sees its whole value. All other
 * bytes pass unchanged, malformed ones too, because the strict parser that follows decides. Mutable: the state of one
 * connection.
 */
export class ResponseHeadFilter {
  /** `null`: the next bytes are not a head. */
  #held: Buffer | null = NOTHING;
  #interim = 0;

  /** Call when a request is written. The next bytes are then the head of its response. */
  expectHead(): void {
    if (this.#held !== null) return;
    this.#held = NOTHING;
    this.#interim = 0;
  }

  /** Returns the part of these bytes, and of those held back, that passes on now. */
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

  /** Call when the connection has ended. Returns the bytes that were held back. */
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

/** A fold right after the status line belongs to no header. It stays, and the parser refuses it. */
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
 * Puts a {@link ResponseHeadFilter} in front of the socket's reader. All received bytes reach the reader through the
 * socket's `push`, from TCP and from TLS. All requests leave through its `write`.
 */
export function filterResponseHeads(socket: Socket): void {
  const filter = new ResponseHeadFilter();
  const push = socket.push.bind(socket);
  // A type for all forms of the call, because the types would keep only the last overload.
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
