/** Length of a slice in milliseconds. A small request takes about as long, so the wait is not noticed. */
const TURN_MS = 2;
/** Works under way at the same time. The second one works while the first waits for its next bytes. */
const MAX_BEGUN = 2;
/**
 * Turns without bytes after which a work no longer counts as under way. Bytes that have arrived are delivered within
 * two turns; others are still in the network.
 */
const PATIENCE_TURNS = 3;

/** One large work, done in small steps. */
export interface SlicedWork {
  /**
   * @param step does a small step and returns whether there is another; must not throw
   * @returns fulfilled when there is no further step
   */
  run(step: () => boolean): Promise<void>;
  /**
   * Call when no more steps will come. A forgotten call does little harm, because a work without steps soon stops
   * counting.
   */
  end(): void;
}

interface Waiting {
  readonly share: Share;
  readonly step: () => boolean;
  readonly done: () => void;
}

interface Share extends SlicedWork {
  readonly joinedAs: number;
  hasBegun: boolean;
  /** Turns since its last step. */
  idleTurns: number;
}

/**
 * Does large work in slices of a few milliseconds in each turn of the event loop, so that other requests never wait for
 * long. The work that joined first goes first. No further work begins while the work that has begun keeps receiving
 * bytes. Reason: little half-done work is held in memory, and no work waits for the slow network of another. Mutable:
 * the pieces that wait, and whose work is under way.
 */
export class TimeSlices {
  readonly #turnMs: number;
  readonly #waiting: Waiting[] = [];
  readonly #begun = new Set<Share>();
  #lastJoined = 0;
  #isPlanned = false;

  constructor(turnMs: number = TURN_MS) {
    this.#turnMs = turnMs;
  }

  /** Work that joins earlier goes first. */
  join(): SlicedWork {
    this.#lastJoined += 1;
    const share: Share = {
      joinedAs: this.#lastJoined,
      hasBegun: false,
      idleTurns: 0,
      run: (step) =>
        new Promise((done) => {
          this.#waiting.push({ share, step, done });
          this.#plan();
        }),
      end: () => {
        this.#begun.delete(share);
      },
    };
    return share;
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#turn();
    });
  }

  #turn(): void {
    for (const share of this.#begun) {
      share.idleTurns += 1;
      if (share.idleTurns > PATIENCE_TURNS) this.#begun.delete(share);
    }
    const endMs = performance.now() + this.#turnMs;
    do {
      const next = this.#first();
      if (next === null) break;
      next.share.hasBegun = true;
      next.share.idleTurns = 0;
      this.#begun.add(next.share);
      if (next.step()) continue;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      next.done();
    } while (performance.now() < endMs);
    if (this.#waiting.length > 0) this.#plan();
  }

  /** The waiting work that joined first, of those that may work now. */
  #first(): Waiting | null {
    const mayBegin = this.#begun.size < MAX_BEGUN;
    let first: Waiting | null = null;
    for (const one of this.#waiting) {
      if (!one.share.hasBegun && !mayBegin) continue;
      if (first === null || one.share.joinedAs < first.share.joinedAs) first = one;
    }
    return first;
  }
}
