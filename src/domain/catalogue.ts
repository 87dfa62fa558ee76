import type { PlanType } from './billing-history.js';
import type { Money, Readable } from './money.js';

/** Fields that plans and packs of a catalogue share. */
interface CatalogueItem {
  /** The upstream's text, leading zeros kept. */
  readonly id: string;
  readonly name: Readable<string>;
  readonly allowedDocuments: Readable<number>;
  /** Retail price, which the end user pays. */
  readonly price: Readable<Money>;
  /**
   * The price that a reseller pays. Its currency is always null, because the manual names no currency for any price of
   * a catalogue. A currency beside the retail price need not be that of the wholesale price.
   */
  readonly wholesalePrice: Readable<Money>;
}

/** A plan that a group may change to: documents per billing period. */
export interface AvailablePlan extends CatalogueItem {
  readonly type: PlanType;
  readonly typeRaw: Readable<string>;
}

/** A booster pack that a group may order: documents once. */
export type AvailablePack = CatalogueItem;

/**
 * The plans and packs that one group may choose, by ascending id. An item's own `group_id` is left out. Reason: a plan
 * may belong to a reseller's group above, which a caller need not be allowed to know.
 */
export interface BillingCatalogue {
  readonly plans: readonly AvailablePlan[];
  readonly packs: readonly AvailablePack[];
}

/** One item of a catalogue. */
export type CatalogueItemId = { readonly planId: string } | { readonly packId: string };

/** Ascending by number. Ids that are not numbers come last, in the order of their text. */
export function compareCatalogueIds(a: { readonly id: string }, b: { readonly id: string }): number {
  const [one, other] = [canonicalId(a.id), canonicalId(b.id)];
  const isNumber = (id: string): boolean => /^\d+$/.test(id);
  if (isNumber(one) !== isNumber(other)) return isNumber(one) ? -1 : 1;
  if (isNumber(one) && one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The item with that id; leading zeros on either side do not matter. Null when the catalogue has no such item. */
export function itemOf<T extends { readonly id: string }>(items: readonly T[], id: string): T | null {
  const wanted = canonicalId(id);
  return items.find((item) => canonicalId(item.id) === wanted) ?? null;
}

function canonicalId(id: string): string {
  return id.replace(/^0+(?=.)/, '');
}
