import { isAscii, isUtf8 } from 'node:buffer';

/**
 * The text of bytes in UTF-8 that arrive in any pieces, without the byte order mark. A replaced character would alter a name or, worse,
 * an id: bytes that are no UTF-8 have no text. Mutable: the state of one text.
 */
export class Utf8Text {
  /** The text taken back, and the bytes of a character that the last piece ended inside of. */
  private rest: Buffer = Buffer.alloc(0);
  private begun = false;

  /** The text that is whole by now; null when it is none. */
  write(piece: Buffer): string | null {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const length = wholeCharacters(bytes);
    this.rest = bytes.subarray(length);
    return this.decode(bytes.subarray(0, length));
  }

  /** Takes back the end of the text that was given last: it comes again, before what is written next. */
  takeBack(text: string): void {
    this.rest = Buffer.concat([Buffer.from(text), this.rest]);
  }

  /** The bytes have ended. What is left of their text; null when it ends inside of a character. */
  end(): string | null {
    return this.decode(this.rest);
  }

  private decode(bytes: Buffer): string | null {
    if (bytes.length === 0) return '';
    if (!isUtf8(bytes)) return null;
    const text = isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8');
    const isFirst = !this.begun;
    this.begun = true;
    return isFirst && text.startsWith('\ufeff') ? text.slice(1) : text;
  }
}

/** How many of the bytes end with a whole character, as far as UTF-8 lets tell: at most 3 are left over. */
function wholeCharacters(bytes: Buffer): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) return expectedLength(byte) > back ? length - back : length;
  }
  return length;
}

function expectedLength(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}
