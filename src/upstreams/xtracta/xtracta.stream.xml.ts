import { isAscii, isUtf8 } from 'node:buffer';
import { ElementNames } from './element.names.js';
import { ROW_DEPTH, StrictXml, type XmlLimits, type XmlListener } from './xtracta.strict.xml.js';
import { isElement, type XmlNode, type XmlReading } from './xtracta.xml.js';

/** Receives each row of a history as soon as it has ended. The document may still turn out to be none. */
export type OnRow = (element: 'activity' | 'plan', row: XmlNode) => void;

type MutableElement = Record<string, XmlNode>;

/** An element that has begun. It is its text until an element begins inside. */
interface Frame {
  name: string;
  text: string;
  children: MutableElement | null;
}

/** An element named as something that every object has; `readXml` refuses the same. */
class ReservedName extends Error {}

/**
 * Reads one XML document as `readXml` does, to the same tree, but piece by piece as its bytes arrive, in one pass; text beside
 * elements is dropped. Rows (`activity` or `plan` right inside the root's `plans`) leave the tree through `onRow`. Mutable: the state
 * of one document.
 */
export class XmlStream {
  private readonly frames: Frame[] = [];
  private frame: Frame | null = null;
  private content: XmlNode = '';
  private readonly strict: StrictXml;
  /** The bytes of a character that the last chunk ended inside of. */
  private rest: Buffer = Buffer.alloc(0);
  private begun = false;
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
      close: (depth) => this.close(depth),
    };
    this.strict = new StrictXml(limits, listener);
  }

  write(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const whole = wholeCharacters(bytes);
    this.rest = bytes.subarray(whole);
    this.decode(bytes.subarray(0, whole));
  }

  end(): XmlReading {
    if (this.rest.length > 0) this.strict.refuse('encoding');
    const fault = this.strict.end();
    if (fault !== null) return { kind: 'invalid', reason: fault };
    return { kind: 'document', root: this.strict.root, content: isElement(this.content) ? this.content : {} };
  }

  /** A replaced character would alter a name or, worse, an id: bytes that are no UTF-8 refuse the document. */
  private decode(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!isUtf8(bytes)) {
      this.strict.refuse('encoding');
      return;
    }
    const text = isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8');
    // The byte order mark is none of the document's characters.
    this.strict.write(!this.begun && text.startsWith('\ufeff') ? text.slice(1) : text);
    this.begun = true;
  }

  private open(name: string, depth: number): void {
    if (depth === ROW_DEPTH) this.names.restart();
    this.begin(this.names.same(name), depth);
  }

  private begin(name: string, depth: number): void {
    let frame = this.frames[depth];
    if (frame === undefined) {
      frame = { name, text: '', children: null };
      this.frames[depth] = frame;
    } else {
      frame.name = name;
      frame.text = '';
      frame.children = null;
    }
    this.frame = frame;
  }

  private close(depth: number): void {
    const { frame } = this;
    if (frame === null) return;
    const node: XmlNode = frame.children ?? frame.text;
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
    const isRow = depth === ROW_DEPTH && parent.name === 'plans' && (name === 'activity' || name === 'plan');
    if (isRow && this.onRow !== null) this.onRow(name, node);
    else attach(parent.children, name, node);
  }
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

/** How many of the bytes end with a whole character, as far as UTF-8 lets tell: at most 3 are left over. */
function wholeCharacters(bytes: Buffer): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back += 1) {
    const byte = bytes[length - back] ?? 0;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) return expectedLength(byte) > back ? length - back : length;
  }
  return length;
}

function expectedLength(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}
