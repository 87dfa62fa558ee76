import type { DecimalText } from '../../domain/money.js';
import { type Decoded, decoded, UNREADABLE } from './decoded.js';

/** xs:decimal, and the exponent form in which .NET prints a double. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** No price or count has more; a longer text would only make sums slow. */
const MAX_LENGTH = 128;

/** The text itself, unchanged but for surrounding blanks: `0.10`, `007`, `1e5` stay what they are. `1,000.00` and `NaN` are unreadable. */
export function decodeDecimal(text: string): Decoded<DecimalText> {
  const trimmed = text.trim();
  return trimmed.length <= MAX_LENGTH && DECIMAL.test(trimmed) ? decoded(trimmed) : UNREADABLE;
}
