import type { WriteOutcome } from '../domain/write.js';
import type { TransportFailureReason } from '../upstreams/http/transport.js';
import { carriesPayload } from '../upstreams/upstream-errors.js';
import {
  type ExaminedDocument,
  type ExaminedElement,
  examineDocument,
} from '../upstreams/xtracta/document-examination.js';
import type { ReplayedAttempt } from './stored-response.js';

/** Reasons for an incomplete response, each the end of a sentence. */
export const TRANSPORT_REASONS: Readonly<Record<TransportFailureReason, string>> = {
  dns: 'the name could not be resolved',
  refused: 'the connection was refused',
  tls: 'the TLS connection failed: by the certificate, its name or its date, or by a reset during the handshake',
  'connect-timeout': 'no connection was possible in time',
  timeout: 'the response did not end in time',
  reset: 'the connection broke before the head of a response',
  cut: 'the body ends before its own length says so',
  protocol: 'the response is not HTTP, or its head is larger than the gateway reads',
  'too-large': 'the body is larger than the gateway reads',
  encoded: 'the body has a content-encoding, which the gateway did not request and does not inflate',
  aborted: 'the gateway aborted the call',
};

export const XML_FAULTS: Readonly<Record<NonNullable<ExaminedDocument['fault']>, string>> = {
  encoding: 'it is not UTF-8',
  'not-well-formed':
    'it is not well-formed to its end: cut, crossed or unclosed tags, two roots, or text around the root',
  doctype: 'it has a DOCTYPE, which the gateway always refuses',
  'too-deep': 'its elements stand deeper in each other than the gateway reads',
  'too-many-rows': 'it has more rows than the gateway reads',
};

const ROOTS = ['billings_response', 'documents_response'];

/** The success markers: elements whose presence shows a success, by endpoint. */
const PAYLOADS = {
  booster: ['pack', 'pack_summary'],
  update: ['plan', 'id'],
  billing_ui: ['url'],
} as const;

/** Reason why a response is no document of this API; null where it is one. */
export function foreignDocument({ fault, root }: ExaminedDocument): string | null {
  if (fault === 'not-well-formed' && root === null) {
    return 'the body is not one whole XML document: it is not well-formed, and has no element: it is empty, or no XML';
  }
  if (fault !== null) return `the body is not one whole XML document: ${XML_FAULTS[fault]}`;
  if (root === null || !ROOTS.includes(root.name)) {
    return `the root is <${shortName(root?.name ?? '')}>, where this API has <billings_response>`;
  }
  return null;
}

/** Reason why a read ended as an error. */
export function whyOfReadError(attempt: ReplayedAttempt | null): string {
  if (attempt === null) return 'Nothing was sent.';
  const { result, body } = attempt;
  if (result.kind === 'failure') return sentence(TRANSPORT_REASONS[result.reason]);
  const why = whyOfStatus(result.status);
  if (why !== null) return sentence(why);
  const http = `HTTP ${result.status}`;
  const document = examineDocument(body);
  const foreign = foreignDocument(document);
  if (foreign !== null) return sentence(`${http}, but ${foreign}`);
  return `${http}, and ${statusOf(document.root)}${unreadPayload(result.status, document)}.`;
}

/** The end of a sentence about a refused response, where its status says yes; empty for any other response. */
export function unreadPayload(httpStatus: number, { root }: ExaminedDocument): string {
  const found = root?.children.filter(({ plainName }) => plainName === 'status') ?? [];
  const saysYes = found.every(
    ({ name, text }) => name === 'status' && /^(?:0*2\d\d|true|1|ok|success)?$/i.test(text.trim()),
  );
  return httpStatus < 300 && found.length < 2 && saysYes
    ? ', but the elements of its content are not the documented ones'
    : '';
}

