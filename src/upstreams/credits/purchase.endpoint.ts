import Big from 'big.js';
import { z } from 'zod';
import type { UpstreamFacts } from '../../domain/errors.js';
import type { BillingContact, CreditPurchase, CreditPurchaseRequest } from '../../domain/purchases.js';
import type { BillingWarning, WriteOutcome } from '../../domain/write.js';
import { sanitiseUpstreamMessage } from '../../observability/redact.js';
import type { TransportAnswer, TransportResult } from '../http/transport.js';
import {
  carriesPayload,
  notSent,
  outcomeUnknown,
  rejected,
  upstreamFacts,
  VALUE_UNREADABLE,
} from '../upstream.errors.js';
import {
  type Decoded,
  decodeCurrency,
  decodeDateTime,
  decodeDecimal,
  decoded,
  UNREADABLE,
  UNSET,
} from '../value.decoders.js';
import { JsonNumber, type JsonObject, leafText, readJsonObject } from './credits.json.js';

/** What the judgement of an answer needs to know of the question. */
export interface PurchaseQuestion {
  readonly operation: string;
  readonly purchaseId: string;
  /** Removed from the upstream's message wherever they occur. */
  readonly secrets: readonly string[];
  /** `refused`: why the whole response does not count, in a bounded word. */
  readonly onDrift: (field: string, refused?: string) => void;
}

/** The help page prints `Error` beside `ResponseData`; these codes say that there was none. */
const NO_ERROR_CODES = new Set(['', '0', 'ok', 'none', 'success']);

const ERROR_BESIDE_RESULT: BillingWarning = {
  code: 'UPSTREAM_ERROR_BESIDE_RESULT',
  message: 'The upstream reported an error beside a completed purchase.',
};

/**
 * What is known after one attempt at a purchase. "An error" is an `ErrorCode` that says more than "none", an
 * `ErrorReason` without a code, or a text in place of the `Error` object ({@link errorOf}).
 *
 * | HTTP                 | `Detail`              | `Error`                 | outcome                                     |
 * |----------------------|-----------------------|-------------------------|---------------------------------------------|
 * | never connected      |                       |                         | notSent                                     |
 * | broken, late, unread |                       |                         | unknown                                     |
 * | 2xx, not 204, 205    | a non-zero `ID`       | none                    | succeeded                                   |
 * | 2xx, not 204, 205    | a non-zero `ID`       | an error, or no form of | succeeded, `UPSTREAM_ERROR_BESIDE_RESULT`   |
 * |                      |                       | the documents           |                                             |
 * | 2xx, not 204, 205    | no trace of a purchase| an error                | rejected                                    |
 * | 4xx, JSON            | no trace of a purchase| an error, or `Message`  | rejected                                    |
 * | any                  | anything else         |                         | unknown                                     |
 */
export function classifyPurchase(result: TransportResult, question: PurchaseQuestion): WriteOutcome<CreditPurchase> {
  const facts = upstreamFacts('credits', question.operation, { httpStatus: result.status });
  if (result.kind === 'failure') return result.sent ? outcomeUnknown(facts) : notSent(facts);
  const json = readJsonObject(result.body);
  const response = json === null ? null : purchaseResponseWire(json);
  if (response === null) {
    question.onDrift('(document)', json === null ? 'not-json' : 'structure');
    return outcomeUnknown(facts);
  }
  const error = errorOf(response, result, question);
  if (isRefusal(result.status, response, error)) {
    const isCredentials = result.status === 401 || result.status === 403;
    return rejected(error.facts, isCredentials ? 'UPSTREAM_UNAUTHENTICATED' : 'UPSTREAM_REJECTED');
  }
  const id = decodePurchaseGuid(leafText(response.responsedata?.detail?.id) ?? '');
  if (!carriesPayload(result.status)) return outcomeUnknown(error.facts);
  if (id.kind !== 'value') {
    question.onDrift('ID', 'not-whole');
    return outcomeUnknown(error.facts);
  }
  const { value, warnings } = toCreditPurchase(id.value, question.purchaseId, response, question.onDrift);
  const beside = error.kind !== 'none' ? [ERROR_BESIDE_RESULT] : [];
  return { kind: 'succeeded', value, warnings: [...beside, ...warnings] };
}

interface ReportedError {
  /** `error`: the upstream says no, in a form of the documents. `odd`: `Error` holds something that no document has. */
  readonly kind: 'none' | 'error' | 'odd';
  /** A `Message` of the framework, which refuses before the action runs. */
  readonly hasMessage: boolean;
  readonly facts: UpstreamFacts;
}

/**
 * The error that a response reports, in any form of the documents: a code, a reason without a code, or a text in place
 * of the object. A code that says "none" counts against a reason beside it: the two contradict each other, which proves
 * no refusal.
 */
