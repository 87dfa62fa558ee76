import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BillingError } from '../../../../src/domain/errors.js';
import { UpstreamChannel } from '../../../../src/upstreams/resilience/upstream.channel.js';
import { createHttpTransport } from '../../../../src/upstreams/upstream.http.js';
import { XtractaClient } from '../../../../src/upstreams/xtracta/xtracta.client.js';
import {
  answer,
  chunkedAnswer,
  closedAnswer,
  drip,
  flood,
  hang,
  headOnly,
  type RawHandler,
  type RawUpstream,
  type RawUpstreamOptions,
  raw,
  redirect,
  reset,
  shortAnswer,
  startRawUpstream,
} from '../../../support/raw-upstream.js';
import { recordedCall } from '../../../support/upstream-call.js';

const API_KEY = 'canary-key-0123456789abcdef0123456789abcdef';
const CREDENTIAL = { id: 'credential-1', apiKey: API_KEY, rootGroupId: null };
const BOOSTER = readFileSync(new URL('../../../fixtures/xtracta/booster.xml', import.meta.url), 'utf8');
const HISTORY = readFileSync(new URL('../../../fixtures/xtracta/billing-history.xml', import.meta.url), 'utf8');

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function upstreamOf(handler: RawHandler, options?: RawUpstreamOptions): Promise<RawUpstream> {
  const upstream = await startRawUpstream(handler, options);
  stops.push(() => upstream.close());
  return upstream;
}

/** A client with deadlines in tenths of a second, so that hanging upstreams are met quickly. */
function clientOf(baseUrl: string, timeoutMs = 250): XtractaClient {
  const transport = createHttpTransport({ connectTimeoutMs: 150 });
  const channel = new UpstreamChannel({ service: 'xtracta', transport, random: () => 0, breaker: { failures: 50 } });
  stops.push(() => channel.close());
  return new XtractaClient({ baseUrl, readTimeoutMs: timeoutMs, writeTimeoutMs: timeoutMs, channel });
}

function order(client: XtractaClient) {
  const request = { packId: '1223', groupId: '494', quantity: 2, heldDocuments: 'PROCESS' } as const;
  return client.orderBoosterPack(CREDENTIAL, request, recordedCall().call);
}

async function readCode(client: XtractaClient): Promise<string> {
  const request = { groupId: '123456', fromSeconds: 0, toSeconds: 1, recursive: false };
  try {
    const history = await client.getBillingHistory(CREDENTIAL, request, recordedCall().call);
    return `OK ${history.activities.length}`;
  } catch (error) {
    return error instanceof BillingError ? error.code : 'not a BillingError';
  }
}

interface Fault {
  readonly name: string;
  readonly handler?: RawHandler;
  readonly options?: RawUpstreamOptions;
  readonly write: 'succeeded' | 'rejected' | 'notSent' | 'unknown';
  readonly read: string;
  /** Whole requests that a read makes: 3 where the failure may pass. */
  readonly reads: number;
  /** Whole requests that a write makes; default 1. */
  readonly writes?: number;
}

const xml = (inner: string): string => `<?xml version="1.0"?><billings_response>${inner}</billings_response>`;
const refusal = (status: number): string => xml(`<status>${status}</status><message>Invalid pack</message>`);
const HTML = '<!DOCTYPE html><html><body>login</body></html>';
const UNAVAILABLE = 'UPSTREAM_UNAVAILABLE';
const INVALID = 'UPSTREAM_INVALID_RESPONSE';
const TIMEOUT = 'UPSTREAM_TIMEOUT';

