import { BillingError } from '../domain/errors.js';
import type { UpstreamCall } from '../domain/upstream-call.js';

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  sharers: number;
}

function abandoned(): BillingError {
  return new BillingError('UPSTREAM_UNAVAILABLE', 'The read was abandoned, because nobody waits for it.');
}

/**
 * Shared mutable registry of the reads under way, so that equal ones are sent once. Its keys must name the tenant, the
 * credential and the whole question. Bounded by nature: a read leaves it when it ends.
 */
export class InFlightReads<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins the read of that key, or starts it. A sharer whose signal aborts leaves at once; the read itself is aborted
   * when the last has left.
   *
   * @param start is given the sharer's call with a signal of the read's own
   */
  join(
    key: string,
    call: UpstreamCall,
    start: (call: UpstreamCall) => Promise<T>,
  ): { readonly answer: Promise<T>; readonly isStarted: boolean } {
    if (call.signal?.aborted === true) return { answer: Promise.reject(abandoned()), isStarted: false };
    const shared = this.#flights.get(key);
    const flight = shared ?? this.#launch(key, call, start);
    flight.sharers += 1;
    return { answer: this.#share(key, flight, call.signal), isStarted: shared === undefined };
  }

  #launch(key: string, call: UpstreamCall, start: (call: UpstreamCall) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const answer = this.#fly(key, controller, start({ ...call, signal: controller.signal }));
    const flight: Flight<T> = { answer, controller, sharers: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  async #fly(key: string, controller: AbortController, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } finally {
      this.#land(key, controller);
    }
  }

  #land(key: string, controller: AbortController): void {
    if (this.#flights.get(key)?.controller === controller) this.#flights.delete(key);
  }

  #share(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    if (signal === undefined) return flight.answer;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        flight.sharers -= 1;
        if (flight.sharers === 0) {
          this.#land(key, flight.controller);
          flight.controller.abort();
        }
        reject(abandoned());
      };
      signal.addEventListener('abort', leave, { once: true });
      flight.answer.then(
        (answer) => {
          signal.removeEventListener('abort', leave);
          resolve(answer);
        },
        () => {
          signal.removeEventListener('abort', leave);
          resolve(flight.answer);
        },
      );
    });
  }
}

/** Passthrough credentials are any number; past this the oldest is forgotten, which only costs sharing. */
const MAX_CREDENTIALS = 10_000;

/**
 * A counter per credential, which each write moves on. Shared and mutable. A read that was begun under an earlier
 * version may lack the write, and is not handed to anyone who asks after it.
 */
export class WriteVersions {
  readonly #writeVersions = new Map<string, number>();
  /** Epoch of every credential that is not in the map; above all that were dropped from it. */
  #floor = 0;
  #latest = 0;

  current(credentialId: string): number {
    return this.#writeVersions.get(credentialId) ?? this.#floor;
  }

  advance(credentialId: string): void {
    this.#latest += 1;
    this.#writeVersions.delete(credentialId);
    this.#writeVersions.set(credentialId, this.#latest);
    if (this.#writeVersions.size <= MAX_CREDENTIALS) return;
    const [oldest] = this.#writeVersions.keys();
    if (oldest !== undefined) this.#writeVersions.delete(oldest);
    this.#floor = this.#latest;
  }
}
