import type { BillingErrorCode, ProtocolErrorCode } from '../domain/errors.js';

/** Explanation of a code for client developers. Shown in the schema and in docs/errors.md. */
export interface ErrorCodeEntry {
  readonly meaning: string;
  /** Action for the client. */
  readonly action: string;
  /** Whether the same request may be sent again: `yes`, `no`, or `see` for the error's own `retryable`. */
  readonly retryable: 'yes' | 'no' | 'see';
}

export const ERROR_CATALOGUE: Readonly<Record<BillingErrorCode, ErrorCodeEntry>> = {
  UNAUTHENTICATED: {
    meaning: 'The request carries no valid credential for this gateway.',
    action: 'Get a fresh token and send the request again with it.',
    retryable: 'no',
  },
  FORBIDDEN: {
    meaning:
      'The caller lacks a scope for a selected field or named a group outside its permission. Or the gateway has ' +
      'a safelist without the document. The error does not tell whether that group exists.',
    action:
      'Ask for the scope, the group or the operation, or leave the field out. Nothing was sent upstream, unless ' +
      '`extensions.upstream` is present. Then the upstream itself refused to read that group, in its own words.',
    retryable: 'no',
  },
  BAD_USER_INPUT: {
    meaning:
      'An argument or variable breaks a rule; `field` is the path of the input at fault. The value is never repeated.',
    action: 'Correct the input. Nothing was sent upstream.',
    retryable: 'no',
  },
  NOT_FOUND: {
    meaning: 'The named object does not exist, as far as the upstream or the ledger tells this caller.',
    action: 'Check the id or the key.',
    retryable: 'no',
  },
  NOT_CONFIGURED: {
    meaning:
      'This gateway or this tenant has no credential for the upstream of the field. Or the upstream has no ' +
      'catalogue of plans and packs at the configured path.',
    action: 'Tell the operator of the gateway; the setting is missing on the server.',
    retryable: 'no',
  },
  RATE_LIMITED: {
    meaning: 'The tenant, or the upstream, has had too many requests in a short time.',
    action: 'Wait and send the same request again, a write with the same idempotencyKey.',
    retryable: 'yes',
  },
  OPERATION_TOO_COMPLEX: {
    meaning:
      'The operation passes a limit. Limits of the document: tokens, depth, aliases, directives, selections, root ' +
      'fields, one mutation field, levels of brackets and of `subgroups`. Limits of the work: upstream calls, and ' +
      'rows and bytes of the response.',
    action: 'Ask for less at once: split the operation, ask for smaller pages, or for fewer lists inside lists.',
    retryable: 'no',
  },
  UPSTREAM_UNAUTHENTICATED: {
    meaning: "The upstream refused the gateway's own credential. The caller's token is not at fault.",
    action: 'Tell the operator of the gateway.',
    retryable: 'no',
  },
  UPSTREAM_REJECTED: {
    meaning:
      'The upstream understood the request and refused it. Its own words are in `upstreamMessage` or ' +
      '`extensions.upstream`.',
    action:
      'Read the upstream message. A rejected write was not carried out; a corrected one needs a new idempotencyKey.',
    retryable: 'no',
  },
  UPSTREAM_UNAVAILABLE: {
    meaning: 'The upstream could not be reached. The gateway sent no byte of a write, so nothing was charged.',
    action: 'Send the same request again after a while, a write with the same idempotencyKey.',
    retryable: 'yes',
  },
  UPSTREAM_TIMEOUT: {
    meaning: 'The upstream did not respond to a read in time.',
    action: 'Send the read again after a while.',
    retryable: 'yes',
  },
  UPSTREAM_INVALID_RESPONSE: {
    meaning:
      'The response of the upstream cannot be read. At the path of a single field: that value alone could not be ' +
      'read, and the rest of the response is valid.',
    action: 'Show the rest. If it lasts, tell the operator of the gateway: the upstream has changed.',
    retryable: 'see',
  },
  OUTCOME_UNKNOWN: {
    meaning:
      'The write was sent, and nobody knows whether it was carried out: money may have moved. The gateway never ' +
      'sends it again by itself.',
    action:
      'Do not order again. Show it as pending, then call `reconcileBillingOperation`, or have an operator decide ' +
      'with `resolveBillingOperation`.',
    retryable: 'no',
  },
  OPERATION_IN_PROGRESS: {
    meaning: 'The same write, or another one on the same target, is still running.',
    action: 'Wait, then send the same request again with the same idempotencyKey. The response then has the outcome.',
    retryable: 'yes',
  },
  IDEMPOTENCY_KEY_REUSED: {
    meaning: 'The idempotencyKey belongs to an earlier write with another input. Nothing was sent.',
    action: 'Make a new key for a new write, and keep a key for the retries of one write only.',
    retryable: 'no',
  },
  PRIOR_OUTCOME_UNKNOWN: {
    meaning: 'An earlier write on the same target has an unknown outcome; `operation` is that write. Nothing was sent.',
    action: 'Reconcile or resolve the earlier write first.',
    retryable: 'no',
  },
  POSSIBLE_DUPLICATE: {
    meaning:
      'An equal write of the tenant, under another idempotencyKey, succeeded a short while ago or is still ' +
      'running; `operation` is that write. Nothing was sent.',
    action:
      'If one write was meant, `operation` is its result. If the user wants a second write, send the request ' +
      'again with `repeats`: the idempotencyKey of that operation.',
    retryable: 'no',
  },
  PRECONDITION_FAILED: {
    meaning:
      'The gateway read the catalogue anew. The catalogue does not offer the item at the `expected` price, or ' +
      'could not be read. Nothing was sent.',
    action:
      'Show the present price. If the user agrees, send the request again with that price as `expected`; the ' +
      'idempotencyKey may stay.',
    retryable: 'no',
  },
  SPENDING_LIMIT_REACHED: {
    meaning:
      'The write would pass a spending limit of the tenant, which the operator has set. `message` names the ' +
      'limit, the used amount and the moment when it frees up. Nothing was sent.',
    action: 'Wait until it frees up, or ask the operator of the gateway for more. The idempotencyKey may stay.',
    retryable: 'no',
  },
  LEDGER_UNAVAILABLE: {
    meaning: 'The write could not be recorded safely beforehand, so it was not sent.',
    action: 'Send the same request again after a while with the same idempotencyKey.',
    retryable: 'yes',
  },
  SHUTTING_DOWN: {
    meaning: 'This replica of the gateway is stopping and takes no more work.',
    action: 'Send the same request again at once; another replica will serve it.',
    retryable: 'yes',
  },
  INTERNAL_SERVER_ERROR: {
    meaning: 'A fault of the gateway itself. Its details are in the log under the `requestId`.',
    action: 'Tell the operator the `requestId`.',
    retryable: 'no',
  },
};

