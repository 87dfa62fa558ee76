/** Long enough to get much done, short enough that nobody notices: a small request takes about as long. */
const TURN_MS = 2;
/** The second has something to do while the first waits for its next bytes. */
const MAX_BEGUN = 2;
/**
 * What is already there is brought in the next turn or the one after it; what is not is still on its way through the
 * network.
 */
const PATIENCE_TURNS = 3;

/** One large piece of work, which comes in small ones. */
export interface SlicedWork {
  /**
   * @param step does a small piece and says whether there is another; must not throw
   * @returns fulfilled when there is none
   */
  run(step: () => boolean): Promise<void>;
  /** No more will come. Not to say so is no harm: nobody waits long for who brings nothing. */
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
  /** Turns in which it did nothing, since it did something. */
  idleTurns: number;
}

/**
 * Does large work in pieces, a few milliseconds in each turn of the event loop, so that nothing else waits for long
 * however much work there is. The work that joined first goes first. No further work begins while the work that has
 * begun keeps receiving bytes. Reason: little half-done work is held in memory, and no work waits for the slow network
 * of another. Mutable: the pieces that wait, and whose work is under way.
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
      const next = this.#senior();
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

  /** Of those that may work now. */
  #senior(): Waiting | null {
    const mayBegin = this.#begun.size < MAX_BEGUN;
    let senior: Waiting | null = null;
    for (const one of this.#waiting) {
      if (!one.share.hasBegun && !mayBegin) continue;
      if (senior === null || one.share.joinedAs < senior.share.joinedAs) senior = one;
    }
    return senior;
  }
}
