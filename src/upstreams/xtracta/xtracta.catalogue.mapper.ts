import type { GroupUsage } from '../../domain/billing-plan.js';
import { remainingOf } from '../../domain/billing-plan.js';
import {
  type AvailablePack,
  type AvailablePlan,
  type BillingCatalogue,
  compareCatalogueIds,
} from '../../domain/catalogue.js';
import { decodeCurrency } from '../decode/currency.decoder.js';
import { decodeDateTime } from '../decode/date-time.decoder.js';
import { decodeDecimal } from '../decode/decimal.decoder.js';
import { type Decoded, decoded } from '../decode/decoded.js';
import { decodeGroupId } from '../decode/group-id.decoder.js';
import { decodeLong } from '../decode/long.decoder.js';
import {
  type CatalogueWire,
  catalogueWire,
  type PackItemWire,
  type PlanItemWire,
  type UsageWire,
  usageWire,
} from './xtracta.catalogue.wire.js';
import type { FieldReader } from './xtracta.fields.js';
import { money, planType, textOf } from './xtracta.mapper.js';
import type { WireRecord } from './xtracta.wire.js';
import type { XmlElement } from './xtracta.xml.js';

/** The plan that the answer calls current. Without a `<plan>` there is none; its absence counts as drift, an empty one doesn't. */
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

/** An answer without any item is an empty catalogue, and counts as drift. An item without an id cannot be ordered and is left out. */
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
