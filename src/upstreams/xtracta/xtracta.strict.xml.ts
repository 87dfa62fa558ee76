import { SaxesParser } from 'saxes';

export interface XmlLimits {
  /** Rows of a history: a wide recursive read has thousands, an attack has more. */
  readonly maxRows: number;
}

export type XmlFault = 'encoding' | 'not-well-formed' | 'doctype' | 'too-deep' | 'too-many-rows';

/** Told of what is read, in order, before it is known whether the document is one. To throw is to refuse it. */
export interface XmlListener {
  /** @param depth 1 for the root */
  readonly open: (name: string, depth: number) => void;
  /** A piece of an element's text, references replaced, CDATA included. */
  readonly text: ((text: string) => void) | null;
  /** @param depth of the element that ends */
  readonly close: ((depth: number) => void) | null;
}

/** The samples are 4 deep. */
export const MAX_DEPTH = 16;
/** A row of the manual has 13 elements. */
const MAX_ELEMENTS_PER_ROW = 32;
/** `billings_response/plans/activity` */
export const ROW_DEPTH = 3;

/** Thrown inside the parser to stop it at the first fault. */
class Refused extends Error {
  constructor(readonly fault: XmlFault) {
    super(fault);
  }
}

/**
 * Decides what is a document at all, piece by piece: one root, well-formed to its end, in UTF-8 by its own word, without a DOCTYPE,
 * within the limits. Blanks before the declaration are tolerated. Mutable: the state of one document.
 */
export class StrictXml {
  /** Name of the outermost element; empty before it. */
  root = '';
  private fault: XmlFault | null = null;
  private readonly parser: SaxesParser;
  private depth = 0;
  private rows = 0;
  private elements = 0;
  private begun = false;

  constructor(
    private readonly limits: XmlLimits,
    private readonly listener: XmlListener,
  ) {
    // XML 1.1 would make line ends of other characters; nobody sends it, and what says it is read as 1.0.
    this.parser = new SaxesParser({
      xmlns: false,
      position: false,
      defaultXMLVersion: '1.0',
      forceXMLVersion: true,
    });
    this.listen();
  }

  /** Text in any pieces. After a fault nothing is read any more. */
  write(text: string): void {
    if (this.fault !== null) return;
    const rest = this.begun ? text : text.replace(/^[\t\n\r ]+/, '');
    if (rest === '') return;
    this.begun = true;
    this.guard(() => this.parser.write(rest));
  }

  /**
   * Counts a row of the document that is not written, because it was found well-formed elsewhere; it has no more elements than a row may
   * have. False: there are too many rows.
   */
  passRow(): boolean {
    this.rows += 1;
    if (this.rows > this.limits.maxRows) this.refuse('too-many-rows');
    return this.fault === null;
  }

  /** The document has ended. Null: it was one. */
  end(): XmlFault | null {
    if (this.fault === null) this.guard(() => this.parser.close());
    return this.fault;
  }

  /** A fault that was found outside: bytes that are no text. */
  refuse(fault: XmlFault): void {
    this.fault ??= fault;
  }

  private guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fault = error instanceof Refused ? error.fault : 'not-well-formed';
    }
  }

  private listen(): void {
    const { parser, listener } = this;
    const refuse = (fault: XmlFault): never => {
      throw new Refused(fault);
    };
    parser.on('error', () => refuse('not-well-formed'));
    parser.on('doctype', () => refuse('doctype'));
    parser.on('xmldecl', ({ encoding }) => isUtf8Name(encoding) || refuse('encoding'));
    parser.on('opentagstart', ({ name }) => {
      this.depth += 1;
      this.elements += 1;
      if (this.depth === 1) this.root = name;
      if (this.depth === ROW_DEPTH) this.rows += 1;
      if (this.depth > MAX_DEPTH) refuse('too-deep');
      const { maxRows } = this.limits;
      if (this.rows > maxRows || this.elements > maxRows * MAX_ELEMENTS_PER_ROW) refuse('too-many-rows');
      listener.open(name, this.depth);
    });
    parser.on('closetag', () => {
      listener.close?.(this.depth);
      this.depth -= 1;
    });
    const { text: onText } = listener;
    if (onText === null) return;
    parser.on('text', onText);
    parser.on('cdata', onText);
  }
}

/** A document that says it is in another encoding, and still decodes as UTF-8, would be read as something it does not mean. */
function isUtf8Name(encoding: string | undefined): boolean {
  return encoding === undefined || /^(?:utf-?8|us-ascii)$/i.test(encoding);
}