/** Codes of the GraphQL protocol itself, for requests that are no valid operation. They never occur in `userErrors`. */
export const PROTOCOL_CATALOGUE: Readonly<Record<ProtocolErrorCode, ErrorCodeEntry>> = {
  GRAPHQL_PARSE_FAILED: {
    meaning: 'The document is not GraphQL.',
    action: 'Correct the document; `locations` says where.',
    retryable: 'no',
  },
  GRAPHQL_VALIDATION_FAILED: {
    meaning: 'The document is GraphQL but does not fit the schema, or it uses a feature that is switched off here.',
    action: 'Correct the document; generated types and an editor with the schema find this before a user does.',
    retryable: 'no',
  },
  OPERATION_RESOLUTION_FAILURE: {
    meaning: 'The document holds several operations, or none with the requested name.',
    action: 'Send `operationName`, equal to the name of one operation.',
    retryable: 'no',
  },
  BAD_REQUEST: {
    meaning: 'The HTTP request is not a GraphQL request: its method, content type, headers or JSON shape.',
    action: 'Send POST with `Content-Type: application/json` and a JSON object with `query`.',
    retryable: 'no',
  },
  PERSISTED_QUERY_NOT_FOUND: {
    meaning: 'The server does not know the hash of the persisted query yet.',
    action: 'Send the request again with the whole query; clients with persisted queries do this by themselves.',
    retryable: 'no',
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    meaning: 'Persisted queries are switched off here.',
    action: 'Send whole queries.',
    retryable: 'no',
  },
};
