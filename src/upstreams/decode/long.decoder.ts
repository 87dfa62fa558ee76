import { type Decoded, decoded, UNREADABLE } from './decoded.js';

/** xs:nonNegativeInteger: leading zeros, a plus and `-0` are in its lexical space. */
const NON_NEGATIVE = /^(?:\+?\d+|-0+)$/;

/** A count as a number. Above 2^53-1 it would silently lose its last digits, so there it is unreadable. */
export function decodeLong(text: string): Decoded<number> {
  const trimmed = text.trim();
  if (!NON_NEGATIVE.test(trimmed)) return UNREADABLE;
  const value = Math.abs(Number(trimmed));
  return Number.isSafeInteger(value) ? decoded(value) : UNREADABLE;
}
