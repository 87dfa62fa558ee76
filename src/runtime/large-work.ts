/** A small request takes less than this, so nobody notices that it had to wait. */
const SLICE_MS = 2;

/**
 * The share that large responses have of the event loop: together one slice of a few milliseconds in each turn, however
 * many of them are made. Between two slices the loop serves its sockets, so a small request never waits for more than
 * one slice. Who waits for the next slice is served in the order of asking.
 *
 * Mutable, and one for the process, because the event loop is one: {@link largeWork}. A piece of work asks
 * {@link isOver} after each small step and awaits {@link nextSlice} where it is.
 */
export class LargeWork {
  readonly #sliceMs: number;
  #endsAtMs = 0;
  #isOpen = false;
  #waiting: (() => void)[] = [];

  constructor(sliceMs: number = SLICE_MS) {
    this.#sliceMs = sliceMs;
  }

  /** Whether the slice of this turn is used up. Opens it where nobody has yet. */
  isOver(): boolean {
    if (this.#isOpen) return performance.now() > this.#endsAtMs;
    this.#open();
    return false;
  }

  /** Fulfilled in a later turn of the event loop, when it is this work's turn. */
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

  /** Wakes one after the other while there is time: thousands may wait, each for a step of microseconds. */
  async #serve(): Promise<void> {
    this.#open();
    const queue = this.#waiting;
    this.#waiting = [];
    let served = 0;
    do {
      queue[served]?.();
      served += 1;
      // The work that was woken runs in the microtasks before the one that continues here.
      await Promise.resolve();
      await Promise.resolve();
    } while (served < queue.length && performance.now() <= this.#endsAtMs);
    this.#waiting = [...queue.slice(served), ...this.#waiting];
  }
}

/** Of this process. */
export const largeWork = new LargeWork();

/** A list up to this length is handed out at once. */
const SHORT_LIST = 250;

/**
 * The items of a list as graphql-js takes them. It completes all items of a list in one go, with all fields below them,
 * so those of a long list come as promises, which are fulfilled in slices.
 */
export function inSlices<T>(items: readonly T[]): readonly (T | Promise<T>)[] {
  if (items.length <= SHORT_LIST) return items;
  const pending = items.map(() => Promise.withResolvers<T>());
  void handOut(items, (item, index) => pending[index]?.resolve(item));
  return pending.map(({ promise }) => promise);
}

async function handOut<T>(items: readonly T[], resolve: (item: T, index: number) => void): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (largeWork.isOver()) await largeWork.nextSlice();
    resolve(item, index);
    // What waits for the item runs before the clock is asked again.
    await Promise.resolve();
  }
}
