import { ElementNames } from './element.names.js';
import { ROW_DEPTH, StrictXml, type XmlFault, type XmlLimits, type XmlListener } from './xtracta.strict.xml.js';
import { decodeUtf8, invalid, isElement, UNREADABLE_TEXT, type XmlNode, type XmlReading } from './xtracta.xml.js';

/** Receives each row of a history as soon as it has ended. The document may still turn out to be none. */
export type OnRow = (element: 'activity' | 'plan', row: XmlNode) => void;

type MutableElement = Record<string, XmlNode>;

/** An element that has begun. It is its text until an element begins inside. */
interface Frame {
  name: string;
  text: string;
  /** Whether its text holds what is no text. */
  isUnreadable: boolean;
  children: MutableElement | null;
}

/** An element named as something that every object has; `readXml` refuses the same. */
class ReservedName extends Error {}

/**
 * Reads one XML document as `readXml` does, to the same tree, but piece by piece as its text arrives, in one pass; text beside
 * elements is dropped. Rows (`activity` or `plan` right inside the root's `plans`) leave the tree through `onRow`. Mutable: the state
 * of one document.
 */
export class XmlStream {
  private readonly frames: Frame[] = [];
  private frame: Frame | null = null;
  private content: XmlNode = '';
  private readonly strict: StrictXml;
  /** Set where a tag ends that has rows beside it. */
  private isBetweenRows = false;
  private readonly names = new ElementNames();

  constructor(
    limits: XmlLimits,
    private readonly onRow: OnRow | null = null,
  ) {
    const listener: XmlListener = {
      open: (name, depth) => this.open(name, depth),
      text: (text) => {
        if (this.frame !== null) this.frame.text += text;
      },
      unreadable: () => {
        if (this.frame !== null) this.frame.isUnreadable = true;
      },
      close: (depth) => this.close(depth),
    };
    this.strict = new StrictXml(limits, listener);
  }

  write(text: string): void {
    this.strict.write(text);
  }

  /**
   * Writes the text of one whole tag, of which only the document so far tells whether it is a tag there.
   *
   * @returns whether it was one, and what follows it stands between two rows
   */
  writeTag(tag: '<plans>' | '</activity>'): boolean {
    this.isBetweenRows = false;
    this.strict.write(tag);
    return this.isBetweenRows;
  }

  /** Instead of writing a row that was read elsewhere. To call between two rows. False: the document is refused, by its limits. */
  passRow(): boolean {
    if (this.frame !== null) this.frame.children ??= {};
    return this.strict.passRow();
  }

  /** A fault that was found outside: bytes that are no text. */
  refuse(fault: XmlFault): void {
    this.strict.refuse(fault);
  }

  end(): XmlReading {
    const fault = this.strict.end();
    const { root, place, oddities } = this.strict;
    if (fault !== null) return invalid(fault, place);
    return { kind: 'document', root, content: isElement(this.content) ? this.content : {}, oddities };
  }

  private open(name: string, depth: number): void {
    if (depth === ROW_DEPTH) this.names.restart();
    if (depth === ROW_DEPTH - 1 && name === 'plans') this.isBetweenRows = true;
    const isInRow = depth >= ROW_DEPTH && this.onRow !== null;
    this.begin(isInRow ? this.names.same(name) : name, depth);
  }

  private begin(name: string, depth: number): void {
    let frame = this.frames[depth];
    if (frame === undefined) {
      frame = { name, text: '', isUnreadable: false, children: null };
      this.frames[depth] = frame;
    } else {
      frame.name = name;
      frame.text = '';
      frame.isUnreadable = false;
      frame.children = null;
    }
    this.frame = frame;
  }

  private close(depth: number): void {
    const { frame } = this;
    if (frame === null) return;
    const node: XmlNode = frame.children ?? (frame.isUnreadable ? UNREADABLE_TEXT : frame.text);
    if (frame.name === 'prototype') throw new ReservedName();
    const parent = this.frames[depth - 1] ?? null;
    this.frame = parent;
    if (parent === null) {
      if (frame.name in Object.prototype) throw new ReservedName();
      this.content = node;
      return;
    }
    parent.children ??= {};
    const { name } = frame;
    const isInPlans = depth === ROW_DEPTH && parent.name === 'plans';
    this.isBetweenRows = isInPlans;
    const isRow = isInPlans && (name === 'activity' || name === 'plan');
    if (isRow && this.onRow !== null) this.onRow(name, node);
    else attach(parent.children, name, node);
  }
}

/** Reads a whole body as `readXml` does, in a fifth of the time: for the answers of writes, which come one for each. */
export function readDocument(body: Uint8Array, limits: XmlLimits): XmlReading {
  const text = decodeUtf8(body);
  if (text === null) return invalid('encoding');
  const stream = new XmlStream(limits);
  stream.write(text);
  return stream.end();
}

function attach(element: MutableElement, name: string, node: XmlNode): void {
  const present: unknown = element[name];
  if (present === undefined) element[name] = node;
  else if (isOwnList(present)) present.push(node);
  // What is there and was not put there is inherited: asking so costs nothing, asking for the name costs as much as the parser.
  else if (typeof present === 'function' || present === Object.prototype) throw new ReservedName();
  else element[name] = [element[name] ?? '', node];
}

/** Lists are made here, and by nobody else. */
function isOwnList(node: unknown): node is XmlNode[] {
  return Array.isArray(node);
}
