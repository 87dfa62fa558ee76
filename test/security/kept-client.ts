import { Agent, request } from 'node:http';

/**
 * Asks over connections that it keeps, and keeps of a response its beginning alone: reading megabytes must cost the
 * process that asks little.
 */
export class KeptClient {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#headers = { 'content-type': 'application/json', 'x-xtracta-api-key': apiKey };
  }

  /**
   * Posts the query, or gets the path where there is none.
   *
   * @returns the first part of the response's text, or the error's; never rejects
   */
  async ask(path: string, query?: string): Promise<string> {
    return await new Promise((resolve) => {
      const method = query === undefined ? 'GET' : 'POST';
      const sent = request(
        `${this.#url}${path}`,
        { method, agent: this.#agent, headers: this.#headers },
        (response) => {
          let begin = '';
          response.on('data', (chunk: Buffer) => {
            if (begin.length < 1_000) begin += chunk.toString('utf8', 0, 1_000);
          });
          response.on('end', () => resolve(begin));
          response.on('error', (error) => resolve(String(error)));
        },
      );
      sent.on('error', (error) => resolve(String(error)));
      sent.end(query === undefined ? undefined : JSON.stringify({ query }));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
