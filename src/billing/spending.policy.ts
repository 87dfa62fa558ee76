import { type AvailablePack, type BillingCatalogue, itemOf } from '../domain/catalogue.js';
import { type DecimalText, decimalText, type Money, parseDecimal, readableOrNull } from '../domain/money.js';
import type { ExpectedPrice } from '../domain/purchases.js';
import { type ExceededLimit, type SpendingLimits, spendOf } from '../domain/spending.js';
import type { WriteRefusal } from '../domain/write.js';
import type { ClaimGuards, ClaimTerms } from '../idempotency/ledger.js';
import type { CatalogueItemRef } from './group-reads.js';

/** The parts of a write that the spending policy needs. */
export interface SpendingWish {
  /** Key of the equal write that it repeats on purpose. */
  readonly repeats: string | null;
  readonly expected: ExpectedPrice | null;
  /** The item that the catalogue prices; null: none, as in purchases of credits. */
  readonly item: CatalogueItemRef | null;
  readonly quantity: number;
}

const NOTHING_SENT = 'Nothing was sent.';
/** Most digits of an amount in a message. Longer amounts are not repeated. */
const MAX_SHOWN_DIGITS = 40;

/** Conditions of a write besides its key and its target. `limits` null: the operator has set none. */
export function guardsOf(limits: SpendingLimits | null, wish: SpendingWish): Omit<ClaimGuards, 'duplicateWindowMs'> {
  return { forbidden: whyForbidden(limits, wish), repeats: wish.repeats, terms: termsBeforeReading(limits, wish) };
}

/** The terms of a write after the read of its catalogue. `catalogue` null: it could not be read. */
export function termsOf(
  limits: SpendingLimits | null,
  { expected, item, quantity }: SpendingWish,
  catalogue: BillingCatalogue | null,
): ClaimTerms {
  const offer = offerOf(catalogue, item);
  const failed = expected === null ? null : unmetExpectation(expected, offer);
  if (failed !== null) return { kind: 'refused', refusal: failed };
  const spend = offer.kind === 'priced' ? spendOf(offer.price, quantity) : null;
  const name = limits === null || spend !== null ? null : limitThatNeedsPrice(limits, offer);
  if (name !== null) {
    const holds = offer.kind === 'priced' ? 'it names no price that can be counted' : HOLDS[offer.kind];
    return { kind: 'refused', refusal: limitReached(`${name}: the catalogue must price it, and ${holds}.`) };
  }
  return limits === null || !countsAnything(limits)
    ? { kind: 'none' }
    : { kind: 'limited', limits: { ...limits, spend } };
}

/** Refusal to open a page for spending; null: it may be opened. */
export function whyFrozen(limits: SpendingLimits | null): WriteRefusal | null {
  return limits?.frozen === true
    ? limitReached(
        'frozen: the operator has stopped all spending of this tenant. It frees up when the operator says so.',
      )
    : null;
}

/** The refusal of a write that would exceed a limit. */
export function overLimitRefusal(limit: ExceededLimit): WriteRefusal {
  const day = 'used in the last 24 hours';
  const used =
    limit.name === 'writesPerDay'
      ? `writesPerDay: ${limit.used} of ${limit.limit} ${day}.`
      : `spendPerDay ${limit.currency}: ${limit.used} of ${limit.limit} ${day}, and this write costs ${limit.wished}.`;
  const frees =
    limit.freeAtMs === null
      ? 'It never frees up enough: by itself this write is over the limit.'
      : `It frees up at ${new Date(limit.freeAtMs).toISOString()}.`;
  return limitReached(`${used} ${frees}`);
}

function whyForbidden(limits: SpendingLimits | null, { item, quantity }: SpendingWish): WriteRefusal | null {
  if (limits === null) return null;
  const frozen = whyFrozen(limits);
  if (frozen !== null) return frozen;
  if (limits.maxQuantity !== null && item?.kind === 'pack' && quantity > limits.maxQuantity) {
    const message = `maxQuantity: at most ${limits.maxQuantity} packs in one order, and ${quantity} were asked for.`;
    return { ...limitReached(message), field: ['input', 'quantity'] };
  }
  // No catalogue prices it, so the decision needs no read.
  return limits.requirePrice && item === null
    ? limitReached('requirePrice: only what a catalogue prices may be bought, and no catalogue prices credits.')
    : null;
}

