/** Long enough to get much done, short enough that nobody notices: a small request takes less than this. */
const TURN_MS = 4;
/** The second has something to do while the first waits for its next bytes. */
const MAX_BEGUN = 2;
/** Who has brought nothing for so long does not keep others from beginning. */
const LULL_MS = 20;

/** One large piece of work, which comes in small ones. */
export interface WorkShare {
  /**
   * @param step does a small piece and says whether there is another; must not throw
   * @returns fulfilled when there is none
   */
  run(step: () => boolean): Promise<void>;
  /** No more will come. Not to say so is no harm: it counts as a lull. */
  end(): void;
}

interface Waiting {
  readonly share: Share;
  readonly step: () => boolean;
  readonly done: () => void;
}

interface Share extends WorkShare {
  readonly seniority: number;
  hasBegun: boolean;
  lastMs: number;
}

/**
 * Does large work in pieces, a few milliseconds in each turn of the event loop, so that nothing else waits for long however much work
 * there is. The senior goes first, and what was begun is finished before more is begun: the half-done work that is held in memory stays
 * little. Mutable: the pieces that wait, and whose work is under way.
 */
export class WorkTurns {
  private readonly waiting: Waiting[] = [];
  private readonly begun = new Set<Share>();
  private nextSeniority = 0;
  private isPlanned = false;
  private lull: NodeJS.Timeout | null = null;

  constructor(
    private readonly turnMs: number = TURN_MS,
    private readonly lullMs: number = LULL_MS,
  ) {}

  /** Who begins first is the senior. */
  join(): WorkShare {
    this.nextSeniority += 1;
    const share: Share = {
      seniority: this.nextSeniority,
      hasBegun: false,
      lastMs: 0,
      run: (step) =>
        new Promise((done) => {
          this.waiting.push({ share, step, done });
          this.plan();
        }),
      end: () => {
        if (this.begun.delete(share) && this.waiting.length > 0) this.plan();
      },
    };
    return share;
  }

  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    setImmediate(() => {
      this.isPlanned = false;
      this.turn();
    });
  }

  private turn(): void {
    const startMs = performance.now();
    let nowMs = startMs;
    do {
      const next = this.senior(nowMs);
      if (next === null) break;
      const hasMore = next.step();
      nowMs = performance.now();
      next.share.hasBegun = true;
      next.share.lastMs = nowMs;
      this.begun.add(next.share);
      if (hasMore) continue;
      this.waiting.splice(this.waiting.indexOf(next), 1);
      next.done();
    } while (nowMs - startMs < this.turnMs);
    if (this.waiting.length === 0) return;
    if (nowMs - startMs >= this.turnMs) this.plan();
    else this.planAfterLull();
  }

  /** All that waits is new, and others are under way: they bring their next piece, end, or fall silent. */
  private planAfterLull(): void {
    this.lull ??= setTimeout(() => {
      this.lull = null;
      this.plan();
    }, this.lullMs).unref();
  }

  /** Of those that may work now. */
  private senior(nowMs: number): Waiting | null {
    for (const share of this.begun) {
      if (nowMs - share.lastMs > this.lullMs) this.begun.delete(share);
    }
    const mayBegin = this.begun.size < MAX_BEGUN;
    let senior: Waiting | null = null;
    for (const one of this.waiting) {
      if (!one.share.hasBegun && !mayBegin) continue;
      if (senior === null || one.share.seniority < senior.share.seniority) senior = one;
    }
    return senior;
  }
}
