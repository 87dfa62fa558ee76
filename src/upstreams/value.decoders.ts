import type { BillingActivityKind, PlanType } from '../domain/billing-history.js';
import type { DecimalText, Instant } from '../domain/money.js';

/**
 * What a decoder makes of a text: the value, nothing (the upstream's ways of saying "unset"), or a text that makes no
 * sense. Decoders are pure and never throw; whoever calls them decides what an unreadable value becomes.
 */
export type Decoded<T> =
  | {
      readonly kind: 'value';
      readonly value: T;
      /**
       * The value is taken to mean what the documents do not say: a date without an offset is one in UTC. To be counted
       * as drift.
       */
      readonly isAssumed?: true;
    }
  | { readonly kind: 'unset' }
  | { readonly kind: 'unreadable' };

export const UNSET = { kind: 'unset' } as const;
export const UNREADABLE = { kind: 'unreadable' } as const;

export function decoded<T>(value: T): Decoded<T> {
  return { kind: 'value', value };
}

/**
 * A group id in its canonical form, leading zeros stripped. Blank is unset; an id that is no positive integer is
 * unreadable.
 */
export function decodeGroupId(text: string): Decoded<string> {
  if (/^[1-9]\d*$/.test(text)) return decoded(text);
  const trimmed = text.trim();
  if (trimmed === '') return UNSET;
  const digits = /^\+?0*([1-9]\d*)$/.exec(trimmed)?.[1];
  return digits === undefined ? UNREADABLE : decoded(digits);
}

/** xs:nonNegativeInteger: leading zeros, a plus and `-0` are in its lexical space. */
const NON_NEGATIVE = /^(?:\+?\d+|-0+)$/;

/** A count as a number. Above 2^53-1 it would silently lose its last digits, so there it is unreadable. */
export function decodeLong(text: string): Decoded<number> {
  const trimmed = text.trim();
  if (!NON_NEGATIVE.test(trimmed)) return UNREADABLE;
  const value = Math.abs(Number(trimmed));
  return Number.isSafeInteger(value) ? decoded(value) : UNREADABLE;
}

/** xs:decimal, and the exponent form in which .NET prints a double. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** No price or count has more; a longer text would only make sums slow. */
const MAX_LENGTH = 128;

/**
 * The text itself, unchanged but for surrounding blanks: `0.10`, `007`, `1e5` stay what they are. `1,000.00` and `NaN`
 * are unreadable.
 */
export function decodeDecimal(text: string): Decoded<DecimalText> {
  const trimmed = text.trim();
  return trimmed.length <= MAX_LENGTH && DECIMAL.test(trimmed) ? decoded(trimmed) : UNREADABLE;
}

/**
 * An ISO 4217 code in capitals. Blank is unset; anything else (`NZ$`, a name) is unreadable: a currency is never
 * guessed.
 */
export function decodeCurrency(text: string): Decoded<string> {
  if (/^[A-Z]{3}$/.test(text)) return decoded(text);
  const trimmed = text.trim();
  if (trimmed === '') return UNSET;
  return /^[A-Za-z]{3}$/.test(trimmed) ? decoded(trimmed.toUpperCase()) : UNREADABLE;
}

/**
 * `2017-08-21T02:16:49+00:00` (PHP's ATOM), `2015-02-27 12:10:04 (GMT)`, `2024-03-28T21:00:58.485847` (.NET, no kind).
 */
const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?: ?(?:(Z)|\(?(GMT|UTC)\)?|([+-])(\d{2}):?(\d{2})))?$/i;

/** SQL's and .NET's way of saying that a date was never set. */
const NEVER_SET = /^(?:0000-00-00|0001-01-01)/;

/** RFC 3339 knows no larger offset than 23:59; the world's largest is 14:00. */
const MAX_OFFSET_HOURS = 14;

/**
 * A moment, in UTC, with the fraction digits as sent. Without an offset it is read as UTC, and told as assumed: both
 * upstreams' clocks are UTC. Blank, `0000-00-00…` and `0001-01-01…` are unset.
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
 * `2017-08-21T02:16:49+00:00`, which is how nearly all dates of a history come: its UTC text is a part of it. Null for
 * any other form, and for what may not name a moment: those are looked at closely.
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

/** 2001 in seconds. Below it a number is no moment of this API: a sibling endpoint's sample shows `9090`. */
const FIRST_SECOND = 1e9;
/** Year 5138 in seconds, 1973 in milliseconds: between this and the next nothing makes sense. */
const LAST_SECOND = 1e11;
const FIRST_MILLISECOND = 1e12;
/** The end of year 9999, the last that RFC 3339 can write. */
const LAST_MILLISECOND = 253_402_300_799_999;

/**
 * The `expire` of a billing UI: unix seconds by the manual, milliseconds where only they make sense, else unreadable.
 */
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

/** The manual says "Monthly or annual"; the schema is an open string. */
const PLAN_TYPES: ReadonlyMap<string, PlanType> = new Map([
  ['monthly', 'MONTHLY'],
  ['month', 'MONTHLY'],
  ['annual', 'ANNUAL'],
  ['annually', 'ANNUAL'],
  ['yearly', 'ANNUAL'],
  ['year', 'ANNUAL'],
]);

/** The plan's type, and whether the word was known; an unknown one is `OTHER`. */
export function decodePlanType(text: string): { readonly type: PlanType; readonly known: boolean } {
  const type = PLAN_TYPES.get(text.trim().toLowerCase());
  return { type: type ?? 'OTHER', known: type !== undefined };
}

/**
 * The manual's sample shows `signup` alone and its schema an open string: the rest are the words that it uses in its
 * prose.
 */
const KINDS: ReadonlyMap<string, BillingActivityKind> = new Map([
  ...words('SIGNUP', 'signup', 'signedup', 'new'),
  ...words('RENEW', 'renew', 'renewal', 'renewed', 'autorenew', 'autorenewal', 'autorenewed'),
  ...words('UPGRADE', 'upgrade', 'upgraded'),
  ...words('DOWNGRADE', 'downgrade', 'downgraded'),
  ...words('BOOSTER', 'booster', 'boosterpack', 'pack'),
  ...words('CANCEL', 'cancel', 'canceled', 'cancelled', 'cancellation'),
]);

function words(kind: BillingActivityKind, ...spellings: readonly string[]): [string, BillingActivityKind][] {
  return spellings.map((spelling) => [spelling, kind]);
}

/**
 * What a history row records, and whether the word was known; an unknown one is `OTHER`. Case, blanks, `-` and `_` do
 * not matter.
 */
export function decodeActivityKind(text: string): { readonly kind: BillingActivityKind; readonly known: boolean } {
  const kind = KINDS.get(text) ?? KINDS.get(text.toLowerCase().replace(/[\s_-]+/g, ''));
  return { kind: kind ?? 'OTHER', known: kind !== undefined };
}