const TRANSPORT: readonly Fault[] = [
  {
    name: 'reset after a part of the request',
    options: { resetAfterBytes: 1 },
    write: 'unknown',
    read: UNAVAILABLE,
    reads: 0,
    writes: 0,
  },
  { name: 'reset after the whole request', handler: reset(), write: 'unknown', read: UNAVAILABLE, reads: 3 },
  {
    name: 'end of the connection instead of an answer',
    handler: raw('', { close: true }),
    write: 'unknown',
    read: UNAVAILABLE,
    reads: 3,
  },
  { name: 'silence', handler: hang(), write: 'unknown', read: TIMEOUT, reads: 1 },
  { name: 'a head, then silence', handler: headOnly(200), write: 'unknown', read: TIMEOUT, reads: 1 },
  { name: 'one byte every 20 ms for ever', handler: drip(20), write: 'unknown', read: TIMEOUT, reads: 1 },
  {
    name: 'less body than announced',
    handler: shortAnswer(200, BOOSTER),
    write: 'unknown',
    read: UNAVAILABLE,
    reads: 3,
  },
  {
    name: 'chunks without the last one',
    handler: chunkedAnswer(200, BOOSTER, { cut: true }),
    write: 'unknown',
    read: UNAVAILABLE,
    reads: 3,
  },
  {
    name: 'a body cut at the end of the connection',
    handler: closedAnswer(200, BOOSTER.slice(0, -30)),
    write: 'unknown',
    read: INVALID,
    reads: 3,
  },
  {
    name: 'a gzip bomb',
    handler: answer(200, gzipSync(Buffer.alloc(10_000_000)), { 'content-encoding': 'gzip' }),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'an announced body of 17 MB',
    handler: raw('HTTP/1.1 200 OK\r\ncontent-length: 17000000\r\n\r\n<a>'),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'a head of 20 KB',
    handler: raw(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  { name: 'no HTTP at all', handler: raw('SSH-2.0-OpenSSH_9.2\r\n'), write: 'unknown', read: INVALID, reads: 1 },
  {
    name: 'two lengths',
    handler: raw(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!`),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'an answer to an upgrade that nobody asked for',
    handler: raw('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    write: 'unknown',
    read: UNAVAILABLE,
    reads: 3,
  },
  ...[204, 205, 304].map(
    (status) =>
      ({
        name: `${status} without a body`,
        handler: raw(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`),
        write: 'unknown',
        read: INVALID,
        reads: 1,
      }) as const,
  ),
];