function errorOf(response: PurchaseResponseWire, answer: TransportAnswer, question: PurchaseQuestion): ReportedError {
  const wire = errorWire(response.error);
  const isObject = wire.kind === 'object';
  const code = (isObject ? leafText(wire.errorcode)?.trim() : null) ?? '';
  const text = (isObject ? leafText(wire.errorreason) : wire.kind === 'text' ? wire.text : null)?.trim() ?? '';
  const message = leafText(response.message)?.trim() ?? '';
  const hasCode = saysMore(code);
  const hasReason = code === '' && saysMore(text);
  return {
    kind: hasCode || hasReason ? 'error' : wire.kind === 'other' ? 'odd' : 'none',
    hasMessage: message !== '',
    facts: upstreamFacts('credits', question.operation, {
      httpStatus: answer.status,
      status: hasCode ? sanitiseUpstreamMessage(code, question.secrets) : null,
      message: sanitiseUpstreamMessage(text === '' ? message : text, question.secrets),
    }),
  };
}

/** Whether a code, or a text in its place, says more than that there was no error. */
function saysMore(text: string): boolean {
  return !NO_ERROR_CODES.has(text.toLowerCase());
}

function isRefusal(httpStatus: number, response: PurchaseResponseWire, error: ReportedError): boolean {
  if (hasTraceOfPurchase(response)) return false;
  if (carriesPayload(httpStatus)) return error.kind === 'error';
  return httpStatus >= 400 && httpStatus < 500 && (error.kind === 'error' || error.hasMessage);
}

/** A refusal may come with a `Detail` full of defaults; an id, an invoice or a payment is more than a default. */
function hasTraceOfPurchase({ responsedata }: PurchaseResponseWire): boolean {
  const detail = responsedata?.detail;
  if (detail === null || detail === undefined) return false;
  const id = leafText(detail.id);
  const invoice = leafText(detail.invoicenumber);
  const hasId = id === null || (id !== undefined && decodePurchaseGuid(id).kind !== 'unset');
  const hasInvoice = invoice === null || (invoice !== undefined && !/^\s*0*\s*$/.test(invoice));
  const isPaid = leafText(detail.paid)?.trim().toLowerCase() === 'true';
  return hasId || hasInvoice || isPaid;
}

/** The JSON body of a purchase, names as on the help page. What is not given is left out, not sent as null. */
export function purchaseBody(request: CreditPurchaseRequest): string {
  return JSON.stringify({
    Billing: request.billing === null ? undefined : billing(request.billing),
    PurchaseID: request.purchaseId.toLowerCase(),
    PurchaseOrder: request.purchaseOrder ?? undefined,
  });
}

/** `JSON.stringify` leaves out what is undefined; a contact without a single detail is left out as a whole. */
function billing(contact: BillingContact): Record<string, string | undefined> | undefined {
  const { address, company, email, mobile, phone } = contact;
  if ([address, company, email, mobile, phone].every((detail) => detail === null)) return undefined;
  return {
    Address: address ?? undefined,
    Company: company ?? undefined,
    Email: email ?? undefined,
    Mobile: mobile ?? undefined,
    Phone: phone ?? undefined,
  };
}

/**
 * The answer of `PurchaseCredits` as received (`ResponseOfPurchase`), names in lower case. The structure is checked: an
 * object or null where the help page has an object. The leaves are not: each is read by itself, so that an odd one does
 * not hide a purchase.
 */
const detailSchema = z.object({
  id: z.unknown(),
  currency: z.unknown(),
  datepurchased: z.unknown(),
  grosstotal: z.unknown(),
  invoicenumber: z.unknown(),
  nettotal: z.unknown(),
  paid: z.unknown(),
  purchasetype: z.unknown(),
  quantity: z.unknown(),
  tax: z.unknown(),
  unitprice: z.unknown(),
});

const purchaseResponseSchema = z.object({
  /** An object by the help page. Whatever else it is must not hide a purchase that stands beside it. */
  error: z.unknown(),
  responsedata: z
    .object({
      identification: z.object({ userid: z.unknown() }).partial().nullish(),
      result: z.unknown(),
      detail: detailSchema.partial().nullish(),
    })
    .partial()
    .nullish(),
  /** What ASP.NET Web API itself answers when it refuses a request: `{"Message": …}`. */
  message: z.unknown(),
});

const errorSchema = z.object({ errorcode: z.unknown(), errorreason: z.unknown() }).partial();

/**
 * What stands in `Error`. `object`: code and reason, as on the help page. `text`: a plain string instead, `''` for
 * none. `other`: something that no document has, such as a number, a list, or `true`.
 */
export type ErrorWire =
  | { readonly kind: 'object'; readonly errorcode: unknown; readonly errorreason: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'other' };

