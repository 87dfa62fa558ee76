import type { BillingActivity, BillingHistory } from '../../domain/billing-history.js';
import type { BodySink } from '../http/transport.js';
import { ENTITIES, type XmlLimits } from '../xml/strict-xml.js';
import type { SlicedWork, TimeSlices } from '../xml/time-slices.js';
import { type XmlElement, type XmlReading, XmlStream } from '../xml/xml.reader.js';
import { Utf8Text, type WireText } from '../xml/xml-text.js';
import { type ActivityWire, activityWire, RowValues, toActivity } from './history.endpoint.js';
import { besideRecords, childrenOf, hasLookalike, plainName, type WireRecord } from './xtracta-envelope.js';
import { FieldReader } from './xtracta-fields.js';

/** A response up to this size is read as it arrives, because slices would cost more than the reading. */
const AT_ONCE_BYTES = 64 * 1024;
/** Size of a piece, which takes well below a millisecond. */
const PIECE_BYTES = 16 * 1024;

/**
 * Reads one response of the history endpoint while it arrives. Rows become domain rows as they end; a large response is
 * read in time slices. The rest is kept for the classification. The body and its tree are never in memory as a whole.
 * Mutable: the state of one response.
 */
export class HistoryReader implements BodySink {
  readonly #turns: TimeSlices;
  readonly #xml: HistoryXml;
  readonly #activities: BillingActivity[] = [];
  readonly #plans: BillingActivity[] = [];
  /** Drift, held back until the response is known to count. */
  readonly #drifts = new Map<string, number>();
  readonly #fields: FieldReader;
  readonly #values = new RowValues();
  #bytes = 0;
  #share: SlicedWork | null = null;

  constructor(operation: string, limits: XmlLimits, turns: TimeSlices) {
    this.#turns = turns;
    this.#fields = new FieldReader(operation, (field) => this.#drifts.set(field, (this.#drifts.get(field) ?? 0) + 1));
    this.#xml = new HistoryXml(limits, {
      activity: (row) => this.#activities.push(toActivity(row, this.#fields, this.#values)),
      plan: (row) => this.#plans.push(toActivity(row, this.#fields, this.#values)),
    });
  }

  write(chunk: Buffer): Promise<void> | undefined {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > AT_ONCE_BYTES) return this.#writeInTurns(chunk);
    this.#xml.write(chunk);
    return undefined;
  }

  /** Call once, at the end of the body. The rows are not in the document's content. */
  end(): XmlReading {
    this.#share?.end();
    return this.#xml.end();
  }

  /**
   * The rows of a response that counts; its drift is reported. Without `<plans>` the history is empty. The schema
   * cannot express an empty history, so a missing `<plans>` counts as drift, and so does anything else in it.
   *
   * @param content of the document, without the rows that were read
   * @returns null where the document has rows that were not read. Without them its sums would be too small.
   */
  history(content: XmlElement, onDrift: (field: string) => void): BillingHistory | null {
    const lists = childrenOf(content, 'plans');
    const { names, hasText } = besideRecords(lists, []);
    if (lists.length === 0 || hasText) onDrift('plans');
    if (names.length > 0) onDrift('(unknown)');
    const isUnread =
      content['activity'] !== undefined ||
      hasLookalike(content, ['plans', 'activity']) ||
      names.some((name) => ['activity', 'plan', 'plans'].includes(plainName(name))) ||
      (names.length > 0 && this.#activities.length + this.#plans.length === 0);
    if (isUnread) return null;
    for (const [field, count] of this.#drifts) {
      for (let time = 0; time < count; time += 1) onDrift(field);
    }
    return { activities: this.#plans.length === 0 ? this.#activities : [...this.#activities, ...this.#plans] };
  }

  #writeInTurns(chunk: Buffer): Promise<void> {
    this.#share ??= this.#turns.join();
    let at = 0;
    return this.#share.run(() => {
      this.#xml.write(chunk.subarray(at, at + PIECE_BYTES));
      at += PIECE_BYTES;
      return at < chunk.byteLength;
    });
  }
}

/** Receives the rows as they end, in their order within each list. The document may still turn out to be invalid. */
export interface RowSink {
  readonly activity: (row: WireRecord<ActivityWire>) => void;
  readonly plan: (row: WireRecord<ActivityWire>) => void;
}

/** Most characters held back for an incomplete row. The parser, which holds no text back, reads a longer one. */
const MAX_HELD = 16 * 1024;

/**
 * Reads a history's document as its bytes arrive. Rows in their plain form are recognised by a text comparison, which
 * takes an eighth of the time. The strict parser reads everything else and does not see those rows. Mutable: the state
 * of one document.
 */
export class HistoryXml {
  readonly #sink: RowSink;
  readonly #utf8 = new Utf8Text();
  readonly #xml: XmlStream;
  readonly #scanner = new PlainRowScanner();
  #isBetweenRows = false;
  #tag: '<plans>' | typeof PLAIN_ROW_END = '<plans>';

