/**
 * The closed list of codes that a client can meet (`docs/errors.md`). The code is the contract, because routers hide
 * messages. A new code is a schema change.
 */
export const BILLING_ERROR_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'NOT_CONFIGURED',
  'RATE_LIMITED',
  'OPERATION_TOO_COMPLEX',
  'UPSTREAM_UNAUTHENTICATED',
  'UPSTREAM_REJECTED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_INVALID_RESPONSE',
  'OUTCOME_UNKNOWN',
  'OPERATION_IN_PROGRESS',
  'IDEMPOTENCY_KEY_REUSED',
  'PRIOR_OUTCOME_UNKNOWN',
  'POSSIBLE_DUPLICATE',
  'PRECONDITION_FAILED',
  'SPENDING_LIMIT_REACHED',
  'LEDGER_UNAVAILABLE',
  'SHUTTING_DOWN',
  'INTERNAL_SERVER_ERROR',
] as const;

export type BillingErrorCode = (typeof BILLING_ERROR_CODES)[number];

/** Codes of GraphQL and Apollo Server, for requests that are refused before an operation runs. */
export const PROTOCOL_ERROR_CODES = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_REQUEST',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
] as const;

export type ProtocolErrorCode = (typeof PROTOCOL_ERROR_CODES)[number];

export type UpstreamService = 'xtracta' | 'credits';

/** The source of an upstream error, in words that are safe to show: no URL, no body, no credential. */
export interface UpstreamFacts {
  readonly service: UpstreamService;
  /** The client's method name, for example `getBillingHistory`. */
  readonly operation: string;
  readonly httpStatus?: number;
  /** The status inside the response (XML `<status>`, or `ErrorCode`), as text. */
  readonly status?: string;
  /** The upstream's own message, already sanitised (plain text, at most 300 characters, no secret). */
  readonly message?: string;
}

export interface BillingErrorDetails {
  readonly retryable?: boolean;
  /** Path of the input field at fault, outermost first: `['input', 'quantity']`. */
  readonly field?: readonly string[];
  readonly upstream?: UpstreamFacts;
  /** Whole seconds until the same request may pass. */
  readonly retryAfterSeconds?: number;
  /** For the log only; never serialised to a client. */
  readonly cause?: unknown;
}

/**
 * The one error that layers throw on purpose. The gateway writes its message, which is safe to show to any client. The
 * message never holds the caller's input, an upstream's raw text, or a library's message.
 */
export class BillingError extends Error {
  override readonly name = 'BillingError';
  readonly code: BillingErrorCode;
  readonly retryable: boolean;
  readonly field: readonly string[] | undefined;
  readonly upstream: UpstreamFacts | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: BillingErrorCode, message: string, details: BillingErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.field = details.field;
    this.upstream = details.upstream;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** Shorthand for the most common refusal: an argument that breaks a rule. The gateway has sent nothing upstream. */
export function badInput(message: string, field: readonly string[]): BillingError {
  return new BillingError('BAD_USER_INPUT', message, { field });
}

/** The kinds of requests for which a tenant has an allowance per minute. */
export type RateLimitedKind = 'write' | 'billingUi' | 'read';

/** The decision of a rate limit on one more request. */
export type Allowance = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

/** Throws `RATE_LIMITED`, with the time to wait, where the allowance is used up. */
export function requireAllowance(taken: Allowance): void {
  if (taken.ok) return;
  const { retryAfterSeconds } = taken;
  const message = `Too many requests; try again in ${retryAfterSeconds} s.`;
  throw new BillingError('RATE_LIMITED', message, { retryable: true, retryAfterSeconds });
}
