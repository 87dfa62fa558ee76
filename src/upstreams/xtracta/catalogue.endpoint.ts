import { type GroupUsage, remainingOf } from '../../domain/billing-history.js';
import {
  type AvailablePack,
  type AvailablePlan,
  type BillingCatalogue,
  type CatalogueItemId,
  compareCatalogueIds,
} from '../../domain/catalogue.js';
import {
  type Decoded,
  decodeCurrency,
  decodeDateTime,
  decodeDecimal,
  decoded,
  decodeGroupId,
  decodeLong,
} from '../value.decoders.js';
import { isElement, type XmlElement, type XmlNode } from '../xml/xml.reader.js';
import { textIn, type WireRecord, withUnknown } from './xtracta-envelope.js';
import { encodeForm, type FieldReader, money, planType, textOf, type XtractaEndpoint } from './xtracta-fields.js';

export const GET_USAGE = {
  operation: 'getUsage',
  path: '/v1/billings/usage',
  kind: 'read',
} as const satisfies XtractaEndpoint;

/**
 * The manual's public copy ends before the path. The default follows the sibling endpoints, and a setting may replace
 * it.
 */
export const GET_PLANS = {
  operation: 'getPlans',
  path: '/v1/billings/plans',
  kind: 'read',
} as const satisfies XtractaEndpoint;

/**
 * @param groupId null: the api key's own group, which is the upstream's default
 * @param item only this item of the catalogue
 */
export function catalogueForm(apiKey: string, groupId: string | null, item?: CatalogueItemId): string {
  return encodeForm(apiKey, [
    ['group_id', groupId],
    ['plan_id', item !== undefined && 'planId' in item ? item.planId : null],
    ['pack_id', item !== undefined && 'packId' in item ? item.packId : null],
  ]);
}

type UsageWire = ReturnType<typeof usageFields>;
type PlanItemWire = ReturnType<typeof planItemFields>;
type PackItemWire = ReturnType<typeof packItemFields>;

interface CatalogueWire {
  readonly plans: readonly WireRecord<PlanItemWire>[];
  readonly packs: readonly WireRecord<PackItemWire>[];
}

/**
 * `none`: the element is empty, which means "no plan" in sibling endpoints. Null: the element is missing, or not a
 * record.
 */
function usageWire(content: XmlElement): WireRecord<UsageWire> | 'none' | null {
  const plan = content['plan'];
  if (isElement(plan)) return withUnknown(plan, usageFields);
  return typeof plan === 'string' && plan.trim() === '' ? 'none' : null;
}

/**
 * The items of a catalogue. The manual's table has `<plan>` and `<pack>` many times without an element around them. The
 * history has one around its rows, so both forms are read. Null when the response has none of these elements.
 */
function catalogueWire(content: XmlElement): CatalogueWire | null {
  const names = ['plan', 'pack', 'plans', 'packs'];
  if (names.every((name) => content[name] === undefined)) return null;
  const places = [content, ...elementsIn(content, 'plans'), ...elementsIn(content, 'packs')];
  return {
    plans: places.flatMap((place) => elementsIn(place, 'plan')).map((plan) => withUnknown(plan, planItemFields)),
    packs: places.flatMap((place) => elementsIn(place, 'pack')).map((pack) => withUnknown(pack, packItemFields)),
  };
}

/**
 * `plan_type` is missing in the manual's table of this response, although other responses have it. It is read where
 * present.
 */
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

/** `plan_name` is the order response's `pack_name` of a pack. */
function packItemFields(pack: XmlElement) {
  return { ...itemFields(pack), pack_name: textIn(pack, 'pack_name') };
}

/** `price_currency` is not in the manual's table. It is read where present, as in usage and history. */
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

/** Child elements with that name that have child elements themselves. A single one is a list of one. */
function elementsIn(place: XmlElement, name: string): readonly XmlElement[] {
  const node = place[name];
  const nodes: readonly (XmlNode | undefined)[] = isList(node) ? node : [node];
  return nodes.filter(isElement);
}

/** `Array.isArray` does not narrow a union to its readonly array. */
function isList(node: XmlNode | undefined): node is readonly XmlNode[] {
  return Array.isArray(node);
}

/**
 * The current plan in the response. Without a `<plan>` there is none. A missing one counts as drift, an empty one does
 * not.
 */