/** Missing and null are an empty text: no error. */
function errorWire(error: unknown): ErrorWire {
  if (error === undefined || error === null) return { kind: 'text', text: '' };
  if (typeof error === 'string') return { kind: 'text', text: error };
  // An object of another kind, a number's text for one, is none of the help page's.
  if (Array.isArray(error) || error instanceof JsonNumber) return { kind: 'other' };
  const parsed = errorSchema.safeParse(error);
  if (!parsed.success) return { kind: 'other' };
  return { kind: 'object', errorcode: parsed.data.errorcode, errorreason: parsed.data.errorreason };
}

type PurchaseResponseWire = z.infer<typeof purchaseResponseSchema>;
type PurchaseDetailWire = NonNullable<NonNullable<PurchaseResponseWire['responsedata']>['detail']>;

/** Null when an object of the answer is something else. */
function purchaseResponseWire(json: JsonObject): PurchaseResponseWire | null {
  const parsed = purchaseResponseSchema.partial({ message: true, error: true }).safeParse(json);
  return parsed.success ? { message: undefined, error: undefined, ...parsed.data } : null;
}

const ZERO_GUID = '00000000-0000-0000-0000-000000000000';
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Rounding of a price to cents may differ by one; the upstream computes in binary floats. */
const TOTALS_TOLERANCE = '0.01';

/** A purchase's id: .NET writes an unset one as zeros. */
function decodePurchaseGuid(text: string): Decoded<string> {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === ZERO_GUID) return UNSET;
  return GUID.test(trimmed) ? decoded(trimmed.toLowerCase()) : UNREADABLE;
}

/** Reads leaves, with null for what cannot be read. Mutable: whether there was any. */
class LeafReader {
  readonly #onDrift: (field: string) => void;
  unreadable = false;

  constructor(onDrift: (field: string) => void) {
    this.#onDrift = onDrift;
  }

  read<T>(field: string, leaf: unknown, decode: (text: string) => Decoded<T>): T | null {
    const text = leafText(leaf);
    if (text === undefined) return null;
    const value = text === null ? UNREADABLE : decode(text);
    if (value.kind === 'value') {
      if (value.isAssumed === true) this.#onDrift(field);
      return value.value;
    }
    if (value.kind === 'unset') return null;
    this.unreadable = true;
    this.#onDrift(field);
    return null;
  }
}

/**
 * The purchase of a whole success, and what is odd about its figures. They are passed on as sent and never recomputed.
 *
 * @param id the answer's `Detail.ID`, found to be a purchase's
 * @param purchaseId as asked for
 */
function toCreditPurchase(
  id: string,
  purchaseId: string,
  response: PurchaseResponseWire,
  onDrift: (field: string) => void,
): { readonly value: CreditPurchase; readonly warnings: readonly BillingWarning[] } {
  const detail: PurchaseDetailWire = response.responsedata?.detail ?? {};
  const leaves = new LeafReader(onDrift);
  const value: CreditPurchase = {
    id,
    purchaseId,
    datePurchased: leaves.read('DatePurchased', detail.datepurchased, decodeDateTime)?.text ?? null,
    currency: leaves.read('Currency', detail.currency, decodeCurrency),
    netTotal: leaves.read('NetTotal', detail.nettotal, decodeDecimal),
    tax: leaves.read('Tax', detail.tax, decodeDecimal),
    grossTotal: leaves.read('GrossTotal', detail.grosstotal, decodeDecimal),
    unitPrice: leaves.read('UnitPrice', detail.unitprice, decodeDecimal),
    quantity: leaves.read('Quantity', detail.quantity, decodeDecimal),
    paid: leaves.read('Paid', detail.paid, decodeBoolean),
    purchaseType: leaves.read('PurchaseType', detail.purchasetype, decoded),
    invoiceNumber: leaves.read('InvoiceNumber', detail.invoicenumber, decoded),
    result: leaves.read('Result', response.responsedata?.result, decoded),
    userId: leaves.read('UserId', response.responsedata?.identification?.userid, decoded),
  };
  return { value, warnings: [...totalsWarning(value), ...(leaves.unreadable ? [VALUE_UNREADABLE] : [])] };
}

function decodeBoolean(text: string): Decoded<boolean> {
  const word = text.trim().toLowerCase();
  return word === 'true' || word === 'false' ? decoded(word === 'true') : UNREADABLE;
}

function totalsWarning({ netTotal, tax, grossTotal }: CreditPurchase): BillingWarning[] {
  if (netTotal === null || tax === null || grossTotal === null) return [];
  const difference = big(netTotal).plus(big(tax)).minus(big(grossTotal)).abs();
  if (difference.lte(TOTALS_TOLERANCE)) return [];
  return [{ code: 'TOTALS_DIFFER', message: 'The net total and the tax do not add up to the gross total.' }];
}

/** big.js knows neither a leading plus nor a point without digits on one side. */
function big(decimal: string): Big {
  const [mantissa = '', exponent] = decimal.replace(/^\+/, '').toLowerCase().split('e');
  const plain = mantissa.replace(/^(-?)\./, '$10.').replace(/\.$/, '');
  return new Big(exponent === undefined ? plain : `${plain}e${exponent}`);
}
