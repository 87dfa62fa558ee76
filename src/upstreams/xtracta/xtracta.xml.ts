import { XMLParser } from 'fast-xml-parser';
import { MAX_DEPTH, StrictXml, type XmlFault, type XmlLimits, type XmlListener } from './xtracta.strict.xml.js';

/** An element without element children is its text; repeated elements are an array. Attributes are dropped. */
export type XmlNode = string | XmlElement | readonly XmlNode[];
export interface XmlElement {
  readonly [name: string]: XmlNode;
}

export type XmlReading =
  | { readonly kind: 'document'; readonly root: string; readonly content: XmlElement }
  | { readonly kind: 'invalid'; readonly reason: XmlFault };

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
} as const satisfies XmlListener;

/**
 * Reads a body that must be one whole XML document in UTF-8. fast-xml-parser, and its validator, let pass cut documents, two
 * roots, trailing garbage and undefined entities, so a strict parser decides first what is a document at all. A byte order mark
 * and blank lines before the declaration are tolerated; a DOCTYPE is not, whatever it says.
 */
export function readXml(body: Uint8Array, limits: XmlLimits): XmlReading {
  const text = decodeUtf8(body);
  if (text === null) return { kind: 'invalid', reason: 'encoding' };
  const strict = new StrictXml(limits, NAMES_ALONE);
  strict.write(text);
  const fault = strict.end();
  if (fault !== null) return { kind: 'invalid', reason: fault };
  try {
    const tree: unknown = parser.parse(text);
    const content = isElement(tree) ? tree[strict.root] : undefined;
    if (content === undefined) return { kind: 'invalid', reason: 'not-well-formed' };
    return { kind: 'document', root: strict.root, content: isElement(content) ? content : {} };
  } catch {
    // Reserved names such as `__proto__`.
    return { kind: 'invalid', reason: 'not-well-formed' };
  }
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
