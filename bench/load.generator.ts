import { performance } from 'node:perf_hooks';
import { Client } from 'undici';
import type { Workload } from '#bench/billing.workload';

export interface Load {
  /** Origin of the system under load: `http://127.0.0.1:4000`. */
  readonly origin: string;
  readonly workload: Workload;
  readonly connections: number;
  /** Asked before each request, with the number sent so far. */
  readonly more: (sent: number) => boolean;
  readonly nextSequence: () => number;
  /** One per connection, in turn; empty: none is sent. */
  readonly bearerTokens: readonly string[];
}

export interface LoadResult {
  readonly requests: number;
  readonly wallMs: number;
  /** Milliseconds from sending to the last byte, ascending. */
  readonly latenciesMs: readonly number[];
  /** Requests sent again because the server had closed the kept-alive connection under them. */
  readonly resets: number;
}

const MARKER_WITHIN = 65_536;

/**
 * Keeps `connections` keep-alive connections busy, one request at a time on each, and checks every answer.
 *
 * @throws Error with the start of the answer that was not as it must be: a wrong answer makes the figures worthless.
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let sent = 0;
  let resets = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: load.connections }, async (_, connection) => {
      const client = new Client(load.origin, { pipelining: 1, bodyTimeout: 600_000, headersTimeout: 600_000 });
      try {
        while (load.more(sent)) {
          sent += 1;
          latenciesMs.push(await once(client, load, connection, () => (resets += 1)));
        }
      } finally {
        await client.close();
      }
    }),
  );
  const wallMs = performance.now() - started;
  return { requests: sent, wallMs, latenciesMs: latenciesMs.sort((a, b) => a - b), resets };
}

async function once(
  client: Client,
  { workload, nextSequence, bearerTokens }: Load,
  connection: number,
  onReset: () => void,
): Promise<number> {
  const body = JSON.stringify({ query: workload.query, variables: workload.variables(nextSequence()) });
  const started = performance.now();
  const answer = await postAgainAfterReset(client, body, bearerTokens[connection % bearerTokens.length], onReset);
  const elapsed = performance.now() - started;
  const good = answer.status === 200 && answer.bytes >= workload.minBytes && answer.start.includes(workload.marker);
  if (!good || answer.start.startsWith('{"errors"')) {
    throw new Error(`${workload.name}: HTTP ${answer.status}, ${answer.bytes} bytes: ${answer.start.slice(0, 600)}`);
  }
  return elapsed;
}

const MOST_RESETS = 5;

/**
 * A server whose event loop stood still for longer than its keep-alive time-out closes connections on which a request waits to be
 * read. Clients of HTTP send it again, so this one does, within the same measured time.
 */
async function postAgainAfterReset(
  client: Client,
  body: string,
  token: string | undefined,
  onReset: () => void,
): Promise<Answer> {
  for (let resets = 0; ; resets += 1) {
    try {
      return await post(client, body, token);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (resets === MOST_RESETS || (code !== 'ECONNRESET' && code !== 'UND_ERR_SOCKET')) throw error;
      onReset();
    }
  }
}

interface Answer {
  readonly status: number;
  readonly bytes: number;
  readonly start: string;
}

async function post(client: Client, body: string, token: string | undefined): Promise<Answer> {
  const response = await client.request({
    method: 'POST',
    path: '/graphql',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body,
  });
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    if (bytes < MARKER_WITHIN) kept.push(chunk);
    bytes += chunk.length;
  }
  return { status: response.statusCode, bytes, start: Buffer.concat(kept).toString('utf8') };
}

/** One request whose whole answer is wanted, for comparing systems. */
export async function askOnce(origin: string, body: string, token: string | undefined): Promise<unknown> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body,
  });
  return response.json();
}
