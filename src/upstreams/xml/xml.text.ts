import { isAscii, isUtf8 } from 'node:buffer';

/**
 * The text of an element as received. `undefined`: the element is missing. `null`: it is there, but unreadable,
 * repeated, or with elements inside where text is due.
 */
export type WireText = string | null | undefined;

export const BEYOND_ASCII = /[^\0-\x7f]/;

/**
 * The text of bytes in UTF-8 that arrive in any pieces, without the byte order mark. A replaced character would alter a
 * name or, worse, an id: bytes that are no UTF-8 have no text. Mutable: the state of one text.
 */
export class Utf8Text {
  /** The text taken back, and the bytes of a character that the last piece ended inside of. */
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;
  /** Whether the text so far is of ASCII alone. */
  isAscii = true;

  /** The text that is whole by now; null when it is none. */
  write(piece: Buffer): string | null {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const length = wholeCharacters(bytes);
    this.#rest = bytes.subarray(length);
    return this.#decode(bytes.subarray(0, length));
  }

  /** Takes back the end of the text that was given last: it comes again, before what is written next. */
  takeBack(text: string): void {
    this.#rest = Buffer.concat([Buffer.from(text), this.#rest]);
  }

  /** The bytes have ended. What is left of their text; null when it ends inside of a character. */
  end(): string | null {
    return this.#decode(this.#rest);
  }

  #decode(bytes: Buffer): string | null {
    if (bytes.length === 0) return '';
    if (!isUtf8(bytes)) return null;
    const isPlain = isAscii(bytes);
    const decoded = isPlain ? bytes.toString('latin1') : bytes.toString('utf8');
    const isFirst = !this.#begun;
    this.#begun = true;
    const text = isFirst && decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
    if (!isPlain && BEYOND_ASCII.test(text)) this.isAscii = false;
    return text;
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

/** Shorter texts are copies in any case. */
const LEAST_LENGTH = 13;
/** Plans and groups of an account; of an odd answer's names the rest are simply not shared. */
const MAX_TEXTS = 1024;

/**
 * Gives equal texts of a document as one. A text that was cut out of a longer one is a view of that, and keeps all of
 * it in memory; names of plans and groups come again in row after row. Mutable: the texts so far.
 */
export class RepeatedTexts {
  readonly #known = new Map<string, string>();

  same(text: WireText): WireText {
    if (text == null || text.length < LEAST_LENGTH) return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_TEXTS) return text;
    const copy = Buffer.from(text).toString();
    this.#known.set(copy, copy);
    return copy;
  }
}

/** More than any sound document has; of an odd one's names the rest are simply not shared. */
const MAX_NAMES = 256;

/**
 * Gives equal names of elements as one and the same string. A parser cuts each name out of the text anew, and an object
 * that is asked for a property by a new string first has to look up whether it knows that string: with a dozen names in
 * each of thousands of rows that took longer than parsing. The rows of a document have their elements in one order, so
 * what comes next is nearly always known. Mutable: the names so far.
 */
export class ElementNames {
  readonly #known = new Map<string, string>();
  readonly #order: string[] = [];
  #at = 0;

  /** A row begins. */
  restart(): void {
    this.#at = 0;
  }

  same(name: string): string {
    const expected = this.#order[this.#at];
    if (expected === name) {
      this.#at += 1;
      return expected;
    }
    const shared = this.#known.get(name) ?? this.#learn(name);
    if (this.#at < MAX_NAMES) this.#order[this.#at] = shared;
    this.#at += 1;
    return shared;
  }

  #learn(name: string): string {
    if (this.#known.size >= MAX_NAMES) return name;
    // A property's name is the string that objects know it by.
    const shared = Object.keys({ [name]: null })[0] ?? name;
    this.#known.set(name, shared);
    return shared;
  }
}
