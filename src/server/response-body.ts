import type { FormattedExecutionResult } from 'graphql';
import { holdsWrittenRows, WrittenRows } from '../graphql/request/plain-rows.js';
import { largeWork, MAX_RESPONSE_BYTES, MAX_RESPONSE_TEXT } from '../runtime/large-work.js';

/** Objects, or units of 256 bytes of text, written in one step, which takes less than a millisecond. */
const STEP = 250;
const LONG_TEXT = 256;
const CHUNK_BYTES = 64 * 1024;

/** The error that replaces a response whose text passes the limit. */
export const BODY_TOO_LARGE = {
  message: `The response passes ${MAX_RESPONSE_TEXT}: ask for smaller pages, or for fewer lists inside lists.`,
  extensions: { code: 'OPERATION_TOO_COMPLEX', retryable: false },
} as const;

/**
 * The JSON text of a large response, in chunks that are freed when they are sent. The whole text exists before the
 * first byte leaves. So its length is known, and a response over the limit is an error and never a part. Mutable: it
 * holds the unsent chunks.
 */
export class LargeBody {
  readonly #chunks: Buffer[];

  constructor(
    chunks: readonly Buffer[],
    /** Length of the whole text. */
    readonly byteLength: number,
  ) {
    this.#chunks = [...chunks];
  }

  /** May be read once, at the speed of the client. */
  *chunks(): Generator<Buffer, void, undefined> {
    for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) yield chunk;
  }
}

/** Whether to write a response by {@link writeBody} rather than at once. Looks at a few hundred objects at most. */
export function isLarge(result: FormattedExecutionResult): boolean {
  return holdsWrittenRows(result.data) || objectsIn(result, STEP) > STEP;
}

/**
 * Writes a response in slices of the event loop's turns. The text equals that of Apollo Server: `JSON.stringify` of
 * errors, data and extensions in this order, and a line end.
 *
 * @returns null where the text passes the limit
 */
export async function writeBody({ errors, data, extensions }: FormattedExecutionResult): Promise<LargeBody | null> {
  const chunks: Buffer[] = [];
  let byteLength = 0;
  let text = '';
  const push = (bytes: Buffer): void => {
    byteLength += bytes.byteLength;
    chunks.push(bytes);
  };
  const flush = (): void => {
    if (text !== '') push(Buffer.from(text));
    text = '';
  };
  for (const piece of textsOf({ errors, data, extensions })) {
    if (typeof piece === 'string') text += piece;
    if (typeof piece !== 'string' || text.length >= CHUNK_BYTES) flush();
    if (typeof piece !== 'string') push(piece);
    if (byteLength > MAX_RESPONSE_BYTES) return null;
    if (largeWork.isOver()) await largeWork.nextSlice();
  }
  text += '\n';
  flush();
  return byteLength > MAX_RESPONSE_BYTES ? null : new LargeBody(chunks, byteLength);
}

type Members = Readonly<Record<string, unknown>>;
type Pieces = Generator<string | Buffer, void, undefined>;

/** The text of a value, in several pieces where it is long. */
function* textsOf(value: unknown): Pieces {
  if (value instanceof WrittenRows) yield* value.pieces;
  else if (weightOf(value, STEP) <= STEP) yield textAtOnce(value);
  else if (isList(value)) yield* textsOfList(value);
  else if (isMembers(value)) yield* textsOfMembers(value);
  else yield textAtOnce(value);
}

/**
 * The text of a small value. A value that JSON cannot express becomes null, as in a list; members with such values were
 * left out before.
 */
function textAtOnce(value: unknown): string {
  const text: unknown = JSON.stringify(value);
  return typeof text === 'string' ? text : 'null';
}

function* textsOfMembers(members: Members): Pieces {
  let separator = '{';
  for (const [name, member] of Object.entries(members)) {
    if (member === undefined || typeof member === 'function' || typeof member === 'symbol') continue;
    yield `${separator}${JSON.stringify(name)}:`;
    yield* textsOf(member);
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

/** The text of a list: small items together, large items one by one. */
function* textsOfList(list: readonly unknown[]): Pieces {
  let separator = '[';
  let begin = 0;
  let weight = 0;
  for (let at = 0; at <= list.length; at += 1) {
    const more = at === list.length ? 0 : weightOf(list[at], STEP);
    if (at > begin && (at === list.length || weight + more > STEP)) {
      yield separator + JSON.stringify(list.slice(begin, at)).slice(1, -1);
      separator = ',';
      begin = at;
      weight = 0;
    }
    if (more <= STEP) {
      weight += more;
      continue;
    }
    yield separator;
    yield* textsOf(list[at]);
    separator = ',';
    begin = at + 1;
  }
  yield ']';
}

/** Amount of text to write: exact up to `max`; above it any larger number. */
function weightOf(value: unknown, max: number): number {
  if (typeof value === 'string') return value.length / LONG_TEXT;
  if (typeof value !== 'object' || value === null) return 0;
  if (value instanceof WrittenRows) return Number.POSITIVE_INFINITY;
  let weight = 1;
  if (isList(value)) {
    for (let at = 0; at < value.length && weight <= max; at += 1) weight += weightOf(value[at], max - weight);
  } else if (isMembers(value)) {
    for (const name in value) {
      weight += weightOf(value[name], max - weight);
      if (weight > max) break;
    }
  }
  return weight;
}

/**
 * Approximate number of objects in a value, counted up to `max`. The items of a list have one selection, so if the
 * first item has no list, the others are not searched. If that is wrong, the text is still right but is written at
 * once.
 */
function objectsIn(value: unknown, max: number): number {
  let objects = 0;
  if (isList(value)) {
    if (!holdsLists(value[0])) return value.length;
    for (let at = 0; at < value.length && objects <= max; at += 1) objects += objectsIn(value[at], max - objects);
    return objects;
  }
  if (!isMembers(value)) return 0;
  objects = 1;
  for (const name in value) {
    objects += objectsIn(value[name], max - objects);
    if (objects > max) break;
  }
  return objects;
}

function holdsLists(value: unknown): boolean {
  if (isList(value)) return true;
  if (!isMembers(value)) return false;
  for (const name in value) {
    if (holdsLists(value[name])) return true;
  }
  return false;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** A plain object, as executions make it. Objects with their own `toJSON` are left to `JSON.stringify`. */
function isMembers(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === null || prototype === Object.prototype) && !('toJSON' in value);
}
