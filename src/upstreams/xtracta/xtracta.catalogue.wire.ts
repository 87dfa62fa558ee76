import { textIn, type WireRecord, withUnknown } from './xtracta.wire.js';
import { isElement, type XmlElement, type XmlNode } from './xtracta.xml.js';

export type UsageWire = ReturnType<typeof usageFields>;
export type PlanItemWire = ReturnType<typeof planItemFields>;
export type PackItemWire = ReturnType<typeof packItemFields>;

export interface CatalogueWire {
  readonly plans: readonly WireRecord<PlanItemWire>[];
  readonly packs: readonly WireRecord<PackItemWire>[];
}

/** `none`: the element is there and empty, as sibling endpoints write "no plan". Null: it is missing, or no record. */
export function usageWire(content: XmlElement): WireRecord<UsageWire> | 'none' | null {
  const plan = content['plan'];
  if (isElement(plan)) return withUnknown(plan, usageFields);
  return typeof plan === 'string' && plan.trim() === '' ? 'none' : null;
}

/**
 * The items of a catalogue. The manual's table has `<plan>` and `<pack>` many times and no element around them; the history has one
 * around its rows, so both are read. Null when the answer has none of these elements.
 */
export function catalogueWire(content: XmlElement): CatalogueWire | null {
  const names = ['plan', 'pack', 'plans', 'packs'];
  if (names.every((name) => content[name] === undefined)) return null;
  const places = [content, ...elementsIn(content, 'plans'), ...elementsIn(content, 'packs')];
  return {
    plans: places.flatMap((place) => elementsIn(place, 'plan')).map((plan) => withUnknown(plan, planItemFields)),
    packs: places.flatMap((place) => elementsIn(place, 'pack')).map((pack) => withUnknown(pack, packItemFields)),
  };
}

/** `plan_type` is not in the manual's table of this answer, which has all else that other answers tell of a plan. */
function usageFields(plan: XmlElement) {
  return {
    id: textIn(plan, 'id'),
    plan_name: textIn(plan, 'plan_name'),
    plan_type: textIn(plan, 'plan_type'),
    price: textIn(plan, 'price'),
    price_currency: textIn(plan, 'price_currency'),
    allowed_documents: textIn(plan, 'allowed_documents'),
    used_documents: textIn(plan, 'used_documents'),
    available_documents: textIn(plan, 'available_documents'),
    start_date: textIn(plan, 'start_date'),
    expiry_date: textIn(plan, 'expiry_date'),
    group_id: textIn(plan, 'group_id'),
  };
}

function planItemFields(plan: XmlElement) {
  return { ...itemFields(plan), plan_type: textIn(plan, 'plan_type') };
}

/** `plan_name` is what the order's answer calls a pack's `pack_name`. */
function packItemFields(pack: XmlElement) {
  return { ...itemFields(pack), pack_name: textIn(pack, 'pack_name') };
}

/** `price_currency` is not in the manual's table; should it come, as in usage and history, it is taken. */
function itemFields(item: XmlElement) {
  return {
    id: textIn(item, 'id'),
    plan_name: textIn(item, 'plan_name'),
    allowed_documents: textIn(item, 'allowed_documents'),
    group_id: textIn(item, 'group_id'),
    price: textIn(item, 'price'),
    price_currency: textIn(item, 'price_currency'),
    wholesale_price: textIn(item, 'wholesale_price'),
  };
}

/** Child elements of that name that have elements inside; one is a list of one. */
function elementsIn(place: XmlElement, name: string): readonly XmlElement[] {
  const node = place[name];
  const nodes: readonly (XmlNode | undefined)[] = isList(node) ? node : [node];
  return nodes.filter(isElement);
}

/** `Array.isArray` does not narrow a readonly array out of a union. */
function isList(node: XmlNode | undefined): node is readonly XmlNode[] {
  return Array.isArray(node);
}
