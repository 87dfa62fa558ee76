/**
 * The closed list of codes that a client can meet (`docs/errors.md`). Routers hide messages, so the code is the
 * contract: adding one is a schema change.
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

export type UpstreamService = 'xtracta' | 'credits';

/** Where an upstream error came from, in words that are safe to show: no URL, no body, no credential. */
export interface UpstreamFacts {
  readonly service: UpstreamService;
  /** The client's method name, for example `getBillingHistory`. */
  readonly operation: string;
  readonly httpStatus?: number;
  /** The status inside the answer (XML `<status>`, or `ErrorCode`), as text. */
  readonly status?: string;
  /** The upstream's own message, already sanitised (plain text, at most 300 characters, no secret). */
  readonly message?: string;
}

export interface BillingErrorDetails {
  readonly retryable?: boolean;
  /** Path of the input field at fault, outermost first: `['input', 'quantity']`. */
  readonly field?: readonly string[];
  readonly upstream?: UpstreamFacts;
  /** When the same request may pass, in whole seconds. */
  readonly retryAfterSeconds?: number;
  /** For the log only; never serialised to a client. */
  readonly cause?: unknown;
}

/**
 * The one error that layers throw on purpose. Its message is chosen by us and safe to show to any client: it never
 * holds the caller's input, an upstream's raw text, or a library's message.
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

/** Shorthand for the most common refusal: an argument that breaks a rule. Nothing has been sent upstream. */
export function badInput(message: string, field: readonly string[]): BillingError {
  return new BillingError('BAD_USER_INPUT', message, { field });
}

/** What a tenant has an allowance of, by the minute. */
export type RateLimitedKind = 'write' | 'billingUi' | 'read';

/** What a rate limit says of one more request. */
export type Allowance = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

/** Throws `RATE_LIMITED`, with the time to wait, where the allowance is used up. */
export function requireAllowance(taken: Allowance): void {
  if (taken.ok) return;
  const { retryAfterSeconds } = taken;
  const message = `Too many requests; try again in ${retryAfterSeconds} s.`;
  throw new BillingError('RATE_LIMITED', message, { retryable: true, retryAfterSeconds });
}
