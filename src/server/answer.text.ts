import type { FormattedExecutionResult } from 'graphql';

/** Lists up to this length are written at once: their text takes less than a millisecond. */
const AT_ONCE = 250;
/** How deep lists are looked for: `data._entities[].billingHistory.nodes`. Deeper ones belong to a row. */
const MAX_DEPTH = 7;

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The JSON text of a GraphQL answer. The text of a page of 5,000 rows takes tens of milliseconds to make, so long lists are written in
 * pieces, with a turn of the event loop after each. The result is what `JSON.stringify` gives, and a line end.
 */
export async function answerText(result: FormattedExecutionResult): Promise<string> {
  const { errors, data, extensions } = result;
  const answer: JsonObject = { errors, data, extensions };
  if (!hasLongList(answer, 0)) return `${JSON.stringify(answer)}\n`;
  const pieces: string[] = [];
  await writeObject(answer, pieces, 0);
  pieces.push('\n');
  return pieces.join('');
}

function hasLongList(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.length > AT_ONCE || members.some((member) => hasLongList(member, depth + 1));
}

async function writeObject(object: JsonObject, pieces: string[], depth: number): Promise<void> {
  let separator = '{';
  for (const [name, member] of Object.entries(object)) {
    if (member === undefined) continue;
    pieces.push(separator, JSON.stringify(name), ':');
    await write(member, pieces, depth + 1);
    separator = ',';
  }
  pieces.push(separator === '{' ? '{}' : '}');
}

async function writeList(list: readonly unknown[], pieces: string[], depth: number): Promise<void> {
  let separator = '[';
  for (let at = 0; at < list.length; at += AT_ONCE) {
    const part = list.slice(at, at + AT_ONCE);
    if (part.some((member) => hasLongList(member, depth + 1))) {
      for (const member of part) {
        pieces.push(separator);
        await write(member, pieces, depth + 1);
        separator = ',';
      }
    } else {
      pieces.push(separator, JSON.stringify(part).slice(1, -1));
      separator = ',';
    }
    await new Promise(setImmediate);
  }
  pieces.push(separator === '[' ? '[]' : ']');
}

/** Values of an execution are plain: what is neither object nor list is written as it is. */
async function write(value: unknown, pieces: string[], depth: number): Promise<void> {
  if (!hasLongList(value, depth)) pieces.push(JSON.stringify(value));
  else if (isList(value)) await writeList(value, pieces, depth);
  else if (isObject(value)) await writeObject(value, pieces, depth);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}
