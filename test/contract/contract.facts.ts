/** The facts of a purchase of credits for the account's terms. */
export interface PurchaseFacts {
  /** The account has a quote of this id. */
  readonly known: boolean;
  /** It names a purchase order. */
  readonly ordered: boolean;
  /** The upstream has already sold this id. */
  readonly again: boolean;
}

/** The permitted differences between upstreams. Everything else is the same for all. */
export interface ContractFacts {
  /** `<activity><id>` of a row. */
  readonly rowId: (number: number) => string;
  /** `creditAmount` of a row with so much credit. */
  readonly credit: (whole: number) => string | null;
  /** Whether a history has rows whose period ends after the requested window. */
  readonly tellsRowsEndingLater: boolean;
  readonly tellsBoosters: boolean;
  readonly rowsNameTheirGroup: boolean;
  /** The error of a history without rows; null: it is empty. */
  readonly emptyHistory: 'NOT_FOUND' | null;
  /** Whether an empty history is still a complete document, which may prove a write. */
  readonly wholeWithoutRows: boolean;
  /** The error of a read or a write for a group outside of the key's tree. */
  readonly foreignGroup: { readonly read: string; readonly write: string; readonly status: string };
  /** Whether the catalogue names the currency of its prices. */
  readonly catalogueCurrency: boolean;
  /** `pack.id` of an order. */
  readonly orderedPackId: (order: number, packId: string) => string;
  /** `pack.price` of an order, of the price of one pack and of all. */
  readonly orderedPrice: (one: string, all: string) => string;
  /** Whether the response has the expiry of a link to the billing pages. */
  readonly tellsLinkExpiry: boolean;
  readonly renewsByItself: boolean;
  /** The upstream's code where it refuses a purchase; null where it sells. */
  readonly purchaseRefusal: (purchase: PurchaseFacts) => string | null;
  /** The result of a repeated purchase, where it is not refused. */
  readonly purchaseAgain: 'the same record' | 'another record';
  readonly purchasePaid: boolean;
  /** `datePurchased`, of epoch ms. */
  readonly purchaseDate: (atMs: number) => string | null;
}

const digits = (number: number): string => String(number).padStart(4, '0');

/** The contract with every toggle of the simulator at its default. */
export const FACTS: ContractFacts = {
  rowId: digits,
  credit: String,
  tellsRowsEndingLater: true,
  tellsBoosters: true,
  rowsNameTheirGroup: true,
  emptyHistory: null,
  wholeWithoutRows: true,
  foreignGroup: { read: 'FORBIDDEN', write: 'UPSTREAM_REJECTED', status: '403' },
  catalogueCurrency: false,
  orderedPackId: String,
  orderedPrice: (one) => one,
  tellsLinkExpiry: true,
  renewsByItself: true,
  purchaseRefusal: () => null,
  purchaseAgain: 'the same record',
  purchasePaid: true,
  purchaseDate: (atMs) => new Date(atMs).toISOString().replace('Z', '847Z'),
};