/** Reason why the HTTP status alone makes a response unreadable; null where its body decides. No full stop. */
export function whyOfStatus(status: number): string | null {
  const http = `HTTP ${status}`;
  if (status >= 500) return `${http} is a failure of the upstream, whatever the body says`;
  if (status === 401) return `${http} refuses the credential`;
  if (status === 403)
    return `${http} refuses the group of the request, or the credential where the request names no group`;
  if ([408, 425, 429].includes(status)) return `${http} asks to come back later`;
  if (status >= 300 && status < 400 && status !== 304) return `${http} is a redirect, and the gateway follows none`;
  if (status === 304 || (status < 300 && !carriesPayload(status))) return `${http} has no body by definition`;
  return null;
}

/** Reason for the outcome of a write. */
export function whyOfOutcome(endpoint: string, outcome: WriteOutcome<object>, attempt: ReplayedAttempt | null): string {
  if (attempt === null) return 'Nothing was sent.';
  const { result, body } = attempt;
  if (result.kind === 'failure') {
    const sent = result.sent ? 'after the request had been sent' : 'before the request was sent';
    return sentence(`${TRANSPORT_REASONS[result.reason]}, ${sent}`);
  }
  const http = `HTTP ${result.status}`;
  if (outcome.kind === 'unknown') {
    if (result.status >= 500) return `${http} says nothing about the work done before it.`;
    if (result.status >= 300 && result.status < 400) return `${http} is a redirect, and the gateway follows none.`;
    if (result.status < 300 && !carriesPayload(result.status)) return `${http} has no body by definition.`;
  }
  return endpoint === 'purchase'
    ? whyOfPurchase(http, outcome)
    : whyOfXtractaWrite(http, payloadNames(endpoint), outcome, examineDocument(body));
}

function payloadNames(endpoint: string): readonly string[] {
  return endpoint === 'booster' || endpoint === 'update' || endpoint === 'billing_ui' ? PAYLOADS[endpoint] : [];
}

function whyOfXtractaWrite(
  http: string,
  names: readonly string[],
  outcome: WriteOutcome<object>,
  document: ExaminedDocument,
): string {
  const foreign = foreignDocument(document);
  if (foreign !== null) return sentence(`${http}, but ${foreign}`);
  const status = statusOf(document.root);
  const payload = `<${names[0] ?? ''}>`;
  const hasPayload = document.root?.children.some(({ plainName }) => names.includes(plainName)) ?? false;
  switch (outcome.kind) {
    case 'succeeded':
      return `${http}, ${status}, and ${payload} is whole.`;
    case 'rejected':
      return `${http}, ${status}, and there is no success marker: a refusal by the upstream itself.`;
    case 'notSent':
      return 'Nothing was sent.';
    case 'unknown':
      return hasPayload
        ? `${http}, ${status}, and a ${payload} that contradicts it or is not whole: money may have moved.`
        : `${http}, ${status}, and no ${payload}: this is neither a complete success nor a refusal.`;
  }
}

function whyOfPurchase(http: string, outcome: WriteOutcome<object>): string {
  switch (outcome.kind) {
    case 'succeeded':
      return `${http}, and Detail has an ID that is not zero.`;
    case 'rejected':
      return `${http}, an error of the API itself, and there is no part of a purchase.`;
    case 'notSent':
      return 'Nothing was sent.';
    case 'unknown':
      return `${http}, and the body is not JSON of this API, or has neither a purchase with an ID nor an error alone.`;
  }
}

function statusOf(root: ExaminedElement | null): string {
  const found = root?.children.filter(({ plainName }) => plainName === 'status') ?? [];
  const [status] = found;
  if (status === undefined) return 'there is no <status>';
  if (found.length > 1) return 'there is more than one <status>';
  if (status.name !== 'status') return '<status> is in another case or has a prefix';
  const text = status.text.trim();
  // A status is a number or a short word. Other text is not repeated, because it may be foreign.
  return /^\w{1,20}$/.test(text) ? `<status> is ${text}` : '<status> is no number and no known word';
}

function shortName(name: string): string {
  return name.slice(0, 60);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
