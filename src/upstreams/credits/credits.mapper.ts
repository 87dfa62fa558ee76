import Big from 'big.js';
import type { CreditPurchase } from '../../domain/purchases.js';
import type { BillingWarning } from '../../domain/write.js';
import { decodeCurrency } from '../decode/currency.decoder.js';
import { decodeDateTime } from '../decode/date-time.decoder.js';
import { decodeDecimal } from '../decode/decimal.decoder.js';
import { type Decoded, decoded, UNREADABLE, UNSET } from '../decode/decoded.js';
import { VALUE_UNREADABLE } from '../upstream.answer.js';
import { leafText, type PurchaseDetailWire, type PurchaseResponseWire } from './credits.wire.js';

const ZERO_GUID = '00000000-0000-0000-0000-000000000000';
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Rounding of a price to cents may differ by one; the upstream computes in binary floats. */
const TOTALS_TOLERANCE = '0.01';

/** A purchase's id: .NET writes an unset one as zeros. */
export function decodePurchaseGuid(text: string): Decoded<string> {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === ZERO_GUID) return UNSET;
  return GUID.test(trimmed) ? decoded(trimmed.toLowerCase()) : UNREADABLE;
}

/** Reads leaves, with null for what cannot be read. Mutable: whether there was any. */
class LeafReader {
  unreadable = false;

  constructor(private readonly onDrift: (field: string) => void) {}

  read<T>(field: string, leaf: unknown, decode: (text: string) => Decoded<T>): T | null {
    const text = leafText(leaf);
    if (text === undefined) return null;
    const value = text === null ? UNREADABLE : decode(text);
    if (value.kind === 'value') {
      if (value.isAssumed === true) this.onDrift(field);
      return value.value;
    }
    if (value.kind === 'unset') return null;
    this.unreadable = true;
    this.onDrift(field);
    return null;
  }
}

/**
 * The purchase of a whole success, and what is odd about its figures. They are passed on as sent and never recomputed.
 *
 * @param id the answer's `Detail.ID`, found to be a purchase's
 * @param purchaseId as asked for
 */
export function toCreditPurchase(
  id: string,
  purchaseId: string,
  response: PurchaseResponseWire,
  onDrift: (field: string) => void,
): { readonly value: CreditPurchase; readonly warnings: readonly BillingWarning[] } {
  const detail: PurchaseDetailWire = response.responsedata?.detail ?? {};
  const leaves = new LeafReader(onDrift);
  const value: CreditPurchase = {
    id,
    purchaseId,
    datePurchased: leaves.read('DatePurchased', detail.datepurchased, decodeDateTime)?.text ?? null,
    currency: leaves.read('Currency', detail.currency, decodeCurrency),
    netTotal: leaves.read('NetTotal', detail.nettotal, decodeDecimal),
    tax: leaves.read('Tax', detail.tax, decodeDecimal),
    grossTotal: leaves.read('GrossTotal', detail.grosstotal, decodeDecimal),
    unitPrice: leaves.read('UnitPrice', detail.unitprice, decodeDecimal),
    quantity: leaves.read('Quantity', detail.quantity, decodeDecimal),
    paid: leaves.read('Paid', detail.paid, decodeBoolean),
    purchaseType: leaves.read('PurchaseType', detail.purchasetype, decoded),
    invoiceNumber: leaves.read('InvoiceNumber', detail.invoicenumber, decoded),
    result: leaves.read('Result', response.responsedata?.result, decoded),
    userId: leaves.read('UserId', response.responsedata?.identification?.userid, decoded),
  };
  return { value, warnings: [...totalsWarning(value), ...(leaves.unreadable ? [VALUE_UNREADABLE] : [])] };
}

function decodeBoolean(text: string): Decoded<boolean> {
  const word = text.trim().toLowerCase();
  return word === 'true' || word === 'false' ? decoded(word === 'true') : UNREADABLE;
}

function totalsWarning({ netTotal, tax, grossTotal }: CreditPurchase): BillingWarning[] {
  if (netTotal === null || tax === null || grossTotal === null) return [];
  const difference = big(netTotal).plus(big(tax)).minus(big(grossTotal)).abs();
  if (difference.lte(TOTALS_TOLERANCE)) return [];
  return [{ code: 'TOTALS_DIFFER', message: 'The net total and the tax do not add up to the gross total.' }];
}

/** big.js knows neither a leading plus nor a point without digits on one side. */
function big(decimal: string): Big {
  const [mantissa = '', exponent] = decimal.replace(/^\+/, '').toLowerCase().split('e');
  const plain = mantissa.replace(/^(-?)\./, '$10.').replace(/\.$/, '');
  return new Big(exponent === undefined ? plain : `${plain}e${exponent}`);
}
