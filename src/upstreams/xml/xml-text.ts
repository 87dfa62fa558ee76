import { isAscii, isUtf8 } from 'node:buffer';

/**
 * The text of an element as received. `undefined`: the element is missing. `null`: it is unreadable, repeated, or has
 * child elements in place of text.
 */
export type WireText = string | null | undefined;

export const BEYOND_ASCII = /[^\0-\x7f]/;

/**
 * Decodes UTF-8 that arrives in any pieces, without the byte order mark. Invalid bytes make the whole text null,
 * because a replacement character would alter a name or, worse, an id. Mutable: the state of one text.
 */
export class Utf8Text {
  /** The text that was taken back, and the bytes of an incomplete character at the end of the last piece. */
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;
  /** Whether the text so far has only ASCII characters. */
  isAscii = true;

  /** The text that is complete by now; null when the bytes are not UTF-8. */
  write(piece: Buffer): string | null {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const length = wholeCharacters(bytes);
    this.#rest = bytes.subarray(length);
    return this.#decode(bytes.subarray(0, length));
  }

  /** Takes back the end of the last returned text, which then comes again before the next piece. */
  takeBack(text: string): void {
    this.#rest = Buffer.concat([Buffer.from(text), this.#rest]);
  }

  /** Call at the end of the bytes. Returns the rest of the text; null when it ends within a character. */
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

/** Number of bytes up to the last whole character. At most 3 bytes are left over. */
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

/** Least length of a text that is cut out as a view of the whole source. The engine copies shorter ones. */
const LEAST_VIEW = 13;
/** Largest number of shared texts, enough for the plans and groups of an account. Further texts are not shared. */
const MAX_TEXTS = 4096;

/**
 * Returns equal texts of a document as one string. Most texts repeat in row after row, and the collector copies and
 * marks each string of a large response. A view would also keep the whole source in memory. Mutable: the texts so far.
 */
export class RepeatedTexts {
  readonly #known = new Map<string, string>();

  same(text: WireText): WireText {
    if (text == null || text === '') return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_TEXTS) return text;
    const copy = text.length < LEAST_VIEW ? text : Buffer.from(text).toString();
    this.#known.set(copy, copy);
    return copy;
  }
}

/** Largest number of shared names, more than any valid document has. Further names are not shared. */
const MAX_NAMES = 256;

/**
 * Returns equal names of elements as the same string. Reason: a parser cuts each name out of the text anew, and an
 * object first has to look up whether it knows a new string. With a dozen names in each of thousands of rows, this took
 * longer than parsing. The rows of a document have their elements in one order, so the next name is nearly always
 * known. Mutable: the names so far.
 */
export class ElementNames {
  readonly #known = new Map<string, string>();
  readonly #order: string[] = [];
  #at = 0;

  /** Call when a row begins. */
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
    // The name of a property is the engine's own copy of the string, which objects find fastest.
    const shared = Object.keys({ [name]: null })[0] ?? name;
    this.#known.set(name, shared);
    return shared;
  }
}
