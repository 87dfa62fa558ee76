import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BillingErrorCode } from '../domain/errors.js';

/** A refusal that never became a GraphQL operation. The message is ours and safe to show. */
export interface Refusal {
  readonly status: number;
  readonly code: BillingErrorCode;
  readonly message: string;
}

export const NOT_AUTHENTICATED: Refusal = {
  status: 401,
  code: 'UNAUTHENTICATED',
  message: 'The request is not authenticated.',
};
export const SHUTTING_DOWN: Refusal = {
  status: 503,
  code: 'SHUTTING_DOWN',
  message: 'The gateway is shutting down. Nothing was sent; try again.',
};
export const METHOD_NOT_ALLOWED: Refusal = {
  status: 405,
  code: 'BAD_USER_INPUT',
  message: 'The method is not allowed here.',
};
export const NOT_FOUND: Refusal = { status: 404, code: 'NOT_FOUND', message: 'There is nothing at this path.' };
export const NOT_ACCEPTABLE: Refusal = {
  status: 406,
  code: 'BAD_USER_INPUT',
  message: 'The response is JSON: accept application/json or application/graphql-response+json.',
};
export const UNSUPPORTED_MEDIA_TYPE: Refusal = {
  status: 415,
  code: 'BAD_USER_INPUT',
  message: 'The body must be application/json in UTF-8 without a content-encoding.',
};
const TOO_LARGE: Refusal = { status: 413, code: 'OPERATION_TOO_COMPLEX', message: 'The body is too large.' };
export const MISDIRECTED: Refusal = {
  status: 421,
  code: 'FORBIDDEN',
  message: 'The gateway does not answer to this host name. Its operator can add the name to ALLOWED_HOSTS.',
};
export const BAD_REQUEST: Refusal = { status: 400, code: 'BAD_USER_INPUT', message: 'The request could not be read.' };
export const EXPECTATION_FAILED: Refusal = { ...BAD_REQUEST, status: 417 };
const FAILED: Refusal = { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Internal server error.' };

/** The client's refusal for an error that Fastify or a hook raised. It takes over only the status, never the text. */
export function refusalOf(error: {
  readonly statusCode?: number | undefined;
  readonly code?: string | undefined;
}): Refusal {
  // The request target is no valid URL.
  if (error.code === 'ERR_INVALID_URL') return BAD_REQUEST;
  const status = error.statusCode ?? 500;
  if (status === 413) return TOO_LARGE;
  if (status === 415) return UNSUPPORTED_MEDIA_TYPE;
  return status >= 400 && status < 500 ? BAD_REQUEST : FAILED;
}

/** The refusal of bytes in which Node finds no request, by the code of its error. */
export function refusalOfBytes(errorCode: string | undefined): Refusal {
  if (errorCode === 'ERR_HTTP_REQUEST_TIMEOUT') return { ...BAD_REQUEST, status: 408 };
  return errorCode === 'HPE_HEADER_OVERFLOW' ? { ...BAD_REQUEST, status: 431 } : BAD_REQUEST;
}

/** Sends the refusal in the shape of a GraphQL response, so that clients read all errors the same way. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  request.record.errorCodes.push(refusal.code);
  return reply
    .code(refusal.status)
    .header('content-type', errorContentType(request.headers.accept))
    .send(refusalText(refusal, request.id));
}

export function refusalText({ status, code, message }: Refusal, requestId: string): string {
  return JSON.stringify({ errors: [{ message, extensions: { code, requestId, retryable: status === 503 } }] });
}

export function errorContentType(accept: string | undefined): string {
  return `${responseTypeFor(accept) ?? 'application/json'}; charset=utf-8`;
}

/**
 * Adds the request id to the errors of a GraphQL response that no plugin has seen, and reports their codes. Examples
 * are a failed authentication and a body that is no GraphQL request.
 */
export function withRequestId(body: string, requestId: string, onCode: (code: string) => void): string {
  const response: unknown = JSON.parse(body);
  if (!isRecord(response) || !Array.isArray(response['errors'])) return body;
  const errors = response['errors'].map((error: unknown) => {
    if (!isRecord(error)) return error;
    const extensions = isRecord(error['extensions']) ? error['extensions'] : {};
    if (typeof extensions['code'] === 'string') onCode(extensions['code']);
    return { ...error, extensions: { ...extensions, requestId } };
  });
  return JSON.stringify({ ...response, errors });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The media types of a GraphQL response; the first is the default. */
const RESPONSE_TYPES = ['application/json', 'application/graphql-response+json'] as const;

export type ResponseType = (typeof RESPONSE_TYPES)[number];

interface Range {
  /** `application/json`, `application/*`, or the range of all types. */
  readonly type: string;
  readonly quality: number;
}

/**
 * The response's media type by an `Accept` header (RFC 9110, 12.5.1), or null when the header accepts neither.
 * Parameters other than `q` are ignored. The server must decide it before an operation runs, because a write must not
 * be sent for a client that cannot read the result.
 */
export function responseTypeFor(accept: string | undefined): ResponseType | null {
  if (accept === undefined || accept === RESPONSE_TYPES[0] || accept.trim() === '') return RESPONSE_TYPES[0];
  const ranges = accept.split(',').map(rangeOf);
  const [json, newer] = RESPONSE_TYPES.map((type) => preferenceFor(type, ranges));
  if (json === undefined || newer === undefined || Math.max(json.quality, newer.quality) === 0) return null;
  const difference = newer.quality - json.quality || newer.specificity - json.specificity;
  // A client that names both with equal quality knows the newer type, whose status codes tell more. A client that names
  // neither may know only JSON.
  const isNewer = difference > 0 || (difference === 0 && newer.specificity === NAMED);
  return RESPONSE_TYPES[isNewer ? 1 : 0];
}

/**
 * A client's preference for a type: the quality of the most specific matching range, and how specific that range is.
 */
interface Preference {
  readonly quality: number;
  readonly specificity: number;
}

const NAMED = 2;

/**
 * The most specific range decides. Example: `application/json;q=0` beside the range of all types means anything but
 * JSON.
 */
function preferenceFor(type: ResponseType, ranges: readonly Range[]): Preference {
  for (const [at, pattern] of [type, 'application/*', '*/*'].entries()) {
    const matching = ranges.filter((range) => range.type === pattern);
    if (matching.length === 0) continue;
    return { quality: Math.max(...matching.map(({ quality }) => quality)), specificity: NAMED - at };
  }
  return { quality: 0, specificity: 0 };
}

function rangeOf(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = q === undefined ? 1 : Number(q);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}
