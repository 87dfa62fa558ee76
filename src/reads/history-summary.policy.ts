import Big from 'big.js';
import type { BillingActivity } from '../domain/billing-activity.js';
import type { DecimalText } from '../domain/money.js';
import { readableOrNull, UnreadableValue } from '../domain/readable.js';
import type { HistorySummary } from './billing-reads.js';

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.([0-9]*))?|\.([0-9]+))(?:e([+-]?[0-9]+))?$/i;

interface Sum {
  total: Big;
  scale: number;
}

/** Digits after the point once an exponent is written out: 2 for `99.50`, 0 for `1e5`, 4 for `1.5e-3`. */
function scaleOf(match: RegExpExecArray): number {
  const fraction = match[1] ?? match[2] ?? '';
  return Math.max(0, fraction.length - Number(match[3] ?? 0));
}

/** Null when the text is no decimal number. big.js takes no plus sign. */
function parseAmount(text: DecimalText): { value: Big; scale: number } | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  return { value: new Big(text.startsWith('+') ? text.slice(1) : text), scale: scaleOf(match) };
}

function sumText(sum: Sum): DecimalText {
  // A sum of zeros with a minus sign is zero.
  return (sum.total.eq(0) ? new Big(0) : sum.total).toFixed(sum.scale);
}

/** Code order, the unnamed currency last. */
function compareCurrencies(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

/**
 * Count and exact sums over a selection of rows. A sum has the largest scale of its addends: 99.50 + 0.50 is `100.00`. Prices with no
 * currency are summed apart; a price whose amount or currency cannot be read is counted, never guessed.
 */
export function summarise(rows: readonly BillingActivity[]): HistorySummary {
  const sums = new Map<string | null, Sum>();
  let usedDocuments = 0;
  let unreadablePrices = 0;
  for (const row of rows) {
    usedDocuments += readableOrNull(row.usedDocuments) ?? 0;
    if (row.price === null) continue;
    const currency = row.price instanceof UnreadableValue ? null : row.price.currency;
    const amount = row.price instanceof UnreadableValue ? null : parseAmount(row.price.amount);
    if (amount === null || currency instanceof UnreadableValue) {
      unreadablePrices += 1;
      continue;
    }
    const sum = sums.get(currency);
    if (sum === undefined) {
      sums.set(currency, { total: amount.value, scale: amount.scale });
    } else {
      sum.total = sum.total.plus(amount.value);
      sum.scale = Math.max(sum.scale, amount.scale);
    }
  }
  return {
    count: rows.length,
    usedDocuments: Number.isSafeInteger(usedDocuments) ? usedDocuments : null,
    spend: [...sums]
      .sort(([a], [b]) => compareCurrencies(a, b))
      .map(([currency, sum]) => ({ amount: sumText(sum), currency })),
    unreadablePrices,
  };
}
