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

/** The ratio of each round. Both figures of a round were measured at the same speed of the machine. */
export function ratios(of: readonly number[], to: readonly number[]): Spread {
  return spread(of.slice(0, to.length).map((value, round) => value / (to[round] ?? Number.NaN)));
}

/** A figure of the latencies of several slots; the latencies of each slot are ascending. */
export type SlotFigure = (slots: readonly (readonly number[])[]) => number;

/** A percentile of all slots' latencies together. */
export function pooledPercentile(share: number): SlotFigure {
  return (slots) => percentile(merge(slots), share);
}

/** The median over the slots of their percentile. A short disturbance spoils only a few slots, so not the median. */
export function typicalPercentile(share: number): SlotFigure {
  return (slots) => spread(slots.map((slot) => percentile(slot, share))).median;
}

/** The slots of one round under two conditions. */
export interface SlotPair {
  readonly of: readonly (readonly number[])[];
  readonly to: readonly (readonly number[])[];
}

export interface PooledRatio {
  /** Over the slots of all rounds together. */
  readonly value: number;
  /** Lowest and highest value of a single round. */
  readonly min: number;
  readonly max: number;
}

/** The ratio of a figure under two conditions. */
export function pooledRatio(rounds: readonly SlotPair[], figure: SlotFigure): PooledRatio {
  const { min, max } = spread(rounds.map(({ of, to }) => figure(of) / figure(to)));
  return { value: figure(rounds.flatMap(({ of }) => of)) / figure(rounds.flatMap(({ to }) => to)), min, max };
}

/** All values of several lists, ascending. */
function merge(lists: readonly (readonly number[])[]): number[] {
  return lists.flat().sort((a, b) => a - b);
}

/**
 * The condition of a slot by its index, from 0: 0 1 1 0 1 0 0 1 … (Thue-Morse sequence). Pairs alternate their order,
 * and so do pairs of pairs. So a machine that drifts evenly favours neither condition.
 */
export function conditionOfSlot(index: number): 0 | 1 {
  let parity = 0;
  for (let rest = index; rest > 0; rest = Math.floor(rest / 2)) parity ^= rest % 2;
  return parity === 0 ? 0 : 1;
}
