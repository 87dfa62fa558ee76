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
} from './strict-xml.js';
import { ElementNames } from './xml-text.js';

/**
 * Replaces the text of an element that cannot be read. Such a text contains a character that XML forbids, an undefined
 * entity, or a lone ampersand.
 */
export const UNREADABLE_TEXT: unique symbol = Symbol('unreadable text');

/** An element without child elements is its text. Repeated elements are an array. Attributes are dropped. */
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
      /** Whether it has only ASCII characters, so that many encoding labels are as true as UTF-8. */
      readonly isAscii: boolean;
    }
  | {
      readonly kind: 'invalid';
      readonly reason: XmlFault;
      /** Name of the innermost element that was open at the fault; empty outside the root. */
      readonly element: string;
    };

const parser = new XMLParser({
  ignoreAttributes: true,
  // Every value stays the text that was sent: `0123`, `500.10` and a plan named `1e5` are not numbers yet.
  parseTagValue: false,
  // Values keep their blanks; decoders trim them.
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH + 1,
  // Decodes `&#233;`. The option also adds the named HTML entities, but the strict parser refuses these first, because
  // XML does not define them.
  htmlEntities: true,
  // Without a DOCTYPE no entity expands to a long text (no "billion laughs" attack), and a valid document may have any
  // number of `&amp;`.
  processEntities: {
    enabled: true,
    maxTotalExpansions: Number.POSITIVE_INFINITY,
    maxExpandedLength: Number.POSITIVE_INFINITY,
  },
});

class ReservedName extends Error {}

/**
 * Refuses elements with the name of a property that every object has (prototype pollution). Such a name could make a
 * missing element look present, and the reverse.
 */
const NAMES_ALONE = {
  open: (name: string): void => {
    if (name in Object.prototype || name === 'prototype') throw new ReservedName();
  },
  text: null,
  close: null,
} as const satisfies Omit<XmlListener, 'unreadable'>;

/**
 * Reads a body that must be one whole XML document in UTF-8. fast-xml-parser and its validator accept cut documents,
 * two roots, trailing garbage and undefined entities. So a strict parser decides first whether the body is a document.
 * A byte order mark and blank lines before the declaration are tolerated. A DOCTYPE is always refused.
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

/** The parts of a valid document that are not character data, then references and lone ampersands. */
const PART =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>|&(?:([^;&<]*);)?/g;
/** Characters outside the `Char` production of XML 1.0. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
/** A character that XML forbids, so that no readable text contains it. */
const MARK = '\uffff';

/** Replaces unreadable references with a mark, because fast-xml-parser would leave them as text. */
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

/**
 * Decodes strictly, because a replacement character would alter a name or, worse, an id. The decoder drops the byte
 * order mark.
 */
export function decodeUtf8(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body).replace(/^[\t\n\r ]+/, '');
  } catch {
    return null;
  }
}

/** Receives each row of a history as soon as it has ended. The document may still turn out to be invalid. */
export type OnRow = (element: 'activity' | 'plan', row: XmlNode) => void;

type MutableElement = Record<string, XmlNode>;

/** An open element. Its value is its text until a child element begins. */
interface Frame {
  readonly name: string;
  text: string;
  /** Whether its text is unreadable. */
  isUnreadable: boolean;
  children: MutableElement | null;
}

/**
 * Reads one XML document to the same tree as `readXml`, but in one pass, piece by piece as its text arrives. Text
 * beside child elements is dropped. Rows (`activity` or `plan` right inside the root's `plans`) go to `onRow` instead
 * of the tree, and text beside them is the list's `#text`. Mutable: the state of one document.
 */
export class XmlStream {
  readonly #onRow: OnRow | null;
  readonly #frames: Frame[] = [];
  #frame: Frame | null = null;
  #content: XmlNode = '';
  readonly #strict: StrictXml;
  /** True after a tag next to which rows may be. */
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
   * Writes the text of one whole tag. Only the document so far decides whether it is a tag in this place.
   *
   * @returns whether it was a tag, and the next text is between two rows
   */
  writeTag(tag: '<plans>' | '</activity>'): boolean {
    this.#isBetweenRows = false;
    this.#strict.write(tag);
    return this.#isBetweenRows;
  }

  /**
   * Counts a row that another reader has read, in place of writing it. Call it between two rows. False: the limits
   * refuse the document.
   */
  passRow(): boolean {
    if (this.#frame !== null) this.#frame.children ??= {};
    return this.#strict.passRow();
  }

  /** For a row that was not written: see {@link StrictXml.noteBeyondAscii}. */
  noteBeyondAscii(): void {
    this.#strict.noteBeyondAscii();
  }

  /** Records a fault that another part has found: bytes that are not UTF-8. */
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
    const shared = isInRow ? this.#names.same(name) : name;
    const frame = { name: shared, text: '', isUnreadable: false, children: null };
    this.#frames[depth] = frame;
    this.#frame = frame;
  }

  #close(depth: number): void {
    const frame = this.#frame;
    if (frame === null) return;
    const node: XmlNode = frame.children ?? (frame.isUnreadable ? UNREADABLE_TEXT : frame.text);
    if (frame.name === 'prototype') throw new ReservedName();
    const isRows = depth === ROW_DEPTH - 1 && frame.name === 'plans' && this.#onRow !== null;
    if (isRows && frame.children !== null && (frame.isUnreadable || frame.text.trim() !== '')) {
      frame.children['#text'] = frame.isUnreadable ? UNREADABLE_TEXT : frame.text;
    }
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

/** Reads a whole body as `readXml` does, in a fifth of its time. It is for the responses of writes. */
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
  // A present value that this reader did not set is inherited. This check is free, while a check of every name would
  // cost as much as the parser.
  else if (typeof present === 'function' || present === Object.prototype) throw new ReservedName();
  else element[name] = [element[name] ?? '', node];
}

/** Whether the node is a list, which only this reader makes. */
function isOwnList(node: unknown): node is XmlNode[] {
  return Array.isArray(node);
}
