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
import { textIn, type WireRecord, withUnknown } from './xtracta.envelope.js';
import { encodeForm, type FieldReader, money, planType, textOf, type XtractaEndpoint } from './xtracta.fields.js';

export const GET_USAGE = {
  operation: 'getUsage',
  path: '/v1/billings/usage',
  kind: 'read',
} as const satisfies XtractaEndpoint;

/** The manual's public copy breaks off before the path, so it is what its siblings suggest, and may be set. */
export const GET_PLANS = {
  operation: 'getPlans',
  path: '/v1/billings/plans',
  kind: 'read',
} as const satisfies XtractaEndpoint;

/**
 * @param groupId null: the group of the api key, which the upstream then takes
 * @param item only this one of a catalogue
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

/** `none`: the element is there and empty, as sibling endpoints write "no plan". Null: it is missing, or no record. */
function usageWire(content: XmlElement): WireRecord<UsageWire> | 'none' | null {
  const plan = content['plan'];
  if (isElement(plan)) return withUnknown(plan, usageFields);
  return typeof plan === 'string' && plan.trim() === '' ? 'none' : null;
}

/**
 * The items of a catalogue. The manual's table has `<plan>` and `<pack>` many times and no element around them; the
 * history has one around its rows, so both are read. Null when the answer has none of these elements.
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

/**
 * The plan that the answer calls current. Without a `<plan>` there is none; its absence counts as drift, an empty one
 * doesn't.
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

/** What is left is never below nothing, also where more was used than is allowed. */
function decodeAvailable(text: string): Decoded<number> {
  return /^\s*-\d+\s*$/.test(text) ? decoded(0) : decodeLong(text);
}

/**
 * An answer without any item is an empty catalogue, and counts as drift. An item without an id cannot be ordered and is
 * left out.
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
    // Only resellers are told of it.
    wholesalePrice: money(fields.optional('wholesale_price', wire.wholesale_price, decodeDecimal), null),
  };
}

/** The text without the blanks around it; a blank one is none. */
function itemId(wire: { readonly id: string | null | undefined }, fields: FieldReader): string | null {
  const id = fields.textOrNull('id', wire.id)?.trim() ?? '';
  if (id === '' && typeof wire.id === 'string') fields.drift('id');
  return id === '' ? null : id;
}
