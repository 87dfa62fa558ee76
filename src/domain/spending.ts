import { type DecimalText, type ExactDecimal, type Money, parseDecimal, readableOrNull, sumOf } from './money.js';

/** What one tenant may spend at most. Set by the operator, never by a client. */
export interface SpendingLimits {
  /** Orders, plan changes and purchases within 24 hours; null: no limit. */
  readonly writesPerDay: number | null;
  /** Catalogue prices within 24 hours, by ISO 4217 code. A currency that is not named here has no limit. */
  readonly spendPerDay: ReadonlyMap<string, DecimalText>;
  /** Packs of one order; null: no limit but that of the schema. */
  readonly maxQuantity: number | null;
  /** Refuses a write that the catalogue does not price. */
  readonly requirePrice: boolean;
  /** Refuses every write that could spend. */
  readonly frozen: boolean;
}

/** What a write costs by the catalogue, or cost. */
export interface Spend {
  readonly amount: DecimalText;
  /** Null: the catalogue names no currency. */
  readonly currency: string | null;
}

/** The part of the limits that is counted, with what the wished write would add. */
export interface DailyLimits extends Pick<SpendingLimits, 'writesPerDay' | 'spendPerDay'> {
  /** Null: the catalogue does not price it. It counts as a write and not as spend. */
  readonly spend: Spend | null;
}

/** Writes of the last 24 hours that cost the same. */
export interface CountedWrites {
  readonly spend: Spend | null;
  readonly count: number;
}

/** One write of the last 24 hours. */
export interface DatedWrite {
  readonly spend: Spend | null;
  /** Epoch milliseconds of its sending; null while it is about to be sent. */
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

/** A limit that a write would pass. */
export type ExceededLimit = CountedLimit & {
  /**
   * Epoch milliseconds from which the write would fit if nothing else were sent; null: by itself it is over the limit.
   */
  readonly freeAtMs: number | null;
};

/** "A day" of the limits is the last 24 hours, because a calendar day would need a time zone. */
export const SPENDING_DAY_MS = 86_400_000;

const ZERO: ExactDecimal = requiredDecimal('0');

/**
 * What `quantity` items of a catalogue price cost. Null where there is no readable price. Null also for a negative one:
 * it would give room for more.
 */
export function spendOf(price: Money | null, quantity: number): Spend | null {
  const amount = price === null ? null : parseDecimal(price.amount);
  if (price === null || amount === null || amount.value.lt(0)) return null;
  return {
    amount: amount.value.times(quantity).toFixed(amount.scale),
    currency: readableOrNull(price.currency),
  };
}

/** The limits with what of them is used, in the order in which they are checked. */
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

/** The first limit that the wished write would pass; null: it fits. */
export function exceededLimit(wish: DailyLimits, writes: readonly CountedWrites[]): CountedLimit | null {
  return usedLimits(wish, writes).find((limit) => isExceeded(limit)) ?? null;
}

/**
 * When the wished write would fit, if nothing else were sent until then. Null: never, because it is over the limit by
 * itself.
 *
 * @param writes those that count now; a write that is about to be sent counts as sent at `nowMs`
 */
export function freeAtMs(exceeded: CountedLimit, writes: readonly DatedWrite[], nowMs: number): number | null {
  const oldestFirst = writes
    .map(({ spend, sentAtMs }) => ({ spend, sentAtMs: sentAtMs ?? nowMs }))
    .sort((a, b) => a.sentAtMs - b.sentAtMs);
  let left: CountedLimit = exceeded;
  for (const { spend, sentAtMs } of oldestFirst) {
    left = without(left, spend);
    if (!isExceeded(left)) return sentAtMs + SPENDING_DAY_MS;
  }
  return null;
}

/** From 0 to 1 and above: how much of a limit is used. A limit of zero is used up. */
export function usedRatio(limit: CountedLimit): number {
  const [used, most] = [Number(limit.used), Number(limit.limit)];
  return most === 0 ? 1 : used / most;
}

function isExceeded(limit: CountedLimit): boolean {
  if (limit.name === 'writesPerDay') return limit.used + 1 > limit.limit;
  const wished = requiredDecimal(limit.wished);
  // A write that costs nothing of this currency passes no limit of it, however much is used.
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
 * What a spend counts towards the limit of a currency. A price without a named currency may be in any, so it counts
 * towards the limit of each: a limit may end early, and is never passed.
 */
function share(spend: Spend | null, count: number, currency: string): ExactDecimal {
  const amount = spend === null ? null : parseDecimal(spend.amount);
  if (spend === null || amount === null || (spend.currency !== null && spend.currency !== currency)) return ZERO;
  return { value: amount.value.times(count), scale: amount.scale };
}

function textOf({ value, scale }: ExactDecimal): DecimalText {
  return value.toFixed(scale);
}

/** Of a text that was checked where it came in. */
function requiredDecimal(text: DecimalText): ExactDecimal {
  const decimal = parseDecimal(text);
  if (decimal === null) throw new TypeError('A decimal text that was checked is none.');
  return decimal;
}
