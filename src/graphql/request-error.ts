import { GraphQLError } from 'graphql';
import { BillingError, type BillingErrorCode } from '../domain/errors.js';

/** HTTP status of a request that was refused as a whole with this code. */
export function httpStatusOf(code: BillingErrorCode): number {
  switch (code) {
    case 'UNAUTHENTICATED':
      return 401;
    case 'FORBIDDEN':
      return 403;
    case 'BAD_USER_INPUT':
    case 'OPERATION_TOO_COMPLEX':
      return 400;
    case 'RATE_LIMITED':
      return 429;
    case 'SHUTTING_DOWN':
      return 503;
    case 'NOT_FOUND':
    case 'NOT_CONFIGURED':
    case 'UPSTREAM_UNAUTHENTICATED':
    case 'UPSTREAM_REJECTED':
    case 'UPSTREAM_UNAVAILABLE':
    case 'UPSTREAM_TIMEOUT':
    case 'UPSTREAM_INVALID_RESPONSE':
    case 'OUTCOME_UNKNOWN':
    case 'OPERATION_IN_PROGRESS':
    case 'IDEMPOTENCY_KEY_REUSED':
    case 'PRIOR_OUTCOME_UNKNOWN':
    case 'LEDGER_UNAVAILABLE':
    case 'INTERNAL_SERVER_ERROR':
      // These belong to a field of an operation, which answers 200; alone they are a fault of the gateway.
      return 500;
  }
}

/** The error as Apollo takes it for a whole request: with its HTTP status. */
export function requestError(error: BillingError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { code: error.code, http: { status: httpStatusOf(error.code) } },
  });
}
