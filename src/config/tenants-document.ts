import { type Document, isMap, isScalar, parseDocument, visit } from 'yaml';

/** The content of a tenants file. */
export interface TenantsDocument {
  /** All scalars as text. */
  readonly content: unknown;
  /** The tenant whose entry is not closed by a bracket at the end of the text; null: none is open. */
  readonly openTenant: string | null;
}

/**
 * Reads the text of a tenants file; null: it is neither valid YAML nor valid JSON. This module is loaded only where
 * there is such a file. Reason: the parser is the largest part of a start that most gateways never use.
 */
export function parseTenantsDocument(text: string): TenantsDocument | null {
  // Scalars stay text, because an 18-digit group id is not an exact number, and 007 is an id, not a 7.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false });
  if (document.errors.length > 0 || !hasTextKeys(document)) return null;
  try {
    return { content: document.toJS({ maxAliasCount: 10 }), openTenant: openTenantOf(document.contents) };
  } catch {
    // An alias without an anchor. The parser's error names it, and it may be a secret that begins with an asterisk.
    return null;
  }
}

/** The parser would print a mapping that stands in a key's place (`{{secret: x}}`) as a warning of the process. */
function hasTextKeys(document: Document): boolean {
  let found = true;
  visit(document, {
    Pair(_at, { key }) {
      found &&= isScalar(key);
    },
  });
  return found;
}

function openTenantOf(root: unknown): string | null {
  if (!isMap(root) || root.flow === true) return null;
  const tenants = root.get('tenants', true);
  if (!isMap(tenants) || tenants.flow === true) return null;
  const last = tenants.items.at(-1);
  const closed = last === undefined || (isMap(last.value) && last.value.flow === true);
  return closed || !isScalar(last.key) ? null : String(last.key.value);
}
