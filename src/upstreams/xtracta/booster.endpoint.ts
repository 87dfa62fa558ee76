import { readableOrNull } from '../../domain/money.js';
import type { BoosterPackOrder, BoosterPackRequest } from '../../domain/purchases.js';
import type { BillingWarning } from '../../domain/write.js';
import { VALUE_UNREADABLE } from '../upstream-errors.js';
import { decodeGroupId, decodeLong } from '../value.decoders.js';
import { isElement, type XmlElement } from '../xml/xml.reader.js';
import type { WholePayload } from './xtracta-classify.js';
import { childOf, textIn, type WireRecord, withUnknown } from './xtracta-envelope.js';
import {
  encodeForm,
  type FieldReader,
  groupWarning,
  idOf,
  purge,
  writtenMoney,
  type XtractaEndpoint,
} from './xtracta-fields.js';

/** Orders packs; the upstream charges at once. */
export const ORDER_BOOSTER_PACK = {
  operation: 'orderBoosterPack',
  path: '/v1/billings/booster',
  kind: 'write',
} as const satisfies XtractaEndpoint;

/** `quantity` and `purge` are always sent, so that a request does not depend on the upstream's defaults. */
export function boosterForm(apiKey: string, request: BoosterPackRequest): string {
  return encodeForm(apiKey, [
    ['pack_id', request.packId],
    ['quantity', request.quantity],
    ['purge', purge(request.heldDocuments)],
    ['group_id', request.groupId],
  ]);
}

type PackWire = ReturnType<typeof packFields>;
type PackSummaryWire = ReturnType<typeof packSummaryFields>;

function packWire(content: XmlElement): WireRecord<PackWire> | null {
  const pack = childOf(content, 'pack');
  return isElement(pack) ? withUnknown(pack, packFields) : null;
}

function packSummaryWire(content: XmlElement): WireRecord<PackSummaryWire> | null {
  const summary = childOf(content, 'pack_summary');
  return isElement(summary) ? withUnknown(summary, packSummaryFields) : null;
}

/** `pack_name` is the catalogue endpoint's `plan_name` of a pack. */
function packFields(pack: XmlElement) {
  return {
    id: textIn(pack, 'id'),
    plan_name: textIn(pack, 'plan_name'),
    pack_name: textIn(pack, 'pack_name'),
    allowed_documents: textIn(pack, 'allowed_documents'),
    price: textIn(pack, 'price'),
    price_currency: textIn(pack, 'price_currency'),
    quantity: textIn(pack, 'quantity'),
    group_id: textIn(pack, 'group_id'),
  };
}

function packSummaryFields(summary: XmlElement) {
  return {
    total_used_documents: textIn(summary, 'total_used_documents'),
    total_available_documents: textIn(summary, 'total_available_documents'),
  };
}

/** The payload is whole when it has a `<pack>` with an id. */
export function boosterPayload(
  content: XmlElement,
  request: BoosterPackRequest,
  fields: FieldReader,
): WholePayload<BoosterPackOrder> | null {
  const pack = packWire(content);
  const id = idOf(pack?.wire.id);
  if (pack === null || id === null) return null;
  const value = toBoosterPackOrder(id, pack, packSummaryWire(content), fields);
  const warnings = [
    ...quantityWarning(request.quantity, value.pack.quantity),
    ...groupWarning(request.groupId, value.pack.groupId),
    ...(fields.unreadable ? [VALUE_UNREADABLE] : []),
  ];
  return { value, warnings };
}

function quantityWarning(requested: number, reported: number | null): BillingWarning[] {
  if (reported === null || reported === requested) return [];
  return [
    { code: 'QUANTITY_DIFFERS', message: `${requested} packs were asked for; the upstream reports ${reported}.` },
  ];
}

/**
 * The order of a whole response. `id` is the upstream's `pack.id`, which is its number of the order. It need not be the
 * requested pack.
 */
function toBoosterPackOrder(
  id: string,
  { wire, hasUnknown }: WireRecord<PackWire>,
  summary: WireRecord<PackSummaryWire> | null,
  fields: FieldReader,
): BoosterPackOrder {
  if (hasUnknown || summary?.hasUnknown === true) fields.drift('(unknown)');
  if (summary === null) fields.drift('pack_summary');
  return {
    pack: {
      id,
      name: fields.textOrNull('plan_name', wire.plan_name === undefined ? wire.pack_name : wire.plan_name),
      allowedDocuments: fields.orNull('allowed_documents', wire.allowed_documents, decodeLong),
      price: readableOrNull(writtenMoney(wire.price, wire.price_currency, fields)),
      quantity: fields.orNull('quantity', wire.quantity, decodeLong),
      groupId: readableOrNull(fields.optional('group_id', wire.group_id, decodeGroupId)),
    },
    summary: summary === null ? null : toSummary(summary.wire, fields),
  };
}

function toSummary(wire: PackSummaryWire, fields: FieldReader): BoosterPackOrder['summary'] {
  return {
    totalUsedDocuments: fields.orNull('total_used_documents', wire.total_used_documents, decodeLong),
    totalAvailableDocuments: fields.orNull('total_available_documents', wire.total_available_documents, decodeLong),
  };
}
