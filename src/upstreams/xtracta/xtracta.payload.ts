import type {
  BillingUiSession,
  BoosterPackOrder,
  BoosterPackRequest,
  PlanChange,
  PlanChangeRequest,
} from '../../domain/purchases.js';
import type { BillingWarning } from '../../domain/write.js';
import { decodeGroupId } from '../decode/group-id.decoder.js';
import { decodeUnixExpiry } from '../decode/unix-expiry.decoder.js';
import { VALUE_UNREADABLE } from '../upstream.answer.js';
import type { FieldReader } from './xtracta.fields.js';
import { toBoosterPackOrder, toChangedPlan } from './xtracta.mapper.js';
import type { WholePayload } from './xtracta.outcome.js';
import { billingUiWire, packSummaryWire, packWire, planWire, type WireText } from './xtracta.wire.js';
import type { XmlElement } from './xtracta.xml.js';

/** Whole when there is a `<pack>` with an id. */
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

/** Whole when there is a `<plan>` with an id. The id need not be the plan asked for: the manual's own sample differs. */
export function planPayload(
  content: XmlElement,
  request: PlanChangeRequest,
  fields: FieldReader,
): WholePayload<PlanChange> | null {
  const plan = planWire(content);
  const id = idOf(plan?.wire.id);
  if (plan === null || id === null) return null;
  const value = { plan: toChangedPlan(id, plan, fields) };
  const answered = fields.optional('group_id', plan.wire.group_id, decodeGroupId);
  const group = typeof answered === 'string' ? answered : null;
  return {
    value,
    warnings: [...groupWarning(request.groupId, group), ...(fields.unreadable ? [VALUE_UNREADABLE] : [])],
  };
}

/**
 * Whole when there is a URL that a browser may be sent to: https, without user info. Its host is not looked at, because
 * white-label hosts exist; its text is not touched, because it carries a token.
 *
 * @param httpAllowed the upstream itself is plain http on this machine, so its URLs are too
 */
export function billingUiPayload(
  content: XmlElement,
  httpAllowed: boolean,
  fields: FieldReader,
): WholePayload<BillingUiSession> | null {
  const wire = billingUiWire(content);
  const url = wire.url?.trim() ?? '';
  if (!isBrowsable(url, httpAllowed)) return null;
  const expiresAt = fields.orNull('expire', wire.expire, decodeUnixExpiry)?.text ?? null;
  return { value: { url, expiresAt }, warnings: fields.unreadable ? [VALUE_UNREADABLE] : [] };
}

/** Whether the answer shows any part of a purchase, whole or not. */
export function hasElement(content: XmlElement, ...names: readonly string[]): boolean {
  return names.some((name) => content[name] !== undefined && content[name] !== '');
}

function idOf(text: WireText): string | null {
  const id = text?.trim() ?? '';
  return id === '' ? null : id;
}

function isBrowsable(text: string, httpAllowed: boolean): boolean {
  // The URL parser drops tabs and newlines from the middle of a text; a URL that needs that is not one.
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  const isSafe = url.protocol === 'https:' || (httpAllowed && url.protocol === 'http:');
  return isSafe && url.username === '' && url.password === '' && url.hostname !== '';
}

function quantityWarning(requested: number, answered: number | null): BillingWarning[] {
  if (answered === null || answered === requested) return [];
  return [
    { code: 'QUANTITY_DIFFERS', message: `${requested} packs were asked for; the upstream reports ${answered}.` },
  ];
}

function groupWarning(requested: string | null, answered: string | null): BillingWarning[] {
  if (requested === null || answered === null || requested.replace(/^0+/, '') === answered) return [];
  return [{ code: 'GROUP_DIFFERS', message: 'The upstream names another group than the one that was asked for.' }];
}
