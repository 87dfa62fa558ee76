import { XMLParser } from 'fast-xml-parser';
import {
  MAX_DEPTH,
  ROW_DEPTH,
  resolveReference,
  StrictXml,
  type XmlFault,
  type XmlLimits,
  type XmlListener,
  type XmlOddity,
} from './strict.xml.js';
import { ElementNames } from './xml.text.js';

/**
 * Stands where an element's text cannot be read: it holds a character that XML forbids, an undefined entity, or an
 * ampersand alone.
 */
export const UNREADABLE_TEXT: unique symbol = Symbol('unreadable text');

/** An element without element children is its text; repeated elements are an array. Attributes are dropped. */
export type XmlNode = string | typeof UNREADABLE_TEXT | XmlElement | readonly XmlNode[];
export interface XmlElement {
  readonly [name: string]: XmlNode;
}

export type XmlReading =
  | {
      readonly kind: 'document';
      readonly root: string;
      readonly content: XmlElement;
      readonly oddities: ReadonlySet<XmlOddity>;
      /** It has no character beyond ASCII, so that many labels are as true as UTF-8. */
      readonly isAscii: boolean;
    }
  | {
      readonly kind: 'invalid';
      readonly reason: XmlFault;
      /** Name of the innermost element that was open at the fault; empty outside of all. */
      readonly element: string;
    };

const parser = new XMLParser({
  ignoreAttributes: true,
  // Everything stays the text that was sent: `0123`, `500.10` and a plan named `1e5` are not numbers yet.
  parseTagValue: false,
  // Names come out with their blanks; decoders trim what they read.
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH + 1,
  // Decodes `&#233;`. The named HTML entities that it brings along are refused before, being undefined in XML.
  htmlEntities: true,
  // Without a DOCTYPE no entity can expand to anything long, and a legal document has as many `&amp;` as it likes.
  processEntities: {
    enabled: true,
    maxTotalExpansions: Number.POSITIVE_INFINITY,
    maxExpandedLength: Number.POSITIVE_INFINITY,
  },
});

class ReservedName extends Error {}

/** An element named as something that every object has could be taken for what is not there, and the reverse. */
const NAMES_ALONE = {
  open: (name: string): void => {
    if (name in Object.prototype || name === 'prototype') throw new ReservedName();
  },
  text: null,
  close: null,
} as const satisfies Omit<XmlListener, 'unreadable'>;

/**
 * Reads a body that must be one whole XML document in UTF-8. fast-xml-parser, and its validator, let pass cut
 * documents, two roots, trailing garbage and undefined entities, so a strict parser decides first what is a document at
 * all. A byte order mark and blank lines before the declaration are tolerated; a DOCTYPE is not, whatever it says.
 */
export function readXml(body: Uint8Array, limits: XmlLimits): XmlReading {
  const text = decodeUtf8(body);
  if (text === null) return invalid('encoding');
  const seen = { unreadable: false };
  const noteUnreadable = (): void => {
    seen.unreadable = true;
  };
  const strict = new StrictXml(limits, { ...NAMES_ALONE, unreadable: noteUnreadable });
  strict.write(text);
  const fault = strict.end();
  if (fault !== null) return invalid(fault, strict.place);
  try {
    const tree: unknown = parser.parse(seen.unreadable ? markUnreadable(text) : text);
    const content = isElement(tree) ? tree[strict.root] : undefined;
    if (content === undefined) return invalid('not-well-formed');
    const readable = seen.unreadable ? withUnreadable(content) : content;
    return {
      kind: 'document',
      root: strict.root,
      content: isElement(readable) ? readable : {},
      oddities: strict.oddities,
      isAscii: strict.isAscii,
    };
  } catch {
    // Reserved names such as `__proto__`.
    return invalid('not-well-formed');
  }
}

function invalid(reason: XmlFault, element = ''): XmlReading {
  return { kind: 'invalid', reason, element };
}

/** The parts of a sound document that are no character data, then references and ampersands alone. */
const PART =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>|&(?:([^;&<]*);)?/g;
/** Beside the `Char` production of XML 1.0. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
/** Forbidden in XML, so that no readable text holds it. */
const MARK = '\uffff';

/** fast-xml-parser would leave what is no reference as it is: it becomes a character that tells. */
function markUnreadable(text: string): string {
  return text.replace(PART, (part, reference: string | undefined) => {
    if (part.startsWith('&')) return resolveReference(reference ?? '') === undefined ? MARK : part;
    const isDropped = part.startsWith('<!--') || part.startsWith('<?');
    return isDropped && FORBIDDEN.test(part) ? MARK : part;
  });
}

function withUnreadable(node: XmlNode): XmlNode {
  if (typeof node === 'string') return FORBIDDEN.test(node) ? UNREADABLE_TEXT : node;
  if (typeof node === 'symbol') return node;
  if (!isElement(node)) return node.map(withUnreadable);
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, withUnreadable(child)]));
}

export function isElement(node: unknown): node is XmlElement {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

/** Fatal: a replaced character would alter a name or, worse, an id. The decoder drops the byte order mark. */
function decodeUtf8(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body).replace(/^[\t\n\r ]+/, '');
  } catch {
    return null;
  }
}

