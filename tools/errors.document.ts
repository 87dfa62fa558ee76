import { BILLING_ERROR_CODES } from '../src/domain/errors.js';
import { ERROR_CATALOGUE, type ErrorCodeEntry, PROTOCOL_CATALOGUE } from '../src/graphql/error-catalogue.js';

const RETRYABLE: Readonly<Record<ErrorCodeEntry['retryable'], string>> = {
  yes: 'yes',
  no: 'no',
  see: 'see `retryable` of the error',
};

const HEAD = `# Errors

This file is generated from the code by \`npm run schema\`.

Routers hide messages, so the **code** is the contract: the lists below are closed, and messages may change. A failure is reported in one of two places:

* **A valid, authorised write** reports it as data. \`userErrors\` of its payload is empty exactly when the write succeeded.
* **A read, or a request that never became a write**, answers in \`errors\`, with

| \`extensions.\` | What |
|---|---|
| \`code\` | one of the codes below |
| \`requestId\` | names the request in the gateway's log |
| \`retryable\` | whether the same request may be sent again; absent for codes of the GraphQL protocol |
| \`field\` | path of the input at fault, from its argument on, whatever a variable is called: \`["input", "quantity"]\` |
| \`upstream\` | \`service\`, \`operation\`, \`httpStatus\`, \`status\`, \`message\`, where an upstream is the cause |

An unreadable value of a response is null, with \`UPSTREAM_INVALID_RESPONSE\` at its path; the row and the page are not affected.
No error repeats a value that the client sent, and none carries a stack trace. A request that is refused as a whole gets at most five errors.

## HTTP status

An operation that ran has status 200, whatever the result of its fields. A request that is refused as a whole has

| Status | When |
|---|---|
| 400 | the document or the variables are not valid, or a limit is passed |
| 200 | instead of 400 for \`GRAPHQL_PARSE_FAILED\`, \`GRAPHQL_VALIDATION_FAILED\` and \`BAD_USER_INPUT\`, for clients that do not accept \`application/graphql-response+json\` (as GraphQL over HTTP requires) |
| 401, 403 | \`UNAUTHENTICATED\`, \`FORBIDDEN\` |
| 405 | a mutation by GET, or another method than GET and POST |
| 413, 415 | the body is too large, or not JSON |
| 429, 503 | \`RATE_LIMITED\`, \`SHUTTING_DOWN\` |
`;

/** docs/errors.md: the meaning of each code, and the client's action. */
export function errorsDocument(): string {
  return [
    HEAD,
    '## Codes of the gateway\n',
    table(BILLING_ERROR_CODES.map((code) => [code, ERROR_CATALOGUE[code]])),
    '',
    '## Codes of the GraphQL protocol\n',
    'They mean that the request is no valid operation; a correct client never receives them.\n',
    table(Object.entries(PROTOCOL_CATALOGUE)),
    '',
  ].join('\n');
}

function table(entries: readonly (readonly [string, ErrorCodeEntry])[]): string {
  const rows = entries.map(([code, entry]) => {
    return `| \`${code}\` | ${entry.meaning} | ${entry.action} | ${RETRYABLE[entry.retryable]} |`;
  });
  return ['| Code | Meaning | What to do | Send again |', '|---|---|---|---|', ...rows].join('\n');
}
