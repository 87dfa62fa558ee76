import type { UpstreamFacts } from '../../domain/errors.js';
import type { CreditPurchase } from '../../domain/purchases.js';
import type { BillingWarning, WriteOutcome } from '../../domain/write.js';
import { sanitiseUpstreamMessage } from '../../observability/redact.js';
import { carriesPayload } from '../upstream.answer.js';
import { notSent, outcomeUnknown, rejected, upstreamFacts } from '../upstream.errors.js';
import type { TransportAnswer, TransportResult } from '../upstream.transport.js';
import { readJsonObject } from './credits.json.js';
import { decodePurchaseGuid, toCreditPurchase } from './credits.mapper.js';
import { errorWire, leafText, type PurchaseResponseWire, purchaseResponseWire } from './credits.wire.js';

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
 * What is known after one attempt at a purchase. "An error" is an `ErrorCode` that says more than "none", an `ErrorReason` without
 * a code, or a text in place of the `Error` object ({@link errorOf}).
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
export function judgePurchase(result: TransportResult, question: PurchaseQuestion): WriteOutcome<CreditPurchase> {
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
 * The error that a response reports, in any form of the documents: a code, a reason without a code, or a text in place of the object.
 * A code that says "none" counts against a reason beside it: the two contradict each other, which proves no refusal.
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
