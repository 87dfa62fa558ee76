import Big from 'big.js';
import { z } from 'zod';
import type { UpstreamFacts } from '../../domain/errors.js';
import type { BillingContact, CreditPurchase, CreditPurchaseRequest } from '../../domain/purchases.js';
import type { BillingWarning, WriteOutcome } from '../../domain/write.js';
import { holdsSecret, isSafeCode, sanitiseUpstreamMessage } from '../../observability/redact.js';
import type { TransportResponse, TransportResult } from '../http/transport.js';
import {
  carriesPayload,
  notSent,
  outcomeUnknown,
  rejected,
  upstreamFacts,
  VALUE_UNREADABLE,
} from '../upstream-errors.js';
import {
  type Decoded,
  decodeCurrency,
  decodeDateTime,
  decodeDecimal,
  decoded,
  UNREADABLE,
  UNSET,
} from '../value.decoders.js';
import { JsonNumber, type JsonObject, leafText, readJsonObject } from './credits-json.js';

/** Facts about the request that the classification of its response needs. */
export interface PurchaseQuestion {
  readonly operation: string;
  readonly purchaseId: string;
  /** Credentials and personal data. The gateway removes them from the upstream's text wherever they occur. */
  readonly secrets: readonly string[];
  /** The credentials alone. The account's user may be the billed party, so its id may be personal data. */
  readonly credentials: readonly string[];
  /** `refused`: reason for which the whole response does not count, from a closed list. */
  readonly onDrift: (field: string, refused?: string) => void;
}

/** The help page prints `Error` beside `ResponseData`. These codes mean that there was no error. */
const NO_ERROR_CODES = new Set(['', '0', 'ok', 'none', 'success']);

const ERROR_BESIDE_RESULT: BillingWarning = {
  code: 'UPSTREAM_ERROR_BESIDE_RESULT',
  message: 'The upstream reported an error beside a completed purchase.',
};

/**
 * Outcome of one attempt at a purchase. "An error" is one that {@link errorOf} finds.
 *
 * | HTTP                 | `Detail`          | `Error`                | outcome                                   |
 * |----------------------|-------------------|------------------------|-------------------------------------------|
 * | never connected      |                   |                        | notSent                                   |
 * | broken, late, unread |                   |                        | unknown                                   |
 * | 2xx, not 204, 205    | a non-zero `ID`   | none                   | succeeded                                 |
 * | 2xx, not 204, 205    | a non-zero `ID`   | an error, or unknown   | succeeded, `UPSTREAM_ERROR_BESIDE_RESULT` |
 * | 2xx, not 204, 205    | no success marker | an error               | rejected                                  |
 * | 4xx, JSON            | no success marker | an error, or `Message` | rejected                                  |
 * | any                  | anything else     |                        | unknown                                   |
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
  const { value, warnings } = toCreditPurchase(id.value, response, question);
  const beside = error.kind !== 'none' ? [ERROR_BESIDE_RESULT] : [];
  return { kind: 'succeeded', value, warnings: [...beside, ...warnings] };
}

interface ReportedError {
  /** `error`: a refusal in a form of the documents. `odd`: `Error` holds a value that no document describes. */
  readonly kind: 'none' | 'error' | 'odd';
  /** Whether the framework sent its own `Message`, with which it refuses a request before the action runs. */
  readonly hasMessage: boolean;
  readonly facts: UpstreamFacts;
}

/**
 * The error in a response. It is an `ErrorCode` other than "none", an `ErrorReason` without a code, or a text in place
 * of the `Error` object. A code that means "none" invalidates a reason beside it. The two contradict each other, which
 * proves no refusal. Nor does a reason beside a code that cannot be read, because that code may mean "none".
 */
function errorOf(
  response: PurchaseResponseWire,
  transport: TransportResponse,
  question: PurchaseQuestion,
): ReportedError {
  const wire = errorWire(response.error);
  const code = wire.code?.trim() ?? '';
  const text = wire.reason?.trim() ?? '';
  const message = leafText(response.message)?.trim() ?? '';
  const hasCode = reportsError(code);
  const hasReason = code === '' && reportsError(text);
  const isOdd = !hasCode && (wire.code === null || wire.reason === null);
  if (isOdd) question.onDrift('Error');
  return {
    kind: isOdd ? 'odd' : hasCode || hasReason ? 'error' : 'none',
    hasMessage: message !== '',
    facts: upstreamFacts('credits', question.operation, {
      httpStatus: transport.status,
      status: hasCode ? sanitiseUpstreamMessage(code, question.secrets) : null,
      message: sanitiseUpstreamMessage(text === '' ? message : text, question.secrets),
    }),
  };
}

/** Whether a code, or a text in its place, reports an error. */
function reportsError(text: string): boolean {
  return !NO_ERROR_CODES.has(text.toLowerCase());
}

function isRefusal(httpStatus: number, response: PurchaseResponseWire, error: ReportedError): boolean {
  if (hasSuccessMarker(response)) return false;
  if (carriesPayload(httpStatus)) return error.kind === 'error';
  return httpStatus >= 400 && httpStatus < 500 && (error.kind === 'error' || error.hasMessage);
}

/**
 * Whether the response contains a success marker. A refusal may come with a `Detail` full of defaults, but an id, an
 * invoice or a payment is more than a default.
 */
