import type { PlanType } from './billing-history.js';
import type { Money, Readable } from './money.js';

/** What plans and packs of a catalogue have in common. */
interface CatalogueItem {
  /** The upstream's text, leading zeros kept. */
  readonly id: string;
  readonly name: Readable<string>;
  readonly allowedDocuments: Readable<number>;
  /** Retail price: what the end user pays. */
  readonly price: Readable<Money>;
  /**
   * What a reseller pays. Its currency is always null: the manual names a currency for no price of a catalogue, and one
   * that comes with the retail price need not be that of the wholesale price.
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
 * What one group may choose from, by ascending id. An item's own `group_id` is left out: a plan may belong to a
 * reseller's group above, which a caller need not be allowed to know.
 */
export interface BillingCatalogue {
  readonly plans: readonly AvailablePlan[];
  readonly packs: readonly AvailablePack[];
}

/** One item of a catalogue. */
export type CatalogueItemId = { readonly planId: string } | { readonly packId: string };

/** Ascending by number; ids that are no numbers come last, by their text. */
export function compareCatalogueIds(a: { readonly id: string }, b: { readonly id: string }): number {
  const [one, other] = [canonicalId(a.id), canonicalId(b.id)];
  const isNumber = (id: string): boolean => /^\d+$/.test(id);
  if (isNumber(one) !== isNumber(other)) return isNumber(one) ? -1 : 1;
  if (isNumber(one) && one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The item of that id, whatever leading zeros either is written with; null when the catalogue has none. */
export function itemOf<T extends { readonly id: string }>(items: readonly T[], id: string): T | null {
  const wanted = canonicalId(id);
  return items.find((item) => canonicalId(item.id) === wanted) ?? null;
}

function canonicalId(id: string): string {
  return id.replace(/^0+(?=.)/, '');
}
