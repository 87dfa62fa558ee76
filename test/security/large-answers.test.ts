import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type GatewayProcess, startGatewayProcess } from '../support/start-gateway-process.js';

// The dearest operations that are admitted, against a gateway with the image's flags and the heap of a small container. One start for all.
jest.setTimeout(240_000);

/** How often each round of the storm is repeated: once in the developer's loop, more where a pipeline has the time. */
const ROUNDS = Number(process.env['STORM_ROUNDS'] ?? '1');
/** Operations at a time; 32 in a pipeline. */
const AT_ONCE = Number(process.env['STORM_SIZE'] ?? '8');
const GROUPS = 1_500;
const ROWS_PER_GROUP = 12;
const HEAP = ['--max-old-space-size=400', '--max-semi-space-size=32', '--heap-growing-percent=100'];

let upstream: Server;
let gateway: GatewayProcess;
let folder: string;

function row(id: number, groupId: number): string {
  return `<activity><id>${id}</id><plan>Plan ${groupId}</plan><plan_type>Monthly</plan_type><price>10.50</price><credit_amount>0</credit_amount><price_currency>NZD</price_currency><allowed_documents>50</allowed_documents><used_documents>8</used_documents><plan_activity>renew</plan_activity><start_date>2026-01-0${(id % 9) + 1}T02:16:49+00:00</start_date><expiry_date>2027-12-21T02:16:48+00:00</expiry_date><group_name>Group ${groupId}</group_name><group_id>${groupId}</group_id></activity>`;
}

function history(groupIds: readonly number[]): string {
  const rows = groupIds.flatMap((groupId) =>
    Array.from({ length: ROWS_PER_GROUP }, (_, index) => row(groupId * 100 + index, groupId)),
  );
  return `<?xml version="1.0" encoding="UTF-8"?><billings_response><status>200</status><message>ok</message><plans>${rows.join('')}</plans></billings_response>`;
}

beforeAll(async () => {
  const all = history(Array.from({ length: GROUPS }, (_, index) => index + 1));
  upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const form = new URLSearchParams(body);
      const answer = form.get('recursive') === '1' ? all : history([Number(form.get('group_id'))]);
      response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8' }).end(answer);
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = upstream.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  folder = await mkdtemp(join(tmpdir(), 'large-answers-'));
  gateway = await startGatewayProcess(
    {
      AUTH: 'none',
      NODE_ENV: 'production',
      XTRACTA_URL: `http://127.0.0.1:${port}`,
      XTRACTA_API_KEY: 'key-of-large-answers',
      XTRACTA_ROOT_GROUP_ID: '1',
      // Whatever else this machine does: what is looked at is memory, and who is answered what.
      OPERATION_TIMEOUT_MS: '150000',
      READ_TIMEOUT_MS: '60000',
      LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
    },
    {
      args: [...HEAP, '--import', '@swc-node/register/esm-register', 'src/main.ts'],
      cwd: new URL('../..', import.meta.url),
    },
  );
});

