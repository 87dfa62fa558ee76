import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { BillingError, PROTOCOL_ERROR_CODES, type ProtocolErrorCode } from '../../domain/errors.js';
import { literalError } from './input-error.js';

const INTERNAL_MESSAGE = 'Internal server error. The log has the details under the requestId.';

const PERSISTED_QUERY_MESSAGE =
  'The persistedQuery extension is not valid: it needs version 1 and the SHA-256 of the query beside it.';

/** Limit of errors that wrap errors. Without it a circle of wrapped errors would never end. */
const MAX_WRAPPINGS = 5;

/**
 * Makes the client's error from anything that was thrown: message, code and chosen facts; nothing is forwarded. A
 * {@link BillingError} passes unchanged. GraphQL's own refusals keep their code. Everything else becomes
 * `INTERNAL_SERVER_ERROR`. Never throws.
 *
 * @param formatted Apollo's version of the error, used for its path, locations and protocol code
 * @param error what was thrown
 */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { message, extensions } = describe(formatted, error);
  return {
    message,
    ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
    ...(formatted.path === undefined ? {} : { path: formatted.path }),
    extensions,
  };
}

interface Described {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

function describe(formatted: GraphQLFormattedError, error: unknown): Described {
  const known = billingErrorIn(error) ?? inputErrorIn(error) ?? limitIn(formatted);
  if (known !== undefined) return { message: known.message, extensions: billingExtensions(known) };
  if (isPersistedQueryRefusal(formatted))
    return { message: PERSISTED_QUERY_MESSAGE, extensions: { code: 'BAD_REQUEST' } };
  const code = formatted.extensions?.['code'];
  // Only a whole request has a protocol error. A code at a path comes from the code that threw there and proves
  // nothing.
  if (formatted.path === undefined && isProtocolCode(code)) {
    return { message: protocolMessage(code, formatted.message), extensions: { code } };
  }
  return { message: INTERNAL_MESSAGE, extensions: { code: 'INTERNAL_SERVER_ERROR' } };
}

/** Apollo gives these two refusals no code. Without this check they would count as faults of the gateway. */
function isPersistedQueryRefusal({ message, path }: GraphQLFormattedError): boolean {
  return (
    path === undefined &&
    (message === 'Unsupported persisted query version' || message === 'provided sha does not match query')
  );
}

/** The chosen facts of a {@link BillingError}, for `extensions`. */
function billingExtensions(error: BillingError): Readonly<Record<string, unknown>> {
  const { code, retryable, field, upstream, retryAfterSeconds } = error;
  return {
    code,
    retryable,
    ...(field === undefined ? {} : { field }),
    ...(upstream === undefined ? {} : { upstream: { ...upstream } }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

function billingErrorIn(error: unknown): BillingError | undefined {
  let current = error;
  for (let wrapping = 0; wrapping < MAX_WRAPPINGS; wrapping += 1) {
    if (current instanceof BillingError) return current;
    if (!(current instanceof GraphQLError)) return undefined;
    current = current.originalError;
  }
  return undefined;
}

function inputErrorIn(error: unknown): BillingError | undefined {
  return error instanceof GraphQLError && error.path === undefined ? literalError(error) : undefined;
}

/** The engine's message for a stack overflow. The function in which it occurs is a matter of chance. */
const STACK_OVERFLOW = 'Maximum call stack size exceeded';

/** Limits that graphql-js and Apollo check have codes of their own; here they become ours. */
function limitIn(formatted: GraphQLFormattedError): BillingError | undefined {
  const code = formatted.extensions?.['code'];
  // An earlier check refuses deeply nested documents. This is the second line: the engine's own words must never reach
  // a client.
  if (formatted.path === undefined && formatted.message.includes(STACK_OVERFLOW)) {
    return new BillingError('OPERATION_TOO_COMPLEX', 'The operation is nested too deep.');
  }
  if (code === 'GRAPHQL_PARSE_FAILED' && formatted.message.endsWith('Parsing aborted.')) {
    return new BillingError('OPERATION_TOO_COMPLEX', 'The document has too many tokens.');
  }
  // graphql-js gives up on documents whose fields take too long to compare.
  if (code === 'GRAPHQL_VALIDATION_FAILED' && formatted.message === 'Validation aborted.') {
    return new BillingError('OPERATION_TOO_COMPLEX', 'The document takes too long to validate.');
  }
  if (formatted.extensions?.['validationErrorCode'] === 'MAX_RECURSIVE_SELECTIONS_EXCEEDED') {
    return new BillingError('OPERATION_TOO_COMPLEX', 'The operation has too many selections.');
  }
  return undefined;
}

function isProtocolCode(code: unknown): code is ProtocolErrorCode {
  return PROTOCOL_ERROR_CODES.some((known) => known === code);
}

function protocolMessage(code: ProtocolErrorCode, message: string): string {
  switch (code) {
    case 'GRAPHQL_PARSE_FAILED':
      // The parser quotes the token that it found, which may be a string of the client. Only names and punctuators
      // stay.
      return message
        .replace(/ (String|BlockString|Int|Float|Comment) ".*$/su, ' $1.')
        .replace(/sequence: ".*$/su, 'sequence.');
    case 'OPERATION_RESOLUTION_FAILURE':
      return (
        'The gateway cannot tell which operation to run: send operationName, equal to the name of one operation of ' +
        'the document.'
      );
    case 'GRAPHQL_VALIDATION_FAILED':
    case 'BAD_REQUEST':
    case 'PERSISTED_QUERY_NOT_FOUND':
    case 'PERSISTED_QUERY_NOT_SUPPORTED':
      return message;
  }
}
