import { Agent, type Dispatcher } from 'undici';
import { connectReason, errorCode, refusalOf, unsentReason } from './transport-failure.policy.js';
import type {
  TransportFailureReason,
  TransportRequest,
  TransportResult,
  UpstreamTransport,
} from './upstream.transport.js';

export interface LeanTransportOptions {
  /** Time for name look-up, TCP and TLS together, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Above the pool of each upstream, so that the pool is what waits. */
  readonly maxSockets: number;
}

/**
 * A transport for reads over undici's dispatcher: kept-alive connections, HTTP/1.1, nothing that acts by itself. It follows,
 * repeats and inflates nothing, and never looks at proxy variables. For writes it is not made: it shares connections.
 */
export function createLeanTransport(options: LeanTransportOptions): UpstreamTransport {
  const agent = new Agent({
    allowH2: false,
    connections: options.maxSockets,
    pipelining: 1,
    // The attempt's own time is the only clock once there is a connection.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: options.connectTimeoutMs },
  });
  return {
    send: (request) => new Promise((resolve) => new LeanAttempt(request, resolve).dispatch(agent)),
    close: () => void agent.close().catch(() => undefined),
  };
}

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** undici's words for an answer that is no HTTP; its parser's own error has no code for some of its faults. */
const PROTOCOL_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/** Given to undici to stop an attempt; nobody reads it, the reason is noted before. */
const STOP = new Error('stopped');

/** State of one attempt: what the connection has reached, what was read, and the first end that it came to. */
class LeanAttempt implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | null = null;
  private status: number | null = null;
  private headers: Headers = {};
  private bytes = 0;
  private readonly chunks: Buffer[] = [];
  private settled = false;
  private readonly deadline: NodeJS.Timeout;
  private readonly onAbort = (): void => this.stop('aborted');

  constructor(
    private readonly request: TransportRequest,
    private readonly resolve: (result: TransportResult) => void,
  ) {
    this.deadline = setTimeout(() => this.stop('timeout'), request.timeoutMs);
    request.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  dispatch(agent: Agent): void {
    if (this.request.signal?.aborted === true) {
      this.stop('aborted');
      return;
    }
    try {
      const { origin, pathname, search } = new URL(this.request.url);
      const headers = { ...this.request.headers, 'accept-encoding': 'identity' };
      agent.dispatch({ origin, path: pathname + search, method: 'POST', headers, body: this.request.body }, this);
    } catch (error) {
      this.fail(connectReason(errorCode(error)));
    }
  }

  /** undici calls it when the connection stands (over TLS: is verified), right before it writes the request. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) controller.abort(STOP);
    else this.controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // 1xx goes before the answer.
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    const length = first(headers['content-length']);
    const refusal = refusalOf(all(headers['content-encoding']), length, this.request.maxAnswerBytes);
    if (refusal !== null) this.stop(refusal);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    // Resumed where no byte has arrived yet, undici's parser hands on an empty chunk. To pause for it would resume, and get, the next
    // one for as long as the upstream is silent.
    if (this.settled || chunk.byteLength === 0) return;
    this.bytes += chunk.byteLength;
    if (this.bytes > this.request.maxAnswerBytes) {
      this.stop('too-large');
      return;
    }
    const taken = this.request.sink?.write(chunk);
    if (this.request.sink === undefined) this.chunks.push(chunk);
    if (taken === undefined) return;
    controller.pause();
    void taken.then(() => controller.resume());
  }

  onResponseEnd(): void {
    if (this.status === null) {
      this.fail('reset');
      return;
    }
    this.settle({
      kind: 'answer',
      status: this.status,
      headers: {
        contentType: first(this.headers['content-type']) ?? null,
        retryAfter: first(this.headers['retry-after']) ?? null,
      },
      body: Buffer.concat(this.chunks),
      bytes: this.bytes,
      complete: this.headers['content-length'] !== undefined || this.headers['transfer-encoding'] !== undefined,
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = errorCode(error);
    if (this.controller === null) this.fail(connectReason(code));
    else if (error.name === 'HTTPParserError' || PROTOCOL_CODES.has(code)) this.fail('protocol');
    else this.fail(this.status === null ? 'reset' : 'cut');
  }

  /** An attempt that waits for its connection is let go: undici asks it again before it writes. */
  private stop(reason: TransportFailureReason): void {
    this.fail(reason);
    this.controller?.abort(STOP);
  }

  private fail(reason: TransportFailureReason): void {
    const sent = this.controller !== null;
    this.settle({
      kind: 'failure',
      reason: sent ? reason : unsentReason(reason),
      sent,
      status: this.status,
      bytes: this.bytes,
    });
  }

  private settle(result: TransportResult): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.deadline);
    this.request.signal?.removeEventListener('abort', this.onAbort);
    this.resolve(result);
  }
}

/** Of a header that came twice, the first counts. */
function first(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value[0];
}

function all(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(',');
}
