import { type DecimalText, type ExactDecimal, type Money, parseDecimal, readableOrNull, sumOf } from './money.js';

/** The most that one tenant may spend. The operator sets these limits, never a client. */
export interface SpendingLimits {
  /** Orders, plan changes and purchases within 24 hours; null: no limit. */
  readonly writesPerDay: number | null;
  /** Sum of catalogue prices within 24 hours, by ISO 4217 code. A currency without an entry here has no limit. */
  readonly spendPerDay: ReadonlyMap<string, DecimalText>;
  /** Packs of one order; null: only the schema's limit applies. */
  readonly maxQuantity: number | null;
  /** Whether the gateway refuses a write that the catalogue does not price. */
  readonly requirePrice: boolean;
  /** Whether the gateway refuses every write that could spend. */
  readonly frozen: boolean;
}

/** The price of a write by the catalogue. */
export interface Spend {
  readonly amount: DecimalText;
  /** Null: the catalogue names no currency. */
  readonly currency: string | null;
}

/** The limits that are counted over 24 hours, with the price of the requested write. */
export interface DailyLimits extends Pick<SpendingLimits, 'writesPerDay' | 'spendPerDay'> {
  /** Null: the catalogue does not price the write. Then it counts as a write and not as spend. */
  readonly spend: Spend | null;
}

/** Number of writes of the last 24 hours that have the same price. */
export interface CountedWrites {
  readonly spend: Spend | null;
  readonly count: number;
}

/** One write of the last 24 hours. */
export interface DatedWrite {
  readonly spend: Spend | null;
  /** Time of sending, in Unix epoch milliseconds; null while the write is about to be sent. */
  readonly sentAtMs: number | null;
}

export type CountedLimit =
  | { readonly name: 'writesPerDay'; readonly limit: number; readonly used: number }
  | {
      readonly name: 'spendPerDay';
      readonly currency: string;
      readonly limit: DecimalText;
      readonly used: DecimalText;
      readonly wished: DecimalText;
    };

/** A limit that a write would exceed. */
export type ExceededLimit = CountedLimit & {
  /**
   * Time from which the write would fit if nothing else were sent, in Unix epoch milliseconds. Null: the write alone
   * exceeds the limit.
   */
  readonly freeAtMs: number | null;
};

/** One day of the limits is the last 24 hours, because a calendar day would need a time zone. */
export const SPENDING_DAY_MS = 86_400_000;

const ZERO: ExactDecimal = requiredDecimal('0');

/**
 * The price of `quantity` items of the catalogue. Null where there is no readable price. Null also for a negative
 * price, because it would make room for more spending.
 */
export function spendOf(price: Money | null, quantity: number): Spend | null {
  const amount = price === null ? null : parseDecimal(price.amount);
  if (price === null || amount === null || amount.value.lt(0)) return null;
  return {
    amount: amount.value.times(quantity).toFixed(amount.scale),
    currency: readableOrNull(price.currency),
  };
}

/** The limits with their use, in the order of checking. */
export function usedLimits(
  { writesPerDay, spendPerDay, spend }: DailyLimits,
  writes: readonly CountedWrites[],
): readonly CountedLimit[] {
  const used = writes.reduce((sum, { count }) => sum + count, 0);
  return [
    ...(writesPerDay === null ? [] : [{ name: 'writesPerDay', limit: writesPerDay, used } as const]),
    ...[...spendPerDay].map(
      ([currency, limit]) =>
        ({
          name: 'spendPerDay',
          currency,
          limit,
          used: textOf(total(writes, currency)),
          wished: textOf(share(spend, 1, currency)),
        }) as const,
    ),
  ];
}

/** The first limit that the requested write would exceed; null: the write fits. */
export function exceededLimit(wish: DailyLimits, writes: readonly CountedWrites[]): CountedLimit | null {
  return usedLimits(wish, writes).find((limit) => isExceeded(limit)) ?? null;
}

/**
 * Of the limits that the requested write would exceed, the one that frees up last. Null: the write fits.
 *
 * @param writes those that count now; a write that is about to be sent counts as sent at `nowMs`
 */
export function lastToFree(wish: DailyLimits, writes: readonly DatedWrite[], nowMs: number): ExceededLimit | null {
  const oldestFirst = writes
    .map(({ spend, sentAtMs }) => ({ spend, count: 1, sentAtMs: sentAtMs ?? nowMs }))
    .sort((a, b) => a.sentAtMs - b.sentAtMs);
  const exceeded = usedLimits(wish, oldestFirst).filter(isExceeded);
  const dated = exceeded.map((limit) => ({ ...limit, freeAtMs: freeAtMs(limit, oldestFirst) }));
  return dated.toSorted((a, b) => (b.freeAtMs ?? Infinity) - (a.freeAtMs ?? Infinity))[0] ?? null;
}

function freeAtMs(
  limit: CountedLimit,
  oldestFirst: readonly (DatedWrite & { readonly sentAtMs: number })[],
): number | null {
  let left = limit;
  for (const { spend, sentAtMs } of oldestFirst) {
    left = without(left, spend);
    if (!isExceeded(left)) return sentAtMs + SPENDING_DAY_MS;
  }
  return null;
}

/** Used share of a limit: 0 is unused, 1 is used up, and it may be above 1. A limit of zero counts as used up. */
export function usedRatio(limit: CountedLimit): number {
  const [used, most] = [Number(limit.used), Number(limit.limit)];
  return most === 0 ? 1 : used / most;
}

function isExceeded(limit: CountedLimit): boolean {
  if (limit.name === 'writesPerDay') return limit.used + 1 > limit.limit;
  const wished = requiredDecimal(limit.wished);
  // A write without a price in this currency never exceeds its limit, whatever has been used.
  if (wished.value.eq(0)) return false;
  return sumOf(requiredDecimal(limit.used), wished).value.gt(requiredDecimal(limit.limit).value);
}

function without(limit: CountedLimit, spend: Spend | null): CountedLimit {
  if (limit.name === 'writesPerDay') return { ...limit, used: limit.used - 1 };
  const [used, freed] = [requiredDecimal(limit.used), share(spend, 1, limit.currency)];
  return { ...limit, used: used.value.minus(freed.value).toFixed() };
}

function total(writes: readonly CountedWrites[], currency: string): ExactDecimal {
  return writes.reduce((sum, { spend, count }) => sumOf(sum, share(spend, count, currency)), ZERO);
}

/**
 * Amount that a spend adds towards the limit of a currency. A price without a named currency may be in any currency, so
 * it counts towards each limit. So a limit may refuse too early, but is never exceeded.
 */
function share(spend: Spend | null, count: number, currency: string): ExactDecimal {
  const amount = spend === null ? null : parseDecimal(spend.amount);
  if (spend === null || amount === null || (spend.currency !== null && spend.currency !== currency)) return ZERO;
  return { value: amount.value.times(count), scale: amount.scale };
}

function textOf({ value, scale }: ExactDecimal): DecimalText {
  return value.toFixed(scale);
}

/** Parses a decimal text that was validated on input. */
function requiredDecimal(text: DecimalText): ExactDecimal {
  const decimal = parseDecimal(text);
  if (decimal === null) throw new TypeError('A decimal text that was checked is none.');
  return decimal;
}
