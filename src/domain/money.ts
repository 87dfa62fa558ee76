import Big from 'big.js';
import { BillingError, type UpstreamService } from './errors.js';

/**
 * A value in the upstream's response that could not be read. It takes the value's place in the row. When graphql-js
 * finds an `Error` as a field's value, it reports an error at that field's path. So the row and the page survive.
 */
export class UnreadableValue extends BillingError {
  /** The wire element that could not be read, for the drift counter: `price`, `start_date`. */
  readonly element: string;

  constructor(service: UpstreamService, operation: string, element: string) {
    super('UPSTREAM_INVALID_RESPONSE', `The upstream's ${element} could not be read.`, {
      upstream: { service, operation },
    });
    this.element = element;
  }
}

/** `null`: the upstream left it out. {@link UnreadableValue}: the value is there and makes no sense. */
export type Readable<T> = T | null | UnreadableValue;

/** The value when it could be read, else null. It is for policies, which must work with unreadable values too. */
export function readableOrNull<T>(value: Readable<T>): T | null {
  return value instanceof UnreadableValue ? null : value;
}

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.([0-9]*))?|\.([0-9]+))(?:e([+-]?[0-9]+))?$/i;

/**
 * A decimal text as a number for calculations. `scale` counts the digits after the point once an exponent is written
 * out.
 */
export interface ExactDecimal {
  readonly value: Big;
  readonly scale: number;
}

/** Null when the text is not a decimal number. */
export function parseDecimal(text: DecimalText): ExactDecimal | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const fraction = match[1] ?? match[2] ?? '';
  // big.js accepts no plus sign.
  const value = new Big(text.startsWith('+') ? text.slice(1) : text);
  return { value, scale: Math.max(0, fraction.length - Number(match[3] ?? 0)) };
}

/** With all digits of the scale; a zero has no minus sign. */
export function decimalText({ value, scale }: ExactDecimal): DecimalText {
  return (value.eq(0) ? new Big(0) : value).toFixed(scale);
}

/** `a + b`, exact, with the larger scale of both: 99.50 + 0.50 is `100.00`. */
export function sumOf(a: ExactDecimal, b: ExactDecimal): ExactDecimal {
  return { value: a.value.plus(b.value), scale: Math.max(a.scale, b.scale) };
}

/** `a - b`, exact, with the larger scale of both. */
function differenceOf(a: ExactDecimal, b: ExactDecimal): ExactDecimal {
  return { value: a.value.minus(b.value), scale: Math.max(a.scale, b.scale) };
}

/** Decimals of a quotient that does not terminate, such as 1/3. */
const ROUNDED_DECIMALS = 6;

/**
 * A divisor below 2^53 has at most 53 factors of 2 or of 5. So a quotient that terminates has at most as many further
 * decimals.
 */
const MAX_FURTHER_DECIMALS = 53;

/**
 * `dividend / divisor` without needless zeros. It is exact where the quotient terminates, else rounded half to even to
 * six decimals.
 *
 * @param divisor a safe integer; the result is null for one that is not positive
 */
function quotientOf(dividend: ExactDecimal, divisor: number): DecimalText | null {
  if (!Number.isSafeInteger(divisor) || divisor <= 0) return null;
  // A constructor of its own, because big.js keeps the precision of a division as a property of the constructor.
  const Precise = Big();
  Precise.DP = dividend.scale + MAX_FURTHER_DECIMALS;
  const quotient = new Precise(dividend.value).div(divisor);
  const isExact = quotient.times(divisor).eq(dividend.value);
  const shown = isExact ? quotient : quotient.round(ROUNDED_DECIMALS, Precise.roundHalfEven);
  return (shown.eq(0) ? new Big(0) : shown).toFixed();
}

/** Exact base-10 text as the upstream wrote it (`"99"`, `"99.50"`); never a binary float. */
export type DecimalText = string;

export interface Money {
  readonly amount: DecimalText;
  /** ISO 4217, or null where the upstream names none; never guessed. */
  readonly currency: Readable<string>;
}

/**
 * Price divided by documents: exact where the quotient terminates, else rounded half to even to six decimals. It is in
 * the price's own currency, named or not. Null where the price or the number of documents is not known, or where there
 * are no documents.
 */
export function pricePerDocument(price: Readable<Money>, allowedDocuments: Readable<number>): DecimalText | null {
  const amount = parseDecimal(readableOrNull(price)?.amount ?? '');
  const documents = readableOrNull(allowedDocuments);
  return amount === null || documents === null ? null : quotientOf(amount, documents);
}

/**
 * `price - base`, exact, with as many decimals as the longer of both. Null unless both name the same currency, because
 * two prices without a currency may be in different ones.
 */
export function priceDifference(price: Readable<Money>, base: Readable<Money>): Money | null {
  const [one, other] = [readableOrNull(price), readableOrNull(base)];
  if (one === null || other === null) return null;
  const currency = readableOrNull(one.currency);
  if (currency === null || currency !== readableOrNull(other.currency)) return null;
  const [amount, baseAmount] = [parseDecimal(one.amount), parseDecimal(other.amount)];
  if (amount === null || baseAmount === null) return null;
  return { amount: decimalText(differenceOf(amount, baseAmount)), currency };
}

/** RFC 3339 text in UTC, with as many fraction digits as the upstream sent: `2017-08-21T02:16:49Z`. */
export type DateTimeText = string;

/** A moment, as the text for the client and as the number for comparing. */
export interface Instant {
  readonly text: DateTimeText;
  /** Milliseconds since the Unix epoch. Finer fractions are cut, because the number is for comparing only. */
  readonly epochMs: number;
}