afterAll(async () => {
  await gateway.end('SIGKILL');
  upstream.closeAllConnections();
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

const aliases = (count: number, field: string): string =>
  Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ');

const SEVEN = 'id kind planName price { amount currency } startDate expiryDate';
const EVERYTHING = `${SEVEN} kindRaw planType planTypeRaw creditAmount allowedDocuments usedDocuments groupName group { id name }`;

/** Refused as a whole: no part of it may be taken for the answer. */
const TOO_DEAR: readonly (readonly [string, string])[] = [
  [
    'eighty full pages of one history',
    `{ group(id: "1") { ${aliases(80, `billingHistory(first: 5000, includeSubgroups: true) { nodes { ${SEVEN} } }`)} } }`,
  ],
  [
    'pages of everything, whose text is too long',
    `{ group(id: "1") { ${aliases(20, `billingHistory(first: 5000, includeSubgroups: true) { nodes { ${EVERYTHING} } }`)} } }`,
  ],
  [
    'the histories of all groups, eighty times',
    `{ group(id: "1") { ${aliases(80, 'subgroups { billingHistory(first: 50) { nodes { id price { amount } } } }')} } }`,
  ],
  [
    'one page under a hundred names',
    `{ group(id: "1") { billingHistory(first: 5000, includeSubgroups: true) { ${aliases(99, 'nodes { id }')} } } }`,
  ],
  [
    'names of 250 characters',
    `{ group(id: "1") { billingHistory(first: 5000, includeSubgroups: true) { ${aliases(19, `nodes { ${'x'.repeat(250)}0: id ${'y'.repeat(250)}1: id }`)} } } }`,
  ],
  ['all groups below, a hundred times', `{ group(id: "1") { ${aliases(100, 'subgroups { id name }')} } }`],
];

/** Within the limits, and large. */
const DEAR: readonly string[] = [
  `{ group(id: "1") { ${aliases(10, `billingHistory(first: 5000, includeSubgroups: true) { nodes { ${SEVEN} } }`)} } }`,
  `{ group(id: "1") { ${aliases(2, 'subgroups { billingHistory(first: 50) { nodes { id price { amount } } } }')} } }`,
  `{ group(id: "1") { ${aliases(20, 'subgroups { id name }')} } }`,
];

interface Asked {
  readonly status: number;
  readonly codes: readonly string[];
  readonly text: string;
}

/** Waits as long as the answer takes: what is looked at is not time. */
async function ask(query: string): Promise<Asked> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const text = await response.text();
  const { errors = [] }: { errors?: readonly { readonly extensions: { readonly code: string } }[] } = JSON.parse(text);
  return { status: response.status, codes: errors.map(({ extensions }) => extensions.code), text };
}

async function health(): Promise<number> {
  return (await fetch(`${gateway.url}/health`)).status;
}

/** Answered whole, refused as too much, or told to come again; anything else, a part above all, is a fault. */
function outcomeOf(answer: Asked): string {
  if (answer.codes.length === 0) return 'answered';
  const [code] = answer.codes;
  return answer.codes.length === 1 ? String(code) : `several errors: ${answer.codes.slice(0, 3).join()}`;
}

describe('an answer that would be too large', () => {
  it.each(TOO_DEAR)('ends the whole operation: %s', async (_name, query) => {
    const answer = await ask(query);
    expect([answer.status, answer.codes, answer.text.includes('"data":null')]).toEqual([
      200,
      ['OPERATION_TOO_COMPLEX'],
      true,
    ]);
    expect(answer.text.length).toBeLessThan(1_000);
    expect(await health()).toBe(200);
  });
});

describe('a storm of the dearest operations', () => {
  it('ends none of them but as it should, and never the process', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const queries = [...DEAR, ...TOO_DEAR.slice(2).map(([, query]) => query)];
      const storm = Array.from({ length: AT_ONCE }, (_, index) => ask(queries[(index + round) % queries.length] ?? ''));
      const probes = Promise.all(Array.from({ length: 10 }, () => health()));
      const outcomes = new Set((await Promise.all(storm)).map(outcomeOf));
      expect([...outcomes].filter((outcome) => !ALLOWED.has(outcome))).toEqual([]);
      expect(outcomes).toContain('answered');
      expect(new Set(await probes)).toEqual(new Set([200]));
    }
  });

  it('is answered on beside clients that do not read', async () => {
    const [large = ''] = DEAR;
    const body = JSON.stringify({ query: large });
    const deaf = await Promise.all(Array.from({ length: 20 }, () => unread(body)));
    const small = await Promise.all(Array.from({ length: 20 }, () => ask('{ group(id: "7") { name } }')));
    expect(new Set(small.map(outcomeOf))).toEqual(new Set(['answered']));
    expect(await health()).toBe(200);
    for (const socket of deaf) socket.destroy();
    expect(outcomeOf(await ask(large))).toBe('answered');
  });
});

const ALLOWED: ReadonlySet<string> = new Set(['answered', 'OPERATION_TOO_COMPLEX', 'RATE_LIMITED']);

/** Sends a request and reads nothing of the response. */
async function unread(body: string): Promise<Socket> {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write(
    `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}
