import { SaxesParser } from 'saxes';
import { BEYOND_ASCII } from './xml-text.js';

export interface XmlLimits {
  /**
   * Largest number of rows of a history. A wide recursive read has thousands; more may be an attack by memory
   * exhaustion.
   */
  readonly maxRows: number;
}

export type XmlFault = 'encoding' | 'not-well-formed' | 'doctype' | 'too-deep' | 'too-many-rows';

/**
 * Oddities of a document that is read nonetheless. `encoding`: its declaration names another encoding than UTF-8, in
 * which its bytes are. `processing-instruction`: one precedes the root, as when a server shows a line of its program.
 */
export type XmlOddity = 'encoding' | 'processing-instruction';

/** Receives the parts of a document in order, before the whole is known to be valid. A listener throws to refuse it. */
export interface XmlListener {
  /** @param depth 1 for the root */
  readonly open: (name: string, depth: number) => void;
  /** A piece of an element's text, with references replaced and CDATA included. */
  readonly text: ((text: string) => void) | null;
  /**
   * Called when the text of the innermost open element contains a character or reference that XML 1.0 does not permit.
   */
  readonly unreadable: (() => void) | null;
  /** @param depth of the element that ends, 1 for the root */
  readonly close: ((depth: number) => void) | null;
}

/** The samples are 4 deep. */
export const MAX_DEPTH = 16;
/** A row of the manual has 13 elements. */
const MAX_ELEMENTS_PER_ROW = 32;
/** `billings_response/plans/activity` */
export const ROW_DEPTH = 3;

/** Thrown inside the parser to stop it at the first fault. */
class Refused extends Error {
  constructor(readonly fault: XmlFault) {
    super(fault);
  }
}

/** The declaration that nearly every document has. */
const DECLARATION = /^<\?xml version="1\.0" encoding="(?:UTF|utf)-8"\?>/;
/**
 * A tag without attributes, if there is one, and the text after it. The text has the characters of XML 1.0 without `<`,
 * `&` and `]`, which may be markup, pairs of surrogates, and CR, which XML turns into LF (XML 1.0, 2.11).
 */
