import type { BillingActivityKind, PlanType } from '../domain/billing-history.js';
import type { DecimalText, Instant } from '../domain/money.js';

/**
 * Result of a decoder: the value, nothing (the upstream's ways to write "unset"), or unreadable. Decoders are pure and
 * never throw. Their callers decide about unreadable values.
 */
export type Decoded<T> =
  | {
      readonly kind: 'value';
      readonly value: T;
      /**
       * True when the value needs an assumption that the documents do not state: a date without an offset is in UTC.
       * Callers count it as drift.
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
 * A group id in canonical form, leading zeros stripped. Blank is unset. An id that is not a positive integer is
 * unreadable.
 */
export function decodeGroupId(text: string): Decoded<string> {
  if (/^[1-9]\d*$/.test(text)) return decoded(text);
  const trimmed = text.trim();
  if (trimmed === '') return UNSET;
  const digits = /^\+?0*([1-9]\d*)$/.exec(trimmed)?.[1];
  return digits === undefined ? UNREADABLE : decoded(digits);
}

/** xs:nonNegativeInteger. Its lexical space includes leading zeros, a plus sign and `-0`. */
const NON_NEGATIVE = /^(?:\+?\d+|-0+)$/;

/**
 * A count as a number. It is unreadable above 2^53-1, because a JavaScript number would silently lose its last digits.
 */
export function decodeLong(text: string): Decoded<number> {
  const trimmed = text.trim();
  if (!NON_NEGATIVE.test(trimmed)) return UNREADABLE;
  const value = Math.abs(Number(trimmed));
  return Number.isSafeInteger(value) ? decoded(value) : UNREADABLE;
}

/** xs:decimal, and the exponent form in which .NET prints a double. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** Most characters of a number. No price or count has more, and a longer text would only make sums slow. */
const MAX_LENGTH = 128;

/**
 * The text itself, without surrounding blanks: `0.10`, `007` and `1e5` stay unchanged. `1,000.00` and `NaN` are
 * unreadable.
 */
export function decodeDecimal(text: string): Decoded<DecimalText> {
  const trimmed = text.trim();
  return trimmed.length <= MAX_LENGTH && DECIMAL.test(trimmed) ? decoded(trimmed) : UNREADABLE;
}

/**
 * An ISO 4217 code in capitals. Blank is unset. Anything else (`NZ$`, a name) is unreadable, because a currency is
 * never guessed.
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

/** Dates that SQL and .NET write for "never set". */
const NEVER_SET = /^(?:0000-00-00|0001-01-01)/;

/** The largest time offset in use. RFC 3339 permits up to 23:59. */
const MAX_OFFSET_HOURS = 14;

/**
 * A moment in UTC, with the fraction digits as sent. Without an offset it is read as UTC and marked as assumed, because
 * both upstreams' clocks are UTC. Blank, `0000-00-00…` and `0001-01-01…` are unset.
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
  // Date.parse turns 30 February into a day of March and 24:00 into the next day. Such a text is not a moment.
  if (Number.isNaN(wallMs) || !new Date(wallMs).toISOString().startsWith(wallText)) return UNREADABLE;
  if (Number(offsetHours) > MAX_OFFSET_HOURS || Number(offsetMinutes) > 59) return UNREADABLE;
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  const moment = instant(sign === '-' ? wallMs + offsetMs : wallMs - offsetMs, fraction);
  const isAssumed = zulu === undefined && zone === undefined && sign === undefined;
  return isAssumed && moment.kind === 'value' ? { ...moment, isAssumed } : moment;
}

/** Days that each month has at least, from month 1. The general form handles 29 February. */
const LEAST_DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const USUAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+00:00$/;

/** Number of kept moments, a power of 2. */
const RECENT_MOMENTS = 1024;
/**
 * Moments met lately, each at the place of its second. Dates come again in other rows and in the next read of the same
 * history, and the collector marks each object of a large response. Shared and mutable, of this size at most.
 */
const recentMoments = Array.from<{ readonly kind: 'value'; readonly value: Instant } | undefined>({
  length: RECENT_MOMENTS,
});

/**
 * Reads `2017-08-21T02:16:49+00:00`, the form of nearly all dates of a history, whose UTC text is a part of it. Null
 * for any other form, and for a text that may not be a moment; the general form then reads it.
 */
function usualForm(text: string): Decoded<Instant> | null {
  if (text.length !== 25 || !USUAL.test(text)) return null;
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  const hour = two(text, 11);
  const minute = two(text, 14);
  const second = two(text, 17);
  // Date.UTC reads a year below 100 as a year of the last century.
  const isPlain = year >= 100 && day >= 1 && day <= (LEAST_DAYS[month] ?? 0);
  if (!isPlain || hour > 23 || minute > 59 || second > 59) return null;
  const epochMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const place = (epochMs / 1000) & (RECENT_MOMENTS - 1);
  const recent = recentMoments[place];
  if (recent?.value.epochMs === epochMs) return recent;
  // Made of short parts. A long part would be a view of the whole source text, and keep that in memory.
  const moment = { kind: 'value', value: { text: `${text.slice(0, 10)}T${text.slice(11, 19)}Z`, epochMs } } as const;
  recentMoments[place] = moment;
  return moment;
}

/** The number in two digits of the text. */
function two(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
}

/**
 * @param secondMs a whole second since the Unix epoch, in milliseconds
 * @param fraction `''` or a dot and digits
 */
function instant(secondMs: number, fraction: string): Decoded<Instant> {
  const iso = new Date(secondMs).toISOString();
  // With the offset, the year may have left the four digits of RFC 3339.
  if (!/^\d{4}-/.test(iso)) return UNREADABLE;
  const fractionMs = Math.floor(Number(`0${fraction}`) * 1000);
  return decoded({ text: `${iso.slice(0, 19)}${fraction}Z`, epochMs: secondMs + fractionMs });
}

/**
 * The year 2001 in unix seconds. A lower number is not a moment of this API: a sibling endpoint's sample has `9090`.
 */
const FIRST_SECOND = 1e9;
/** Year 5138 in seconds, or 1973 in milliseconds. Numbers from here to the next limit are unreadable. */
const LAST_SECOND = 1e11;
const FIRST_MILLISECOND = 1e12;
/** The end of the year 9999, the last year of RFC 3339. */
const LAST_MILLISECOND = 253_402_300_799_999;

/**
 * The `expire` of a billing UI: unix seconds by the manual, else milliseconds where only these are plausible, else
 * unreadable.
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

/** The manual says "Monthly or annual"; the schema allows any string. */
const PLAN_TYPES: ReadonlyMap<string, PlanType> = new Map([
  ['monthly', 'MONTHLY'],
  ['month', 'MONTHLY'],
  ['annual', 'ANNUAL'],
  ['annually', 'ANNUAL'],
  ['yearly', 'ANNUAL'],
  ['year', 'ANNUAL'],
]);

/** The plan's type, and whether the word is known. An unknown word is `OTHER`. */
export function decodePlanType(text: string): { readonly type: PlanType; readonly known: boolean } {
  const type = PLAN_TYPES.get(text.trim().toLowerCase());
  return { type: type ?? 'OTHER', known: type !== undefined };
}

/** Words of the manual's text. Its sample has only `signup`, and its schema allows any string. */
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
 * The kind of a history row, and whether the word is known. An unknown word is `OTHER`. Case, blanks, `-` and `_` do
 * not matter.
 */
export function decodeActivityKind(text: string): { readonly kind: BillingActivityKind; readonly known: boolean } {
  const kind = KINDS.get(text) ?? KINDS.get(text.toLowerCase().replace(/[\s_-]+/g, ''));
  return { kind: kind ?? 'OTHER', known: kind !== undefined };
}
