import { performance } from 'node:perf_hooks';
import { Client } from 'undici';

export interface AskedRequest {
  readonly method: 'GET' | 'POST' | 'OPTIONS';
  readonly path: string;
  readonly body?: string;
}

/** The form of a good response. */
export interface Expectation {
  readonly name: string;
  /** Text in every good response, within its first 64 KB. */
  readonly marker: string;
  /** Least length of a good response in bytes. */
  readonly minBytes: number;
  /** Whether a response with only errors is good too, because the server may refuse the request under load. */
  readonly mayBeRefused?: boolean;
}

/** A repeated request. */
export interface Question extends Expectation {
  /** The request for a sequence number. Two numbers must not give the same request if a system could remember it. */
  ask(sequence: number): AskedRequest;
}

/** A page that costs a server next to nothing. */
export type CheapPage = AskedRequest;

export interface TimedResponse {
  readonly status: number;
  readonly bytes: number;
  /** Its first 64 KB. */
  readonly start: string;
  /** Milliseconds from sending to the last byte. */
  readonly elapsedMs: number;
}

const KEPT_BYTES = 65_536;
const MOST_RESETS = 5;

export function graphqlPost(query: string, variables: Readonly<Record<string, unknown>>): AskedRequest {
  return { method: 'POST', path: '/graphql', body: JSON.stringify({ query, variables }) };
}

/** One keep-alive connection, for one request at a time. Mutable: counts its resets. */
export class Connection {
  /** Requests sent again because the server had closed the kept-alive connection under them. */
  resets = 0;
  readonly #client: Client;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(origin: string, token: string | undefined) {
    this.#client = new Client(origin, { pipelining: 1, bodyTimeout: 600_000, headersTimeout: 600_000 });
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  /**
   * Connects, and requests a cheap page. Reason: the first response includes the cost of the connection, which no
   * figure should contain.
   */
  static async open(origin: string, page: CheapPage, token: string | undefined): Promise<Connection> {
    const connection = new Connection(origin, token);
    await connection.#send(page);
    return connection;
  }

  /** @throws Error with the start of a wrong response, because a wrong response makes the figures worthless. */
  async ask(
    request: AskedRequest,
    { name, marker, minBytes, mayBeRefused = false }: Expectation,
  ): Promise<TimedResponse> {
    const response = await this.#send(request);
    const { status, bytes, start } = response;
    const isWhole = bytes >= minBytes && start.includes(marker) && !start.startsWith('{"errors"');
    const isGood = status === 200 && (isWhole || mayBeRefused);
    if (!isGood) throw new Error(`${name}: HTTP ${status}, ${bytes} bytes: ${start.slice(0, 600)}`);
    return response;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /**
   * Sends a request. When a server's event loop is blocked for longer than its keep-alive time-out, it may close a
   * connection with an unread request. HTTP clients then send the request again, and so does this one, within the same
   * measured time.
   */
  async #send(request: AskedRequest): Promise<TimedResponse> {
    const started = performance.now();
    for (let resets = 0; ; resets += 1) {
      try {
        return await this.#sendOnce(request, started);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : null;
        if (resets === MOST_RESETS || (code !== 'ECONNRESET' && code !== 'UND_ERR_SOCKET')) throw error;
        this.resets += 1;
      }
    }
  }

  async #sendOnce({ method, path, body }: AskedRequest, started: number): Promise<TimedResponse> {
    const response = await this.#client.request({ method, path, headers: this.#headers, body: body ?? null });
    const kept: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      if (bytes < KEPT_BYTES) kept.push(chunk);
      bytes += chunk.length;
    }
    const elapsedMs = performance.now() - started;
    return { status: response.statusCode, bytes, start: Buffer.concat(kept).toString('utf8'), elapsedMs };
  }
}
