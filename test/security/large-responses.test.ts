import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DEAR, type LargeUpstream, startLargeUpstream, TOO_DEAR } from '../support/large-upstream.js';
import { type GatewayProcess, START_FLAGS, startGatewayProcess, TYPESCRIPT } from '../support/start-gateway-process.js';

// The most expensive admitted operations, against a gateway with the image's flags and the heap of a small container.
// One start for all.
jest.setTimeout(240_000);

/** Repetitions of each round of the storm: one for developers, more in a pipeline. */
const ROUNDS = Number(process.env['STORM_ROUNDS'] ?? '1');
/** Operations at the same time; 32 in a pipeline. */
const AT_ONCE = Number(process.env['STORM_SIZE'] ?? '8');

let upstream: LargeUpstream;
let gateway: GatewayProcess;
let folder: string;

beforeAll(async () => {
  upstream = await startLargeUpstream();
  folder = await mkdtemp(join(tmpdir(), 'large-responses-'));
  gateway = await startGatewayProcess(
    {
      AUTH: 'none',
      NODE_ENV: 'production',
      XTRACTA_URL: upstream.url,
      XTRACTA_API_KEY: 'key-of-large-responses',
      XTRACTA_ROOT_GROUP_ID: '1',
      // A long limit for a busy machine, because the test checks memory and responses, not time.
      OPERATION_TIMEOUT_MS: '150000',
      READ_TIMEOUT_MS: '60000',
      LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
    },
    {
      args: ['--max-old-space-size=400', ...START_FLAGS, ...TYPESCRIPT, 'src/main.ts'],
      cwd: new URL('../..', import.meta.url),
    },
  );
});

afterAll(async () => {
  await gateway.end('SIGKILL');
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

interface Asked {
  readonly status: number;
  readonly codes: readonly string[];
  readonly text: string;
}

/** Waits as long as the response takes, because the test does not check time. */
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

/** Complete, refused as too large, or told to try again. Everything else is a fault, above all a part of a response. */
function outcomeOf(response: Asked): string {
  if (response.codes.length === 0) return 'answered';
  const [code] = response.codes;
  return response.codes.length === 1 ? String(code) : `several errors: ${response.codes.slice(0, 3).join()}`;
}

describe('a response that would be too large', () => {
  it.each(TOO_DEAR)('ends the whole operation: %s', async (_name, query) => {
    const response = await ask(query);
    expect([response.status, response.codes, response.text.includes('"data":null')]).toEqual([
      200,
      ['OPERATION_TOO_COMPLEX'],
      true,
    ]);
    expect(response.text.length).toBeLessThan(1_000);
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
