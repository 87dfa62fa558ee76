import { decimalText, differenceOf, parseDecimal, quotientOf } from './decimal.js';
import type { DecimalText, Money } from './money.js';
import { type Readable, readableOrNull } from './readable.js';

/**
 * Price divided by documents: exact where the quotient terminates, else rounded half to even to six decimals. In the price's own
 * currency, named or not. Null where the price or the number of documents is not known, or there are no documents to share it.
 */
export function pricePerDocument(price: Readable<Money>, allowedDocuments: Readable<number>): DecimalText | null {
  const amount = parseDecimal(readableOrNull(price)?.amount ?? '');
  const documents = readableOrNull(allowedDocuments);
  return amount === null || documents === null ? null : quotientOf(amount, documents);
}

/**
 * `price - base`, exact, with as many decimals as the longer of both. Null unless both name the same currency: two prices without
 * one may be in two currencies.
 */
export function priceDifference(price: Readable<Money>, base: Readable<Money>): Money | null {
  const [one, other] = [readableOrNull(price), readableOrNull(base)];
  if (one === null || other === null) return null;
  const currency = readableOrNull(one.currency);
  if (currency === null || currency !== readableOrNull(other.currency)) return null;
  const [amount, baseAmount] = [parseDecimal(one.amount), parseDecimal(other.amount)];
  if (amount === null || baseAmount === null) return null;
  return { amount: decimalText(differenceOf(amount, baseAmount)), currency };
}
