import { XMLParser } from 'fast-xml-parser';
import {
  MAX_DEPTH,
  resolveReference,
  StrictXml,
  type XmlFault,
  type XmlLimits,
  type XmlListener,
  type XmlOddity,
} from './xtracta.strict.xml.js';

/** Stands where an element's text cannot be read: it holds a character that XML forbids, or an entity that nobody defined. */
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
 * Reads a body that must be one whole XML document in UTF-8. fast-xml-parser, and its validator, let pass cut documents, two
 * roots, trailing garbage and undefined entities, so a strict parser decides first what is a document at all. A byte order mark
 * and blank lines before the declaration are tolerated; a DOCTYPE is not, whatever it says.
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
    };
  } catch {
    // Reserved names such as `__proto__`.
    return invalid('not-well-formed');
  }
}

export function invalid(reason: XmlFault, element = ''): XmlReading {
  return { kind: 'invalid', reason, element };
}

/** The parts of a well-formed document that are no character data, then references, then characters that XML forbids. */
const PART =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>|&([^;&<]*);/g;
/** Beside the `Char` production of XML 1.0. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
/** Forbidden in XML, so that no readable text holds it. */
const MARK = '\uffff';

/** fast-xml-parser would leave a reference without a meaning as it is: it becomes a character that tells. */
function markUnreadable(text: string): string {
  return text.replace(PART, (part, reference: string | undefined) => {
    if (reference !== undefined) return resolveReference(reference) === undefined ? MARK : part;
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
export function decodeUtf8(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body).replace(/^[\t\n\r ]+/, '');
  } catch {
    return null;
  }
}
