import { httpResponse, type RawHandler, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { GROUP_ID, intentOf, type WriteResponses } from './write-cases.js';

/** What the upstream does with one write. */
export interface WriteBehaviour {
  /** Whether it charges. Counted when the whole request has arrived, whatever becomes of the response. */
  readonly carriesOut: boolean;
  readonly respond: (responses: WriteResponses) => RawHandler;
}

/** What happened to the writes of one intent. */
export interface WriteCount {
  /** Whole requests that arrived. */
  readonly received: number;
  /** How often it was charged. */
  readonly carriedOut: number;
}

export const SUCCEEDS: WriteBehaviour = {
  carriesOut: true,
  respond: ({ success, contentType }) => httpResponse(200, success, { 'content-type': contentType }),
};
export const REFUSES: WriteBehaviour = {
  carriesOut: false,
  respond: ({ refusal, contentType }) => httpResponse(200, refusal, { 'content-type': contentType }),
};

const HISTORY = `<?xml version="1.0"?><billings_response><status>200</status><plans><activity><id>1</id><plan>Basic</plan>
<plan_type>Monthly</plan_type><plan_activity>signup</plan_activity><start_date>2026-01-01T00:00:00+00:00</start_date>
<expiry_date>2036-01-31T23:59:59+00:00</expiry_date><group_id>${GROUP_ID}</group_id></activity></plans></billings_response>`;

/**
 * Both upstreams in one raw server that keeps the truth about charges: what arrived and what was carried out, per
 * intent. It knows no idempotency keys, like the real ones. Mutable: the behaviours and the counts.
 */
export class WriteUpstream {
  readonly #behaviours = new Map<number, WriteBehaviour>();
  readonly #counts = new Map<number, WriteCount>();
  readonly #arrivals = new Map<number, PromiseWithResolvers<undefined>>();
  #raw: RawUpstream | undefined;
  #reads = 0;

  static async start(): Promise<WriteUpstream> {
    const upstream = new WriteUpstream();
    upstream.#raw = await startRawUpstream((exchange) => upstream.#serve(exchange));
    return upstream;
  }

  get url(): string {
    if (this.#raw === undefined) throw new Error('The upstream was not started.');
    return this.#raw.url;
  }

  /** History requests: reads, which may come as often as they like. */
  get reads(): number {
    return this.#reads;
  }

  /** For the writes of this intent; the others succeed. */
  behave(intent: number, behaviour: WriteBehaviour): void {
    this.#behaviours.set(intent, behaviour);
  }

  count(intent: number): WriteCount {
    return this.#counts.get(intent) ?? { received: 0, carriedOut: 0 };
  }

  /** Resolves when the first whole write of the intent has arrived. */
  arrival(intent: number): Promise<undefined> {
    return this.#arrivalOf(intent).promise;
  }

  /** Over all intents. */
  total(): WriteCount {
    return [...this.#counts.values()].reduce(
      (sum, { received, carriedOut }) => ({
        received: sum.received + received,
        carriedOut: sum.carriedOut + carriedOut,
      }),
      { received: 0, carriedOut: 0 },
    );
  }

  /** The most requests that any one intent cost. */
  most(): number {
    return Math.max(0, ...[...this.#counts.values()].map(({ received }) => received));
  }

  async close(): Promise<void> {
    await this.#raw?.close();
  }

  #serve: RawHandler = (exchange) => {
    const asked = intentOf(exchange.request);
    if (asked === null) {
      this.#reads += 1;
      httpResponse(200, HISTORY)(exchange);
      return;
    }
    const { write, intent } = asked;
    const behaviour = this.#behaviours.get(intent) ?? SUCCEEDS;
    const { received, carriedOut } = this.count(intent);
    this.#counts.set(intent, {
      received: received + 1,
      carriedOut: carriedOut + (behaviour.carriesOut ? 1 : 0),
    });
    this.#arrivalOf(intent).resolve(undefined);
    behaviour.respond(write.responses)(exchange);
  };

  #arrivalOf(intent: number): PromiseWithResolvers<undefined> {
    const arrival = this.#arrivals.get(intent) ?? Promise.withResolvers<undefined>();
    this.#arrivals.set(intent, arrival);
    return arrival;
  }
}

/** Answers as the other behaviour does, but not before the gate opens. */
export function afterGate(gate: Promise<unknown>, behaviour: WriteBehaviour): WriteBehaviour {
  return {
    carriesOut: behaviour.carriesOut,
    respond: (responses) => (exchange) => void gate.then(() => behaviour.respond(responses)(exchange)),
  };
}
