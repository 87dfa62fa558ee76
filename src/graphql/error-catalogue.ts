import type { BillingErrorCode } from '../domain/errors.js';

/** What a client developer needs to know of a code. Shown in the schema and in docs/errors.md. */
export interface ErrorCodeEntry {
  readonly meaning: string;
  /** What the client should do. */
  readonly action: string;
  /** Whether the same request may be sent again: `yes`, `no`, or `see` what `retryable` of the error says. */
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
      'The caller lacks a scope for something that the operation selects, named a group that it may not act on, or sent a document that is not on the list of a gateway that has one. Whether that group exists is not told.',
    action:
      'Ask for the scope, the group or the operation, or leave the field out. Nothing was sent upstream, unless `extensions.upstream` is there: then the upstream itself refused to read that group, in its own words.',
    retryable: 'no',
  },
  BAD_USER_INPUT: {
    meaning:
      'An argument or variable breaks a rule; `field` is the path of the input at fault. The value is never repeated.',
    action: 'Correct the input. Nothing was sent upstream.',
    retryable: 'no',
  },
  NOT_FOUND: {
    meaning: 'What the request names does not exist, as far as the upstream or the ledger tells this caller.',
    action: 'Check the id or the key.',
    retryable: 'no',
  },
  NOT_CONFIGURED: {
    meaning:
      'This gateway or this tenant has no credential for the upstream that the field needs, or the upstream has no catalogue of plans and packs where the gateway looks for it.',
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
      'The operation passes a limit: tokens, depth, aliases, directives, selections, root fields, more than one mutation field, levels of brackets or of `subgroups`, the upstream calls that it would cause, or the rows and bytes that it answers.',
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
      'The upstream understood the request and said no; its own words are in `upstreamMessage` or `extensions.upstream`.',
    action:
      'Read the upstream message. A rejected write was not carried out; a corrected one needs a new idempotencyKey.',
    retryable: 'no',
  },
  UPSTREAM_UNAVAILABLE: {
    meaning: 'The upstream could not be reached. Of a write, not one byte was sent, so nothing was charged.',
    action: 'Send the same request again after a while, a write with the same idempotencyKey.',
    retryable: 'yes',
  },
  UPSTREAM_TIMEOUT: {
    meaning: 'The upstream did not answer a read in time.',
    action: 'Send the read again after a while.',
    retryable: 'yes',
  },
  UPSTREAM_INVALID_RESPONSE: {
    meaning:
      'The upstream answered something that cannot be read. At the path of a single field: that value alone could not be read, and the rest of the answer stands.',
    action: 'Show the rest. If it lasts, tell the operator of the gateway: the upstream has changed.',
    retryable: 'see',
  },
  OUTCOME_UNKNOWN: {
    meaning:
      'The write was sent, and nobody knows whether it was carried out: money may have moved. The gateway never sends it again by itself.',
    action:
      'Do not order again. Show it as pending, then call `reconcileBillingOperation`, or have an operator decide with `resolveBillingOperation`.',
    retryable: 'no',
  },
  OPERATION_IN_PROGRESS: {
    meaning: 'The same write, or another one on the same target, is still under way.',
    action: 'Wait, then send the same request again with the same idempotencyKey; it answers the outcome.',
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
      'An equal write of the tenant, under another idempotencyKey, succeeded a short while ago or is under way; `operation` is that write. Nothing was sent.',
    action:
      'Take `operation` for the answer if one write was meant. If the user wants another one as well, send the request again with `repeats`, the idempotencyKey of that operation.',
    retryable: 'no',
  },
  PRECONDITION_FAILED: {
    meaning:
      'The catalogue, read anew, does not offer what was asked for at the `expected` price, or could not be read. Nothing was sent.',
    action:
      'Show the price that holds now. If the user agrees, send the request again with that price as `expected`; the idempotencyKey may stay.',
    retryable: 'no',
  },
  SPENDING_LIMIT_REACHED: {
    meaning:
      "The write would pass a limit that the operator has set for the tenant's spending; `message` says which, how much of it is used, and when it frees up. Nothing was sent.",
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
    action: 'Send the same request again at once; another replica answers.',
    retryable: 'yes',
  },
  INTERNAL_SERVER_ERROR: {
    meaning: 'A fault of the gateway itself. Its details are in the log under the `requestId`.',
    action: 'Tell the operator the `requestId`.',
    retryable: 'no',
  },
};

/** Codes of the GraphQL protocol itself, for requests that are no valid operation. They never occur in `userErrors`. */
export const PROTOCOL_CATALOGUE = {
  GRAPHQL_PARSE_FAILED: {
    meaning: 'The document is not GraphQL.',
    action: 'Correct the document; `locations` says where.',
    retryable: 'no',
  },
  GRAPHQL_VALIDATION_FAILED: {
    meaning: 'The document is GraphQL and does not fit the schema, or asks for something that is switched off here.',
    action: 'Correct the document; generated types and an editor with the schema find this before a user does.',
    retryable: 'no',
  },
  OPERATION_RESOLUTION_FAILURE: {
    meaning: 'The document holds several operations, or none of the name that was asked for.',
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
} as const satisfies Record<string, ErrorCodeEntry>;

export type ProtocolErrorCode = keyof typeof PROTOCOL_CATALOGUE;
