import { performance } from 'node:perf_hooks';
import { type Answer, Connection, type Question } from '#bench/http.connection';
import type { System, Upstream } from '#bench/systems';

const POLL_MS = 2;
const LIMIT_MS = 60_000;

/** Calls that the upstream holds unanswered between `begin` and `end`, on connections that stay open. Mutable: what is under way. */
export class HeldCalls {
  #answers: Promise<Answer[]> = Promise.resolve([]);

  readonly #upstream: Upstream;
  readonly #call: (connection: Connection) => Promise<Answer>;
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

  /** Makes the calls, and waits until the upstream has all of them: the work of getting them under way is over. */
  async begin(): Promise<void> {
    this.#answers = Promise.all(this.#connections.map(this.#call));
    await Promise.race([this.#untilHeld(), this.#answers]);
  }

  /** Has them answered, and waits for the answers. */
  async end(): Promise<void> {
    await this.#upstream.release();
    await this.#answers;
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
