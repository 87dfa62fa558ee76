import type { DateFormat } from './auckland-calendar.js';

/**
 * Open questions about the real upstreams, as switches. The first value of each list is the default. A correct client
 * must work with every value.
 */
export const TOGGLES = {
  /** The date of a period that the history's window compares. */
  historyFilter: ['overlap', 'start', 'expiry'],
  historyOrder: ['start_desc', 'start_asc', 'id_asc', 'shuffled'],
  /** The form of a history without rows: `<plans/>`, a 404, or no `<plans>` at all. */
  emptyHistory: ['empty_element', 'not_found', 'omitted'],
  /** The manual's text requires both dates, its sample sends neither. */
  historyDates: ['optional', 'required'],
  boostersInHistory: ['yes', 'no'],
  /** Whether rows name their group; the schema allows rows without it. */
  activityGroupId: ['yes', 'no'],
  activityIdZeros: ['yes', 'no'],
  /**
   * `credit_amount` of the row that a plan change opens: the price of the unused part, or a value that the schema
   * forbids.
   */
  creditAmount: ['unused', 'zero', 'decimal', 'negative', 'empty'],
  /** The form of dates in histories and plan changes. Usage always has the form of its own page, `gmt`. */
  dateFormat: ['atom', 'auckland', 'gmt', 'naive', 'zulu'],
  /** Whether a plan change ends the previous period. If not, the period with the latest start is in force. */
  closeOldPeriod: ['yes', 'no'],
  /** Whether a new period follows an ended one, from the moment of the switch. */
  autoRenew: ['yes', 'no'],
  /** The effect of a missing `purge` on the documents on hold. */
  purgeOmitted: ['keep', 'process', 'refuse'],
  /** Whether `<pack><price>` is the price of one pack or of all. */
  packPrice: ['unit', 'total'],
  /** The meaning of `<pack><id>`: the order's own number or the catalogue's. */
  packId: ['order', 'catalogue'],
  /** The status for a group outside of the key's tree: 403 or 404. */
  foreignGroup: ['forbidden', 'not_found'],
  /** The usage of a group without a plan: 404, or an empty `<plan/>`. */
  usageWithoutPlan: ['not_found', 'empty_element'],
  /**
   * Items directly below the root, as the manual's table has them, or in `<plans>` and `<packs>`, as the history has
   * its rows.
   */
  catalogueShape: ['flat', 'nested'],
  /** The manual's table names no currency for a catalogue's prices. */
  catalogueCurrency: ['no', 'yes'],
  /** The manual's sample has another root than its schema. */
  billingUiRoot: ['documents_response', 'billings_response'],
  billingUiOverMax: ['refuse', 'clamp'],
  /** `<expire>`: since 1970, or from now. */
  billingUiExpire: ['seconds', 'milliseconds', 'relative'],
  /** The effect of the same PurchaseID a second time: the first record again, an error, or another purchase. */
  purchaseMode: ['replay', 'reject', 'repurchase'],
  /** The effect of any PurchaseID other than the fixtures'. */
  unknownPurchase: ['sell', 'reject'],
  purchaseAllowed: ['yes', 'no'],
  purchaseOrderRequired: ['no', 'yes'],
  /** An unpaid purchase has no invoice, and adds no credits yet. */
  purchasePaid: ['yes', 'no'],
  /** HTTP status beside an Error envelope. */
  creditsErrorHttpStatus: ['200', '400'],
  /** .NET's ways of writing a date: digits of the second, with `Z`, an offset or neither, and the year 1 for none. */
  creditsDate: ['offset6', 'offset7', 'millis', 'seconds', 'zulu7', 'naive7', 'unset'],
} as const satisfies Record<string, readonly string[]>;

export type ToggleName = keyof typeof TOGGLES;

/** A toggle in words, for the page: its subject, and the meaning of each value. */
export interface ToggleWords {
  readonly title: string;
  readonly values: Readonly<Record<string, string>>;
}

const YES_NO = { yes: 'yes', no: 'no' } as const;

