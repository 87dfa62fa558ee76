import type { Instant } from '../../domain/instant.js';
import { type Decoded, decoded, UNREADABLE, UNSET } from './decoded.js';

/** 2001 in seconds. Below it a number is no moment of this API: a sibling endpoint's sample shows `9090`. */
const FIRST_SECOND = 1e9;
/** Year 5138 in seconds, 1973 in milliseconds: between this and the next nothing makes sense. */
const LAST_SECOND = 1e11;
const FIRST_MILLISECOND = 1e12;
/** The end of year 9999, the last that RFC 3339 can write. */
const LAST_MILLISECOND = 253_402_300_799_999;

/** The `expire` of a billing UI: unix seconds by the manual, milliseconds where only they make sense, else unreadable. */
export function decodeUnixExpiry(text: string): Decoded<Instant> {
  const trimmed = text.trim();
  if (trimmed === '') return UNSET;
  if (!/^\d{1,15}$/.test(trimmed)) return UNREADABLE;
  const value = Number(trimmed);
  if (value >= FIRST_SECOND && value < LAST_SECOND) return decoded(toInstant(value * 1000));
  if (value >= FIRST_MILLISECOND && value <= LAST_MILLISECOND) return decoded(toInstant(value));
  return UNREADABLE;
}

function toInstant(epochMs: number): Instant {
  return { text: new Date(epochMs).toISOString().replace('.000Z', 'Z'), epochMs };
}
