import { createHash } from 'node:crypto';
import {
  type BillingActivity,
  type BillingActivityKind,
  MADE_UP_ID,
  type NamedGroup,
  namedGroup,
} from '../../domain/billing-history.js';
import { type DecimalText, type Money, type Readable, readableOrNull, UnreadableValue } from '../../domain/money.js';
import {
  type Decoded,
  decodeActivityKind,
  decodeCurrency,
  decodeDateTime,
  decodeDecimal,
  decodeGroupId,
  decodeLong,
  UNSET,
} from '../value.decoders.js';
import { isElement, type XmlElement, type XmlNode } from '../xml/xml.reader.js';
import { RepeatedTexts, type WireText } from '../xml/xml-text.js';
import { childOf, nodeText, textIn, type WireRecord, withUnknown } from './xtracta-envelope.js';
import { encodeForm, type FieldReader, money, planType, textOf, type XtractaEndpoint } from './xtracta-fields.js';

export const GET_BILLING_HISTORY = {
  operation: 'getBillingHistory',
  path: '/v1/billings/history',
  kind: 'read',
} as const satisfies XtractaEndpoint;

/** The group and the window of the rows, in unix seconds with both ends included. */
export interface HistoryFormRequest {
  readonly groupId: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly recursive: boolean;
}

/** `recursive` is `1` or absent, because the manual has no `0`. */
export function historyForm(apiKey: string, request: HistoryFormRequest): string {
  return encodeForm(apiKey, [
    ['group_id', request.groupId],
    ['billing_from', request.fromSeconds],
    ['billing_to', request.toSeconds],
    ['recursive', request.recursive ? 1 : null],
  ]);
}

export type ActivityWire = ReturnType<typeof activityFields>;

/** Reads a row of a history. A row without elements has no fields. */
export function activityWire(row: XmlNode): WireRecord<ActivityWire> {
  return withUnknown(isElement(row) ? row : {}, activityFields);
}

function activityFields(row: XmlElement) {
  const plan = childOf(row, 'plan');
  return {
    id: textIn(row, 'id'),
    // The plan change has a record `<plan>`. If a row contained one too, its name would be the row's plan.
    plan: isElement(plan) ? (textIn(plan, 'plan_name') ?? null) : nodeText(plan),
    plan_type: textIn(row, 'plan_type'),
    price: textIn(row, 'price'),
    credit_amount: textIn(row, 'credit_amount'),
    price_currency: textIn(row, 'price_currency'),
    allowed_documents: textIn(row, 'allowed_documents'),
    used_documents: textIn(row, 'used_documents'),
    plan_activity: textIn(row, 'plan_activity'),
    start_date: textIn(row, 'start_date'),
    expiry_date: textIn(row, 'expiry_date'),
    group_name: textIn(row, 'group_name'),
    group_id: textIn(row, 'group_id'),
  };
}

/** Reads one history row. Every element is read separately, so that an odd one leaves the rest of the row whole. */
export function toActivity(
  { wire, hasUnknown }: WireRecord<ActivityWire>,
  fields: FieldReader,
  values: RowValues,
): BillingActivity {
  if (hasUnknown) fields.drift('(unknown)');
  const start = fields.readable('start_date', wire.start_date, decodeDateTime);
  const expiry = fields.readable('expiry_date', wire.expiry_date, decodeDateTime);
  const kind = activityKind(values.same(wire.plan_activity), fields);
  const type = planType(values.same(wire.plan_type), fields);
  const groupId = fields.optional('group_id', wire.group_id, decodeGroupId);
  const groupName = fields.text('group_name', values.same(wire.group_name));
  const named = values.group(readableOrNull(groupId), groupName);
  return {
    id: activityId(wire, fields),
    kind: kind.kind,
    kindRaw: kind.raw,
    planName: fields.text('plan', values.same(wire.plan)),
    planType: type.type,
    planTypeRaw: type.raw,
    price: values.price(
      fields.readable('price', values.same(wire.price), decodeDecimal),
      fields.readable('price_currency', values.same(wire.price_currency), decodeCurrency),
    ),
    creditAmount: fields.readable('credit_amount', values.same(wire.credit_amount), decodeCredit),
    allowedDocuments: fields.readable('allowed_documents', wire.allowed_documents, decodeLong),
    usedDocuments: fields.readable('used_documents', wire.used_documents, decodeLong),
    startDate: textOf(start),
    expiryDate: textOf(expiry),
    startMs: readableOrNull(start)?.epochMs ?? null,
    expiryMs: readableOrNull(expiry)?.epochMs ?? null,
    groupId: named?.id ?? null,
    groupName: named?.name ?? groupName,
    group: groupId instanceof UnreadableValue ? groupId : named,
  };
}

/** Largest number of prices that are kept, more than an account has. */
const MAX_PRICES = 256;

/**
 * Values that repeat from row to row of one response, each as one object: see {@link RepeatedTexts}. Mutable: the
 * values so far.
 */
export class RowValues extends RepeatedTexts {
  readonly #groups = new Map<string, NamedGroup>();
  readonly #prices = new Map<DecimalText, Money>();

  group(groupId: string | null, readName: Readable<string>): NamedGroup | null {
    const name = readableOrNull(readName);
    const known = groupId === null ? undefined : this.#groups.get(groupId);
    if (known !== undefined && (known.name ?? null) === name) return known;
    const group = namedGroup(groupId, name);
    if (group !== null) this.#groups.set(group.id, group);
    return group;
  }

  price(amount: Readable<DecimalText>, currency: Readable<string>): Readable<Money> {
    const price = money(amount, currency);
    if (price === null || price instanceof UnreadableValue) return price;
    const known = this.#prices.get(price.amount);
    if (known?.currency === price.currency) return known;
    if (this.#prices.size < MAX_PRICES) this.#prices.set(price.amount, price);
    return price;
  }
}

/**
 * The schema says non-negative integer without a meaning. So `12.50` and `-5` are shown, and an empty element is null.
 */
function decodeCredit(text: string): Decoded<DecimalText> {
  return text.trim() === '' ? UNSET : decodeDecimal(text);
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
 * The upstream's id. A row without one gets an id made of its content, so that it is the same in every response.
 * Cursors, baselines and merged windows must recognise the row.
 */
function activityId(wire: ActivityWire, fields: FieldReader): string {
  const id = fields.textOrNull('id', wire.id)?.trim() ?? '';
  if (id !== '') return id;
  if (wire.id !== undefined && wire.id !== null) fields.drift('id');
  const digest = createHash('sha256').update(JSON.stringify(Object.values(wire).map((value) => value ?? null)));
  return `${MADE_UP_ID}${digest.digest('hex').slice(0, 24)}`;
}
