import { type Readable, UnreadableValue } from '../../domain/readable.js';
import type { UpstreamObserver } from '../../domain/upstream-call.js';
import type { Decoded } from '../decode/decoded.js';
import type { Envelope } from './xtracta.envelope.js';
import type { WireText } from './xtracta.wire.js';
import type { XmlElement } from './xtracta.xml.js';

/**
 * Reads the fields of one record and takes note of what the manual does not foresee. In a history an unreadable value stands in
 * the row ({@link readable}); in a write's answer it is null ({@link orNull}), and `unreadable` says that there was one.
 * Mutable: the note of unreadable values.
 */
export class FieldReader {
  private anyUnreadable = false;

  /** @param onDrift receives an element's name; `(unknown)` stands for all names that the manual does not have */
  constructor(
    private readonly operation: string,
    private readonly onDrift: (field: string) => void,
  ) {}

  /** Whether a value was there that could not be read. */
  get unreadable(): boolean {
    return this.anyUnreadable;
  }

  drift(field: string): void {
    this.onDrift(field);
  }

  /** A text as it is; null when missing. */
  text(element: string, text: WireText): Readable<string> {
    return this.readable(element, text, asItIs);
  }

  /** As {@link text}, with null for the unreadable too. */
  textOrNull(element: string, text: WireText): string | null {
    return this.orNull(element, text, asItIs);
  }

  readable<T>(element: string, text: WireText, decode: (text: string) => Decoded<T>): Readable<T> {
    if (text === undefined) {
      this.onDrift(element);
      return null;
    }
    const value = text === null ? ({ kind: 'unreadable' } as const) : decode(text);
    if (value.kind === 'value') {
      if (value.isAssumed === true) this.onDrift(element);
      return value.value;
    }
    if (value.kind === 'unset') return null;
    this.anyUnreadable = true;
    this.onDrift(element);
    return new UnreadableValue('xtracta', this.operation, element);
  }

  orNull<T>(element: string, text: WireText, decode: (text: string) => Decoded<T>): T | null {
    const value = this.readable(element, text, decode);
    return value instanceof UnreadableValue ? null : value;
  }

  /** As {@link readable}, for an element that the schema lets be absent. */
  optional<T>(element: string, text: WireText, decode: (text: string) => Decoded<T>): Readable<T> {
    return text === undefined ? null : this.readable(element, text, decode);
  }
}

function asItIs(value: string): Decoded<string> {
  return { kind: 'value', value };
}

/** Reads a payload, and counts what of its answer had drifted. */
export function withFields<T>(
  operation: string,
  observer: UpstreamObserver,
  payloadOf: (content: XmlElement, fields: FieldReader) => T,
): (envelope: Envelope) => T {
  return ({ content, verdict }) => {
    const fields = new FieldReader(operation, (field) => observer.drift({ endpoint: operation, field }));
    if (verdict === 'absent') fields.drift('status');
    return payloadOf(content, fields);
  };
}
