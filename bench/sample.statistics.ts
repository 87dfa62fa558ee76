/** Value below which the given share of an ascending list lies (nearest rank); NaN for an empty list. */
export function percentile(ascending: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(share * ascending.length));
  return ascending[rank - 1] ?? Number.NaN;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median and extremes; the median of an even count is the mean of the middle two. NaN for an empty list. */
export function spread(values: readonly number[]): Spread {
  const ascending = [...values].sort((a, b) => a - b);
  const upper = ascending[Math.floor(ascending.length / 2)] ?? Number.NaN;
  const lower = ascending[Math.ceil(ascending.length / 2) - 1] ?? Number.NaN;
  return { median: (lower + upper) / 2, min: ascending[0] ?? Number.NaN, max: ascending.at(-1) ?? Number.NaN };
}

/** Round by round: a ratio within one round is measured on the same mood of the machine. */
export function ratios(of: readonly number[], to: readonly number[]): Spread {
  return spread(of.slice(0, to.length).map((value, round) => value / (to[round] ?? Number.NaN)));
}
