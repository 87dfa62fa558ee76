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

/** A figure of the latencies of several slots of time, those of each slot ascending. */
export type SlotFigure = (slots: readonly (readonly number[])[]) => number;

/** A percentile of all slots' latencies together. */
export function pooledPercentile(share: number): SlotFigure {
  return (slots) => percentile(merge(slots), share);
}

/** The percentile of the slot in the middle. What disturbs the machine for a moment spoils a few slots, and this is not one of them. */
export function typicalPercentile(share: number): SlotFigure {
  return (slots) => spread(slots.map((slot) => percentile(slot, share))).median;
}

/** The slots of one round under two conditions. */
export interface SlotPair {
  readonly of: readonly (readonly number[])[];
  readonly to: readonly (readonly number[])[];
}

export interface PooledRatio {
  /** Of all rounds' slots together. */
  readonly value: number;
  /** Lowest and highest of the rounds by themselves. */
  readonly min: number;
  readonly max: number;
}

/** How a figure under one condition relates to that under another. */
export function pooledRatio(rounds: readonly SlotPair[], figure: SlotFigure): PooledRatio {
  const { min, max } = spread(rounds.map(({ of, to }) => figure(of) / figure(to)));
  return { value: figure(rounds.flatMap(({ of }) => of)) / figure(rounds.flatMap(({ to }) => to)), min, max };
}

/** All values of several lists, ascending. */
function merge(lists: readonly (readonly number[])[]): number[] {
  return lists.flat().sort((a, b) => a - b);
}

/**
 * Which of two conditions the slot of this index has, from 0: 0 1 1 0 1 0 0 1 … (Thue and Morse). Pairs alternate their order, pairs of
 * pairs too, so that a machine that drifts evenly favours neither condition.
 */
export function conditionOfSlot(index: number): 0 | 1 {
  let parity = 0;
  for (let rest = index; rest > 0; rest = Math.floor(rest / 2)) parity ^= rest % 2;
  return parity === 0 ? 0 : 1;
}
