import Big from 'big.js';
import type { DecimalText } from './money.js';

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.([0-9]*))?|\.([0-9]+))(?:e([+-]?[0-9]+))?$/i;

/** A decimal text as a number to calculate with, and how many digits it has after the point once an exponent is written out. */
export interface ExactDecimal {
  readonly value: Big;
  readonly scale: number;
}

/** Null when the text is no decimal number. */
export function parseDecimal(text: DecimalText): ExactDecimal | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const fraction = match[1] ?? match[2] ?? '';
  // big.js takes no plus sign.
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
export function differenceOf(a: ExactDecimal, b: ExactDecimal): ExactDecimal {
  return { value: a.value.minus(b.value), scale: Math.max(a.scale, b.scale) };
}

/** Decimals of a quotient that does not terminate. */
const ROUNDED_DECIMALS = 6;

/** A divisor below 2^53 has at most so many factors of 2 or of 5, so a quotient that terminates has no more further decimals. */
const MAX_FURTHER_DECIMALS = 53;

/**
 * `dividend / divisor` without needless zeros: exact where the quotient terminates, else rounded half to even to six decimals.
 *
 * @param divisor a safe integer; null is answered for one that is not positive
 */
export function quotientOf(dividend: ExactDecimal, divisor: number): DecimalText | null {
  if (!Number.isSafeInteger(divisor) || divisor <= 0) return null;
  // A constructor of its own: the precision of a division is a property of big.js' constructor.
  const Precise = Big();
  Precise.DP = dividend.scale + MAX_FURTHER_DECIMALS;
  const quotient = new Precise(dividend.value).div(divisor);
  const isExact = quotient.times(divisor).eq(dividend.value);
  const shown = isExact ? quotient : quotient.round(ROUNDED_DECIMALS, Precise.roundHalfEven);
  return (shown.eq(0) ? new Big(0) : shown).toFixed();
}
