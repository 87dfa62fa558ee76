import { BillingError } from '../domain/errors.js';
import type { UpstreamCall } from '../domain/upstream-call.js';

interface Flight<T> {
  readonly response: Promise<T>;
  readonly controller: AbortController;
  sharers: number;
}

function abandoned(): BillingError {
  return new BillingError('UPSTREAM_UNAVAILABLE', 'The read was abandoned, because nobody waits for it.');
}

/**
 * Shared mutable registry of the reads under way, so that equal reads are sent once. A key must contain the tenant, the
 * credential and the whole read. Its size is bounded, because a read leaves it when it ends.
 */
export class InFlightReads<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins the read with that key, or starts it. A sharer whose signal aborts leaves at once. When the last sharer has
   * left, the read itself is aborted.
   *
   * @param start receives the sharer's call with the read's own signal
   */
  join(
    key: string,
    call: UpstreamCall,
    start: (call: UpstreamCall) => Promise<T>,
  ): { readonly response: Promise<T>; readonly isStarted: boolean } {
    if (call.signal?.aborted === true) return { response: Promise.reject(abandoned()), isStarted: false };
    const shared = this.#flights.get(key);
    const flight = shared ?? this.#launch(key, call, start);
    flight.sharers += 1;
    return { response: this.#share(key, flight, call.signal), isStarted: shared === undefined };
  }

  #launch(key: string, call: UpstreamCall, start: (call: UpstreamCall) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const response = this.#fly(key, controller, start({ ...call, signal: controller.signal }));
    const flight: Flight<T> = { response, controller, sharers: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  async #fly(key: string, controller: AbortController, response: Promise<T>): Promise<T> {
    try {
      return await response;
    } finally {
      this.#land(key, controller);
    }
  }

  #land(key: string, controller: AbortController): void {
    if (this.#flights.get(key)?.controller === controller) this.#flights.delete(key);
  }

  #share(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    if (signal === undefined) return flight.response;
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
      flight.response.then(
        (response) => {
          signal.removeEventListener('abort', leave);
          resolve(response);
        },
        () => {
          signal.removeEventListener('abort', leave);
          resolve(flight.response);
        },
      );
    });
  }
}

/**
 * With AUTH=passthrough the number of credentials is unlimited. Beyond this number the oldest is forgotten, which only
 * reduces sharing.
 */
const MAX_CREDENTIALS = 10_000;

/**
 * A counter per credential, which each write increases. Shared and mutable. A read that began under an earlier version
 * may not show the write, so no request after the write receives it.
 */
export class WriteVersions {
  readonly #writeVersions = new Map<string, number>();
  /**
   * Version of every credential that is not in the map. It is above the version of all credentials that were removed.
   */
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

  /** A function that tells whether a write was made with the credential since its last call. */
  watch(credentialId: string): () => boolean {
    let seen = this.current(credentialId);
    return () => {
      const before = seen;
      seen = this.current(credentialId);
      return seen !== before;
    };
  }
}
