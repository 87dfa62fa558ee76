import { parseDocument } from 'yaml';

/**
 * What the text of a tenants file says, all scalars as text; null: it is neither valid YAML nor valid JSON. Loaded only where there is such
 * a file: of all that a start loads, the parser is the largest part that most gateways never use.
 */
export function parseTenantsDocument(text: string): { readonly content: unknown } | null {
  // As text: an 18-digit group id is no exact number, and 007 is an id, not a 7.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false });
  return document.errors.length > 0 ? null : { content: document.toJS({ maxAliasCount: 10 }) };
}
