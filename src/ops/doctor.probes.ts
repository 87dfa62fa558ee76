import type { TransportResult } from '../upstreams/upstream.transport.js';
import { createUndiciTransport } from '../upstreams/upstream.undici.js';
import { type ExaminedDocument, examineDocument } from '../upstreams/xtracta/document.examination.js';
import { type Reading, readStored } from './reading.js';

/** The endpoints that the doctor may ask: there is no way to name one that writes. */
export type ReadEndpoint = 'history' | 'usage' | 'plans';

/** One read, as it was answered, as a document, and as the gateway reads it. */
export interface Probe {
  readonly label: string;
  readonly endpoint: ReadEndpoint;
  /** What was asked, without the api key. */
  readonly form: Readonly<Record<string, string>>;
  readonly result: TransportResult;
  readonly body: Buffer;
  readonly durationMs: number;
  readonly document: ExaminedDocument;
  /** Null where there was no whole response. */
  readonly reading: Reading | null;
}

export interface ProberOptions {
  readonly baseUrl: string;
  readonly cataloguePath: string;
  readonly apiKey: string;
  readonly readTimeoutMs: number;
  /** On the clock of `performance.now()`: no probe begins after it, and none goes on. */
  readonly deadlineMs: number;
}

const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/** Sends reads by the gateway's own transport, each once. Mutable: the probes so far. */
export class Prober {
  readonly probes: Probe[] = [];
  readonly #options: ProberOptions;
  readonly #transport = createUndiciTransport();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  close(): void {
    this.#transport.close();
  }

  /** Null when the time for all of it is up. */
  async read(label: string, endpoint: ReadEndpoint, form: Readonly<Record<string, string>>): Promise<Probe | null> {
    const { baseUrl, apiKey, readTimeoutMs, deadlineMs } = this.#options;
    const startMs = performance.now();
    if (startMs >= deadlineMs) return null;
    const chunks: Buffer[] = [];
    const result = await this.#transport.send({
      url: `${baseUrl}${this.#path(endpoint)}`,
      kind: 'read',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        accept: 'application/xml, text/xml',
      },
      body: new URLSearchParams({ api_key: apiKey, ...form }).toString(),
      timeoutMs: Math.min(readTimeoutMs, deadlineMs - startMs),
      maxAnswerBytes: MAX_RESPONSE_BYTES,
      sink: {
        write: (chunk) => {
          chunks.push(Buffer.from(chunk));
          return undefined;
        },
      },
    });
    const durationMs = performance.now() - startMs;
    const body = Buffer.concat(chunks);
    const reading = result.kind === 'failure' ? null : await this.#readingOf(endpoint, result, body);
    const probe = { label, endpoint, form, result, body, durationMs, document: examineDocument(body), reading };
    this.probes.push(probe);
    return probe;
  }

  #path(endpoint: ReadEndpoint): string {
    return endpoint === 'plans' ? this.#options.cataloguePath : `/v1/billings/${endpoint}`;
  }

  #readingOf(
    endpoint: ReadEndpoint,
    result: Extract<TransportResult, { kind: 'answer' }>,
    body: Buffer,
  ): Promise<Reading> {
    const options = { xtractaUrl: this.#options.baseUrl, quantity: null, groupId: null };
    return readStored(endpoint, Buffer.concat([headOf(result, body), body]), options);
  }
}

/** The head of a response as far as the gateway looks at it. */
export function headOf(result: Extract<TransportResult, { kind: 'answer' }>, body: Buffer): Buffer {
  const { contentType } = result.headers;
  const lines = [
    `HTTP/1.1 ${result.status} `,
    ...(contentType === null ? [] : [`content-type: ${contentType.replace(/[^\x20-\x7e]/g, '?')}`]),
    `content-length: ${body.byteLength}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
