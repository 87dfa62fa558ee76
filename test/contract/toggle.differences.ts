import { TOGGLES, type ToggleName } from '../../src/simulator/world-toggles.js';
import { type ContractFacts, FACTS } from './contract.facts.js';

/** The difference that a client sees with this value of a toggle, and the reason why no gateway could hide it. */
interface Difference {
  readonly why: string;
  readonly facts: Partial<ContractFacts>;
}

/** Clients see no difference. */
const NONE: Difference = { why: '', facts: {} };

type ValueOf<Name extends ToggleName> = (typeof TOGGLES)[Name][number];
type Differences = {
  readonly [Name in ToggleName]: Readonly<Record<Exclude<ValueOf<Name>, (typeof TOGGLES)[Name][0]>, Difference>>;
};

const iso = (atMs: number): string => new Date(atMs).toISOString();

/**
 * For each value of a toggle other than its default: the differences that a client sees. The contract suite expects
 * exactly these, so a stated difference that does not occur also fails.
 */
export const DIFFERENCES: Differences = {
  historyFilter: {
    start: NONE,
    expiry: {
      why: 'the window goes on as it was asked, and this upstream leaves out what ends after it, such as the period in force',
      facts: { tellsRowsEndingLater: false },
    },
  },
  historyOrder: { start_asc: NONE, id_asc: NONE, shuffled: NONE },
  emptyHistory: {
    not_found: {
      why: 'a 404 may also mean that there is no such group, and nobody can tell which',
      facts: { emptyHistory: 'NOT_FOUND' },
    },
    omitted: {
      why: 'a document without its list may be a part of one, and is no picture of the history before a write',
      facts: { wholeWithoutRows: false },
    },
  },
  historyDates: { required: NONE },
  boostersInHistory: { no: { why: 'what the history does not hold proves nothing', facts: { tellsBoosters: false } } },
  activityGroupId: {
    no: {
      why: 'a row of a recursive history that names no group belongs to nobody knows whom, and names are not unique',
      facts: { rowsNameTheirGroup: false },
    },
  },
  activityIdZeros: { no: { why: 'ids are the text that was sent', facts: { rowId: String } } },
  creditAmount: {
    zero: { why: 'as sent', facts: { credit: () => '0' } },
    decimal: { why: 'as sent', facts: { credit: (whole) => `${whole}.50` } },
    negative: { why: 'as sent', facts: { credit: (whole) => `-${whole === 0 ? 5 : whole}` } },
    empty: { why: 'an empty element is no amount', facts: { credit: () => null } },
  },
  dateFormat: { auckland: NONE, gmt: NONE, naive: NONE, zulu: NONE },
  closeOldPeriod: { no: NONE },
  autoRenew: { no: { why: 'a plan that ended is no plan', facts: { renewsByItself: false } } },
  purgeOmitted: { process: NONE, refuse: NONE },
  packPrice: {
    total: {
      why: 'nobody says whether the price is of one pack or of all: it is shown as sent',
      facts: { orderedPrice: (_one, all) => all },
    },
  },
  packId: {
    catalogue: { why: 'ids are what was sent', facts: { orderedPackId: (_order, packId) => packId } },
  },
  foreignGroup: {
    not_found: {
      why: 'the upstream says that there is no such group',
      facts: { foreignGroup: { read: 'NOT_FOUND', write: 'UPSTREAM_REJECTED', status: '404' } },
    },
  },
  usageWithoutPlan: { empty_element: NONE },
  catalogueShape: { nested: NONE },
  catalogueCurrency: { yes: { why: 'a currency is never guessed', facts: { catalogueCurrency: true } } },
  billingUiRoot: { billings_response: NONE },
  billingUiOverMax: { clamp: NONE },
  billingUiExpire: {
    milliseconds: NONE,
    relative: { why: 'so small a number names no moment of this century', facts: { tellsLinkExpiry: false } },
  },
  purchaseMode: {
    reject: { why: 'as refused', facts: { purchaseRefusal: ({ again }) => (again ? 'P409' : null) } },
    repurchase: {
      why: 'a new key is a new wish to buy; the key is what protects from buying twice',
      facts: { purchaseAgain: 'another record' },
    },
  },
  unknownPurchase: {
    reject: { why: 'as refused', facts: { purchaseRefusal: ({ known }) => (known ? null : 'P404') } },
  },
  purchaseAllowed: { no: { why: 'as refused', facts: { purchaseRefusal: () => 'P403' } } },
  purchaseOrderRequired: {
    yes: { why: 'as refused', facts: { purchaseRefusal: ({ ordered }) => (ordered ? null : 'P410') } },
  },
  purchasePaid: { no: { why: 'an invoice comes with the payment', facts: { purchasePaid: false } } },
  creditsErrorHttpStatus: { 400: NONE },
  creditsDate: {
    offset7: { why: 'every digit as sent', facts: { purchaseDate: (atMs) => iso(atMs).replace('Z', '8471Z') } },
    millis: { why: 'every digit as sent', facts: { purchaseDate: iso } },
    seconds: { why: 'no digit that was not sent', facts: { purchaseDate: (atMs) => `${iso(atMs).slice(0, 19)}Z` } },
    zulu7: { why: 'every digit as sent', facts: { purchaseDate: (atMs) => iso(atMs).replace('Z', '8471Z') } },
    naive7: { why: 'every digit as sent', facts: { purchaseDate: (atMs) => iso(atMs).replace('Z', '8471Z') } },
    unset: { why: 'the year 1 is how .NET says that there is none', facts: { purchaseDate: () => null } },
  },
};

/** One toggle at one value, the others at their default. */
export interface Position {
  readonly name: string;
  readonly toggles: Readonly<Record<string, string>>;
  readonly facts: ContractFacts;
}

/** All toggles at their default, and each toggle at each of its other values. */
export const POSITIONS: readonly Position[] = [
  { name: 'defaults', toggles: {}, facts: FACTS },
  ...Object.entries<Readonly<Record<string, Difference>>>(DIFFERENCES).flatMap(([toggle, values]) =>
    Object.entries(values).map(([value, { facts }]) => ({
      name: `${toggle}=${value}`,
      toggles: { [toggle]: value },
      facts: { ...FACTS, ...facts },
    })),
  ),
];
