interface Waiting {
  readonly seniority: number;
  readonly work: () => void;
  readonly done: () => void;
}

/** Long enough to get much done, short enough that nobody notices: a small request takes less than this. */
const TURN_MS = 4;

/**
 * Does large work in pieces, a few milliseconds in each turn of the event loop, so that nothing else waits for long however much work
 * there is. The senior goes first: what was begun is finished before more is begun, which also bounds the half-done work that is held
 * in memory. Mutable: the pieces that wait.
 */
export class WorkTurns {
  private readonly waiting: Waiting[] = [];
  private nextSeniority = 0;
  private isPlanned = false;

  constructor(private readonly turnMs: number = TURN_MS) {}

  /** For who begins something: lower than of all that begin later. */
  takeSeniority(): number {
    this.nextSeniority += 1;
    return this.nextSeniority;
  }

  /** @param work a small piece; must not throw @returns fulfilled when it is done */
  run(seniority: number, work: () => void): Promise<void> {
    return new Promise((done) => {
      this.waiting.push({ seniority, work, done });
      this.plan();
    });
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
    const endMs = performance.now() + this.turnMs;
    for (let next = this.takeSenior(); next !== null; next = this.takeSenior()) {
      next.work();
      next.done();
      if (performance.now() >= endMs) break;
    }
    if (this.waiting.length > 0) this.plan();
  }

  private takeSenior(): Waiting | null {
    let best = 0;
    for (let index = 1; index < this.waiting.length; index += 1) {
      if ((this.waiting[index]?.seniority ?? 0) < (this.waiting[best]?.seniority ?? 0)) best = index;
    }
    return this.waiting.splice(best, 1)[0] ?? null;
  }
}
