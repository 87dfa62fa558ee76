import { SaxesParser } from 'saxes';
import { BEYOND_ASCII } from './xml.text.js';

export interface XmlLimits {
  /** Rows of a history: a wide recursive read has thousands, an attack has more. */
  readonly maxRows: number;
}

export type XmlFault = 'encoding' | 'not-well-formed' | 'doctype' | 'too-deep' | 'too-many-rows';

/**
 * What is odd about a document that is read nonetheless. `encoding`: its declaration names an encoding that its bytes,
 * which are UTF-8, are not in. `processing-instruction`: one stands before the root, as where a server shows a line of
 * its program.
 */
export type XmlOddity = 'encoding' | 'processing-instruction';

/** Told of what is read, in order, before it is known whether the document is one. To throw is to refuse it. */
export interface XmlListener {
  /** @param depth 1 for the root */
  readonly open: (name: string, depth: number) => void;
  /** A piece of an element's text, references replaced, CDATA included. */
  readonly text: ((text: string) => void) | null;
  /** The text right inside the innermost open element holds something that is no text of XML 1.0. */
  readonly unreadable: (() => void) | null;
  /** @param depth of the element that ends */
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

/** What saxes reports for a character that XML 1.0 forbids, wherever that stands. */
const FORBIDDEN_CHARACTER = 'disallowed character.';

const CHARACTER_REFERENCE = /^#(?:([0-9]+)|x([0-9a-fA-F]+))$/;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * What a reference between `&` and `;` stands for. Undefined: nothing. Nobody defined the entity, XML forbids the
 * character, or it has not the form of a reference: then the ampersand was meant as one, and should have been `&amp;`.
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

/** What saxes gives for the end of the present piece of text, and for any line end. */
const END_OF_PIECE = -1;
const LINE_END = -2;
const SEMICOLON = 0x3b;
/** No reference has them: one that would is an ampersand alone, and they are read as what they are. */
const NO_REFERENCE: ReadonlySet<number> = new Set([
  LINE_END,
  ...Array.from('\t\n\r <>&"\'[]', (sign) => sign.charCodeAt(0)),
]);

/**
 * saxes takes everything up to the next semicolon for a reference's name, markup too. Here a reference ends where it
 * cannot go on. The member is private to saxes, whose version is pinned; test/unit/upstreams/xml/xml.reader.test.ts
 * tells when it is gone.
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
 * Decides what is a document at all, piece by piece: one root, well-formed to its end, in UTF-8 by its bytes, without a
 * DOCTYPE, within the limits. Blanks before the declaration are tolerated. So is, inside an element's text, what costs
 * only that text: a forbidden character, raw or by reference, an undefined entity, and an ampersand alone. Mutable: the
 * state of one document.
 */
export class StrictXml {
  readonly #limits: XmlLimits;
  readonly #listener: XmlListener;
  /** Name of the outermost element; empty before it. */
  root = '';
  /** Name of the innermost element that was open at the fault; empty before the root. */
  place = '';
  readonly oddities = new Set<XmlOddity>();
  #fault: XmlFault | null = null;
  /** Names of the open elements, by depth; what stands behind the present depth is of the past. */
  readonly #names: string[] = [''];
  #isInTag = false;
  readonly #parser: ReferenceReader;
  #depth = 0;
  #rows = 0;
  #elements = 0;
  #begun = false;
  #isLabelledAscii = false;
  #isBeyondAscii = false;

  constructor(limits: XmlLimits, listener: XmlListener) {
    this.#limits = limits;
    this.#listener = listener;
    // XML 1.1 would make line ends of other characters; nobody sends it, and what says it is read as 1.0.
    this.#parser = new ReferenceReader({
      xmlns: false,
      position: false,
      defaultXMLVersion: '1.0',
      forceXMLVersion: true,
    });
    this.#listen();
  }

  /** Text in any pieces. After a fault nothing is read any more. */
  write(text: string): void {
    if (this.#fault !== null) return;
    const rest = this.#begun ? text : text.replace(/^[\t\n\r ]+/, '');
    if (rest === '') return;
    this.#begun = true;
    this.#isBeyondAscii ||= BEYOND_ASCII.test(rest);
    this.#guard(() => this.#parser.write(rest));
  }

  /** Whether the document so far is of ASCII alone. */
  get isAscii(): boolean {
    return !this.#isBeyondAscii;
  }

  /** A row that is not written holds characters beside those of ASCII. */
  noteBeyondAscii(): void {
    this.#isBeyondAscii = true;
  }

  /**
   * Counts a row of the document that is not written, because it was found well-formed elsewhere; it has no more
   * elements than a row may have. False: there are too many rows.
   */
  passRow(): boolean {
    this.#rows += 1;
    if (this.#rows > this.#limits.maxRows) this.refuse('too-many-rows');
    return this.#fault === null;
  }

  /** The document has ended. Null: it was one. */
  end(): XmlFault | null {
    if (this.#fault === null) this.#guard(() => this.#parser.close());
    if (this.#isLabelledAscii && this.#isBeyondAscii) this.oddities.add('encoding');
    return this.#fault;
  }

  /** A fault that was found outside: bytes that are no text. */
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

  #listen(): void {
    const parser = this.#parser;
    const listener = this.#listener;
    const refuse = (fault: XmlFault): never => {
      throw new Refused(fault);
    };
    const unreadable = (): void => {
      // In a tag or beside the root it is no value of anybody's.
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
      this.#depth += 1;
      this.#names[this.#depth] = name;
      this.#elements += 1;
      if (this.#depth === 1) this.root = name;
      if (this.#depth === ROW_DEPTH) this.#rows += 1;
      if (this.#depth > MAX_DEPTH) refuse('too-deep');
      const { maxRows } = this.#limits;
      if (this.#rows > maxRows || this.#elements > maxRows * MAX_ELEMENTS_PER_ROW) refuse('too-many-rows');
      listener.open(name, this.#depth);
    });
    parser.on('closetag', () => {
      listener.close?.(this.#depth);
      this.#depth -= 1;
    });
    const { text: onText } = listener;
    if (onText === null) return;
    parser.on('text', onText);
    parser.on('cdata', onText);
  }
}

/** Encodings in which the bytes of ASCII mean what they mean in UTF-8. */
const ASCII_COMPATIBLE =
  /^(?:iso[-_]?8859[-_]?\d{1,2}|latin-?\d{1,2}|(?:windows|cp)-?125\d|koi8-[ru]|macintosh|x-mac-roman|gbk|gb2312|gb18030|big5|euc-(?:jp|kr))$/i;

/**
 * What a label says of bytes that decode as UTF-8. `utf-8`: that, or nothing. `ascii`: true of bytes below 0x80 alone.
 * `other`: an encoding that shares ASCII with it; bytes that are UTF-8 in all their length are not written in it by
 * accident, so the label is what is wrong. `foreign`: one in which the same bytes would mean something else, or a word
 * that nobody knows.
 */
export function labelKind(encoding: string | undefined): 'utf-8' | 'ascii' | 'other' | 'foreign' {
  if (encoding === undefined || /^utf-?8$/i.test(encoding)) return 'utf-8';
  if (/^(?:us-)?ascii$/i.test(encoding)) return 'ascii';
  return ASCII_COMPATIBLE.test(encoding) ? 'other' : 'foreign';
}
