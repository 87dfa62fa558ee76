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
import { isElement, type XmlElement } from '../xml/xml.reader.js';
import {
  besideRecords,
  childrenOf,
  hasLookalike,
  isText,
  plainName,
  textIn,
  type WireRecord,
  withUnknown,
} from './xtracta-envelope.js';
import {
  encodeForm,
  type FieldReader,
  hasElement,
  money,
  planType,
  textOf,
  type XtractaEndpoint,
} from './xtracta-fields.js';

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

/**
 * The current plan in the response. Without a `<plan>` there is none. A missing one counts as drift. An empty one does
 * not, because it means "no plan" in sibling endpoints.
 *
 * @returns null where there is a plan that cannot be read: a text, several plans, or one under a similar name
 */
export function toUsage(content: XmlElement, fields: FieldReader): GroupUsage | null {
  const plan = content['plan'];
  if (hasLookalike(content, ['plan']) || (plan === undefined && hasElement(content, 'plans'))) return null;
  if (isElement(plan)) return toPlanInUse(withUnknown(plan, usageFields), fields);
  if (plan === undefined) fields.drift('plan');
  else if (typeof plan !== 'string' || isText(plan)) return null;
  return { plan: null, groupId: null };
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

/** Elements of a catalogue: its items, and the lists around them. */
const ITEMS = ['plan', 'pack'];
const PLACES = [...ITEMS, 'plans', 'packs'];

/**
 * The items of a catalogue. The manual's table has `<plan>` and `<pack>` many times without an element around them. The
 * history has one around its rows, so both forms are read. A response without these elements is an empty catalogue, and
 * counts as drift. An item without an id is left out, because nobody can order it.
 *
 * @returns null where items cannot be read: they have a similar name, or there is nothing but other elements
 */
export function toCatalogue(content: XmlElement, fields: FieldReader): BillingCatalogue | null {
  if (PLACES.every((name) => content[name] === undefined)) fields.drift('plan');
  const lists = [...childrenOf(content, 'plans'), ...childrenOf(content, 'packs')];
  const places = [content, ...lists.filter(isElement)];
  const [plans = [], packs = []] = ITEMS.map((name) => places.flatMap((place) => childrenOf(place, name)));
  const { names, hasText } = besideRecords(lists, ITEMS);
  if (plans.some(isText) || hasText) fields.drift('plan');
  if (packs.some(isText)) fields.drift('pack');
  if (names.length > 0) fields.drift('(unknown)');
  const items = [...plans, ...packs];
  const isNothingRead = !items.some(isElement) && (names.length > 0 || items.some(isText));
  const hasSimilar = hasLookalike(content, PLACES) || names.some((name) => PLACES.includes(plainName(name)));
  if (isNothingRead || hasSimilar) return null;
  return {
    plans: plans
      .filter(isElement)
      .flatMap((plan) => toAvailablePlan(withUnknown(plan, planItemFields), fields))
      .sort(compareCatalogueIds),
    packs: packs
      .filter(isElement)
      .flatMap((pack) => toAvailablePack(withUnknown(pack, packItemFields), fields))
      .sort(compareCatalogueIds),
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
