import type { FormattedExecutionResult } from 'graphql';

/** As the limit of the rows of an answer, which is counted before by what rows take at least. */
const MAX_TEXT_LENGTH = 32 * 1024 * 1024;

/** The response in place of one whose text passes the limit. Compare with `===`: nothing else makes this very text. */
export const ANSWER_TOO_LARGE = JSON.stringify({
  errors: [
    {
      message: 'The answer passes 32 MiB: ask for smaller pages, or for fewer lists inside lists.',
      extensions: { code: 'OPERATION_TOO_COMPLEX', retryable: false },
    },
  ],
  data: null,
});

/** Objects whose text is made without a pause: it takes less than a millisecond. */
const AT_ONCE = 250;

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The JSON text of a GraphQL answer. The text of a page of 5,000 rows takes many milliseconds to make, so that of a
 * large answer is made in pieces, with a turn of the event loop between them. The result is what `JSON.stringify`
 * gives, and a line end.
 */
export async function answerText({ errors, data, extensions }: FormattedExecutionResult): Promise<string> {
  const answer: JsonObject = { errors, data, extensions };
  if (objectsIn(answer) <= AT_ONCE) return `${JSON.stringify(answer)}\n`;
  const text = new TextInPieces();
  await text.add(answer);
  return text.isTooLong ? ANSWER_TOO_LARGE : text.end();
}

/** Mutable: the text so far. */
class TextInPieces {
  private readonly pieces: string[] = [];
  private sinceTurn = 0;
  private length = 0;

  /** Nothing is added to a text that is too long. */
  get isTooLong(): boolean {
    return this.length > MAX_TEXT_LENGTH;
  }

  end(): string {
    this.pieces.push('\n');
    return this.pieces.join('');
  }

  /** Values of an execution are plain: what is neither object nor list is written as it is. */
  async add(value: unknown): Promise<void> {
    if (this.isTooLong) return;
    const objects = objectsIn(value);
    if (objects <= AT_ONCE) await this.addAtOnce(JSON.stringify(value), objects);
    else if (isList(value)) await this.addList(value);
    else if (isObject(value)) await this.addObject(value);
  }

  private async addAtOnce(text: string, objects: number): Promise<void> {
    this.pieces.push(text);
    this.length += Buffer.byteLength(text);
    if (this.isTooLong) this.pieces.length = 0;
    this.sinceTurn += objects;
    if (this.sinceTurn < AT_ONCE) return;
    this.sinceTurn = 0;
    await new Promise(setImmediate);
  }

  private async addObject(object: JsonObject): Promise<void> {
    let separator = '{';
    for (const [name, member] of Object.entries(object)) {
      if (member === undefined) continue;
      this.pieces.push(separator, JSON.stringify(name), ':');
      await this.add(member);
      separator = ',';
    }
    this.pieces.push(separator === '{' ? '{}' : '}');
  }

  private async addList(list: readonly unknown[]): Promise<void> {
    if (!holdsLists(list[0])) return this.addRows(list);
    let separator = '[';
    for (const member of list) {
      this.pieces.push(separator);
      await this.add(member);
      separator = ',';
    }
    this.pieces.push(']');
  }

  private async addRows(rows: readonly unknown[]): Promise<void> {
    let separator = '[';
    for (let at = 0; at < rows.length && !this.isTooLong; at += AT_ONCE) {
      this.pieces.push(separator);
      await this.addAtOnce(JSON.stringify(rows.slice(at, at + AT_ONCE)).slice(1, -1), AT_ONCE);
      separator = ',';
    }
    this.pieces.push(']');
  }
}

/**
 * About how many objects a value holds. The members of a list are of one selection: where the first holds no list, none
 * is looked for. Should that be wrong, the text is the same, and a piece of it larger.
 */
function objectsIn(value: unknown): number {
  if (isList(value)) {
    if (!holdsLists(value[0])) return value.length;
    return value.reduce<number>((sum, member) => sum + objectsIn(member), 0);
  }
  if (!isObject(value)) return 0;
  let objects = 1;
  for (const name in value) objects += objectsIn(value[name]);
  return objects;
}

function holdsLists(value: unknown): boolean {
  if (isList(value)) return true;
  if (!isObject(value)) return false;
  for (const name in value) {
    if (holdsLists(value[name])) return true;
  }
  return false;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
