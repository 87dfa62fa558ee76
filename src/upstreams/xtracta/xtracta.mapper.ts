import { createHash } from 'node:crypto';
import {
  type BillingActivity,
  type BillingActivityKind,
  MADE_UP_ID,
  type NamedGroup,
  namedGroup,
  type PlanType,
} from '../../domain/billing-activity.js';
import type { BillingPlan } from '../../domain/billing-plan.js';
import type { Instant } from '../../domain/instant.js';
import type { DecimalText, Money } from '../../domain/money.js';
import type { BoosterPackOrder } from '../../domain/purchases.js';
import { type Readable, readableOrNull, UnreadableValue } from '../../domain/readable.js';
import { decodeActivityKind } from '../decode/activity-kind.decoder.js';
import { decodeCurrency } from '../decode/currency.decoder.js';
import { decodeDateTime } from '../decode/date-time.decoder.js';
import { decodeDecimal } from '../decode/decimal.decoder.js';
import { type Decoded, UNSET } from '../decode/decoded.js';
import { decodeGroupId } from '../decode/group-id.decoder.js';
import { decodeLong } from '../decode/long.decoder.js';
import { decodePlanType } from '../decode/plan-type.decoder.js';
import type { FieldReader } from './xtracta.fields.js';
import type { ActivityWire, PackSummaryWire, PackWire, PlanWire, WireRecord, WireText } from './xtracta.wire.js';

/** One history row. Every element is read by itself: an odd one leaves the rest of the row, and the row itself, whole. */
export function toActivity(
  { wire, hasUnknown }: WireRecord<ActivityWire>,
  fields: FieldReader,
  groups: NamedGroups,
): BillingActivity {
  if (hasUnknown) fields.drift('(unknown)');
  const start = fields.readable('start_date', wire.start_date, decodeDateTime);
  const expiry = fields.readable('expiry_date', wire.expiry_date, decodeDateTime);
  const kind = activityKind(wire.plan_activity, fields);
  const type = planType(wire.plan_type, fields);
  const groupId = readableOrNull(fields.optional('group_id', wire.group_id, decodeGroupId));
  const groupName = fields.text('group_name', wire.group_name);
  return {
    id: activityId(wire, fields),
    kind: kind.kind,
    kindRaw: kind.raw,
    planName: fields.text('plan', wire.plan),
    planType: type.type,
    planTypeRaw: type.raw,
    price: money(
      fields.readable('price', wire.price, decodeDecimal),
      fields.readable('price_currency', wire.price_currency, decodeCurrency),
    ),
    creditAmount: fields.readable('credit_amount', wire.credit_amount, decodeCredit),
    allowedDocuments: fields.readable('allowed_documents', wire.allowed_documents, decodeLong),
    usedDocuments: fields.readable('used_documents', wire.used_documents, decodeLong),
    startDate: textOf(start),
    expiryDate: textOf(expiry),
    startMs: readableOrNull(start)?.epochMs ?? null,
    expiryMs: readableOrNull(expiry)?.epochMs ?? null,
    groupId,
    groupName,
    group: groups.named(groupId, groupName),
  };
}

/** Gives the groups of an answer's rows, each but once. Mutable: the groups so far. */
export class NamedGroups {
  private readonly known = new Map<string, NamedGroup>();

  named(groupId: string | null, readName: Readable<string>): NamedGroup | null {
    const name = readableOrNull(readName);
    const known = groupId === null ? undefined : this.known.get(groupId);
    if (known !== undefined && (known.name ?? null) === name) return known;
    const group = namedGroup(groupId, name);
    if (group !== null) this.known.set(group.id, group);
    return group;
  }
}

/** `pack.id`, which the caller has found to be there, is the upstream's number of the order; it need not be the pack asked for. */
export function toBoosterPackOrder(
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

/** The plan of a plan change's answer; unreadable values are null, because the change has been made. */
export function toChangedPlan(
  id: string,
  { wire, hasUnknown }: WireRecord<PlanWire>,
  fields: FieldReader,
): BillingPlan {
  if (hasUnknown) fields.drift('(unknown)');
  const allowedDocuments = fields.orNull('allowed_documents', wire.allowed_documents, decodeLong);
  const usedDocuments = fields.orNull('used_documents', wire.used_documents, decodeLong);
  const type = planType(wire.plan_type, fields);
  return {
    planId: id,
    name: fields.textOrNull('plan_name', wire.plan_name),
    type: type.type,
    typeRaw: readableOrNull(type.raw),
    price: readableOrNull(writtenMoney(wire.price, wire.price_currency, fields)),
    allowedDocuments,
    usedDocuments,
    remainingDocuments:
      allowedDocuments === null || usedDocuments === null ? null : Math.max(0, allowedDocuments - usedDocuments),
    startDate: fields.orNull('start_date', wire.start_date, decodeDateTime)?.text ?? null,
    expiryDate: fields.orNull('expiry_date', wire.expiry_date, decodeDateTime)?.text ?? null,
  };
}

/** The answers of writes name no currency by the manual; should one appear, it is taken, and never another's guessed. */
function writtenMoney(price: WireText, currency: WireText, fields: FieldReader): Readable<Money> {
  const amount = fields.readable('price', price, decodeDecimal);
  return money(amount, readableOrNull(fields.optional('price_currency', currency, decodeCurrency)));
}

/** An amount that is missing or unreadable takes its currency with it. */
export function money(amount: Readable<DecimalText>, currency: Readable<string>): Readable<Money> {
  return amount === null || amount instanceof UnreadableValue ? amount : { amount, currency };
}

/** The schema says non-negative integer, and nobody says of what: `12.50` and `-5` are shown, an empty element is none. */
function decodeCredit(text: string): Decoded<DecimalText> {
  return text.trim() === '' ? UNSET : decodeDecimal(text);
}

export function textOf(value: Readable<Instant>): Readable<string> {
  return value === null || value instanceof UnreadableValue ? value : value.text;
}

export function planType(
  text: WireText,
  fields: FieldReader,
): { readonly type: PlanType; readonly raw: Readable<string> } {
  const raw = fields.text('plan_type', text);
  if (typeof raw !== 'string') return { type: 'OTHER', raw };
  const { type, known } = decodePlanType(raw);
  if (!known) fields.drift('plan_type');
  return { type, raw };
}

function activityKind(
  text: WireText,
  fields: FieldReader,
): { readonly kind: BillingActivityKind; readonly raw: Readable<string> } {
  const raw = fields.text('plan_activity', text);
  if (typeof raw !== 'string') return { kind: 'OTHER', raw };
  const { kind, known } = decodeActivityKind(raw);
  if (!known) fields.drift('plan_activity');
  return { kind, raw };
}

/**
 * The upstream's text. A row without one gets a name made of its content, so that it is the same in every answer: a cursor, a
 * baseline and a merge of two windows need to know it again.
 */
function activityId(wire: ActivityWire, fields: FieldReader): string {
  const id = fields.textOrNull('id', wire.id)?.trim() ?? '';
  if (id !== '') return id;
  if (wire.id !== undefined && wire.id !== null) fields.drift('id');
  const digest = createHash('sha256').update(JSON.stringify(Object.values(wire).map((value) => value ?? null)));
  return `${MADE_UP_ID}${digest.digest('hex').slice(0, 24)}`;
}