export const TOGGLE_WORDS: {
  readonly [Name in ToggleName]: {
    readonly title: string;
    readonly values: Readonly<Record<(typeof TOGGLES)[Name][number], string>>;
  };
} = {
  historyFilter: {
    title: 'A history has the periods that …',
    values: { overlap: 'reach into the window', start: 'start in the window', expiry: 'end in the window' },
  },
  historyOrder: {
    title: 'Rows of a history come …',
    values: { start_desc: 'newest first', start_asc: 'oldest first', id_asc: 'by id', shuffled: 'in no order' },
  },
  emptyHistory: {
    title: 'A history without rows is …',
    values: { empty_element: 'an empty <plans/>', not_found: 'a 404', omitted: 'without <plans>' },
  },
  historyDates: {
    title: 'Both dates of a history request are …',
    values: { optional: 'optional', required: 'required' },
  },
  boostersInHistory: { title: 'Booster packs are rows of the history', values: YES_NO },
  activityGroupId: { title: 'Rows name their group by id', values: YES_NO },
  activityIdZeros: { title: 'Ids of rows have leading zeros', values: YES_NO },
  creditAmount: {
    title: 'credit_amount after a plan change is …',
    values: {
      unused: 'the price of the unused part',
      zero: 'zero',
      decimal: 'a decimal',
      negative: 'negative',
      empty: 'empty',
    },
  },
  dateFormat: {
    title: 'Dates are written …',
    values: {
      atom: 'in UTC with +00:00',
      auckland: 'in New Zealand time',
      gmt: 'with (GMT)',
      naive: 'without an offset',
      zulu: 'with Z',
    },
  },
  closeOldPeriod: { title: 'A plan change ends the period before it', values: YES_NO },
  autoRenew: { title: 'A period that ends is followed by the next', values: YES_NO },
  purgeOmitted: {
    title: 'Documents on hold, where no purge is sent, are …',
    values: { keep: 'kept on hold', process: 'processed', refuse: 'a reason to refuse' },
  },
  packPrice: { title: 'The price of an order is of …', values: { unit: 'one pack', total: 'all packs' } },
  packId: { title: 'The id of an ordered pack is …', values: { order: "the order's own", catalogue: "the pack's" } },
  foreignGroup: {
    title: "A group outside the key's tree is …",
    values: { forbidden: 'refused with 403', not_found: 'a 404' },
  },
  usageWithoutPlan: {
    title: 'Usage of a group without a plan is …',
    values: { not_found: 'a 404', empty_element: 'an empty <plan/>' },
  },
  catalogueShape: {
    title: 'Plans and packs of the catalogue stand …',
    values: { flat: 'below the root', nested: 'in <plans> and <packs>' },
  },
  catalogueCurrency: { title: 'The catalogue names currencies', values: YES_NO },
  billingUiRoot: {
    title: "The root of the billing UI's response is …",
    values: { documents_response: 'documents_response', billings_response: 'billings_response' },
  },
  billingUiOverMax: {
    title: 'An expiry above 259,200 seconds is …',
    values: { refuse: 'refused', clamp: 'cut to the maximum' },
  },
  billingUiExpire: {
    title: 'expire is in …',
    values: { seconds: 'seconds since 1970', milliseconds: 'milliseconds since 1970', relative: 'seconds from now' },
  },
  purchaseMode: {
    title: 'A PurchaseID that was bought before …',
    values: { replay: 'returns the same record', reject: 'is refused', repurchase: 'buys once more' },
  },
  unknownPurchase: {
    title: 'A PurchaseID that is not of the fixtures is …',
    values: { sell: 'sold', reject: 'refused' },
  },
  purchaseAllowed: { title: 'The account may buy', values: YES_NO },
  purchaseOrderRequired: { title: 'A purchase must name a purchase order', values: YES_NO },
  purchasePaid: { title: 'Purchases are paid', values: YES_NO },
  creditsErrorHttpStatus: {
    title: 'An Error comes with the HTTP status …',
    values: { 200: '200', 400: '400' },
  },
  creditsDate: {
    title: 'DatePurchased is written …',
    values: {
      offset6: 'with 6 digits and +00:00',
      offset7: 'with 7 digits and +00:00',
      millis: 'with 3 digits',
      seconds: 'without a fraction',
      zulu7: 'with 7 digits and Z',
      naive7: 'with 7 digits and no offset',
      unset: 'as the year 1, which is none',
    },
  },
};

export type Toggles = { readonly [Name in ToggleName]: (typeof TOGGLES)[Name][number] };

/** Every toggle in its first position. */
export const DEFAULT_TOGGLES: Toggles = {
  historyFilter: 'overlap',
  historyOrder: 'start_desc',
  emptyHistory: 'empty_element',
  historyDates: 'optional',
  boostersInHistory: 'yes',
  activityGroupId: 'yes',
  activityIdZeros: 'yes',
  creditAmount: 'unused',
  dateFormat: 'atom' satisfies DateFormat,
  closeOldPeriod: 'yes',
  autoRenew: 'yes',
  purgeOmitted: 'keep',
  packPrice: 'unit',
  packId: 'order',
  foreignGroup: 'forbidden',
  usageWithoutPlan: 'not_found',
  catalogueShape: 'flat',
  catalogueCurrency: 'no',
  billingUiRoot: 'documents_response',
  billingUiOverMax: 'refuse',
  billingUiExpire: 'seconds',
  purchaseMode: 'replay',
  unknownPurchase: 'sell',
  purchaseAllowed: 'yes',
  purchaseOrderRequired: 'no',
  purchasePaid: 'yes',
  creditsErrorHttpStatus: '200',
  creditsDate: 'offset6',
};

function isToggleName(name: string): name is ToggleName {
  return Object.hasOwn(TOGGLES, name);
}

/**
 * The toggles with some of them changed.
 *
 * @throws RangeError naming the toggle and its values, for an unknown name or value.
 */
export function withToggles(toggles: Toggles, changes: Readonly<Record<string, unknown>>): Toggles {
  const next: Record<string, unknown> = { ...toggles };
  for (const [name, value] of Object.entries(changes)) {
    if (!isToggleName(name))
      throw new RangeError(`unknown toggle '${name}'; there are ${Object.keys(TOGGLES).join(', ')}`);
    const values: readonly string[] = TOGGLES[name];
    if (typeof value !== 'string' || !values.includes(value)) {
      throw new RangeError(`toggle '${name}' takes one of ${values.join(', ')}`);
    }
    next[name] = value;
  }
  // The loop above has compared each entry with its list of values.
  return { ...toggles, ...next };
}
