/** One retry for ten reads that came through. In an outage nothing is earned, so it cannot feed on itself. */
const EARNED_PER_READ = 0.1;

/**
 * What good times may save up, and what a fresh process starts with: enough that a lone reader is helped too, and a twentieth of
 * a hundred reads in an outage.
 */
const RESERVE = 5;

/** Mutable: a token bucket, one per upstream, shared by all its reads. */
export class RetryBudget {
  private tokens: number;

  constructor(private readonly reserve: number = RESERVE) {
    this.tokens = reserve;
  }

  /** Counts a read that was answered, with whatever answer. */
  earn(): void {
    this.tokens = Math.min(this.reserve, this.tokens + EARNED_PER_READ);
  }

  /** Takes one retry out of the budget; false when there is none left. */
  spend(): boolean {
    // A hair below 1 is ten tenths added up in binary.
    if (this.tokens < 1 - 1e-9) return false;
    this.tokens = Math.max(0, this.tokens - 1);
    return true;
  }
}