/** Receives each row of a history as soon as it has ended. The document may still turn out to be none. */
export type OnRow = (element: 'activity' | 'plan', row: XmlNode) => void;

type MutableElement = Record<string, XmlNode>;

/** An element that has begun. It is its text until an element begins inside. */
interface Frame {
  name: string;
  text: string;
  /** Whether its text holds what is no text. */
  isUnreadable: boolean;
  children: MutableElement | null;
}

/**
 * Reads one XML document as `readXml` does, to the same tree, but piece by piece as its text arrives, in one pass; text
 * beside elements is dropped. Rows (`activity` or `plan` right inside the root's `plans`) leave the tree through
 * `onRow`. Mutable: the state of one document.
 */
export class XmlStream {
  readonly #onRow: OnRow | null;
  readonly #frames: Frame[] = [];
  #frame: Frame | null = null;
  #content: XmlNode = '';
  readonly #strict: StrictXml;
  /** Set where a tag ends that has rows beside it. */
  #isBetweenRows = false;
  readonly #names = new ElementNames();

  constructor(limits: XmlLimits, onRow: OnRow | null = null) {
    this.#onRow = onRow;
    const listener: XmlListener = {
      open: (name, depth) => this.#open(name, depth),
      text: (text) => {
        if (this.#frame !== null) this.#frame.text += text;
      },
      unreadable: () => {
        if (this.#frame !== null) this.#frame.isUnreadable = true;
      },
      close: (depth) => this.#close(depth),
    };
    this.#strict = new StrictXml(limits, listener);
  }

  write(text: string): void {
    this.#strict.write(text);
  }

  /**
   * Writes the text of one whole tag, of which only the document so far tells whether it is a tag there.
   *
   * @returns whether it was one, and what follows it stands between two rows
   */
  writeTag(tag: '<plans>' | '</activity>'): boolean {
    this.#isBetweenRows = false;
    this.#strict.write(tag);
    return this.#isBetweenRows;
  }

  /**
   * Instead of writing a row that was read elsewhere. To call between two rows. False: the document is refused, by its
   * limits.
   */
  passRow(): boolean {
    if (this.#frame !== null) this.#frame.children ??= {};
    return this.#strict.passRow();
  }

  /** Of a row that was passed over: see {@link StrictXml.noteBeyondAscii}. */
  noteBeyondAscii(): void {
    this.#strict.noteBeyondAscii();
  }

  /** A fault that was found outside: bytes that are no text. */
  refuse(fault: XmlFault): void {
    this.#strict.refuse(fault);
  }

  end(): XmlReading {
    const fault = this.#strict.end();
    const { root, place, oddities, isAscii } = this.#strict;
    if (fault !== null) return invalid(fault, place);
    return { kind: 'document', root, content: isElement(this.#content) ? this.#content : {}, oddities, isAscii };
  }

  #open(name: string, depth: number): void {
    if (depth === ROW_DEPTH) this.#names.restart();
    if (depth === ROW_DEPTH - 1 && name === 'plans') this.#isBetweenRows = true;
    const isInRow = depth >= ROW_DEPTH && this.#onRow !== null;
    this.#begin(isInRow ? this.#names.same(name) : name, depth);
  }

  #begin(name: string, depth: number): void {
    let frame = this.#frames[depth];
    if (frame === undefined) {
      frame = { name, text: '', isUnreadable: false, children: null };
      this.#frames[depth] = frame;
    } else {
      frame.name = name;
      frame.text = '';
      frame.isUnreadable = false;
      frame.children = null;
    }
    this.#frame = frame;
  }

  #close(depth: number): void {
    const frame = this.#frame;
    if (frame === null) return;
    const node: XmlNode = frame.children ?? (frame.isUnreadable ? UNREADABLE_TEXT : frame.text);
    if (frame.name === 'prototype') throw new ReservedName();
    const parent = this.#frames[depth - 1] ?? null;
    this.#frame = parent;
    if (parent === null) {
      if (frame.name in Object.prototype) throw new ReservedName();
      this.#content = node;
      return;
    }
    parent.children ??= {};
    const { name } = frame;
    const isInPlans = depth === ROW_DEPTH && parent.name === 'plans';
    this.#isBetweenRows = isInPlans;
    const isRow = isInPlans && (name === 'activity' || name === 'plan');
    if (isRow && this.#onRow !== null) this.#onRow(name, node);
    else attach(parent.children, name, node);
  }
}

/** Reads a whole body as `readXml` does, in a fifth of the time: for the answers of writes, which come one for each. */
export function readDocument(body: Uint8Array, limits: XmlLimits): XmlReading {
  const text = decodeUtf8(body);
  if (text === null) return invalid('encoding');
  const stream = new XmlStream(limits);
  stream.write(text);
  return stream.end();
}

function attach(element: MutableElement, name: string, node: XmlNode): void {
  const present: unknown = element[name];
  if (present === undefined) element[name] = node;
  else if (isOwnList(present)) present.push(node);
  // What is there and was not put there is inherited: asking so costs nothing, asking for the name costs as much as the
  // parser.
  else if (typeof present === 'function' || present === Object.prototype) throw new ReservedName();
  else element[name] = [element[name] ?? '', node];
}

/** Lists are made here, and by nobody else. */
function isOwnList(node: unknown): node is XmlNode[] {
  return Array.isArray(node);
}
