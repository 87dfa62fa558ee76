import type { BillingActivity } from '../domain/billing-activity.js';
import { decimalText, type ExactDecimal, parseDecimal, sumOf } from '../domain/decimal.js';
import { readableOrNull, UnreadableValue } from '../domain/readable.js';
import type { HistorySummary } from './billing-reads.js';

/** Code order, the unnamed currency last. */
function compareCurrencies(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

/**
 * Count and exact sums over a selection of rows. A sum has the largest scale of its addends: 99.50 + 0.50 is `100.00`. Prices with no
 * currency are summed apart; a price whose amount or currency cannot be read, and a count of documents that cannot, is counted, never guessed.
 */
export function summarise(rows: readonly BillingActivity[]): HistorySummary {
  const sums = new Map<string | null, ExactDecimal>();
  let usedDocuments = 0;
  let unreadablePrices = 0;
  let unreadableCounts = 0;
  for (const row of rows) {
    if (row.usedDocuments instanceof UnreadableValue) unreadableCounts += 1;
    usedDocuments += readableOrNull(row.usedDocuments) ?? 0;
    if (row.price === null) continue;
    const currency = row.price instanceof UnreadableValue ? null : row.price.currency;
    const amount = row.price instanceof UnreadableValue ? null : parseDecimal(row.price.amount);
    if (amount === null || currency instanceof UnreadableValue) {
      unreadablePrices += 1;
      continue;
    }
    const sum = sums.get(currency);
    sums.set(currency, sum === undefined ? amount : sumOf(sum, amount));
  }
  return {
    count: rows.length,
    usedDocuments: Number.isSafeInteger(usedDocuments) ? usedDocuments : null,
    spend: [...sums]
      .sort(([a], [b]) => compareCurrencies(a, b))
      .map(([currency, sum]) => ({ amount: decimalText(sum), currency })),
    unreadablePrices,
    unreadableCounts,
  };
}
