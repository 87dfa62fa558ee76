import type { UpstreamFacts } from '../../domain/errors.js';
import { sanitiseUpstreamMessage } from '../../observability/redact.js';
import type { TransportAnswer } from '../http/transport.js';
import { upstreamFacts } from '../upstream.errors.js';
import type { XmlElement, XmlNode, XmlReading } from '../xml/xml.reader.js';
import type { WireText } from '../xml/xml.text.js';

/** The upstream's own XML, whatever it says. `verdict` is what it says by itself, without the HTTP status. */
export interface Envelope {
  readonly verdict: StatusVerdict;
  /** The number in `<status>`, where it is one: `404`. */
  readonly code: number | null;
  readonly content: XmlElement;
  /**
   * For errors alone. Safe to show: the message is sanitised, the api key of the call removed, which no success needs
   * to pay for.
   */
  facts(): UpstreamFacts;
}

/** The billing UI's sample has the second root where its schema has the first, so both are taken everywhere. */
const ROOTS = new Set(['billings_response', 'documents_response']);

/** Null when the answer is not one whole XML document with a root of this API: then nothing in it counts. */
export function readEnvelope(
  operation: string,
  answer: TransportAnswer,
  document: XmlReading,
  secrets: readonly string[],
): Envelope | null {
  if (document.kind === 'invalid' || !ROOTS.has(document.root)) return null;
  const wire = envelopeWire(document.content);
  const status = wire.error_code ?? wire.status;
  const facts = (): UpstreamFacts =>
    upstreamFacts('xtracta', operation, {
      httpStatus: answer.status,
      status: typeof status === 'string' && status.trim() !== '' ? sanitiseUpstreamMessage(status, secrets) : null,
      message: typeof wire.message === 'string' ? sanitiseUpstreamMessage(wire.message, secrets) : null,
    });
  return {
    verdict: verdictOf(wire.status, wire.result),
    code: codeOf(wire.status),
    content: document.content,
    facts,
  };
}

/** `<result>` exists in the manual's prose alone; should it say no, that counts, whatever the status says. */
function verdictOf(status: WireText, result: WireText): StatusVerdict {
  const verdict = status === undefined ? 'absent' : status === null ? 'invalid' : decodeStatus(status);
  if (result === undefined || (verdict !== 'ok' && verdict !== 'absent')) return verdict;
  const resultVerdict = result === null ? 'invalid' : decodeStatus(result);
  return resultVerdict === 'absent' ? verdict : resultVerdict;
}

function codeOf(status: WireText): number | null {
  const text = status?.trim() ?? '';
  return /^0*[1-9]\d{2}$/.test(text) ? Number(text) : null;
}

/**
 * What `<status>` says. `ok`: it worked. `refused`: the upstream says no. `serverError`: it failed, and what it did
 * before is not known. `absent`: nothing said, which the schema allows (`minOccurs="0"`). `invalid`: said twice, or in
 * a word nobody knows.
 */
type StatusVerdict = 'ok' | 'refused' | 'serverError' | 'absent' | 'invalid';

const OK_WORDS = new Set(['true', '1', 'ok', 'success']);
const REFUSED_WORDS = new Set(['false', '0']);

/**
 * The manual describes the element as a boolean on one page, as the integer 200 on another and as "a code" on the rest,
 * so all are read: 2xx, `true`, `1`, `ok` and `success` are yes; 5xx is a failure; every other code, `false` and `0`
 * are no.
 */
export function decodeStatus(text: string): StatusVerdict {
  const word = text.trim().toLowerCase();
  if (word === '') return 'absent';
  if (OK_WORDS.has(word)) return 'ok';
  if (REFUSED_WORDS.has(word)) return 'refused';
  if (!/^0*[1-9]\d{2}$/.test(word)) return 'invalid';
  const hundreds = Math.floor(Number(word) / 100);
  if (hundreds === 2) return 'ok';
  return hundreds === 5 ? 'serverError' : 'refused';
}

/** A record and whether it held elements that the manual does not name. */
export interface WireRecord<T> {
  readonly wire: T;
  readonly hasUnknown: boolean;
}

/**
 * Every element of the manual, and the few that it names in prose alone: the words that may stand in logs and metric
 * labels.
 */
const ELEMENTS: ReadonlySet<string> = new Set([
  ...['billings_response', 'documents_response', 'status', 'message', 'result', 'error_code'],
  ...['plans', 'packs', 'activity', 'plan', 'pack', 'pack_summary', 'url', 'expire'],
  ...['id', 'plan_name', 'pack_name', 'plan_type', 'plan_activity', 'price', 'price_currency', 'wholesale_price'],
  ...['credit_amount', 'quantity', 'group_id', 'group_name', 'start_date', 'expiry_date'],
  ...['allowed_documents', 'used_documents', 'available_documents'],
  ...['total_used_documents', 'total_available_documents'],
]);

/** An element's name where the manual has it; `(unknown)` for all others, `(document)` for a place outside of all. */
export function elementLabel(name: string): string {
  if (name === '') return '(document)';
  return ELEMENTS.has(name) ? name : '(unknown)';
}

export type EnvelopeWire = ReturnType<typeof envelopeWire>;

/** `<result>` and `<error_code>` are named in the manual's prose alone. */
function envelopeWire(content: XmlElement) {
  return {
    status: textIn(content, 'status'),
    message: textIn(content, 'message'),
    result: textIn(content, 'result'),
    error_code: textIn(content, 'error_code'),
  };
}

/** The fields of a record, and whether it has others. */
export function withUnknown<T extends object>(element: XmlElement, fields: (element: XmlElement) => T): WireRecord<T> {
  const wire = fields(element);
  for (const name in element) {
    if (name !== '#text' && !Object.hasOwn(wire, name)) return { wire, hasUnknown: true };
  }
  return { wire, hasUnknown: false };
}

export function childOf(element: XmlElement, name: string): XmlNode | undefined {
  return element[name];
}

export function textIn(element: XmlElement, name: string): WireText {
  return nodeText(childOf(element, name));
}

export function nodeText(node: XmlNode | undefined): WireText {
  return node === undefined || typeof node === 'string' ? node : null;
}
