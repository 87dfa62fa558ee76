/** One retry for ten reads, so that in an outage the upstream sees at most 1.1 times the demand. */
const EARNED_PER_READ = 0.1;

/** What a quiet hour may save up, and what a fresh process starts with: enough that a lone reader is helped too. */
const RESERVE = 10;

/** Mutable: a token bucket, one per upstream, shared by all its reads. */
export class RetryBudget {
  private tokens: number;

  constructor(private readonly reserve: number = RESERVE) {
    this.tokens = reserve;
  }

  /** Counts a read's first attempt. */
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
