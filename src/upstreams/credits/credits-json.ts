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
 * Reads one JSON object in UTF-8, with numbers as text; null for anything else. Also null when an object contains a
 * name twice, in whatever case. Reason: `JSON.parse` would take the last one, and nobody knows which one the upstream
 * meant.
 */
export function readJsonObject(body: Uint8Array): JsonObject | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const shape = shapeOf(text);
    if (shape.depth > MAX_DEPTH) return null;
    const count = { members: 0 };
    const node = toNode(JSON.parse(text, keepNumberText), count);
    // Missing members were overwritten by others of the same name.
    return isObject(node) && count.members === shape.members ? node : null;
  } catch {
    return null;
  }
}

function isObject(node: JsonNode): node is JsonObject {
  return typeof node === 'object' && node !== null && !Array.isArray(node) && !(node instanceof JsonNumber);
}

/** `context.source` is the number's source text (ECMAScript's JSON.parse source text access). */
function keepNumberText(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new JsonNumber(context?.source ?? String(value)) : value;
}

/**
 * Greatest depth, and number of names written, of a text that may be JSON. In JSON only strings have quotes, so
 * skipping strings is enough for the count.
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
  // A Map comes first, because two names that differ only in case become one member. The count then shows it.
  const members = new Map(
    Object.entries(value ?? {}).map(([name, member]) => [name.toLowerCase(), toNode(member, count)]),
  );
  count.members += members.size;
  return Object.fromEntries(members);
}

/**
 * Text of a leaf: numbers as written, booleans as words. `undefined`: missing or null, which the serialiser writes for
 * "none". `null`: an object or a list in place of a plain value.
 */
export function leafText(leaf: unknown): string | null | undefined {
  if (leaf === undefined || leaf === null) return undefined;
  if (leaf instanceof JsonNumber) return leaf.text;
  if (typeof leaf === 'boolean') return String(leaf);
  return typeof leaf === 'string' ? leaf : null;
}
