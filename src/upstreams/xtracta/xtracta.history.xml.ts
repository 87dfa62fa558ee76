import { Utf8Text } from './utf8.text.js';
import { PLAIN_ROW_END, PlainRowScanner } from './xtracta.plain-row.js';
import { XmlStream } from './xtracta.stream.xml.js';
import type { XmlLimits } from './xtracta.strict.xml.js';
import { type ActivityWire, activityWire, type WireRecord } from './xtracta.wire.js';
import type { XmlReading } from './xtracta.xml.js';

/** Receives the rows as they end, in their order within each list. The document may still turn out to be none. */
export interface RowSink {
  readonly activity: (row: WireRecord<ActivityWire>) => void;
  readonly plan: (row: WireRecord<ActivityWire>) => void;
}

/** A row that is not whole after this much text is left to the parser, which holds no text back. */
const MAX_HELD = 16 * 1024;

/**
 * Reads a history's document as its bytes arrive. Rows in their plain form are recognised by comparing text, which takes an eighth of the
 * time; whatever else the document has is read by the strict parser, which does not see those rows. Mutable: the state of one document.
 */
export class HistoryXml {
  private readonly utf8 = new Utf8Text();
  private readonly xml: XmlStream;
  private readonly scanner = new PlainRowScanner();
  private isBetweenRows = false;
  private tag: '<plans>' | typeof PLAIN_ROW_END = '<plans>';

  constructor(
    limits: XmlLimits,
    private readonly sink: RowSink,
  ) {
    this.xml = new XmlStream(limits, (element, row) => {
      this.tag = PLAIN_ROW_END;
      sink[element](activityWire(row));
    });
  }

  write(bytes: Buffer): void {
    const text = this.utf8.write(bytes);
    if (text === null) this.refuse();
    else this.read(text);
  }

  /** The bytes have ended. The rows are not in the document's content. */
  end(): XmlReading {
    const rest = this.utf8.end();
    if (rest === null) this.refuse();
    else this.xml.write(rest);
    return this.xml.end();
  }

  private refuse(): void {
    this.isBetweenRows = false;
    this.xml.refuse('encoding');
  }

  private read(text: string): void {
    let at = 0;
    while (at < text.length) {
      at = this.isBetweenRows ? this.readRow(text, at) : this.readTag(text, at);
    }
  }

  /** Reads a plain row, or finds that none stands here. @returns behind what was read */
  private readRow(text: string, at: number): number {
    const found = this.scanner.scan(text, at);
    if (found === 'cut' && text.length - at <= MAX_HELD) {
      this.utf8.takeBack(text.slice(at));
      return text.length;
    }
    if (found === 'row' && this.xml.passRow()) {
      this.sink.activity({ wire: this.scanner.row(), hasUnknown: false });
      return this.scanner.end;
    }
    this.isBetweenRows = false;
    return at;
  }

  /** Leaves to the parser what comes up to the next tag behind which rows may stand, and the tag. @returns behind what was read */
  private readTag(text: string, at: number): number {
    const { tag } = this;
    const begin = text.indexOf(tag, at);
    if (begin < 0) {
      this.xml.write(text.slice(at));
      return text.length;
    }
    if (begin > at) this.xml.write(text.slice(at, begin));
    this.isBetweenRows = this.xml.writeTag(tag);
    if (this.isBetweenRows) this.tag = PLAIN_ROW_END;
    return begin + tag.length;
  }
}
