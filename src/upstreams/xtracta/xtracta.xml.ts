import { XMLParser } from 'fast-xml-parser';
import { SaxesParser } from 'saxes';

/** An element without element children is its text; repeated elements are an array. Attributes are dropped. */
export type XmlNode = string | XmlElement | readonly XmlNode[];
export interface XmlElement {
  readonly [name: string]: XmlNode;
}

export interface XmlLimits {
  /** Rows of a history: a wide recursive read has thousands, an attack has more. */
  readonly maxRows: number;
}

export type XmlReading =
  | { readonly kind: 'document'; readonly root: string; readonly content: XmlElement }
  | {
      readonly kind: 'invalid';
      readonly reason: 'encoding' | 'not-well-formed' | 'doctype' | 'too-deep' | 'too-many-rows';
    };

/** The samples are 4 deep. */
const MAX_DEPTH = 16;
/** A row of the manual has 13 elements. */
const MAX_ELEMENTS_PER_ROW = 32;
/** `billings_response/plans/activity` */
const ROW_DEPTH = 3;

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

/**
 * Reads a body that must be one whole XML document in UTF-8. fast-xml-parser, and its validator, let pass cut documents, two
 * roots, trailing garbage and undefined entities, so a strict parser decides first what is a document at all. A byte order mark
 * and blank lines before the declaration are tolerated; a DOCTYPE is not, whatever it says.
 */
export function readXml(body: Uint8Array, limits: XmlLimits): XmlReading {
  const text = decodeUtf8(body);
  if (text === null) return { kind: 'invalid', reason: 'encoding' };
  const check = checkDocument(text, limits);
  if (check.kind === 'invalid') return check;
  try {
    const tree: unknown = parser.parse(text);
    const content = isElement(tree) ? tree[check.root] : undefined;
    if (content === undefined) return { kind: 'invalid', reason: 'not-well-formed' };
    return { kind: 'document', root: check.root, content: isElement(content) ? content : {} };
  } catch {
    // Reserved names such as `__proto__`.
    return { kind: 'invalid', reason: 'not-well-formed' };
  }
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

type DocumentCheck = { readonly kind: 'ok'; readonly root: string } | Extract<XmlReading, { kind: 'invalid' }>;
type InvalidReason = Extract<XmlReading, { kind: 'invalid' }>['reason'];

/** Thrown inside the strict parser to stop it at the first fault. */
class Refused extends Error {
  constructor(readonly reason: InvalidReason) {
    super(reason);
  }
}

function checkDocument(text: string, limits: XmlLimits): DocumentCheck {
  const strict = new SaxesParser({ xmlns: false, position: false });
  const refuse = (reason: InvalidReason): never => {
    throw new Refused(reason);
  };
  let root = '';
  let depth = 0;
  let rows = 0;
  let elements = 0;
  strict.on('error', () => refuse('not-well-formed'));
  strict.on('doctype', () => refuse('doctype'));
  strict.on('xmldecl', ({ encoding }) => isUtf8Name(encoding) || refuse('encoding'));
  strict.on('opentagstart', ({ name }) => {
    depth += 1;
    elements += 1;
    if (depth === 1) root = name;
    if (depth === ROW_DEPTH) rows += 1;
    if (depth > MAX_DEPTH) refuse('too-deep');
    if (rows > limits.maxRows || elements > limits.maxRows * MAX_ELEMENTS_PER_ROW) refuse('too-many-rows');
  });
  strict.on('closetag', () => {
    depth -= 1;
  });
  try {
    strict.write(text).close();
    return { kind: 'ok', root };
  } catch (error) {
    return { kind: 'invalid', reason: error instanceof Refused ? error.reason : 'not-well-formed' };
  }
}

/** A document that says it is in another encoding, and still decodes as UTF-8, would be read as something it does not mean. */
function isUtf8Name(encoding: string | undefined): boolean {
  return encoding === undefined || /^(?:utf-?8|us-ascii)$/i.test(encoding);
}