export function toUsage(content: XmlElement, fields: FieldReader): GroupUsage {
  const record = usageWire(content);
  if (record === null) fields.drift('plan');
  return record === null || record === 'none' ? { plan: null, groupId: null } : toPlanInUse(record, fields);
}

function toPlanInUse({ wire, hasUnknown }: WireRecord<UsageWire>, fields: FieldReader): GroupUsage {
  if (hasUnknown) fields.drift('(unknown)');
  const allowedDocuments = fields.readable('allowed_documents', wire.allowed_documents, decodeLong);
  const usedDocuments = fields.readable('used_documents', wire.used_documents, decodeLong);
  const available = fields.readable('available_documents', wire.available_documents, decodeAvailable);
  const type = wire.plan_type === undefined ? { type: 'OTHER' as const, raw: null } : planType(wire.plan_type, fields);
  return {
    plan: {
      planId: itemId(wire, fields),
      name: fields.text('plan_name', wire.plan_name),
      type: type.type,
      typeRaw: type.raw,
      price: money(
        fields.readable('price', wire.price, decodeDecimal),
        fields.readable('price_currency', wire.price_currency, decodeCurrency),
      ),
      allowedDocuments,
      usedDocuments,
      remainingDocuments: available ?? remainingOf(allowedDocuments, usedDocuments),
      startDate: textOf(fields.readable('start_date', wire.start_date, decodeDateTime)),
      expiryDate: textOf(fields.readable('expiry_date', wire.expiry_date, decodeDateTime)),
    },
    groupId: fields.optional('group_id', wire.group_id, decodeGroupId),
  };
}

/** Remaining documents are never below 0, even where more were used than allowed. */
function decodeAvailable(text: string): Decoded<number> {
  return /^\s*-\d+\s*$/.test(text) ? decoded(0) : decodeLong(text);
}

/**
 * A response without items is an empty catalogue, and counts as drift. An item without an id is left out, because
 * nobody can order it.
 */
export function toCatalogue(content: XmlElement, fields: FieldReader): BillingCatalogue {
  const wire = catalogueWire(content);
  if (wire === null) fields.drift('plan');
  const { plans, packs }: CatalogueWire = wire ?? { plans: [], packs: [] };
  return {
    plans: plans.flatMap((plan) => toAvailablePlan(plan, fields)).sort(compareCatalogueIds),
    packs: packs.flatMap((pack) => toAvailablePack(pack, fields)).sort(compareCatalogueIds),
  };
}

function toAvailablePlan(record: WireRecord<PlanItemWire>, fields: FieldReader): AvailablePlan[] {
  const item = toItem(record, fields);
  if (item === null) return [];
  const { type, raw } = planType(record.wire.plan_type, fields);
  return [{ ...item, name: fields.text('plan_name', record.wire.plan_name), type, typeRaw: raw }];
}

function toAvailablePack(record: WireRecord<PackItemWire>, fields: FieldReader): AvailablePack[] {
  const item = toItem(record, fields);
  if (item === null) return [];
  const { wire } = record;
  return [{ ...item, name: fields.text('pack_name', wire.pack_name === undefined ? wire.plan_name : wire.pack_name) }];
}

function toItem(
  { wire, hasUnknown }: WireRecord<PlanItemWire | PackItemWire>,
  fields: FieldReader,
): Omit<AvailablePack, 'name'> | null {
  if (hasUnknown) fields.drift('(unknown)');
  const id = itemId(wire, fields);
  if (id === null) return null;
  return {
    id,
    allowedDocuments: fields.readable('allowed_documents', wire.allowed_documents, decodeLong),
    price: money(
      fields.readable('price', wire.price, decodeDecimal),
      fields.optional('price_currency', wire.price_currency, decodeCurrency),
    ),
    // The upstream sends it to resellers only.
    wholesalePrice: money(fields.optional('wholesale_price', wire.wholesale_price, decodeDecimal), null),
  };
}

/** The text without surrounding blanks; null for a blank one. */
function itemId(wire: { readonly id: string | null | undefined }, fields: FieldReader): string | null {
  const id = fields.textOrNull('id', wire.id)?.trim() ?? '';
  if (id === '' && typeof wire.id === 'string') fields.drift('id');
  return id === '' ? null : id;
}
