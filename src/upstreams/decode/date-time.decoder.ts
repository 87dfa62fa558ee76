import type { Instant } from '../../domain/instant.js';
import { type Decoded, decoded, UNREADABLE, UNSET } from './decoded.js';

/** `2017-08-21T02:16:49+00:00` (PHP's ATOM), `2015-02-27 12:10:04 (GMT)`, `2024-03-28T21:00:58.485847` (.NET, no kind). */
const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?: ?(?:(Z)|\(?(GMT|UTC)\)?|([+-])(\d{2}):?(\d{2})))?$/i;

/** SQL's and .NET's way of saying that a date was never set. */
const NEVER_SET = /^(?:0000-00-00|0001-01-01)/;

/** RFC 3339 knows no larger offset than 23:59; the world's largest is 14:00. */
const MAX_OFFSET_HOURS = 14;

/**
 * A moment, in UTC, with the fraction digits as sent. Without an offset it is read as UTC, and told as assumed: both upstreams' clocks are UTC.
 * Blank, `0000-00-00…` and `0001-01-01…` are unset.
 */
export function decodeDateTime(text: string): Decoded<Instant> {
  const usual = usualForm(text);
  if (usual !== null) return usual;
  const trimmed = text.trim();
  if (trimmed === '' || NEVER_SET.test(trimmed)) return UNSET;
  const match = DATE_TIME.exec(trimmed);
  if (match === null) return UNREADABLE;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction = '',
    zulu,
    zone,
    sign,
    offsetHours = '0',
    offsetMinutes = '0',
  ] = match;
  const wallText = `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}`;
  const wallMs = Date.parse(`${wallText}Z`);
  // Date.parse rolls 30 February over into March and 24:00 into the next day: such a text names no moment.
  if (Number.isNaN(wallMs) || !new Date(wallMs).toISOString().startsWith(wallText)) return UNREADABLE;
  if (Number(offsetHours) > MAX_OFFSET_HOURS || Number(offsetMinutes) > 59) return UNREADABLE;
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  const moment = instant(sign === '-' ? wallMs + offsetMs : wallMs - offsetMs, fraction);
  const isAssumed = zulu === undefined && zone === undefined && sign === undefined;
  return isAssumed && moment.kind === 'value' ? { ...moment, isAssumed } : moment;
}

/** Of each month, from 1. A 29 February is looked at closely. */
const LEAST_DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const USUAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+00:00$/;

/**
 * `2017-08-21T02:16:49+00:00`, which is how nearly all dates of a history come: its UTC text is a part of it. Null for any other form,
 * and for what may not name a moment: those are looked at closely.
 */
function usualForm(text: string): Decoded<Instant> | null {
  if (text.length !== 25 || !USUAL.test(text)) return null;
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  const hour = two(text, 11);
  const minute = two(text, 14);
  const second = two(text, 17);
  // Date.UTC takes a year of two digits for one of the last century.
  const isPlain = year >= 100 && day >= 1 && day <= (LEAST_DAYS[month] ?? 0);
  if (!isPlain || hour > 23 || minute > 59 || second > 59) return null;
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Of short parts: a long one would be a view of the whole text that this one was cut out of, and keep it in memory.
  return decoded({ text: `${text.slice(0, 10)}T${text.slice(11, 19)}Z`, epochMs });
}

/** The number in two digits. */
function two(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
}

/** @param secondMs a whole second since the epoch, in ms; @param fraction `''` or a dot and digits */
function instant(secondMs: number, fraction: string): Decoded<Instant> {
  const iso = new Date(secondMs).toISOString();
  // The offset may have carried the year out of the four digits that RFC 3339 has.
  if (!/^\d{4}-/.test(iso)) return UNREADABLE;
  const fractionMs = Math.floor(Number(`0${fraction}`) * 1000);
  return decoded({ text: `${iso.slice(0, 19)}${fraction}Z`, epochMs: secondMs + fractionMs });
}
