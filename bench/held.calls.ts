import { performance } from 'node:perf_hooks';
import { Connection, type Question, type TimedResponse } from '#bench/http.connection';
import type { System, Upstream } from '#bench/systems';

const POLL_MS = 2;
const LIMIT_MS = 60_000;

/**
 * Calls that the upstream holds without a response between `begin` and `end`, on connections that stay open. Mutable:
 * it keeps the running calls.
 */
export class HeldCalls {
  #responses: Promise<TimedResponse[]> = Promise.resolve([]);

  readonly #upstream: Upstream;
  readonly #call: (connection: Connection) => Promise<TimedResponse>;
  readonly #connections: readonly Connection[];

  private constructor(system: System, upstream: Upstream, question: Question, connections: readonly Connection[]) {
    this.#upstream = upstream;
    this.#call = (connection) => connection.ask(question.ask(system.nextSequence()), question);
    this.#connections = connections;
  }

  /** @param bearerTokens one call is held for each */
  static async open(
    system: System,
    upstream: Upstream,
    question: Question,
    bearerTokens: readonly string[],
  ): Promise<HeldCalls> {
    const { server, cheapPage } = system;
    const opened = bearerTokens.map((token) => Connection.open(server.origin, cheapPage, token));
    return new HeldCalls(system, upstream, question, await Promise.all(opened));
  }

  /** Makes the calls, and waits until the upstream has all of them, so that the work of sending them is over. */
  async begin(): Promise<void> {
    this.#responses = Promise.all(this.#connections.map(this.#call));
    await Promise.race([this.#untilHeld(), this.#responses]);
  }

  /** Releases the calls, and waits for their responses. */
  async end(): Promise<void> {
    await this.#upstream.release();
    await this.#responses;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  async #untilHeld(): Promise<void> {
    const started = performance.now();
    for (;;) {
      const held = await this.#upstream.countHeld();
      if (held === this.#connections.length) return;
      if (performance.now() - started > LIMIT_MS)
        throw new Error(`${held} calls hang, ${this.#connections.length} should`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
