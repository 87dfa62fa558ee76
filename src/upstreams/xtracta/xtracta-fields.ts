import type { PlanType } from '../../domain/billing-history.js';
import {
  type DecimalText,
  type Instant,
  type Money,
  type Readable,
  readableOrNull,
  UnreadableValue,
} from '../../domain/money.js';
import type { EndpointKind, UpstreamObserver } from '../../domain/upstream-call.js';
import type { BillingWarning, HeldDocumentsAction } from '../../domain/write.js';
import { type Decoded, decodeCurrency, decodeDecimal, decodePlanType } from '../value.decoders.js';
import type { XmlElement } from '../xml/xml.reader.js';
import type { WireText } from '../xml/xml-text.js';
import { type Envelope, plainName } from './xtracta-envelope.js';

/**
 * Reads the fields of one record and reports values that the manual does not describe. In a history an unreadable value
 * stays in the row ({@link readable}). In a write's response it is null ({@link orNull}), and `unreadable` tells that
 * there was one. Mutable: the note of unreadable values.
 */
export class FieldReader {
  readonly #operation: string;
  readonly #onDrift: (field: string) => void;
  #anyUnreadable = false;

  /** @param onDrift receives an element's name; `(unknown)` stands for all names that the manual does not have */
  constructor(operation: string, onDrift: (field: string) => void) {
    this.#operation = operation;
    this.#onDrift = onDrift;
  }

  /** Whether the record had an unreadable value. */
  get unreadable(): boolean {
    return this.#anyUnreadable;
  }

  drift(field: string): void {
    this.#onDrift(field);
  }

  /** The text unchanged; null when missing. */
  text(element: string, text: WireText): Readable<string> {
    return this.readable(element, text, asItIs);
  }

  /** As {@link text}, but null for an unreadable text too. */
  textOrNull(element: string, text: WireText): string | null {
    return this.orNull(element, text, asItIs);
  }

  readable<T>(element: string, text: WireText, decode: (text: string) => Decoded<T>): Readable<T> {
    if (text === undefined) {
      this.#onDrift(element);
      return null;
    }
    const value = text === null ? ({ kind: 'unreadable' } as const) : decode(text);
    if (value.kind === 'value') {
      if (value.isAssumed === true) this.#onDrift(element);
      return value.value;
    }
    if (value.kind === 'unset') return null;
    this.#anyUnreadable = true;
    this.#onDrift(element);
    return new UnreadableValue('xtracta', this.#operation, element);
  }

  orNull<T>(element: string, text: WireText, decode: (text: string) => Decoded<T>): T | null {
    const value = this.readable(element, text, decode);
    return value instanceof UnreadableValue ? null : value;
  }

  /** As {@link readable}, for an element that the schema permits to be absent. */
  optional<T>(element: string, text: WireText, decode: (text: string) => Decoded<T>): Readable<T> {
    return text === undefined ? null : this.readable(element, text, decode);
  }
}

function asItIs(value: string): Decoded<string> {
  return { kind: 'value', value };
}

/**
 * Reads a payload, and counts the drift in its response. Null: the payload is not whole, or not one that can be read.
 *
 * @param element of the payload, which the log names where the gateway refuses the response
 */
export function withFields<T>(
  operation: string,
  element: string,
  observer: UpstreamObserver,
  payloadOf: (content: XmlElement, fields: FieldReader) => T | null,
): (envelope: Envelope) => T | null {
  return ({ content, verdict }) => {
    const fields = new FieldReader(operation, (field) => observer.drift({ endpoint: operation, field }));
    if (verdict === 'absent') fields.drift('status');
    const payload = payloadOf(content, fields);
    if (payload === null) observer.drift({ endpoint: operation, field: element, refused: 'not-whole' });
    return payload;
  };
}

/** Whether the response has any part of a purchase, whole or not, also in another case or with a prefix. */
export function hasElement(content: XmlElement, ...names: readonly string[]): boolean {
  return Object.entries(content).some(([name, node]) => node !== '' && names.includes(plainName(name)));
}

export function idOf(text: WireText): string | null {
  const id = text?.trim() ?? '';
  return id === '' ? null : id;
}

export function groupWarning(requested: string | null, reported: string | null): BillingWarning[] {
  if (requested === null || reported === null || requested.replace(/^0+/, '') === reported) return [];
  return [{ code: 'GROUP_DIFFERS', message: 'The upstream names another group than the requested one.' }];
}

/**
 * By the manual the responses of writes name no currency. If one is present, it is used; the gateway never guesses one.
 */
export function writtenMoney(price: WireText, currency: WireText, fields: FieldReader): Readable<Money> {
  const amount = fields.readable('price', price, decodeDecimal);
  return money(amount, readableOrNull(fields.optional('price_currency', currency, decodeCurrency)));
}

/** Without a readable amount, the currency is dropped too. */
export function money(amount: Readable<DecimalText>, currency: Readable<string>): Readable<Money> {
  return amount === null || amount instanceof UnreadableValue ? amount : { amount, currency };
}

export function textOf(value: Readable<Instant>): Readable<string> {
  return value === null || value instanceof UnreadableValue ? value : value.text;
}

export function planType(
  text: WireText,
  fields: FieldReader,
): { readonly type: PlanType; readonly raw: Readable<string> } {
  const raw = fields.text('plan_type', text);
  if (typeof raw !== 'string') return { type: 'OTHER', raw };
  const { type, known } = decodePlanType(raw);
  if (!known) fields.drift('plan_type');
  return { type, raw };
}

/** One endpoint of the billing API. All are POST, so only `kind` tells whether a request may be repeated. */
export interface XtractaEndpoint {
  /** Name of the client's method in logs, metrics and errors. */
  readonly operation: string;
  readonly path: string;
  readonly kind: EndpointKind;
}

export const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded; charset=UTF-8';

type Field = readonly [name: string, value: string | number | null];

/**
 * Encodes the fields in the given order. A null field is left out, so that the text `undefined` or `null` is never
 * sent.
 */
export function encodeForm(apiKey: string, fields: readonly Field[]): string {
  let form = `api_key=${encodeValue(apiKey)}`;
  for (const [name, value] of fields) {
    if (value !== null) form += `&${name}=${encodeValue(String(value))}`;
  }
  return form;
}

/** Most values consist of characters that a form does not encode. */
function encodeValue(value: string): string {
  return /^[\w.*-]*$/.test(value) ? value : new URLSearchParams([['', value]]).toString().slice(1);
}

export function purge(action: HeldDocumentsAction): string {
  return action === 'DELETE' ? 'delete' : 'process';
}
