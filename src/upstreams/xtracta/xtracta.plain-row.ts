import { RepeatedTexts } from './repeated.texts.js';
import type { ActivityWire, WireText } from './xtracta.wire.js';

/** What stands at a place: a row in its plain form, the beginning of what may become one, or anything else. */
export type PlainRowScan = 'row' | 'cut' | 'other';

/** Where a row ends. */
export const PLAIN_ROW_END = '</activity>';

/** In the manual's order. */
const COLUMNS = [
  'id',
  'plan',
  'plan_type',
  'price',
  'credit_amount',
  'price_currency',
  'allowed_documents',
  'used_documents',
  'plan_activity',
  'start_date',
  'expiry_date',
  'group_name',
  'group_id',
] as const satisfies readonly (keyof ActivityWire)[];

const BLANKS = '[ \\n\\t]*';
/** But for what has a meaning of its own, what XML forbids, and the carriage return, which it replaces. */
const CHARACTERS = '[^<&\\]\\0-\\x08\\x0b-\\x1f\\ufffe\\uffff]*';
/** With the entities that XML itself names, and without `]]>`, which it forbids in text. */
const TEXT = `${CHARACTERS}(?:(?:\\](?!\\]>)|&(?:amp|lt|gt|quot|apos);)${CHARACTERS})*`;

/** Of each column two groups: the slash of an empty element's tag, or the text. */
const ROW = new RegExp(
  `${BLANKS}<activity>${COLUMNS.map((name) => `(?:${BLANKS}<${name}(?:(/)>|>(${TEXT})</${name}>))?`).join('')}${BLANKS}${PLAIN_ROW_END}`,
  'y',
);

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
  ['&apos;', "'"],
]);

/**
 * Recognises a row of a history in the form in which nearly all come: `<activity>` with the manual's elements in its order, each at most
 * once, without attributes, holding characters and the entities that XML itself names. What matches is well-formed by its form, and means
 * what a parser would say; all else is left to the parser. Mutable: the row found last, and the names so far.
 */
export class PlainRowScanner {
  /** Behind the row that was found last. */
  end = 0;
  private groups: readonly (string | undefined)[] = [];
  private readonly names = new RepeatedTexts();

  /** @param text from sound UTF-8 @param from a place between two rows */
  scan(text: string, from: number): PlainRowScan {
    ROW.lastIndex = from;
    const match = ROW.exec(text);
    if (match === null) return text.includes(PLAIN_ROW_END, from) ? 'other' : 'cut';
    this.groups = match;
    this.end = ROW.lastIndex;
    return 'row';
  }

  /** The row that was found last. */
  row(): ActivityWire {
    const { groups } = this;
    const hasEntities = groups[0]?.includes('&') === true;
    const text = (column: number): WireText => {
      const value = groups[2 * column + 1] === undefined ? groups[2 * column + 2] : '';
      return hasEntities && value !== undefined ? withoutEntities(value) : value;
    };
    return {
      id: text(0),
      plan: this.names.same(text(1)),
      plan_type: text(2),
      price: text(3),
      credit_amount: text(4),
      price_currency: text(5),
      allowed_documents: text(6),
      used_documents: text(7),
      plan_activity: text(8),
      start_date: text(9),
      expiry_date: text(10),
      group_name: this.names.same(text(11)),
      group_id: text(12),
    };
  }
}

function withoutEntities(value: string): string {
  return value.includes('&') ? value.replaceAll(/&[a-z]+;/g, (entity) => ENTITIES.get(entity) ?? entity) : value;
}