function termsBeforeReading(limits: SpendingLimits | null, { expected, item }: SpendingWish): ClaimTerms {
  const needsPrice = expected !== null || (limits !== null && (limits.requirePrice || limits.spendPerDay.size > 0));
  if (needsPrice && item !== null) return { kind: 'unread' };
  return limits === null || !countsAnything(limits)
    ? { kind: 'none' }
    : { kind: 'limited', limits: { ...limits, spend: null } };
}

/**
 * The limit that forbids a write whose spend cannot be counted; null: none. An item without a price in the catalogue
 * costs nothing as far as `spendPerDay` knows. A catalogue or a price that cannot be read may hide any amount.
 */
function limitThatNeedsPrice(limits: SpendingLimits, { kind }: Offer): 'requirePrice' | 'spendPerDay' | null {
  if (limits.requirePrice) return 'requirePrice';
  return limits.spendPerDay.size > 0 && kind !== 'unpriced' && kind !== 'notOffered' ? 'spendPerDay' : null;
}

function countsAnything({ writesPerDay, spendPerDay }: SpendingLimits): boolean {
  return writesPerDay !== null || spendPerDay.size > 0;
}

/** The price of one item in a catalogue, or the reason for its absence. */
type Offer =
  | { readonly kind: 'priced'; readonly price: Money }
  | { readonly kind: 'unpriced' | 'unreadable' | 'notOffered' | 'unread' };

const HOLDS = {
  unpriced: 'the catalogue names no price for it',
  unreadable: 'the catalogue names no readable price for it',
  notOffered: 'the catalogue does not offer it',
  unread: 'the catalogue could not be read',
} as const;

function offerOf(catalogue: BillingCatalogue | null, item: CatalogueItemRef | null): Offer {
  if (catalogue === null || item === null) return { kind: 'unread' };
  const items: readonly Pick<AvailablePack, 'id' | 'price'>[] =
    item.kind === 'pack' ? catalogue.packs : catalogue.plans;
  const found = itemOf(items, item.id);
  if (found === null) return { kind: 'notOffered' };
  if (found.price === null) return { kind: 'unpriced' };
  const price = readableOrNull(found.price);
  return price === null || parseDecimal(price.amount) === null ? { kind: 'unreadable' } : { kind: 'priced', price };
}

/**
 * Null: the expected price is right. Amounts are compared as numbers, so 99.5 equals 99.50. If the client names a
 * currency, the catalogue must name the same one.
 */
function unmetExpectation(expected: ExpectedPrice, offer: Offer): WriteRefusal | null {
  const wanted = parseDecimal(expected.amount);
  if (offer.kind === 'priced') {
    const held = parseDecimal(offer.price.amount);
    const isSameAmount = wanted !== null && held !== null && wanted.value.eq(held.value);
    const isSameCurrency = expected.currency === null || expected.currency === readableOrNull(offer.price.currency);
    if (isSameAmount && isSameCurrency) return null;
  }
  const holds = offer.kind === 'priced' ? `the catalogue says ${priceText(offer.price)}` : HOLDS[offer.kind];
  const currency = expected.currency === null ? '' : ` ${expected.currency}`;
  return {
    code: 'PRECONDITION_FAILED',
    message: `Expected was a price of ${amountText(expected.amount)}${currency}, and ${holds}. ${NOTHING_SENT}`,
    field: ['input', 'expected'],
  };
}

function priceText({ amount, currency }: Money): string {
  return `${amountText(amount)} ${readableOrNull(currency) ?? 'in no named currency'}`;
}

function amountText(amount: DecimalText): string {
  const decimal = parseDecimal(amount);
  const text = decimal === null || decimal.scale > MAX_SHOWN_DIGITS ? '' : decimalText(decimal);
  return text === '' || text.length > MAX_SHOWN_DIGITS ? 'an amount too long to show' : text;
}

function limitReached(message: string): WriteRefusal {
  return { code: 'SPENDING_LIMIT_REACHED', message: `${message} ${NOTHING_SENT}`, field: null };
}
