import { type Decoded, decoded, UNREADABLE, UNSET } from './decoded.js';

/** A group id in its canonical form, leading zeros stripped. Blank is unset; an id that is no positive integer is unreadable. */
export function decodeGroupId(text: string): Decoded<string> {
  if (/^[1-9]\d*$/.test(text)) return decoded(text);
  const trimmed = text.trim();
  if (trimmed === '') return UNSET;
  const digits = /^\+?0*([1-9]\d*)$/.exec(trimmed)?.[1];
  return digits === undefined ? UNREADABLE : decoded(digits);
}