const PLAIN = /(?:<(\/?)([a-z]+(?:_[a-z]+)*)>)?([\t\n -%'-;=-\\^-\ud7ff\ue000-\ufffd]*)/y;

/** Message of saxes for a character that XML 1.0 forbids, in any place. */
const FORBIDDEN_CHARACTER = 'disallowed character.';

const CHARACTER_REFERENCE = /^#(?:([0-9]+)|x([0-9a-fA-F]+))$/;
/** The entities that XML itself defines. */
export const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * The text of a reference between `&` and `;`. Undefined: the entity is not defined, XML forbids the character, or the
 * text is not a reference. In the last case the sender meant an ampersand and should have written `&amp;`.
 */
export function resolveReference(reference: string): string | undefined {
  const known = ENTITIES.get(reference);
  if (known !== undefined) return known;
  const [, decimal, hexadecimal] = CHARACTER_REFERENCE.exec(reference) ?? [];
  if (decimal === undefined && hexadecimal === undefined) return undefined;
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
  return isCharacter(code) ? String.fromCodePoint(code) : undefined;
}

/** The `Char` production of XML 1.0. */
function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/** The members of saxes that its state for references uses. */
interface ReferenceState {
  i: number;
  readonly prevI: number;
  readonly chunk: string;
  readonly textHandler: unknown;
  entity: string;
  text: string;
  state: number;
  readonly entityReturnState: number;
  getCode(): number;
  fail(message: string): unknown;
}

/** Codes of saxes for the end of the present piece of text, and for any line end. */
const END_OF_PIECE = -1;
const LINE_END = -2;
const SEMICOLON = 0x3b;
/**
 * Characters that no reference contains. A "reference" with one of them is a lone ampersand, and they are read as
 * themselves.
 */
const NO_REFERENCE: ReadonlySet<number> = new Set([
  LINE_END,
  ...Array.from('\t\n\r <>&"\'[]', (sign) => sign.charCodeAt(0)),
]);

/**
 * saxes takes everything up to the next semicolon as a reference's name, markup too. Here a reference ends at the first
 * character that it cannot contain. The member is private to saxes, whose version is pinned.
 * test/unit/upstreams/xml/xml.reader.test.ts fails when it is gone.
 */
class ReferenceReader extends SaxesParser {}
Object.defineProperty(ReferenceReader.prototype, 'sEntity', {
  value(this: ReferenceState): void {
    const start = this.i;
    let code = this.getCode();
    while (code !== SEMICOLON && code !== END_OF_PIECE && !NO_REFERENCE.has(code)) code = this.getCode();
    if (code === END_OF_PIECE) {
      this.entity += this.chunk.slice(start);
      return;
    }
    const text = code === SEMICOLON ? resolveReference(this.entity + this.chunk.slice(start, this.prevI)) : undefined;
    if (code !== SEMICOLON) this.i = this.prevI;
    this.entity = '';
    this.state = this.entityReturnState;
    if (text === undefined) this.fail(FORBIDDEN_CHARACTER);
    else if (this.textHandler !== undefined) this.text += text;
  },
});

/**
 * Decides piece by piece whether a text is a document. It must have one root and be well-formed to its end, in UTF-8 by
 * its bytes, without a DOCTYPE, and within the limits. Blanks before the declaration are tolerated. Also tolerated are
 * faults that make only one element's text unreadable: a forbidden character, an undefined entity, or a lone ampersand.
 * Mutable: the state of one document.
 */
export class StrictXml {
  readonly #limits: XmlLimits;
  readonly #listener: XmlListener;
  /** Name of the root element; empty before it. */
  root = '';
  /** Name of the innermost element that was open at the fault; empty before the root. */
  place = '';
  readonly oddities = new Set<XmlOddity>();
  #fault: XmlFault | null = null;
  /** Names of the open elements, by depth. Names beyond the present depth are outdated. */
  readonly #names: string[] = [''];
  #isInTag = false;
  /** Null as long as the document is plain. A parser takes longer to make than to read a small document. */
  #parser: ReferenceReader | null = null;
  #declaration = '';
  #depth = 0;
  #rows = 0;
  #elements = 0;
  #begun = false;
  #isLabelledAscii = false;
  #isBeyondAscii = false;

  constructor(limits: XmlLimits, listener: XmlListener) {
    this.#limits = limits;
    this.#listener = listener;
  }

  /** Reads text in any pieces. After a fault it reads nothing more. */
  write(text: string): void {
    if (this.#fault !== null) return;
    const rest = this.#begun ? text : text.replace(/^[\t\n\r ]+/, '');
    if (rest === '') return;
    if (!this.#begun) this.#declaration = DECLARATION.exec(rest)?.[0] ?? '';
    const from = this.#begun ? 0 : this.#declaration.length;
    this.#begun = true;
    this.#isBeyondAscii ||= BEYOND_ASCII.test(rest);
    this.#guard(() => {
      const end = this.#parser === null ? this.#readPlain(rest, from) : 0;
      if (end < rest.length) this.#parserHere().write(rest.slice(end));
    });
  }

  /** Whether the document so far has only ASCII characters. */
  get isAscii(): boolean {
    return !this.#isBeyondAscii;
  }

  /** Call when a row that is not written contains characters beyond ASCII. */
  noteBeyondAscii(): void {
    this.#isBeyondAscii = true;
  }

  /**
   * Counts a row that is not written, because another reader has found it well-formed. It has at most as many elements
   * as a row may have. False: there are too many rows.
   */
  passRow(): boolean {
    this.#rows += 1;
    if (this.#rows > this.#limits.maxRows) this.refuse('too-many-rows');
    return this.#fault === null;
  }

  /** Call at the end of the document. Null: the document is valid. */
  end(): XmlFault | null {
    const isWhole = this.#parser === null && this.#depth === 0 && this.root !== '';
    if (this.#fault === null && !isWhole) this.#guard(() => this.#parserHere().close());
    if (this.#isLabelledAscii && this.#isBeyondAscii) this.oddities.add('encoding');
    return this.#fault;
  }

  /** Records a fault that another part has found: bytes that are not UTF-8. */
  refuse(fault: XmlFault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    this.place = this.#names[this.#depth] ?? '';
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.refuse(error instanceof Refused ? error.fault : 'not-well-formed');
    }
  }

  /**
   * Reads plain markup, in which the parser would find the same.
   *
   * @returns the position from which the parser must read
   */
  #readPlain(text: string, from: number): number {
    for (let at = from; ; ) {
      PLAIN.lastIndex = at;
      const [, slash, name, characters = ''] = PLAIN.exec(text) ?? [];
      const end = PLAIN.lastIndex;
      if (end === at) return at;
      if (name !== undefined) {
        if (slash === '/' ? name !== this.#names[this.#depth] : this.#depth === 0 && this.root !== '') return at;
        if (slash === '/') this.#close();
        else this.#open(name);
        at = end - characters.length;
      }
      if (characters === '') continue;
      if (end < text.length && text[end] !== '<') return at;
      if (this.#depth === 0 && /[^\t\n ]/.test(characters)) return at;
      if (this.#depth > 0) this.#listener.text?.(characters);
      at = end;
    }
  }

  /** The parser. A new one is put at the present place by a document of the elements that are open. */
  #parserHere(): ReferenceReader {
    if (this.#parser !== null) return this.#parser;
    // XML 1.1 has more line ends. It is not in use, so a document that declares it is read as 1.0.
    const parser = new ReferenceReader({
      xmlns: false,
      position: false,
      defaultXMLVersion: '1.0',
      forceXMLVersion: true,
    });
    const open = this.#names.slice(1, this.#depth + 1).map((name) => `<${name}>`);
    const isOver = this.#depth === 0 && this.root !== '';
    parser.write(this.#declaration + (isOver ? `<${this.root}/>` : open.join('')));
    this.#listen(parser);
    this.#parser = parser;
    return parser;
  }

  #open(name: string): void {
    this.#depth += 1;
    this.#names[this.#depth] = name;
    this.#elements += 1;
    if (this.#depth === 1) this.root = name;
    if (this.#depth === ROW_DEPTH) this.#rows += 1;
    if (this.#depth > MAX_DEPTH) throw new Refused('too-deep');
    const { maxRows } = this.#limits;
    if (this.#rows > maxRows || this.#elements > maxRows * MAX_ELEMENTS_PER_ROW) throw new Refused('too-many-rows');
    this.#listener.open(name, this.#depth);
  }

  #close(): void {
    this.#listener.close?.(this.#depth);
    this.#depth -= 1;
  }

  #listen(parser: ReferenceReader): void {
    const listener = this.#listener;
    const refuse = (fault: XmlFault): never => {
      throw new Refused(fault);
    };
    const unreadable = (): void => {
      // Within a tag or outside the root it does not belong to a value.
      if (this.#isInTag || this.#depth === 0) refuse('not-well-formed');
      listener.unreadable?.();
    };
    parser.on('error', ({ message }) => (message === FORBIDDEN_CHARACTER ? unreadable() : refuse('not-well-formed')));
    parser.on('doctype', () => refuse('doctype'));
    parser.on('xmldecl', ({ encoding }) => {
      const label = labelKind(encoding);
      if (label === 'foreign') refuse('encoding');
      if (label === 'other') this.oddities.add('encoding');
      if (label === 'ascii') this.#isLabelledAscii = true;
    });
    parser.on('processinginstruction', () => {
      if (this.root === '') this.oddities.add('processing-instruction');
    });
    parser.on('opentag', () => {
      this.#isInTag = false;
    });
    parser.on('opentagstart', ({ name }) => {
      this.#isInTag = true;
      this.#open(name);
    });
    parser.on('closetag', () => this.#close());
    const { text: onText } = listener;
    if (onText === null) return;
    parser.on('text', onText);
    parser.on('cdata', onText);
  }
}

/** Encodings in which ASCII bytes have the same meaning as in UTF-8. */
const ASCII_COMPATIBLE =
  /^(?:iso[-_]?8859[-_]?\d{1,2}|latin-?\d{1,2}|(?:windows|cp)-?125\d|koi8-[ru]|macintosh|x-mac-roman|gbk|gb2312|gb18030|big5|euc-(?:jp|kr))$/i;

/**
 * Kind of an encoding label on bytes that decode as UTF-8. `utf-8`: that label, or none. `ascii`: true only of bytes
 * below 0x80. `other`: an encoding that shares ASCII with UTF-8. Long bytes are not valid UTF-8 by accident, so this
 * label is wrong. `foreign`: an encoding in which the bytes would have another meaning, or an unknown word.
 */
export function labelKind(encoding: string | undefined): 'utf-8' | 'ascii' | 'other' | 'foreign' {
  if (encoding === undefined || /^utf-?8$/i.test(encoding)) return 'utf-8';
  if (/^(?:us-)?ascii$/i.test(encoding)) return 'ascii';
  return ASCII_COMPATIBLE.test(encoding) ? 'other' : 'foreign';
}
