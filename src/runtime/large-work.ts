/**
 * Largest text of one response, in bytes. It is counted three times: by the least size of rows before they are
 * returned, as rows are written, and as the whole is written.
 */
export const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
/** The limit in words. */
export const MAX_RESPONSE_TEXT = `${MAX_RESPONSE_BYTES / 1024 / 1024} MiB`;

/** A small request takes about as long as this, so its wait for one slice is not noticed. */
const SLICE_MS = 2;

/**
 * The time slices of large responses. All large responses together get one slice of a few milliseconds in each turn of
 * the event loop. Between two slices the loop serves its sockets, so a small request never waits for more than one
 * slice. Waiting work gets the next slice in the order of its requests. Mutable. One instance for the process, because
 * it has one event loop: {@link largeWork}. A piece of work calls {@link isOver} after each small step, and awaits
 * {@link nextSlice} when that is true.
 */
export class LargeWork {
  readonly #sliceMs: number;
  #endsAtMs = 0;
  #isOpen = false;
  #waiting: (() => void)[] = [];

  constructor(sliceMs: number = SLICE_MS) {
    this.#sliceMs = sliceMs;
  }

  /** Whether the slice of this turn is used up. The first call in a turn opens the slice. */
  isOver(): boolean {
    if (this.#isOpen) return performance.now() > this.#endsAtMs;
    this.#open();
    return false;
  }

  /** Fulfilled in a later turn of the event loop, when this work is the first in the queue. */
  nextSlice(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isOpen) this.#open();
    });
  }

  #open(): void {
    this.#isOpen = true;
    this.#endsAtMs = performance.now() + this.#sliceMs;
    setImmediate(() => {
      this.#isOpen = false;
      if (this.#waiting.length > 0) void this.#serve();
    });
  }

  /** Wakes waiting work one by one while the slice lasts. Thousands may wait, each for a step of microseconds. */
  async #serve(): Promise<void> {
    this.#open();
    const queue = this.#waiting;
    this.#waiting = [];
    let served = 0;
    do {
      queue[served]?.();
      served += 1;
      // The woken work runs in a microtask before this function continues.
      await Promise.resolve();
      await Promise.resolve();
    } while (served < queue.length && performance.now() <= this.#endsAtMs);
    this.#waiting = [...queue.slice(served), ...this.#waiting];
  }
}

/** The one instance of this process. */
export const largeWork = new LargeWork();

/** A list up to this length is returned at once. */
const SHORT_LIST = 250;

/**
 * The items of a list for graphql-js. Reason: graphql-js completes all items of a list, with all their fields, in one
 * step. So a long list waits for a slice of its own, and its items are promises, which are fulfilled in slices.
 *
 * @param refusal the error of an operation that is refused by now. It then takes the place of the list, or of the rest
 *   of its items.
 */
export function inSlices<T>(
  items: readonly T[],
  refusal: () => Error | null,
): readonly T[] | Promise<readonly Promise<T>[]> {
  return items.length <= SHORT_LIST ? items : promised(items, refusal);
}

async function promised<T>(items: readonly T[], refusal: () => Error | null): Promise<readonly Promise<T>[]> {
  await largeWork.nextSlice();
  const error = refusal();
  if (error !== null) throw error;
  const pending = items.map((item) => ({ item, ...Promise.withResolvers<T>() }));
  void eachInSlices(pending, ({ item, resolve, reject }) => {
    const later = refusal();
    if (later === null) resolve(item);
    else reject(later);
  });
  return pending.map(({ promise }) => promise);
}

/** Runs a step for each item, in slices. */
export async function eachInSlices<T>(items: Iterable<T>, step: (item: T) => void): Promise<void> {
  for (const item of items) {
    if (largeWork.isOver()) await largeWork.nextSlice();
    step(item);
    // The code that waits for the step runs before the next look at the clock.
    await Promise.resolve();
  }
}
