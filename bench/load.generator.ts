import { performance } from 'node:perf_hooks';
import { Connection, type Question } from '#bench/http.connection';
import type { System } from '#bench/systems';

export interface Load {
  readonly question: Question;
  readonly connections: number;
  /** Called before each request, with the number of requests so far. */
  readonly more: (sent: number) => boolean;
  /** One token per connection, in turn. Empty: no token is sent. Default: the system's own tokens. */
  readonly bearerTokens?: readonly string[];
}

export interface LoadResult {
  readonly requests: number;
  readonly wallMs: number;
  /** Milliseconds from sending to the last byte, ascending. */
  readonly latenciesMs: readonly number[];
  readonly resets: number;
}

/**
 * Keeps `connections` keep-alive connections busy, one request at a time on each (a closed loop), and checks every
 * response.
 *
 * While the server pauses, no new request is sent. So a long pause appears once per connection, and not once per
 * request that would have come meanwhile. Percentiles therefore only compare two conditions under the same load. They
 * say nothing about an open load.
 */
export async function runLoad(system: System, load: Load): Promise<LoadResult> {
  const { bearerTokens = system.bearerTokens } = load;
  const connections = await Promise.all(
    Array.from({ length: load.connections }, (_, index) =>
      Connection.open(system.server.origin, system.cheapPage, bearerTokens[index % bearerTokens.length]),
    ),
  );
  const latenciesMs: number[] = [];
  let sent = 0;
  const started = performance.now();
  try {
    await Promise.all(
      connections.map(async (connection) => {
        while (load.more(sent)) {
          sent += 1;
          const { elapsedMs } = await connection.ask(load.question.ask(system.nextSequence()), load.question);
          latenciesMs.push(elapsedMs);
        }
      }),
    );
    const wallMs = performance.now() - started;
    const resets = connections.reduce((sum, connection) => sum + connection.resets, 0);
    return { requests: sent, wallMs, latenciesMs: latenciesMs.sort((a, b) => a - b), resets };
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
