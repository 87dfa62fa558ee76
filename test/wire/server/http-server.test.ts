import { Agent, get, type IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { errorsOf, post, startTinyServer, type TinyServer } from './tiny-server.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the HTTP layer', () => {
  let tiny: TinyServer;
  beforeAll(async () => {
    tiny = await startTinyServer();
  });
  afterAll(() => tiny.server.drain());

  it('answers a query by POST, uncached and with the security headers', async () => {
    const response = await post(tiny.url, '{ hello }');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { hello: 'world' } });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });

  it('answers as application/graphql-response+json where the client asks for it', async () => {
    const response = await post(tiny.url, '{ hello }', { headers: { accept: 'application/graphql-response+json' } });
    expect(response.headers.get('content-type')).toContain('application/graphql-response+json');
  });

  it('answers a query by GET that a browser cannot send across sites unasked', async () => {
    const response = await fetch(`${tiny.url}/graphql?query={hello}`, { headers: { 'apollo-require-preflight': '1' } });
    expect(await response.json()).toEqual({ data: { hello: 'world' } });
  });

  it('gives a client 10 s for the headers and 30 s for a request, and keeps an idle connection longer than balancers do', async () => {
    const listen = jest.spyOn(Server.prototype, 'listen');
    const usual = await startTinyServer();
    const servers = listen.mock.contexts;
    listen.mockRestore();
    await usual.server.drain();
    expect(servers).toHaveLength(1);
    expect(servers[0]).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 });
  });

  it('shows plugins no header that a credential could stand in', async () => {
    const names: string[] = [];
    const watched = await startTinyServer(
      {},
      {
        plugins: [
          {
            requestDidStart: async ({ request }) => {
              names.push(...(request.http?.headers.keys() ?? []));
            },
          },
        ],
      },
    );
    const headers = { authorization: 'Bearer a.b.c', cookie: 'a=b', 'x-xtracta-api-key': 'k', 'x-upstream-calls': '1' };
    expect((await post(watched.url, '{ hello }', { headers })).status).toBe(200);
    await watched.server.drain();
    expect(names).toEqual(expect.arrayContaining(['content-type', 'x-upstream-calls']));
    for (const name of ['authorization', 'cookie', 'x-xtracta-api-key', 'host']) expect(names).not.toContain(name);
  });

  it('keeps a safe request id and passes it to the context', async () => {
    const response = await post(tiny.url, '{ hello }', { headers: { 'x-request-id': 'abc-123:4' } });
    expect(response.headers.get('x-request-id')).toBe('abc-123:4');
    expect(tiny.requests.at(-1)?.requestId).toBe('abc-123:4');
  });

  it.each([['a b'], ['x'.repeat(129)], ['<script>'], ['']])('replaces the unsafe request id %j', async (id) => {
    const response = await post(tiny.url, '{ hello }', { headers: { 'x-request-id': id } });
    expect(response.headers.get('x-request-id')).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  it('hands the trace context on', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await post(tiny.url, '{ hello }', { headers: { traceparent } });
    expect(tiny.requests.at(-1)?.traceparent).toBe(traceparent);
  });

  const refused: [string, RequestInit & { path?: string }, number, string | undefined][] = [
    [
      'a mutation by GET',
      { path: '?query=mutation{pay}', headers: { 'apollo-require-preflight': '1' } },
      405,
      undefined,
    ],
    ['a GET that a form could send', { path: '?query={hello}' }, 400, 'BAD_USER_INPUT'],
    ['a batch', { method: 'POST', headers: JSON_TYPE, body: '[{"query":"{hello}"}]' }, 400, 'BAD_USER_INPUT'],
    [
      'text/plain',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"query":"{hello}"}' },
      415,
      'BAD_USER_INPUT',
    ],
    [
      'a form',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'query={hello}' },
      415,
      'BAD_USER_INPUT',
    ],
    [
      'a multipart form',
      { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' },
      415,
      'BAD_USER_INPUT',
    ],
    [
      'another charset',
      { method: 'POST', headers: { 'content-type': 'application/json; charset=utf-7' }, body: '{"query":"{hello}"}' },
      415,
      'BAD_USER_INPUT',
    ],
    [
      'a compressed body',
      { method: 'POST', headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: gzipSync('{"query":"{hello}"}') },
      415,
      'BAD_USER_INPUT',
    ],
    ['PUT', { method: 'PUT', headers: JSON_TYPE, body: '{"query":"{hello}"}' }, 405, 'BAD_USER_INPUT'],
    ['DELETE', { method: 'DELETE' }, 405, 'BAD_USER_INPUT'],
    ['OPTIONS where no origin is allowed', { method: 'OPTIONS' }, 405, 'BAD_USER_INPUT'],
    ['a cut body', { method: 'POST', headers: JSON_TYPE, body: '{"query":"{hel' }, 400, 'BAD_USER_INPUT'],
    ['an empty body', { method: 'POST', headers: JSON_TYPE, body: '' }, 400, 'BAD_USER_INPUT'],
    ['no query', { method: 'POST', headers: JSON_TYPE, body: '{}' }, 400, 'BAD_USER_INPUT'],
    ['a number for a query', { method: 'POST', headers: JSON_TYPE, body: '{"query":1}' }, 400, 'BAD_USER_INPUT'],
    [
      'variables that reach for a prototype',
      { method: 'POST', headers: JSON_TYPE, body: '{"query":"{hello}","variables":{"__proto__":{"x":1}}}' },
      400,
      'BAD_USER_INPUT',
    ],
    [
      'a body of 100 KB and one byte',
      {
        method: 'POST',
        headers: JSON_TYPE,
        body: JSON.stringify({ query: '{hello}', x: 'x'.repeat(102_400) }).slice(0, 102_401),
      },
      413,
      'OPERATION_TOO_COMPLEX',
    ],
  ];
  it.each(refused)(
    'refuses %s with a clean 4xx in the shape of GraphQL, before any resolver',
    async (_name, { path, ...init }, status, code) => {
      const before = tiny.calls.length;
      const response = await fetch(`${tiny.url}/graphql${path ?? ''}`, init);
      expect(response.status).toBe(status);
      const [error] = await errorsOf(response);
      if (code !== undefined) expect(error?.code).toBe(code);
      if (status !== 405 || code !== undefined) expect(error?.requestId).toBe(response.headers.get('x-request-id'));
      expect(tiny.calls.length).toBe(before);
    },
  );

  it('refuses more tokens than allowed', async () => {
    const response = await post(tiny.url, `{ ${'hello '.repeat(200)} }`);
    expect([response.status, (await errorsOf(response))[0]?.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('refuses a method that HTTP does not know, and a Host that is none', async () => {
    expect(await raw(tiny.url, 'PROPFIND /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 40[45]/,
    );
    const body = '{"query":"{hello}"}';
    const head = `POST /graphql HTTP/1.1\r\nHost: [\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    expect(await raw(tiny.url, `${head}${body}`)).toMatch(/^HTTP\/1\.1 400/);
  });

  it('refuses headers of a megabyte', async () => {
    const response = await raw(
      tiny.url,
      `GET /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${'x'.repeat(1_000_000)}\r\n\r\n`,
    );
    expect(response).toMatch(/^(HTTP\/1\.1 431|$)/);
  });

  it('answers 401 and 403 as the authenticator decides, with code and request id', async () => {
    const unauthenticated = await post(tiny.url, '{ hello }', { headers: { authorization: 'Bearer bad' } });
    expect(unauthenticated.status).toBe(401);
    expect(await errorsOf(unauthenticated)).toEqual([
      { code: 'UNAUTHENTICATED', requestId: unauthenticated.headers.get('x-request-id') },
    ]);
    const foreign = await post(tiny.url, '{ hello }', { headers: { authorization: 'Bearer foreign' } });
    expect([foreign.status, (await errorsOf(foreign))[0]?.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('logs one line per operation, names unexpected errors by request, and never their text, also of a query that comes again', async () => {
    for (const id of ['bang-1', 'bang-2', 'bang-3', 'bang-4']) {
      const response = await post(tiny.url, 'query Bang { boom }', { headers: { 'x-request-id': id } });
      expect(await response.json()).toMatchObject({
        data: { boom: null },
        errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
      });
      await settled(() => tiny.log.filter((line) => line.includes(id)).length === 2);
      const lines = tiny.log.filter((line) => line.includes(id)).map((line): unknown => JSON.parse(line));
      expect(lines).toContainEqual(
        expect.objectContaining({
          level: 'info',
          operation: 'query',
          operationName: 'Bang',
          tenant: 'acme',
          errors: ['INTERNAL_SERVER_ERROR'],
        }),
      );
      expect(lines).toContainEqual(
        expect.objectContaining({ level: 'error', path: ['boom'], err: expect.objectContaining({ name: 'Error' }) }),
      );
    }
    expect(tiny.log.join('')).not.toContain('CANARY-SECRET');
  });

  it('is alive, ready although an upstream is down, and says so', async () => {
    expect((await fetch(`${tiny.url}/health`)).status).toBe(200);
    const ready = await fetch(`${tiny.url}/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      status: 'ready',
      parts: [{ name: 'xtracta', ok: false, detail: 'circuit <open>' }],
    });
  });

  it('counts requests by route and status, and errors by code', async () => {
    await fetch(`${tiny.url}/no/such/path`);
    const text = await (await fetch(`${tiny.url}/metrics`)).text();
    expect(text).toMatch(
      /http_server_request_duration_seconds_count\{method="POST",route="\/graphql",status="200"\} \d+/,
    );
    expect(text).toContain('route="unmatched",status="404"');
    expect(text).toMatch(/graphql_errors_total\{code="UNAUTHENTICATED"\} 1/);
  });

  it('answers 404 for other paths', async () => {
    const response = await fetch(`${tiny.url}/nothing`);
    expect([response.status, (await errorsOf(response))[0]?.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('aborts the reads of a client that leaves', async () => {
    const leaving = await startTinyServer();
    const controller = new AbortController();
    const request = post(leaving.url, '{ slow }', { signal: controller.signal });
    await leaving.slowCalled;
    const signal = leaving.requests[0]?.signal;
    expect(signal?.aborted).toBe(false);
    controller.abort();
    await expect(request).rejects.toThrow();
    await settled(() => signal?.aborted === true);
    leaving.release();
    await leaving.server.drain();
  });

  it('does not abort what was answered', async () => {
    await post(tiny.url, '{ hello }');
    expect(tiny.requests.at(-1)?.signal.aborted).toBe(false);
  });
});

describe('bytes that no route gets', () => {
  let tiny: TinyServer;
  /** For the head that never ends. A busy machine can take longer for the others. */
  let hasty: TinyServer;
  beforeAll(async () => {
    tiny = await startTinyServer({ hostCheck: 'everything' });
    hasty = await startTinyServer({ hostCheck: 'everything' }, { headersTimeoutMs: 200 });
  });
  afterAll(async () => {
    await tiny.server.drain();
    await hasty.server.drain();
  });

  const LINES = 'Host: localhost\r\nConnection: close\r\n';
  const POST = `POST /graphql HTTP/1.1\r\n${LINES}Content-Type: application/json\r\n`;

  /** The one response: refused in the shape of GraphQL, told by one request id, and with no word of the request. */
  async function refusalOf(bytes: string, { url, log } = tiny): Promise<{ status: string; code: unknown }> {
    const lines = log.length;
    const response = await raw(url, bytes);
    const [head = '', json = '', ...more] = response.split('\r\n\r\n');
    const id = /^x-request-id: (\S+)$/m.exec(head)?.[1];
    expect(head).toMatch(/^x-content-type-options: nosniff\r?$/m);
    expect(head).toMatch(/^referrer-policy: no-referrer\r?$/m);
    expect(more).toEqual([]);
    expect(response).not.toMatch(/CANARY|FST_|HPE_/);
    const body: unknown = JSON.parse(json);
    expect(body).toMatchObject({ errors: [{ extensions: { requestId: id, retryable: false } }] });
    await settled(() => log.length > lines);
    const status = head.slice(9, 12);
    expect(log.slice(lines).map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({ requestId: id, status: Number(status), msg: 'request' }),
    ]);
    return { status, code: /"code":"(\w+)"/.exec(json)?.[1] };
  }

  it.each([
    ['a path that is no text', `GET /graphql%zz?k=CANARY HTTP/1.1\r\n${LINES}\r\n`, '400'],
    ['such a path of a body', `POST /CANARY%c0 HTTP/1.1\r\n${LINES}Content-Length: 2\r\n\r\n{}`, '400'],
    ['such a path behind a host', `GET http://localhost/%zz?CANARY HTTP/1.1\r\n${LINES}\r\n`, '400'],
    [
      'such a path under a foreign host',
      'GET /%c0?CANARY HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      '421',
    ],
    ['such a path behind a foreign host', `GET http://evil.example/%zz?CANARY HTTP/1.1\r\n${LINES}\r\n`, '421'],
    ['no host', 'GET /health?CANARY HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
    ['an expectation', `${POST}Expect: CANARY\r\nContent-Length: 0\r\n\r\n`, '417'],
    [
      'an expectation under a foreign host',
      'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nExpect: CANARY\r\n\r\n',
      '421',
    ],
    ['a head of 20 KB', `GET /CANARY HTTP/1.1\r\n${LINES}x: ${'a'.repeat(20_000)}\r\n\r\n`, '431'],
    ['a target of 20 KB', `GET /CANARY${'a'.repeat(20_000)} HTTP/1.1\r\n${LINES}\r\n`, '431'],
    ['a method that is none', `CANARY / HTTP/1.1\r\n${LINES}\r\n`, '400'],
    ['a target that is none', `GET CANARY:80 HTTP/1.1\r\n${LINES}\r\n`, '400'],
    ['a header that is none', `GET / HTTP/1.1\r\n${LINES}CAN ARY: CANARY\r\n\r\n`, '400'],
    ['another version', `GET /CANARY HTTP/1.2\r\n${LINES}\r\n`, '400'],
    ['two lengths', `${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nCANARY`, '400'],
    ['a part of a body that is none', `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\n{"que\r\nCANARY\r\n`, '400'],
    ['TLS', '\u0016\u0003\u0001\u0000\u00a5\u0001CANARY', '400'],
    ['a head without an end', 'GET /CANARY HTTP/1.1\r\nHost: localhost\r\nx-slow: ', '408'],
  ])('%s is refused as every request is, without a word of it', async (_name, bytes, status) => {
    const code = status === '421' ? 'FORBIDDEN' : 'BAD_USER_INPUT';
    expect(await refusalOf(bytes, status === '408' ? hasty : tiny)).toEqual({ status, code });
  });

  it('are never repeated, whatever the target is', async () => {
    const target = fc.stringMatching(/^[!-~]{0,20}$/);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('GET', 'POST', 'OPTIONS'), target, async (method, rest) => {
        const response = await raw(tiny.url, `${method} /CANARY${rest} HTTP/1.1\r\n${LINES}\r\n`);
        expect(response).toMatch(/^HTTP\/1\.1 4\d\d .*\r\nx-request-id: /);
        expect(response).not.toContain('CANARY');
      }),
    );
  });

  it('are counted', async () => {
    await raw(tiny.url, `CANARY / HTTP/1.1\r\n${LINES}\r\n`);
    expect(await (await fetch(`${tiny.url}/metrics`)).text()).toMatch(/method="OTHER",route="unmatched",status="400"/);
  });

  it('behind a request close its connection, and are not taken for its response', async () => {
    const busy = await startTinyServer();
    const body = '{"query":"mutation { slowPay }"}';
    const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const response = raw(busy.url, `${head}Content-Length: ${body.length}\r\n\r\n${body}CANARY\r\n\r\n`);
    expect(await response).toBe('');
    busy.release();
    await settled(() => busy.calls.includes('slowPay finished'));
    await busy.server.drain();
  });

  it('of a request that comes while the server closes get a response with an id', async () => {
    let late = '';
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (url: string): Promise<string> => {
      const response = await new Promise<IncomingMessage>((resolve, reject) =>
        get(`${url}/graphql?query={hello}`, { agent: kept }, resolve).on('error', reject),
      );
      return `${response.statusCode} ${String(response.headers['x-request-id'])} ${await text(response)}`;
    };
    const closing = await startTinyServer(
      {},
      {
        routes: (app) =>
          app.addHook('preClose', async () => {
            late = await ask(closing.url);
          }),
      },
    );
    await ask(closing.url);
    await closing.server.drain();
    kept.destroy();
    expect(late).toMatch(/^503 [\w-]{36} .*"code":"SHUTTING_DOWN"/);
  });
});

async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function raw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let response = '';
  socket.setEncoding('latin1');
  socket.on('data', (part) => {
    response += String(part);
  });
  // A server that has answered may reset the rest of a request that it does not want.
  socket.on('error', () => undefined);
  socket.write(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  return response;
}
