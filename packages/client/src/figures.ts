/**
 * Amounts, counts and dates for people to read. Every function takes the gateway's text and loses no digit. A text that
 * the engine's `Intl` cannot format exactly is shown unchanged.
 */

/** A price of the gateway. */
export interface MoneyText {
  readonly amount: string;
  /** Null where the upstream names none. It is never guessed. */
  readonly currency: string | null;
}

/** Options for a figure: the locale, by default the user's own. */
export interface FigureOptions {
  readonly locale?: string | readonly string[];
}

export interface DateOptions extends FigureOptions {
  /** IANA name; by default the user's own. */
  readonly timeZone?: string;
  /** The time of day as well. */
  readonly withTime?: boolean;
}

/** The sign for a missing value. */
export const MISSING = '—';

/** Plain notation without a superfluous zero, which `Intl` writes digit for digit. */
const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.(\d+))?$/;
/** `Intl.NumberFormat` refuses more fraction digits. */
const MOST_FRACTION_DIGITS = 20;
const CURRENCY = /^[A-Z]{3}$/;

/**
 * An exact decimal with the separators of the user's language: `"1234567.50"` is `1,234,567.50` in English. It keeps
 * the number of fraction digits. Texts with exponents, plus signs or leading zeros are shown unchanged. Null and
 * undefined are {@link MISSING}.
 */
export function formatDecimal(text: string | null | undefined, options: FigureOptions = {}): string {
  if (text === null || text === undefined) return MISSING;
  return formatPlain(text, options, {}) ?? text;
}

/**
 * An amount with its currency's code, `NZD 1,234.50`: a code, because `$` is the sign of twenty currencies. Without a
 * currency only the amount. Null and undefined are {@link MISSING}.
 */
export function formatMoney(money: MoneyText | null | undefined, options: FigureOptions = {}): string {
  if (money === null || money === undefined) return MISSING;
  const { amount, currency } = money;
  if (currency === null) return formatDecimal(amount, options);
  const formatted = CURRENCY.test(currency)
    ? formatPlain(amount, options, { style: 'currency', currency, currencyDisplay: 'code' })
    : null;
  return formatted ?? `${currency} ${formatDecimal(amount, options)}`;
}

/** A price difference with its sign: `+NZD 450.10`. Zero has none. */
export function formatDifference(money: MoneyText | null | undefined, options: FigureOptions = {}): string {
  if (money === null || money === undefined) return MISSING;
  const isPositive = !money.amount.startsWith('-') && /[1-9]/.test(money.amount);
  return `${isPositive ? '+' : ''}${formatMoney(money, options)}`;
}

/** A whole number of documents. Null and undefined are {@link MISSING}. */
export function formatCount(count: number | null | undefined, options: FigureOptions = {}): string {
  return count === null || count === undefined ? MISSING : formatDecimal(String(count), options);
}

/**
 * A moment in the user's own time zone, from RFC 3339: `8 Dec 2026`. A text that is no moment is shown unchanged; null
 * and undefined are {@link MISSING}.
 */
export function formatDate(text: string | null | undefined, options: DateOptions = {}): string {
  if (text === null || text === undefined) return MISSING;
  const moment = Date.parse(text);
  if (Number.isNaN(moment)) return text;
  return new Intl.DateTimeFormat(localesOf(options), {
    dateStyle: 'medium',
    ...(options.withTime === true ? { timeStyle: 'short' } : {}),
    ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
  }).format(moment);
}

/** Null where the text is not plain, or where this engine would alter a digit. */
function formatPlain(text: string, options: FigureOptions, style: Intl.NumberFormatOptions): string | null {
  const plain = PLAIN.exec(text);
  if (plain === null) return null;
  const digits = plain[1]?.length ?? 0;
  if (digits > MOST_FRACTION_DIGITS) return null;
  const format = new Intl.NumberFormat(localesOf(options), {
    ...style,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  // Text is a valid input since ECMAScript 2023. Older engines read a float, which the comparison below detects.
  const parts = format.formatToParts(text as `${number}`);
  return digitsOf(parts, format) === text.replace(/[^\d]/g, '') ? parts.map(({ value }) => value).join('') : null;
}

/** The written digits as 0 to 9, from any numerals of the locale. */
function digitsOf(parts: readonly Intl.NumberFormatPart[], format: Intl.NumberFormat): string {
  const numerals = new Intl.NumberFormat(format.resolvedOptions().locale, {
    useGrouping: false,
    numberingSystem: format.resolvedOptions().numberingSystem,
  });
  const digitBehind = new Map(Array.from({ length: 10 }, (_, digit) => [numerals.format(digit), String(digit)]));
  return parts
    .filter(({ type }) => type === 'integer' || type === 'fraction')
    .flatMap(({ value }) => Array.from(value, (numeral) => digitBehind.get(numeral) ?? numeral))
    .join('');
}

function localesOf({ locale }: FigureOptions): string | string[] | undefined {
  return locale === undefined || typeof locale === 'string' ? locale : [...locale];
}

/** The fields of a history row that {@link documentsInPacks} reads. */
export interface PackRow {
  readonly kind: string;
  readonly allowedDocuments: number | null;
  readonly usedDocuments: number | null;
  readonly expiryDate: string | null;
}

/** Documents left in booster packs, by the rows of a history. */
export interface PackDocuments {
  readonly left: number;
  /** Packs in force with a missing figure. `left` does not include them, so it is a lower bound when this is not 0. */
  readonly unknown: number;
}

/**
 * Documents left in the booster packs of one group that have not expired: allowed minus used, never below 0.
 *
 * @param now epoch milliseconds
 */
export function documentsInPacks(rows: readonly PackRow[], now: number): PackDocuments {
  let left = 0;
  let unknown = 0;
  for (const { kind, allowedDocuments, usedDocuments, expiryDate } of rows) {
    if (kind !== 'BOOSTER') continue;
    const expiry = expiryDate === null ? Number.NaN : Date.parse(expiryDate);
    if (expiry < now) continue;
    if (allowedDocuments === null || usedDocuments === null || Number.isNaN(expiry)) unknown += 1;
    else left += Math.max(0, allowedDocuments - usedDocuments);
  }
  return { left, unknown };
}

/** Adds exact decimals without any rounding. @throws SyntaxError for a text that is no plain decimal. */
export function addDecimals(texts: readonly string[]): string {
  const fractions = texts.map((text) => text.split('.')[1]?.length ?? 0);
  const scale = Math.max(0, ...fractions);
  const sum = texts.reduce((total, text, index) => {
    const digits = text.replace('.', '') + '0'.repeat(scale - (fractions[index] ?? 0));
    return total + BigInt(digits);
  }, 0n);
  const text = String(sum < 0n ? -sum : sum).padStart(scale + 1, '0');
  const whole = text.slice(0, text.length - scale);
  return `${sum < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${text.slice(-scale)}`}`;
}

/** Whether {@link addDecimals} can add it: no exponent, no plus sign. */
export function isPlainDecimal(text: string): boolean {
  return PLAIN.test(text);
}
