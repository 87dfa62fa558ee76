import type { UpstreamFacts } from '../../domain/errors.js';
import { sanitiseUpstreamMessage } from '../../observability/redact.js';
import type { TransportResponse } from '../http/transport.js';
import { upstreamFacts } from '../upstream-errors.js';
import { isElement, type XmlElement, type XmlNode, type XmlReading } from '../xml/xml.reader.js';
import type { WireText } from '../xml/xml-text.js';

/** The upstream's own XML. `verdict` is the result by its content alone, without the HTTP status. */
export interface Envelope {
  readonly verdict: StatusVerdict;
  /** The number in `<status>`, where it is a number: `404`. */
  readonly code: number | null;
  readonly content: XmlElement;
  /**
   * Facts for errors, which are safe to show: the message is sanitised and the call's api key removed. It is a method,
   * so that a success does not pay for it.
   */
  facts(): UpstreamFacts;
}

/**
 * Root elements. The billing UI's sample has the second one and its schema the first, so both are accepted everywhere.
 */
const ROOTS = new Set(['billings_response', 'documents_response']);

/** Null when the response is not one whole XML document with a root of this API. Then nothing in it counts. */
export function readEnvelope(
  operation: string,
  response: TransportResponse,
  document: XmlReading,
  secrets: readonly string[],
): Envelope | null {
  if (document.kind === 'invalid' || !ROOTS.has(document.root)) return null;
  const wire = envelopeWire(document.content);
  const status = wire.error_code ?? wire.status;
  const facts = (): UpstreamFacts =>
    upstreamFacts('xtracta', operation, {
      httpStatus: response.status,
      status: typeof status === 'string' && status.trim() !== '' ? sanitiseUpstreamMessage(status, secrets) : null,
      message: typeof wire.message === 'string' ? sanitiseUpstreamMessage(wire.message, secrets) : null,
    });
  return {
    verdict: hasLookalike(document.content, VERDICTS) ? 'invalid' : verdictOf(wire.status, wire.result),
    code: codeOf(wire.status),
    content: document.content,
    facts,
  };
}

/** The elements that decide the verdict. */
const VERDICTS = ['status', 'result'];

/** `<result>` occurs only in the manual's prose. If it is a refusal, it counts, whatever the status is. */
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
 * Meaning of `<status>`. `ok`: success. `refused`: a refusal. `serverError`: a failure whose effects are not known.
 * `absent`: no status, which the schema permits (`minOccurs="0"`). `invalid`: two statuses, an unknown word, or a
 * status in another case or with a prefix (`<Status>`).
 */
type StatusVerdict = 'ok' | 'refused' | 'serverError' | 'absent' | 'invalid';

const OK_WORDS = new Set(['true', '1', 'ok', 'success']);
const REFUSED_WORDS = new Set(['false', '0']);

/**
 * The manual describes the element as a boolean on one page, as the integer 200 on another, and as "a code" elsewhere.
 * So all forms are read: 2xx, `true`, `1`, `ok` and `success` mean yes, and 5xx is a failure. Every other code, `false`
 * and `0` mean no.
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

/** A record, and whether it has elements that the manual does not name. */
export interface WireRecord<T> {
  readonly wire: T;
  readonly hasUnknown: boolean;
}

/** Every element of the manual, also those in its prose only. These names may occur in logs and metric labels. */
const ELEMENTS: ReadonlySet<string> = new Set([
  ...['billings_response', 'documents_response', 'status', 'message', 'result', 'error_code'],
  ...['plans', 'packs', 'activity', 'plan', 'pack', 'pack_summary', 'url', 'expire'],
  ...['id', 'plan_name', 'pack_name', 'plan_type', 'plan_activity', 'price', 'price_currency', 'wholesale_price'],
  ...['credit_amount', 'quantity', 'group_id', 'group_name', 'start_date', 'expiry_date'],
  ...['allowed_documents', 'used_documents', 'available_documents'],
  ...['total_used_documents', 'total_available_documents'],
]);

/** An element's name if the manual has it; `(unknown)` for all others, `(document)` outside the root. */
export function elementLabel(name: string): string {
  if (name === '') return '(document)';
  return ELEMENTS.has(name) ? name : '(unknown)';
}

export type EnvelopeWire = ReturnType<typeof envelopeWire>;

/** `<result>` and `<error_code>` occur only in the manual's prose. */
function envelopeWire(content: XmlElement) {
  return {
    status: textIn(content, 'status'),
    message: textIn(content, 'message'),
    result: textIn(content, 'result'),
    error_code: textIn(content, 'error_code'),
  };
}

/**
 * The fields of a record, and whether it has other elements. A field that is there only in another case or with a
 * prefix is unreadable, because a missing field has a meaning: a row without `group_id` is of the requested group.
 */
export function withUnknown<T extends object>(element: XmlElement, fields: (element: XmlElement) => T): WireRecord<T> {
  let wire = fields(element);
  let hasUnknown = false;
  for (const name in element) {
    if (name === '#text' || Object.hasOwn(wire, name)) continue;
    hasUnknown = true;
    const field = plainName(name);
    if (Object.hasOwn(wire, field) && element[field] === undefined) wire = { ...wire, [field]: null };
  }
  return { wire, hasUnknown };
}

/** An element's name in small letters and without its prefix. */
export function plainName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1).toLowerCase();
}

/** Whether a child element has one of the names only in another case or with a prefix. */
export function hasLookalike(element: XmlElement, names: readonly string[]): boolean {
  for (const name in element) {
    if (!names.includes(name) && names.includes(plainName(name))) return true;
  }
  return false;
}

/** The child elements with that name; one that is not repeated is a list of one. */
export function childrenOf(element: XmlElement, name: string): readonly XmlNode[] {
  const node = element[name];
  return node === undefined ? [] : isList(node) ? node : [node];
}

/** `Array.isArray` does not narrow a union to its readonly array. */
function isList(node: XmlNode): node is readonly XmlNode[] {
  return Array.isArray(node);
}

/** Whether a node is a text that is not blank, readable or not. */
export function isText(node: XmlNode): boolean {
  return typeof node === 'symbol' || (typeof node === 'string' && node.trim() !== '');
}

/** What lists of records hold beside them: the names of other elements, and whether there is text. */
export function besideRecords(
  lists: readonly XmlNode[],
  records: readonly string[],
): { readonly names: readonly string[]; readonly hasText: boolean } {
  const names = lists.flatMap((list) => (isElement(list) ? Object.keys(list) : []));
  return {
    names: names.filter((name) => name !== '#text' && !records.includes(name)),
    hasText: lists.some((list) => isText(isElement(list) ? (list['#text'] ?? '') : list)),
  };
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
