/** A purchase of credits as the account's terms look at it. */
export interface PurchaseFacts {
  /** The account has a quote of this id. */
  readonly known: boolean;
  /** It names a purchase order. */
  readonly ordered: boolean;
  /** The upstream has sold this id before. */
  readonly again: boolean;
}

/** What a contract lets differ from upstream to upstream. Everything else is the same for all. */
export interface ContractFacts {
  /** `<activity><id>` of a row. */
  readonly rowId: (number: number) => string;
  /** `creditAmount` of a row with so much credit. */
  readonly credit: (whole: number) => string | null;
  /** Whether a history tells of rows whose period ends after the window that was asked for. */
  readonly tellsRowsEndingLater: boolean;
  readonly tellsBoosters: boolean;
  readonly rowsNameTheirGroup: boolean;
  /** The error of a history without rows; null: it is empty. */
  readonly emptyHistory: 'NOT_FOUND' | null;
  /** Whether an empty history is a whole document all the same, from which a write may be proved. */
  readonly wholeWithoutRows: boolean;
  /** What reading of, or writing to, a group outside of the key's tree is answered with. */
  readonly foreignGroup: { readonly read: string; readonly write: string; readonly status: string };
  /** Whether the catalogue says what currency its prices are in. */
  readonly catalogueCurrency: boolean;
  /** `pack.id` of an order. */
  readonly orderedPackId: (order: number, packId: string) => string;
  /** `pack.price` of an order, of the price of one pack and of all. */
  readonly orderedPrice: (one: string, all: string) => string;
  /** Whether the answer says when a link to the billing pages ends. */
  readonly tellsLinkExpiry: boolean;
  readonly renewsByItself: boolean;
  /** The upstream's code where it refuses a purchase; null where it sells. */
  readonly purchaseRefusal: (purchase: PurchaseFacts) => string | null;
  /** What a purchase that was made before answers, where it is not refused. */
  readonly purchaseAgain: 'the same record' | 'another record';
  readonly purchasePaid: boolean;
  /** `datePurchased`, of epoch ms. */
  readonly purchaseDate: (atMs: number) => string | null;
}

const digits = (number: number): string => String(number).padStart(4, '0');

/** What holds with every toggle of the simulator in its first position. */
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
