import type { BillingPlan } from '../../domain/billing-history.js';
import { readableOrNull } from '../../domain/money.js';
import type { PlanChange, PlanChangeRequest } from '../../domain/purchases.js';
import { VALUE_UNREADABLE } from '../upstream-errors.js';
import { decodeDateTime, decodeGroupId, decodeLong } from '../value.decoders.js';
import { isElement, type XmlElement } from '../xml/xml.reader.js';
import type { WholePayload } from './xtracta-classify.js';
import { childOf, nodeText, textIn, type WireRecord, withUnknown } from './xtracta-envelope.js';
import {
  encodeForm,
  type FieldReader,
  groupWarning,
  idOf,
  planType,
  purge,
  writtenMoney,
  type XtractaEndpoint,
} from './xtracta-fields.js';

/** Changes a plan. A change to the same plan is a renewal, and is charged again. */
export const CHANGE_PLAN = {
  operation: 'changePlan',
  path: '/v1/billings/update',
  kind: 'write',
} as const satisfies XtractaEndpoint;

export function planForm(apiKey: string, request: PlanChangeRequest): string {
  return encodeForm(apiKey, [
    ['group_id', request.groupId],
    ['plan_id', request.planId],
    ['purge', purge(request.heldDocuments)],
  ]);
}

type PlanWire = ReturnType<typeof planFields>;

/** The manual's table is flat, while its sample and schema have a nested `<plan>`. Both forms are read. */
function planWire(content: XmlElement): WireRecord<PlanWire> | null {
  const plan = childOf(content, 'plan');
  if (isElement(plan)) return withUnknown(plan, planFields);
  const isFlat =
    (plan === undefined || typeof plan === 'string' || typeof plan === 'symbol') &&
    childOf(content, 'id') !== undefined;
  if (!isFlat) return null;
  const wire = planFields(content);
  return {
    wire: { ...wire, plan_name: wire.plan_name === undefined ? nodeText(plan) : wire.plan_name },
    hasUnknown: false,
  };
}

function planFields(plan: XmlElement) {
  return {
    id: textIn(plan, 'id'),
    plan_name: textIn(plan, 'plan_name'),
    plan_type: textIn(plan, 'plan_type'),
    allowed_documents: textIn(plan, 'allowed_documents'),
    used_documents: textIn(plan, 'used_documents'),
    price: textIn(plan, 'price'),
    price_currency: textIn(plan, 'price_currency'),
    start_date: textIn(plan, 'start_date'),
    expiry_date: textIn(plan, 'expiry_date'),
    group_id: textIn(plan, 'group_id'),
  };
}

/**
 * The payload is whole when it has a `<plan>` with an id. The id need not be the requested plan: the manual's own
 * sample differs.
 */
export function planPayload(
  content: XmlElement,
  request: PlanChangeRequest,
  fields: FieldReader,
): WholePayload<PlanChange> | null {
  const plan = planWire(content);
  const id = idOf(plan?.wire.id);
  if (plan === null || id === null) return null;
  const value = { plan: toChangedPlan(id, plan, fields) };
  const reported = fields.optional('group_id', plan.wire.group_id, decodeGroupId);
  const group = typeof reported === 'string' ? reported : null;
  return {
    value,
    warnings: [...groupWarning(request.groupId, group), ...(fields.unreadable ? [VALUE_UNREADABLE] : [])],
  };
}

/** The plan in a plan change's response. Unreadable values are null, because the change has been made. */
function toChangedPlan(id: string, { wire, hasUnknown }: WireRecord<PlanWire>, fields: FieldReader): BillingPlan {
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
