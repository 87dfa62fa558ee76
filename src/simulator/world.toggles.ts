import type { DateFormat } from './auckland.calendar.js';

/**
 * What nobody outside can know about the real upstreams, as switches. The first value of each list is the default. A client that
 * is right must work in every position.
 */
export const TOGGLES = {
  /** Which date of a period the history's window is compared with. */
  historyFilter: ['overlap', 'start', 'expiry'],
  historyOrder: ['start_desc', 'start_asc', 'id_asc', 'shuffled'],
  /** What a history without rows looks like: `<plans/>`, a 404, or no `<plans>` at all. */
  emptyHistory: ['empty_element', 'not_found', 'omitted'],
  /** The manual's text requires both dates, its sample sends neither. */
  historyDates: ['optional', 'required'],
  boostersInHistory: ['yes', 'no'],
  /** Whether rows name their group: the schema allows leaving it out. */
  activityGroupId: ['yes', 'no'],
  activityIdZeros: ['yes', 'no'],
  /** `credit_amount` of the row that a plan change opens: the price of the unused part, or what the schema would not let it be. */
  creditAmount: ['unused', 'zero', 'decimal', 'negative', 'empty'],
  /** How histories and plan changes write dates; usage always writes them as its own page does, `gmt`. */
  dateFormat: ['atom', 'auckland', 'gmt', 'naive', 'zulu'],
  /** Whether a plan change ends the period before it; if not, the latest start is the one in force. */
  closeOldPeriod: ['yes', 'no'],
  /** Whether a period that ends is followed by the next, from now on. */
  autoRenew: ['yes', 'no'],
  /** What leaving `purge` out does to the documents on hold. */
  purgeOmitted: ['keep', 'process', 'refuse'],
  /** Whether `<pack><price>` is that of one pack or of all. */
  packPrice: ['unit', 'total'],
  /** What `<pack><id>` is: the order's own number or the catalogue's. */
  packId: ['order', 'catalogue'],
  /** What a group outside of the key's tree is answered with: 403 or 404. */
  foreignGroup: ['forbidden', 'not_found'],
  /** What usage answers of a group without a plan: 404, or an empty `<plan/>`. */
  usageWithoutPlan: ['not_found', 'empty_element'],
  /** Items directly below the root, as the manual's table has them, or in `<plans>` and `<packs>`, as the history has its rows. */
  catalogueShape: ['flat', 'nested'],
  /** The manual's table names no currency for a catalogue's prices. */
  catalogueCurrency: ['no', 'yes'],
  /** The manual's sample has another root than its schema. */
  billingUiRoot: ['documents_response', 'billings_response'],
  billingUiOverMax: ['refuse', 'clamp'],
  /** `<expire>`: since 1970, or from now. */
  billingUiExpire: ['seconds', 'milliseconds', 'relative'],
  /** What the same PurchaseID does a second time: the first record again, an error, or another purchase. */
  purchaseMode: ['replay', 'reject', 'repurchase'],
  /** Any PurchaseID but that of the fixtures. */
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
 * @throws RangeError naming the toggle and its values, for a name or a value that there isn't.
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
  // Each entry was compared with its own list of values just above.
  return { ...toggles, ...next };
}
