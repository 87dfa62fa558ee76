import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { runOpsCommand } from '../../src/ops/ops.command.js';
import type { StoredEndpoint } from '../../src/ops/reading.js';
import { XtractaClient } from '../../src/upstreams/xtracta/xtracta.client.js';
import { type RawUpstream, raw, startRawUpstream } from '../support/raw-upstream.js';
import { recordedCall } from '../support/upstream-call.js';

let folder: string;
let upstream: RawUpstream;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-'));
  upstream = await startRawUpstream(raw(''));
});

afterAll(async () => {
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

interface ReadResponse {
  readonly httpStatus: number | null;
  readonly result: {
    readonly kind: string;
    readonly status?: string;
    readonly code?: string | null;
    readonly why?: string;
    readonly warnings?: readonly { readonly code: string }[];
    readonly value?: Record<string, unknown> | null;
  };
  readonly drift: Record<string, number>;
  readonly notes: readonly string[];
}

async function run(endpoint: StoredEndpoint, content: string | Buffer, ...more: readonly string[]): Promise<string> {
  const file = join(folder, 'response');
  await writeFile(file, content);
  const { exitCode, out, err } = await runOpsCommand('read', ['--endpoint', endpoint, file, ...more], {});
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  return out;
}

async function read(
  endpoint: StoredEndpoint,
  content: string | Buffer,
  ...more: readonly string[]
): Promise<ReadResponse> {
  return JSON.parse(await run(endpoint, content, '--json', ...more));
}

function sample(name: string): Promise<Buffer> {
  return readFile(join(import.meta.dirname, '../fixtures', name));
}

/** A complete response with its length; `status` may contradict the body. */
function http(status: number, body: string, ...headers: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} Words`, 'content-type: text/xml', ...headers];
  return `${lines.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const PACK = '<pack><id>7</id><plan_name>P</plan_name><price>99</price><quantity>1</quantity></pack>';
const xml = (content: string, root = 'billings_response'): string => `<${root}>${content}</${root}>`;
const BOUGHT = xml(`<status>200</status><message>ok</message>${PACK}`);

/** Responses to an order, good and hostile. The result of each must equal the result on the wire. */
const ORDERS: Readonly<Record<string, readonly [response: string, status: string, why: RegExp]>> = {
  'a whole success': [http(200, BOUGHT), 'SUCCEEDED', /<pack> is whole/],
  'a success without a status': [http(200, xml(PACK)), 'SUCCEEDED', /no <status>/],
  'a status that is a word': [http(200, xml(`<status>true</status>${PACK}`)), 'SUCCEEDED', /<status> is true/],
  'a refusal under 200': [http(200, xml('<status>400</status><message>no</message>')), 'REJECTED', /refusal/],
  'a refusal under 422': [http(422, xml('<status>422</status>')), 'REJECTED', /HTTP 422/],
  'a refusal of the credential': [http(401, xml('<status>401</status>')), 'REJECTED', /HTTP 401/],
  'a refusal that shows a pack': [http(200, xml(`<status>400</status>${PACK}`)), 'OUTCOME_UNKNOWN', /contradicts/],
  'a success without a pack': [http(200, xml('<status>200</status>')), 'OUTCOME_UNKNOWN', /no <pack>/],
  'a pack without an id': [
    http(200, xml('<status>200</status><pack><price>1</price></pack>')),
    'OUTCOME_UNKNOWN',
    /not whole/,
  ],
  'two statuses': [
    http(200, xml(`<status>200</status><status>400</status>${PACK}`)),
    'OUTCOME_UNKNOWN',
    /more than one/,
  ],
  'an XML status of 500': [http(200, xml('<status>500</status>')), 'OUTCOME_UNKNOWN', /<status> is 500/],
  'a 500': [http(500, xml('<status>500</status>')), 'OUTCOME_UNKNOWN', /HTTP 500/],
  'a page of a proxy': [http(502, '<html>Bad gateway</html>'), 'OUTCOME_UNKNOWN', /HTTP 502/],
  'a login page': [http(200, '<html><body>Log in</body></html>'), 'OUTCOME_UNKNOWN', /root is <html>/],
  'a redirect': [http(302, '', 'location: https://elsewhere.example/'), 'OUTCOME_UNKNOWN', /follows none/],
  'no content': ['HTTP/1.1 204 No\r\n\r\n', 'OUTCOME_UNKNOWN', /no body by definition/],
  'a cut body': [http(200, BOUGHT).slice(0, -9), 'OUTCOME_UNKNOWN', /ends before/],
  'a body cut unnoticed': [
    `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${BOUGHT.slice(0, -9)}`,
    'OUTCOME_UNKNOWN',
    /not well-formed/,
  ],
  'chunks that never end': [
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<bill\r\n',
    'OUTCOME_UNKNOWN',
    /ends before/,
  ],
  'a content-encoding': [http(200, BOUGHT, 'content-encoding: gzip'), 'OUTCOME_UNKNOWN', /content-encoding/],
  'a DOCTYPE': [http(200, `<!DOCTYPE a>${BOUGHT}`), 'OUTCOME_UNKNOWN', /DOCTYPE/],
  'two roots': [http(200, BOUGHT + BOUGHT), 'OUTCOME_UNKNOWN', /not well-formed/],
  'JSON where XML is due': [http(200, '{"status":200}'), 'OUTCOME_UNKNOWN', /not well-formed/],
  'an empty body': [http(200, ''), 'OUTCOME_UNKNOWN', /not one whole XML document/],
  'a huge head': [http(200, BOUGHT, `x-long: ${'a'.repeat(20_000)}`), 'OUTCOME_UNKNOWN', /not HTTP, or its head/],
};

const STATUS_OF = {
  succeeded: 'SUCCEEDED',
  rejected: 'REJECTED',
  notSent: 'NOT_SENT',
  unknown: 'OUTCOME_UNKNOWN',
} as const;

describe('read, for an order that is answered by', () => {
  it.each(Object.entries(ORDERS))(
    '%s, says what it says on the wire, and why',
    async (_name, [response, status, why]) => {
      upstream.handle(raw(response, { close: true }));
      const client = new XtractaClient({ baseUrl: upstream.url, readTimeoutMs: 5_000, writeTimeoutMs: 5_000 });
      const order = { packId: '1', groupId: null, quantity: 1, heldDocuments: 'PROCESS' } as const;
      const wire = await client.orderBoosterPack(
        { id: 'c', apiKey: 'key-1', rootGroupId: null },
        order,
        recordedCall().call,
      );
      client.close();
      const { result } = await read('booster', response);
      expect(result.status).toBe(status);
      expect(result.status).toBe(STATUS_OF[wire.kind]);
      expect(result.code ?? null).toBe(wire.kind === 'succeeded' ? null : wire.failure.code);
      expect(result.value ?? null).toEqual(wire.kind === 'succeeded' ? wire.value : null);
      expect(result.why).toMatch(why);
    },
  );
});

describe("read, given the documents' own samples,", () => {
  it('prints the row of a history, and no drift', async () => {
    const { result, drift } = await read('history', await sample('xtracta/billing-history.xml'));
    expect(result).toMatchObject({
      kind: 'value',
      value: {
        activities: [{ id: '0123', kind: 'SIGNUP', price: { amount: '0', currency: 'NZD' }, groupId: '123456' }],
      },
    });
    expect(drift).toEqual({});
  });

  it('compares an order with the quantity that was asked for, when it is told', async () => {
    const response = await sample('xtracta/booster.xml');
    expect((await read('booster', response)).result.warnings).toEqual([]);
    expect((await read('booster', response, '--quantity', '2')).result.warnings).toEqual([]);
    expect((await read('booster', response, '--quantity', '1')).result.warnings).toMatchObject([
      { code: 'QUANTITY_DIFFERS' },
    ]);
    expect((await read('booster', response, '--group', '5')).result.warnings).toMatchObject([
      { code: 'GROUP_DIFFERS' },
    ]);
  });

  it('never prints the URL that opens the billing UI', async () => {
    const response = await sample('xtracta/billing-ui.xml');
    for (const more of [[], ['--json']]) {
      const out = await run('billing_ui', response, ...more);
      expect(out).toContain('https://api-app.xtracta.com/(a credential of');
      expect(out).not.toMatch(/t=|dc51PzHj/);
      expect(out).toContain('SUCCEEDED');
    }
  });

  it('prints the figures of a purchase as sent, and not whom it belongs to', async () => {
    const out = await run('purchase', await sample('credits/purchase-response.json.txt'));
    expect(out).toMatch(/unitPrice: 10\.1\n/);
    expect(out).toContain('userId: (personal data, not shown)');
  });

  it('prints the text of a purchase without addresses, and names an error in an unknown form', async () => {
    const data = { Result: 'Sent to jane@dental.example', Detail: { ID: '56709ccd-06ca-4ac2-be10-2c4fb6d7dd75' } };
    const error = { Code: 'E1', Message: 'Card declined' };
    const out = await run('purchase', http(200, JSON.stringify({ Error: error, ResponseData: data })));
    expect(out).toContain('result: Sent to [removed]\n');
    expect(out).toMatch(/warning +UPSTREAM_ERROR_BESIDE_RESULT/);
    expect(out).toMatch(/drift +missing, unknown or unreadable: Error\n/);
  });
});

describe('read, of a purchase,', () => {
  it.each([
    ['an error alone', 200, '{"Error":{"ErrorCode":"P1","ErrorReason":"no"},"ResponseData":null}', 'REJECTED'],
    ['a refusal of the framework', 400, '{"Message":"The request is invalid."}', 'REJECTED'],
    ['neither', 200, '{"Error":null,"ResponseData":null}', 'OUTCOME_UNKNOWN'],
    ['XML', 200, '<ResponseOfPurchase/>', 'OUTCOME_UNKNOWN'],
    ['a failure', 500, '{"Message":"An error has occurred."}', 'OUTCOME_UNKNOWN'],
  ])('finds in %s the outcome', async (_name, status, body, outcome) => {
    const { result } = await read('purchase', http(status, body));
    expect(result.status).toBe(outcome);
    expect(result.why).toContain(`HTTP ${status}`);
  });
});

describe('read, of a read,', () => {
  const ROW = '<activity><id>1</id><plan>A</plan><price>1,000.00</price><start_date>soon</start_date><new/></activity>';

  it('shows what could not be read, in the row and as drift', async () => {
    const { result, drift } = await read('history', http(200, xml(`<status>200</status><plans>${ROW}</plans>`)));
    expect(result.value).toMatchObject({
      activities: [{ price: { unreadable: 'price' }, startDate: { unreadable: 'start_date' }, planName: 'A' }],
    });
    expect(drift).toMatchObject({ price: 1, start_date: 1, '(unknown)': 1, group_name: 1 });
    const text = await run('history', http(200, xml(`<status>200</status><plans>${ROW}</plans>`)));
    expect(text).toContain('(unreadable)');
    expect(text).toMatch(/drift +missing, unknown or unreadable: .*price/s);
  });

  it.each([
    ['usage', 404, xml('<status>404</status><message>none</message>'), 'NOT_FOUND', /<status> is 404/],
    ['history', 403, xml('<status>403</status>'), 'FORBIDDEN', /refuses the group/],
    ['history', 503, '', 'UPSTREAM_UNAVAILABLE', /HTTP 503/],
    ['history', 200, '<html/>', 'UPSTREAM_INVALID_RESPONSE', /root is <html>/],
    ['plans', 404, '<html>no such page</html>', 'NOT_CONFIGURED', /root is <html>/],
    ['history', 200, xml('<Status>404</Status>'), 'UPSTREAM_INVALID_RESPONSE', /<status> is in another case/],
    ['history', 200, xml('<x:status>200</x:status><plans/>'), 'UPSTREAM_INVALID_RESPONSE', /has a prefix/],
    ['history', 200, xml('<status>x</status><plans/>'), 'UPSTREAM_INVALID_RESPONSE', /<status> is x\.$/],
    ['history', 200, xml(`<plans><item>${ROW}</item></plans>`), 'UPSTREAM_INVALID_RESPONSE', /not the documented ones/],
    ['usage', 200, xml('<status>ok</status><plan>A</plan>'), 'UPSTREAM_INVALID_RESPONSE', /not the documented ones/],
    ['plans', 200, xml('<status>200</status><Plan/>'), 'UPSTREAM_INVALID_RESPONSE', /not the documented ones/],
    ['history', 400, xml('<status>200</status>'), 'UPSTREAM_REJECTED', /<status> is 200\.$/],
  ] as const)('of %s, %i, says which error it is and why', async (endpoint, status, body, code, why) => {
    const { result } = await read(endpoint, http(status, body));
    expect(result).toMatchObject({ kind: 'error', code });
    expect(result.why).toMatch(why);
  });
});

describe('read, of a file that a tool has changed,', () => {
  const body = xml('<status>200</status><plans/>');

  it.each([
    [
      'that curl took the chunks from',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`,
      /without its chunks/,
    ],
    ['of HTTP/2', `HTTP/2 200 \r\ncontent-type: text/xml\r\n\r\n${body}`, null],
    ['with the line ends of an editor', `HTTP/1.1 200 OK\ncontent-type: text/xml\n\n${body}\n`, null],
    ["with a proxy's head before it", `HTTP/1.1 200 Connection established\r\n\r\n${http(200, body)}`, /is left out/],
    ['with an interim head before it', `HTTP/1.1 100 Continue\r\n\r\n${http(200, body)}`, /is left out/],
  ])('%s, reads the response', async (_name, file, note) => {
    const { result, notes } = await read('history', file);
    expect(result).toEqual({ kind: 'value', value: { activities: [] } });
    expect(notes.join()).toMatch(note ?? /^$/);
  });

  it('keeps what would move the cursor of a terminal from doing so', async () => {
    const row = '<activity><id>1</id><plan>\u009b31m\u202eevil</plan></activity>';
    for (const more of [[], ['--json']]) {
      const out = await run('history', http(200, xml(`<status>200</status><plans>${row}</plans>`)), ...more);
      expect(out).toContain('evil');
      expect(out).not.toMatch(/[\u009b\u202e]/);
    }
  });
});

describe('read, asked wrongly,', () => {
  afterEach(async () => rm(join(folder, 'none'), { force: true }));

  it.each([
    [['--endpoint', 'history']],
    [['--endpoint', 'history', 'a', 'b']],
    [['--endpoint', 'else', 'a']],
    [['a']],
    [['--endpoint', 'booster', '--quantity', '0', 'a']],
    [['--endpoint', 'booster', '--group', 'x', 'a']],
    [['--endpoint', 'history', '--colour', 'a']],
    [['--endpoint', 'history', '/no/such/file']],
  ])('%j, says how it is used and exits with 1', async (args) => {
    const { exitCode, out, err } = await runOpsCommand('read', args, {});
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(err).toContain('Usage: node dist/main.js read');
  });
});
