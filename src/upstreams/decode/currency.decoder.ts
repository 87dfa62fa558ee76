import { type Decoded, decoded, UNREADABLE, UNSET } from './decoded.js';

/** An ISO 4217 code in capitals. Blank is unset; anything else (`NZ$`, a name) is unreadable: a currency is never guessed. */
export function decodeCurrency(text: string): Decoded<string> {
  if (/^[A-Z]{3}$/.test(text)) return decoded(text);
  const trimmed = text.trim();
  if (trimmed === '') return UNSET;
  return /^[A-Za-z]{3}$/.test(trimmed) ? decoded(trimmed.toUpperCase()) : UNREADABLE;
}