const STATUS_AND_CONTENT: readonly Fault[] = [
  {
    name: '400 with a refusal in XML',
    handler: answer(400, refusal(400)),
    write: 'rejected',
    read: 'UPSTREAM_REJECTED',
    reads: 1,
  },
  {
    name: '422 with a refusal in XML',
    handler: answer(422, refusal(422)),
    write: 'rejected',
    read: 'UPSTREAM_REJECTED',
    reads: 1,
  },
  {
    name: '401 in XML',
    handler: answer(401, refusal(401)),
    write: 'rejected',
    read: 'UPSTREAM_UNAUTHENTICATED',
    reads: 1,
  },
  {
    name: '403 in XML',
    handler: answer(403, refusal(403)),
    write: 'rejected',
    read: 'UPSTREAM_UNAUTHENTICATED',
    reads: 1,
  },
  { name: '404 in XML', handler: answer(404, refusal(404)), write: 'rejected', read: 'NOT_FOUND', reads: 1 },
  { name: '404 in HTML', handler: answer(404, HTML), write: 'unknown', read: INVALID, reads: 1 },
  { name: '401 in HTML', handler: answer(401, HTML), write: 'unknown', read: 'UPSTREAM_UNAUTHENTICATED', reads: 1 },
  { name: '400 in HTML', handler: answer(400, HTML), write: 'unknown', read: INVALID, reads: 1 },
  ...[408, 425, 429].map(
    (status) =>
      ({
        name: `${status} without XML`,
        handler: answer(status, ''),
        write: 'unknown',
        read: UNAVAILABLE,
        reads: 3,
      }) as const,
  ),
  { name: '429 in XML', handler: answer(429, refusal(429)), write: 'rejected', read: UNAVAILABLE, reads: 3 },
  {
    name: '429 that asks for more patience than there is',
    handler: answer(429, '', { 'retry-after': '6' }),
    write: 'unknown',
    read: UNAVAILABLE,
    reads: 1,
  },
  { name: '500 in HTML', handler: answer(500, HTML), write: 'unknown', read: UNAVAILABLE, reads: 3 },
  { name: '500 in XML', handler: answer(500, refusal(500)), write: 'unknown', read: UNAVAILABLE, reads: 3 },
  ...[502, 503, 504].map(
    (status) =>
      ({
        name: `${status} from a proxy`,
        handler: answer(status, HTML),
        write: 'unknown',
        read: UNAVAILABLE,
        reads: 3,
      }) as const,
  ),
  { name: '501', handler: answer(501, ''), write: 'unknown', read: UNAVAILABLE, reads: 1 },
  {
    name: '200 with status 400',
    handler: answer(200, refusal(400)),
    write: 'rejected',
    read: 'UPSTREAM_REJECTED',
    reads: 1,
  },
  { name: '200 with status 404', handler: answer(200, refusal(404)), write: 'rejected', read: 'NOT_FOUND', reads: 1 },
  {
    name: '200 with status 403',
    handler: answer(200, refusal(403)),
    write: 'rejected',
    read: 'UPSTREAM_UNAUTHENTICATED',
    reads: 1,
  },
  {
    name: '200 with status false',
    handler: answer(200, xml('<status>false</status><message>No</message>')),
    write: 'rejected',
    read: 'UPSTREAM_REJECTED',
    reads: 1,
  },
  { name: '200 with status 500', handler: answer(200, refusal(500)), write: 'unknown', read: UNAVAILABLE, reads: 3 },
  {
    name: '200 with two statuses',
    handler: answer(200, xml('<status>200</status><status>200</status><pack><id>1</id></pack>')),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: '200 with a status that is no word',
    handler: answer(200, xml('<status>maybe</status><pack><id>1</id></pack>')),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'a refusal that shows a pack',
    handler: answer(200, xml('<status>400</status><pack><id>1</id></pack>')),
    write: 'unknown',
    read: 'UPSTREAM_REJECTED',
    reads: 1,
  },
  {
    name: '400 beside status 200',
    handler: answer(400, BOOSTER),
    write: 'unknown',
    read: 'UPSTREAM_REJECTED',
    reads: 1,
  },
  {
    name: 'status 200 without a payload',
    handler: answer(200, refusal(200)),
    write: 'unknown',
    read: 'OK 0',
    reads: 1,
  },
  {
    name: 'status 200 with an empty pack',
    handler: answer(200, xml('<status>200</status><pack/>')),
    write: 'unknown',
    read: 'OK 0',
    reads: 1,
  },
  {
    name: 'result false beside status 200',
    handler: answer(200, xml('<status>200</status><result>false</result>')),
    write: 'rejected',
    read: 'UPSTREAM_REJECTED',
    reads: 1,
  },
  {
    name: 'a login page with 200',
    handler: answer(200, HTML, { 'content-type': 'text/html' }),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  { name: 'XHTML with 200', handler: answer(200, '<html><body/></html>'), write: 'unknown', read: INVALID, reads: 1 },
  {
    name: 'JSON where XML is due',
    handler: answer(200, '{"status":200,"pack":{"id":1}}'),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  { name: 'an empty body', handler: answer(200, ''), write: 'unknown', read: INVALID, reads: 1 },
  {
    name: 'a PHP warning before the XML',
    handler: answer(200, `Warning: x in y.php\n${BOOSTER}`),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'two roots',
    handler: answer(200, `${BOOSTER}<billings_response/>`),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'a DOCTYPE',
    handler: answer(
      200,
      BOOSTER.replace(
        '<billings_response>',
        '<!DOCTYPE billings_response SYSTEM "http://127.0.0.1:1/x"><billings_response>',
      ),
    ),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'another root',
    handler: answer(200, BOOSTER.replaceAll('billings_response', 'xml')),
    write: 'unknown',
    read: INVALID,
    reads: 1,
  },
  {
    name: 'the root of the billing UI',
    handler: answer(200, BOOSTER.replaceAll('billings_response', 'documents_response')),
    write: 'succeeded',
    read: 'OK 0',
    reads: 1,
  },
  {
    name: 'XML as text/plain',
    handler: answer(200, BOOSTER, { 'content-type': 'text/plain' }),
    write: 'succeeded',
    read: 'OK 0',
    reads: 1,
  },
  { name: 'XML without a content type', handler: answer(200, BOOSTER, {}), write: 'succeeded', read: 'OK 0', reads: 1 },
  {
    name: 'a whole answer that ends with the connection',
    handler: closedAnswer(200, BOOSTER),
    write: 'succeeded',
    read: 'OK 0',
    reads: 1,
  },
  {
    name: 'a whole answer in chunks',
    handler: chunkedAnswer(200, BOOSTER),
    write: 'succeeded',
    read: 'OK 0',
    reads: 1,
  },
  {
    name: 'status true',
    handler: answer(200, BOOSTER.replace('>200<', '>true<')),
    write: 'succeeded',
    read: 'OK 0',
    reads: 1,
  },
  {
    name: 'no status',
    handler: answer(200, BOOSTER.replace('<status>200</status>', '')),
    write: 'succeeded',
    read: 'OK 0',
    reads: 1,
  },
  { name: '201', handler: answer(201, BOOSTER), write: 'succeeded', read: 'OK 0', reads: 1 },
];

describe.each([
  ['transport', TRANSPORT],
  ['status and content', STATUS_AND_CONTENT],
])('Xtracta under faults of %s', (_group, faults) => {
  it.each(faults.map((fault) => [fault.name, fault] as const))(
    'classes a write right, and sends it once: %s',
    async (_name, fault) => {
      const upstream = await upstreamOf(fault.handler ?? hang(), fault.options);
      const outcome = await order(clientOf(upstream.url));
      expect(outcome.kind).toBe(fault.write);
      expect(upstream.requests()).toHaveLength(fault.writes ?? 1);
      expect(upstream.connections()).toBe(1);
      expect(JSON.stringify(outcome)).not.toContain(API_KEY);
    },
  );

  it.each(faults.map((fault) => [fault.name, fault] as const))(
    'answers a read with the right code: %s',
    async (_name, fault) => {
      const upstream = await upstreamOf(fault.handler ?? hang(), fault.options);
      expect(await readCode(clientOf(upstream.url))).toBe(fault.read);
      expect(upstream.requests()).toHaveLength(fault.reads);
    },
  );
});

describe('Xtracta when no connection comes about', () => {
  it('proves a refused connection unsent', async () => {
    const closed = await upstreamOf(hang());
    await closed.close();
    expect((await order(clientOf(closed.url))).kind).toBe('notSent');
    expect(await readCode(clientOf(closed.url))).toBe(UNAVAILABLE);
  });

  it('proves an unknown host unsent', async () => {
    const client = clientOf('http://nowhere.invalid');
    expect(await order(client)).toMatchObject({ kind: 'notSent', failure: { code: 'UPSTREAM_UNAVAILABLE' } });
    expect(await readCode(client)).not.toMatch(/^OK/);
  });

  it('proves a TLS handshake that nobody answers unsent, within the time for connecting', async () => {
    const upstream = await upstreamOf(hang(), { onConnection: 'silent' });
    const client = clientOf(upstream.url.replace('http:', 'https:'), 10_000);
    expect((await order(client)).kind).toBe('notSent');
    expect(upstream.bytes()).toBe(0);
  });

  it('never claims a success of a connection that is reset at once', async () => {
    const upstream = await upstreamOf(hang(), { onConnection: 'reset' });
    // Whether the reset overtakes the handshake is the kernel's affair; both readings are true.
    expect(['notSent', 'unknown']).toContain((await order(clientOf(upstream.url))).kind);
    expect(await readCode(clientOf(upstream.url))).toBe(UNAVAILABLE);
    expect(upstream.requests()).toHaveLength(0);
  });

  it('proves a reset during the TLS handshake unsent', async () => {
    const upstream = await upstreamOf(hang(), { resetAfterBytes: 1 });
    expect((await order(clientOf(upstream.url.replace('http:', 'https:')))).kind).toBe('notSent');
    expect(upstream.requests()).toHaveLength(0);
  });
});

describe('Xtracta when the upstream redirects', () => {
  it.each([301, 302, 303, 307, 308])('does not follow %i to another host, which receives nothing', async (status) => {
    const target = await upstreamOf(answer(200, BOOSTER));
    const upstream = await upstreamOf(redirect(status, `${target.url}/v1/billings/booster`));
    const client = clientOf(upstream.url);
    expect((await order(client)).kind).toBe('unknown');
    expect(await readCode(client)).toBe(INVALID);
    expect(upstream.requests()).toHaveLength(2);
    expect(target.connections()).toBe(0);
    expect(target.bytes()).toBe(0);
  });

  it.each(['/v1/billings/booster', 'http://169.254.169.254/', 'unix:/tmp/x.sock:/', 'file:///etc/passwd'])(
    'does not follow 307 to %s',
    async (location) => {
      const upstream = await upstreamOf(redirect(307, location));
      expect((await order(clientOf(upstream.url))).kind).toBe('unknown');
      expect(upstream.requests()).toHaveLength(1);
    },
  );
});

describe('Xtracta and its surroundings', () => {
  it('ignores proxy variables of the environment', async () => {
    const proxy = await upstreamOf(answer(200, BOOSTER));
    const upstream = await upstreamOf(answer(200, HISTORY));
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url;
    try {
      expect(await readCode(clientOf(upstream.url))).toBe('OK 1');
    } finally {
      for (const name of names) delete process.env[name];
    }
    expect(proxy.connections()).toBe(0);
  });

  it('stops reading an endless body, and holds on to none of it', async () => {
    let written = 0;
    const upstream = await upstreamOf((exchange) => {
      flood(200_000_000)(exchange);
      exchange.socket.on('close', () => {
        written = exchange.socket.bytesWritten;
      });
    });
    const before = process.memoryUsage().arrayBuffers;
    expect((await order(clientOf(upstream.url, 5_000))).kind).toBe('unknown');
    // 16 MiB is the most that a read may hold, 1 MiB a write; 64 MiB leaves room for what the kernel had buffered.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    await upstream.close();
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('opens a connection of its own for each write, and keeps the one of reads', async () => {
    const upstream = await upstreamOf(answer(200, BOOSTER));
    const client = clientOf(upstream.url);
    await order(client);
    await order(client);
    expect(upstream.connections()).toBe(2);
    await readCode(client);
    await readCode(client);
    expect(upstream.connections()).toBe(3);
  });

  it('tries a read again when a kept connection was closed in the meantime', async () => {
    const upstream = await upstreamOf(({ number, socket, request }) => {
      answer(200, HISTORY)({ number, socket, request });
      if (number === 1) socket.end();
    });
    const client = clientOf(upstream.url, 2_000);
    expect(await readCode(client)).toBe('OK 1');
    expect(await readCode(client)).toBe('OK 1');
  });

  it('does not cancel a write whose caller has left', async () => {
    const upstream = await upstreamOf(answer(200, BOOSTER));
    const request = { packId: '1', groupId: null, quantity: 2, heldDocuments: 'PROCESS' } as const;
    const { call } = recordedCall({ signal: AbortSignal.abort() });
    expect((await clientOf(upstream.url).orderBoosterPack(CREDENTIAL, request, call)).kind).toBe('succeeded');
  });

  it('aborts a read whose caller has left, and does not try it again', async () => {
    const leaving = new AbortController();
    const upstream = await upstreamOf(() => leaving.abort());
    const { call, attempts } = recordedCall({ signal: leaving.signal });
    const request = { groupId: '1', fromSeconds: 0, toSeconds: 1, recursive: false };
    const read = clientOf(upstream.url, 10_000).getBillingHistory(CREDENTIAL, request, call);
    await expect(read).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(attempts).toMatchObject([{ outcome: 'aborted', attempt: 1 }]);
    expect(upstream.requests()).toHaveLength(1);
  });

  it('never lets the api key out of an error', async () => {
    const upstream = await upstreamOf(
      answer(400, xml(`<status>400</status><message>key ${API_KEY} at https://x.test/?t=1</message>`)),
    );
    const outcome = await order(clientOf(upstream.url));
    expect(outcome).toMatchObject({
      kind: 'rejected',
      failure: { upstream: { message: 'key [removed] at [removed]' } },
    });
  });

  it('has no listener left when the answer comes after the deadline', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => void server.close());
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    expect((await order(clientOf(`http://127.0.0.1:${port}`, 50))).kind).toBe('unknown');
  });
});
