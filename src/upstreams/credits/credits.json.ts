/** A number as its own text, so that no digit is lost to a binary float: `3.10`, `12345678901234567.89`. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

/** Members by their names in lower case: the API's own serialiser ignores case. */
export interface JsonObject {
  readonly [name: string]: JsonNode;
}
export type JsonNode = string | JsonNumber | boolean | null | readonly JsonNode[] | JsonObject;

/** The samples are 4 deep. */
const MAX_DEPTH = 16;

/**
 * One JSON object in UTF-8, numbers as text, or null when it is not that. A name that stands twice in an object, in
 * whatever case, makes it null too: `JSON.parse` would take the last, and nobody can say which the upstream meant.
 */
export function readJsonObject(body: Uint8Array): JsonObject | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const shape = shapeOf(text);
    if (shape.depth > MAX_DEPTH) return null;
    const count = { members: 0 };
    const node = toNode(JSON.parse(text, keepNumberText), count);
    // Members that were written but are not there any more were overwritten by others of the same name.
    return isObject(node) && count.members === shape.members ? node : null;
  } catch {
    return null;
  }
}

function isObject(node: JsonNode): node is JsonObject {
  return typeof node === 'object' && node !== null && !Array.isArray(node) && !(node instanceof JsonNumber);
}

/** `context.source` is the number as it was written (ECMAScript's JSON.parse source text access). */
function keepNumberText(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new JsonNumber(context?.source ?? String(value)) : value;
}

/**
 * Greatest depth, and number of names written, of a text that may be JSON. Quotes stand around strings alone there, so
 * skipping strings is enough to count.
 */
function shapeOf(text: string): { readonly depth: number; readonly members: number } {
  let depth = 0;
  let greatest = 0;
  let members = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[[\]{}]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (token.endsWith(':')) members += 1;
    greatest = Math.max(greatest, depth);
  }
  return { depth: greatest, members };
}

function toNode(value: unknown, count: { members: number }): JsonNode {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber) {
    return value;
  }
  if (Array.isArray(value)) return value.map((item) => toNode(item, count));
  // A Map first: two names that differ in case alone fall together here, and the count tells.
  const members = new Map(
    Object.entries(value ?? {}).map(([name, member]) => [name.toLowerCase(), toNode(member, count)]),
  );
  count.members += members.size;
  return Object.fromEntries(members);
}

/**
 * The text of a leaf: numbers as written, booleans as words. `undefined`: missing or null, which the serialiser writes
 * for "none". `null`: an object or a list, where a plain value is due.
 */
export function leafText(leaf: unknown): string | null | undefined {
  if (leaf === undefined || leaf === null) return undefined;
  if (leaf instanceof JsonNumber) return leaf.text;
  if (typeof leaf === 'boolean') return String(leaf);
  return typeof leaf === 'string' ? leaf : null;
}
