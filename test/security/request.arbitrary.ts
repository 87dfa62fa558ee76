import fc from 'fast-check';
import { DOCUMENTS, document, EXAMPLES } from './document.arbitrary.js';

/** One HTTP request as bytes, which need not be GraphQL, JSON or text. */
export interface FuzzedRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** Values at the limits of their types, with the canary in place of a secret. */
function oddValue(canary: string): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constant(canary),
    fc.constantFrom(
      '100001',
      '1223',
      '9beb5f68-6493-4cc4-b55e-187541a9d22b',
      'fuzz-key-1',
      'fuzz-key-2',
      'PROCESS',
      'DELETE',
    ),
    fc.constantFrom(
      '2024-01-01T00:00:00Z',
      '10000-01-01T00:00:00Z',
      2 ** 31,
      -1,
      0,
      1.5,
      1e300,
      'NaN',
      '１',
      '\uD800',
      '\u0000',
      true,
      null,
    ),
    fc.jsonValue({ maxDepth: 3 }),
  );
}

/** Variables of the example operations with anything at all in them. */
function variables(canary: string): fc.Arbitrary<unknown> {
  const value = oddValue(canary);
  const names = [
    'id',
    'ids',
    'groupId',
    'first',
    'after',
    'at',
    'input',
    'idempotencyKey',
    'key',
    '__proto__',
    'representations',
    'status',
  ];
  const input = fc.dictionary(
    fc.constantFrom(
      'idempotencyKey',
      'packId',
      'planId',
      'groupId',
      'quantity',
      'heldDocuments',
      'confirmDocumentDeletion',
      'purchaseId',
      'purchaseOrder',
      'billing',
      'expireSeconds',
      'outcome',
      'note',
      '__proto__',
    ),
    value,
    { maxKeys: 6 },
  );
  const many = fc.dictionary(fc.constantFrom(...names), fc.oneof(value, input, fc.array(value, { maxLength: 5 })), {
    maxKeys: 5,
  });
  return fc.oneof({ weight: 12, arbitrary: many }, { weight: 1, arbitrary: value });
}

/** An example operation with its own variables, of which one value at most is something else: most of these run. */
export function nearlyRight(canary: string): fc.Arbitrary<{ readonly query: string; readonly variables: unknown }> {
  return fc
    .tuple(fc.constantFrom(...DOCUMENTS), fc.nat({ max: 12 }), fc.option(oddValue(canary)))
    .map(([query, place, value]) => {
      const name = /^(?:query|mutation) (\w+)/m.exec(query)?.[1] ?? '';
      let seen = 0;
      const given: unknown = JSON.parse(JSON.stringify(EXAMPLES[name] ?? {}), (key, original: unknown) => {
        if (key === '' || typeof original === 'object') return original;
        seen += 1;
        return value !== null && seen === place ? value : original;
      });
      return { query, variables: given };
    });
}

const headerText = fc
  .array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff })), { maxLength: 60 })
  .map((codes) => String.fromCharCode(...codes).trim());

const SOUND = { 'content-type': 'application/json', accept: 'application/json', 'apollo-require-preflight': '1' };

const oddHeaders: fc.Arbitrary<Readonly<Record<string, string>>> = fc.record(
  {
    'content-type': fc.oneof(
      fc.constantFrom('application/json', 'application/json; charset=utf-7', 'text/plain', 'application/graphql', ''),
      fc.constantFrom('application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'),
      headerText,
    ),
    accept: fc.oneof(
      fc.constantFrom('application/json', 'application/graphql-response+json', '*/*', 'text/html', 'multipart/mixed'),
      fc.constantFrom('application/json;q=0', 'application/json; foo=bar', 'a/b, application/*;q=0.1'),
      headerText,
    ),
    'content-encoding': fc.constantFrom('identity', 'gzip', 'br', 'x'),
    'apollo-require-preflight': fc.constant('1'),
  },
  { requiredKeys: [] },
);

/** Headers that must have no effect. */
const loreHeaders: fc.Arbitrary<Readonly<Record<string, string>>> = fc.record(
  {
    'x-request-id': headerText,
    'x-upstream-calls': fc.constantFrom('1', '0'),
    traceparent: fc.oneof(headerText, fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')),
    authorization: headerText,
    origin: fc.constantFrom('https://studio.apollographql.com', 'https://evil.example', 'null'),
    cookie: headerText,
  },
  { requiredKeys: [] },
);

const headers: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .tuple(fc.oneof({ weight: 5, arbitrary: fc.constant(SOUND) }, { weight: 1, arbitrary: oddHeaders }), loreHeaders)
  .map(([one, other]) => ({ ...one, ...other }));

function bodyOf(canary: string): fc.Arbitrary<Buffer> {
  const request = fc.record({ query: document, variables: variables(canary) });
  const oddRequest = fc.record(
    {
      query: fc.oneof({ weight: 5, arbitrary: document }, fc.jsonValue({ maxDepth: 1 })),
      variables: variables(canary),
      operationName: fc.oneof(fc.constantFrom('GroupPlan', 'Q', '', null), fc.string({ maxLength: 20 })),
      extensions: fc.oneof(
        fc.jsonValue({ maxDepth: 3 }),
        fc.record({
          persistedQuery: fc.record({
            version: fc.constantFrom(1, 1, 2, '1'),
            sha256Hash: fc.oneof(fc.string(), fc.jsonValue()),
          }),
        }),
      ),
    },
    { requiredKeys: [] },
  );
  const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  return fc.oneof(
    { weight: 8, arbitrary: nearlyRight(canary).map(text) },
    { weight: 8, arbitrary: request.map(text) },
    { weight: 3, arbitrary: oddRequest.map(text) },
    { weight: 1, arbitrary: fc.array(request, { maxLength: 3 }).map(text) },
    { weight: 1, arbitrary: fc.jsonValue().map(text) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc.tuple(request, fc.nat({ max: 400 })).map(([value, cut]) => text(value).subarray(0, cut)),
    },
    { weight: 1, arbitrary: fc.nat({ max: 30_000 }).map((depth) => Buffer.from(`{"query":${'['.repeat(depth)}`)) },
  );
}

/** A request to `/graphql`, mostly a POST of JSON with something wrong in it, and now and then nothing wrong at all. */
export function fuzzedRequest(canary: string): fc.Arbitrary<FuzzedRequest> {
  const post = fc.record({
    method: fc.constant('POST' as const),
    path: fc.constant('/graphql'),
    headers,
    body: bodyOf(canary),
  });
  const get = fc
    .record({ headers, query: document, variables: variables(canary), raw: fc.string({ maxLength: 40 }) })
    .map(({ headers: sent, query, variables: given, raw }) => ({
      method: 'GET' as const,
      path: `/graphql?query=${encodeURIComponent(query.toWellFormed()).slice(0, 7_000)}&variables=${encodeURIComponent(JSON.stringify(given).toWellFormed())}&${encodeURIComponent(raw.toWellFormed())}`.slice(
        0,
        15_000,
      ),
      headers: sent,
      body: null,
    }));
  const other = fc.record({
    method: fc.constantFrom<FuzzedRequest['method'][]>('PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'POST', 'GET'),
    path: fc.oneof(
      fc.constantFrom('/graphql/', '/graphql?', '/', '/graphiql', '/debug', '/metrics', '/ready'),
      fc.webPath(),
    ),
    headers,
    body: fc.constant(null),
  });
  return fc.oneof({ weight: 16, arbitrary: post }, { weight: 3, arbitrary: get }, { weight: 1, arbitrary: other });
}