function hasSuccessMarker({ responsedata }: PurchaseResponseWire): boolean {
  const detail = responsedata?.detail;
  if (detail === null || detail === undefined) return false;
  const id = leafText(detail.id);
  const invoice = leafText(detail.invoicenumber);
  const hasId = id === null || (id !== undefined && decodePurchaseGuid(id).kind !== 'unset');
  const hasInvoice = invoice === null || (invoice !== undefined && !/^\s*0*\s*$/.test(invoice));
  const isPaid = leafText(detail.paid)?.trim().toLowerCase() === 'true';
  return hasId || hasInvoice || isPaid;
}

/** The JSON body of a purchase, with names as on the help page. Missing values are left out, not sent as null. */
export function purchaseBody(request: CreditPurchaseRequest): string {
  return JSON.stringify({
    Billing: request.billing === null ? undefined : billing(request.billing),
    PurchaseID: request.purchaseId.toLowerCase(),
    PurchaseOrder: request.purchaseOrder ?? undefined,
  });
}

/** `JSON.stringify` leaves out undefined members. A contact without a single detail is left out as a whole. */
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
 * The response of `PurchaseCredits` as received (`ResponseOfPurchase`), names in lower case. The schema checks the
 * structure: an object or null where the help page has an object. It does not check the leaves. Each leaf is read
 * separately, so that an odd one does not hide a purchase.
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
  /** An object by the help page. Any other value must not hide a purchase beside it. */
  error: z.unknown(),
  responsedata: z
    .object({
      identification: z.object({ userid: z.unknown() }).partial().nullish(),
      result: z.unknown(),
      detail: detailSchema.partial().nullish(),
    })
    .partial()
    .nullish(),
  /** Body of ASP.NET Web API's own refusals: `{"Message": …}`. */
  message: z.unknown(),
});

const errorSchema = z.object({ errorcode: z.unknown(), errorreason: z.unknown() }).partial();

/** The texts of `Error`. `undefined`: none. `null`: a value that no document describes. */
interface ErrorWire {
  readonly code: string | null | undefined;
  readonly reason: string | null | undefined;
}

const UNKNOWN_ERROR: ErrorWire = { code: null, reason: null };

/** `Error` is an object on the help page. A plain text in its place is a reason, and null is no error. */
function errorWire(error: unknown): ErrorWire {
  if (error === undefined || error === null || typeof error === 'string')
    return { code: undefined, reason: error ?? undefined };
  // A list or a number has no form of the help page.
  if (typeof error !== 'object' || Array.isArray(error) || error instanceof JsonNumber) return UNKNOWN_ERROR;
  const { success, data } = errorSchema.safeParse(error);
  // Members under other names may report an error, too.
  if (!success || (Object.keys(data).length === 0 && Object.keys(error).length > 0)) return UNKNOWN_ERROR;
  return { code: leafText(data.errorcode), reason: leafText(data.errorreason) };
}

type PurchaseResponseWire = z.infer<typeof purchaseResponseSchema>;
type PurchaseDetailWire = NonNullable<NonNullable<PurchaseResponseWire['responsedata']>['detail']>;

/** Null when a member of the response has another type than the documented object. */
function purchaseResponseWire(json: JsonObject): PurchaseResponseWire | null {
  const parsed = purchaseResponseSchema.partial({ message: true, error: true }).safeParse(json);
  return parsed.success ? { message: undefined, error: undefined, ...parsed.data } : null;
}

const ZERO_GUID = '00000000-0000-0000-0000-000000000000';
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Totals may differ by one cent, because the upstream computes in binary floats. */
const TOTALS_TOLERANCE = '0.01';

/** A purchase's id. .NET writes an unset one as zeros. */
function decodePurchaseGuid(text: string): Decoded<string> {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === ZERO_GUID) return UNSET;
  return GUID.test(trimmed) ? decoded(trimmed.toLowerCase()) : UNREADABLE;
}

/** Reads leaves, with null for unreadable ones. Mutable: whether there was an unreadable one. */
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
 * The purchase of a whole success, with warnings about odd figures. Figures are returned as sent and never recomputed.
 * `Result` is a text for people, so it is sanitised like every message of an upstream. It stays where it is exactly one
 * detail of the request, as in the help page's own sample, because it then says nothing about anybody.
 *
 * @param id the response's `Detail.ID`, already validated
 */
function toCreditPurchase(
  id: string,
  response: PurchaseResponseWire,
  { purchaseId, secrets, credentials, onDrift }: PurchaseQuestion,
): { readonly value: CreditPurchase; readonly warnings: readonly BillingWarning[] } {
  const detail: PurchaseDetailWire = response.responsedata?.detail ?? {};
  const leaves = new LeafReader(onDrift);
  const decodeCode = (text: string): Decoded<string> => (isSafeCode(text, secrets) ? decoded(text) : UNREADABLE);
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
    purchaseType: leaves.read('PurchaseType', detail.purchasetype, decodeCode),
    invoiceNumber: leaves.read('InvoiceNumber', detail.invoicenumber, decodeCode),
    result: leaves.read('Result', response.responsedata?.result, (text) =>
      decoded(sanitiseUpstreamMessage(text, [...credentials, ...secrets.filter((secret) => secret !== text)])),
    ),
    userId: leaves.read('UserId', response.responsedata?.identification?.userid, (text) =>
      holdsSecret(text, credentials) ? UNREADABLE : decoded(text),
    ),
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

/** big.js accepts neither a leading plus nor a point without digits on one side. */
function big(decimal: string): Big {
  const [mantissa = '', exponent] = decimal.replace(/^\+/, '').toLowerCase().split('e');
  const plain = mantissa.replace(/^(-?)\./, '$10.').replace(/\.$/, '');
  return new Big(exponent === undefined ? plain : `${plain}e${exponent}`);
}