  constructor(limits: XmlLimits, sink: RowSink) {
    this.#sink = sink;
    this.#xml = new XmlStream(limits, (element, row) => {
      this.#tag = PLAIN_ROW_END;
      sink[element](activityWire(row));
    });
  }

  write(bytes: Buffer): void {
    const text = this.#utf8.write(bytes);
    if (text === null) this.#refuse();
    else this.#read(text);
  }

  /** Call at the end of the bytes. The rows are not in the document's content. */
  end(): XmlReading {
    const rest = this.#utf8.end();
    if (rest === null) this.#refuse();
    else this.#xml.write(rest);
    if (!this.#utf8.isAscii) this.#xml.noteBeyondAscii();
    return this.#xml.end();
  }

  #refuse(): void {
    this.#isBetweenRows = false;
    this.#xml.refuse('encoding');
  }

  #read(text: string): void {
    let at = 0;
    while (at < text.length) {
      at = this.#isBetweenRows ? this.#readRow(text, at) : this.#readTag(text, at);
    }
  }

  /**
   * Reads a plain row, or finds that there is none.
   *
   * @returns the position after the text that was read
   */
  #readRow(text: string, at: number): number {
    const found = this.#scanner.scan(text, at);
    if (found === 'cut' && text.length - at <= MAX_HELD) {
      this.#utf8.takeBack(text.slice(at));
      return text.length;
    }
    if (found === 'row' && this.#xml.passRow()) {
      this.#sink.activity({ wire: this.#scanner.row(), hasUnknown: false });
      return this.#scanner.end;
    }
    this.#isBetweenRows = false;
    return at;
  }

  /**
   * Passes the text to the parser, up to and including the next tag after which rows may follow.
   *
   * @returns the position after the text that was read
   */
  #readTag(text: string, at: number): number {
    const tag = this.#tag;
    const begin = text.indexOf(tag, at);
    if (begin < 0) {
      this.#xml.write(text.slice(at));
      return text.length;
    }
    if (begin > at) this.#xml.write(text.slice(at, begin));
    this.#isBetweenRows = this.#xml.writeTag(tag);
    if (this.#isBetweenRows) this.#tag = PLAIN_ROW_END;
    return begin + tag.length;
  }
}

/** Kind of the text at a position: a row in its plain form, the beginning of a possible row, or anything else. */
export type PlainRowScan = 'row' | 'cut' | 'other';

/** Tag that ends a row. */
const PLAIN_ROW_END = '</activity>';

/** Elements of a row, in the manual's order. */
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
/**
 * Any character except `<`, `&` and `]`, which are markup, characters that XML 1.0 forbids, and CR. XML turns CR into
 * LF (XML 1.0, 2.11).
 */
const CHARACTERS = '[^<&\\]\\0-\\x08\\x0b-\\x1f\\ufffe\\uffff]*';
/** Text with the entities that XML itself defines, and without `]]>`, which XML forbids in text. */
const TEXT = `${CHARACTERS}(?:(?:\\](?!\\]>)|&(?:amp|lt|gt|quot|apos);)${CHARACTERS})*`;

/** Each column has two groups: the slash of an empty element's tag, or the text. */
const COLUMN_PATTERNS = COLUMNS.map((name) => `(?:${BLANKS}<${name}(?:(/)>|>(${TEXT})</${name}>))?`);
const ROW = new RegExp(`${BLANKS}<activity>${COLUMN_PATTERNS.join('')}${BLANKS}${PLAIN_ROW_END}`, 'y');

/**
 * Recognises a row of a history in its most common form: `<activity>` with the manual's elements in its order, each at
 * most once, without attributes. They contain characters and the entities that XML itself defines. A matching row is
 * well-formed by its form, and means the same as to a parser. The parser reads all other rows. Mutable: the last row
 * found.
 */
class PlainRowScanner {
  /** Position after the last row found. */
  end = 0;
  #groups: readonly (string | undefined)[] = [];

  /**
   * @param text decoded from valid UTF-8
   * @param from a position between two rows
   */
  scan(text: string, from: number): PlainRowScan {
    ROW.lastIndex = from;
    const match = ROW.exec(text);
    if (match === null) return text.includes(PLAIN_ROW_END, from) ? 'other' : 'cut';
    this.#groups = match;
    this.end = ROW.lastIndex;
    return 'row';
  }

  /** The last row found. */
  row(): ActivityWire {
    const groups = this.#groups;
    const hasEntities = groups[0]?.includes('&') === true;
    const text = (column: number): WireText => {
      const value = groups[2 * column + 1] === undefined ? groups[2 * column + 2] : '';
      return hasEntities && value !== undefined ? withoutEntities(value) : value;
    };
    return {
      id: text(0),
      plan: text(1),
      plan_type: text(2),
      price: text(3),
      credit_amount: text(4),
      price_currency: text(5),
      allowed_documents: text(6),
      used_documents: text(7),
      plan_activity: text(8),
      start_date: text(9),
      expiry_date: text(10),
      group_name: text(11),
      group_id: text(12),
    };
  }
}

function withoutEntities(value: string): string {
  return value.includes('&')
    ? value.replaceAll(/&([a-z]+);/g, (entity, name: string) => ENTITIES.get(name) ?? entity)
    : value;
}
