import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { BILLING_ERROR_CODES, BillingError } from '../../../src/domain/errors.js';
import { UnreadableValue } from '../../../src/domain/money.js';
import { ERROR_CATALOGUE, PROTOCOL_CATALOGUE } from '../../../src/graphql/error-catalogue.js';
import { formatError } from '../../../src/graphql/request/error-format.js';
import { httpStatusOf, requestError } from '../../../src/graphql/request/request-plugins.js';
import { ApolloHarness } from './apollo.harness.js';
import { inMemoryPorts } from './in-memory.context.js';

const SECRET = 's3cret-api-key';

/** An error of a resolver in the form that Apollo passes on. */
function thrown(error: unknown): GraphQLFormattedError {
  const originalError = error instanceof Error ? error : new Error(String(error));
  const located = new GraphQLError(originalError.message, { originalError, path: ['group', 'plan'] });
  const code = located.extensions['code'] ?? 'INTERNAL_SERVER_ERROR';
  return formatError(
    { ...located.toJSON(), extensions: { ...located.extensions, code, stacktrace: ['at x.ts:1'] } },
    located,
  );
}

describe('anything that is thrown by a field', () => {
  it.each<[string, unknown]>([
    ['an Error', new Error(SECRET)],
    ['an Error with a code', Object.assign(new Error(SECRET), { code: 'FORBIDDEN' })],
    [
      'an Error with extensions',
      Object.assign(new Error(SECRET), { extensions: { code: 'FORBIDDEN', secret: SECRET } }),
    ],
    [
      'a GraphQLError of a library',
      new GraphQLError(SECRET, { extensions: { code: 'BAD_USER_INPUT', secret: SECRET } }),
    ],
    ['a GraphQLError with a protocol code', new GraphQLError(SECRET, { extensions: { code: 'BAD_REQUEST' } })],
    ['an Error that looks like an argument error', new Error(`Argument "id" has invalid value ${SECRET}.`)],
    ['an Error with a cause', new Error(SECRET, { cause: new BillingError('FORBIDDEN', SECRET) })],
    ['a text', SECRET],
    ['nothing', undefined],
  ])('%s is an internal error that tells nothing', (_name, error) => {
    const response = thrown(error);
    expect(response.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
    expect(response.path).toEqual(['group', 'plan']);
    expect(JSON.stringify(response)).not.toContain(SECRET);
  });

  it('passes as it is when it was thrown on purpose', () => {
    const error = new BillingError('UPSTREAM_REJECTED', 'The upstream said no.', {
      retryable: true,
      field: ['input', 'packId'],
      upstream: {
        service: 'xtracta',
        operation: 'orderBoosterPack',
        httpStatus: 200,
        status: '400',
        message: 'Invalid pack',
      },
      cause: new Error(SECRET),
    });
    expect(thrown(error)).toEqual({
      message: 'The upstream said no.',
      path: ['group', 'plan'],
      extensions: {
        code: 'UPSTREAM_REJECTED',
        retryable: true,
        field: ['input', 'packId'],
        upstream: {
          service: 'xtracta',
          operation: 'orderBoosterPack',
          httpStatus: 200,
          status: '400',
          message: 'Invalid pack',
        },
      },
    });
  });

  it('names the element of a value that cannot be read', () => {
    expect(thrown(new UnreadableValue('xtracta', 'getBillingHistory', 'price'))).toMatchObject({
      message: "The upstream's price could not be read.",
      extensions: {
        code: 'UPSTREAM_INVALID_RESPONSE',
        upstream: { service: 'xtracta', operation: 'getBillingHistory' },
      },
    });
  });

  it('never makes the formatting itself fail, and never adds a code to the list', () => {
    const codes: ReadonlySet<unknown> = new Set([...BILLING_ERROR_CODES, ...Object.keys(PROTOCOL_CATALOGUE)]);
    const formatted = fc.record(
      { message: fc.string(), extensions: fc.dictionary(fc.string(), fc.anything()), path: fc.array(fc.string()) },
      { requiredKeys: ['message'] },
    );
    fc.assert(
      fc.property(formatted, fc.anything(), (response, error) => {
        expect(codes.has(formatError(response, error).extensions?.['code'])).toBe(true);
      }),
    );
  });

  it('does not follow errors that wrap each other without end', () => {
    const error = new GraphQLError('a');
    Object.defineProperty(error, 'originalError', { value: error });
    expect(formatError({ message: SECRET }, error).extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
  });
});

describe('the list of codes', () => {
  it('is documented, code by code, and has an HTTP status for each', () => {
    for (const code of BILLING_ERROR_CODES) {
      expect(ERROR_CATALOGUE[code].meaning.length).toBeGreaterThan(20);
      expect(ERROR_CATALOGUE[code].action.length).toBeGreaterThan(10);
      expect(requestError(new BillingError(code, 'x')).extensions).toEqual({
        code,
        http: { status: httpStatusOf(code) },
      });
    }
  });
});

describe('documents with a secret in the wrong place', () => {
  it.each<[string, string, readonly string[] | undefined]>([
    ['BAD_USER_INPUT', `{ group(id: "1") { billingHistory(first: "${SECRET}") { totalCount } } }`, ['first']],
    ['BAD_USER_INPUT', `{ group(id: { a: "${SECRET}" }) { id } }`, ['id']],
    ['BAD_USER_INPUT', `{ group(id: ["${SECRET}"]) { id } }`, ['id']],
    ['BAD_USER_INPUT', `{ groups(ids: ["1", { a: "${SECRET}" }]) { id } }`, ['ids', '1']],
    ['BAD_USER_INPUT', `{ group(id: "1") { plan(at: "${SECRET}") { name } } }`, ['at']],
    ['BAD_USER_INPUT', `{ group(id: "1") { billingHistory(orderBy: s3cret) { totalCount } } }`, ['orderBy']],
    ['BAD_USER_INPUT', `{ group(id: "1") { billingHistory(orderBy: "${SECRET}") { totalCount } } }`, ['orderBy']],
    [
      'BAD_USER_INPUT',
      `{ group(id: "1") { billingHistory(activity: [RENEW, s3cret]) { totalCount } } }`,
      ['activity', '1'],
    ],
    [
      'BAD_USER_INPUT',
      `query ($first: Int = "${SECRET}") { group(id: "1") { billingHistory(first: $first) { totalCount } } }`,
      ['first'],
    ],
    [
      'BAD_USER_INPUT',
      `mutation { orderBoosterPack(input: { idempotencyKey: "${SECRET}", packId: "1", quantity: 99999999999 }) { userErrors { code } } }`,
      ['input', 'quantity'],
    ],
    [
      'BAD_USER_INPUT',
      `mutation { orderBoosterPack(input: { idempotencyKey: "${SECRET}" }) { userErrors { code } } }`,
      ['input', 'packId'],
    ],
    ['BAD_USER_INPUT', `mutation { orderBoosterPack(input: "${SECRET}") { userErrors { code } } }`, ['input']],
    ['BAD_USER_INPUT', '{ group { id } }', ['id']],
    ['GRAPHQL_PARSE_FAILED', `{ group(id: "1" "${SECRET}") { id } }`, undefined],
    ['GRAPHQL_PARSE_FAILED', `{ group(id: """1""" """${SECRET}""") { id } }`, undefined],
    ['GRAPHQL_PARSE_FAILED', `{ group(id: "1", "a \\" ${SECRET}": 1) { id } }`, undefined],
    ['GRAPHQL_PARSE_FAILED', `{ group(id: "\\u{s3cret}") { id } }`, undefined],
    ['GRAPHQL_PARSE_FAILED', `{ group(id: "${SECRET}`, undefined],
    ['GRAPHQL_PARSE_FAILED', '{ group(1234567890: 1) { id } }', undefined],
  ])('%s for %s, by path and without the value', async (code, query, field) => {
    const gateway = await started;
    const ports = inMemoryPorts();
    const response = await gateway.ask({ query, ports });
    expect([response.status, response.codes]).toEqual([400, [code]]);
    expect(response.errors[0]?.extensions['field']).toEqual(field);
    expect(response.text).not.toMatch(/s3cret|1234567890|99999999999/);
    expect(ports.calls).toEqual([]);
  });

  it('what the parser met is still named where it is a name or a punctuator', async () => {
    const gateway = await started;
    expect((await gateway.ask({ query: '{ group(id: "1"' })).errors[0]?.message).toBe(
      'Syntax Error: Expected Name, found <EOF>.',
    );
    expect((await gateway.ask({ query: 'query foo bar' })).errors[0]?.message).toBe(
      'Syntax Error: Expected "{", found Name "bar".',
    );
  });

  it('an operation name that there is not is not repeated', async () => {
    const response = await (await started).ask({ query: 'query A { __typename }', operationName: SECRET });
    expect(response.codes).toEqual(['OPERATION_RESOLUTION_FAILURE']);
    expect(response.text).not.toContain(SECRET);
  });
});

const started = ApolloHarness.start();
