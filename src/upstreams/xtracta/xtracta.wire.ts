import { isElement, type XmlElement, type XmlNode } from './xtracta.xml.js';

/**
 * The text of an element as received. `undefined`: the element is missing. `null`: it is there, but unreadable, repeated, or with
 * elements inside where text is due.
 */
export type WireText = string | null | undefined;

/** A record and whether it held elements that the manual does not name. */
export interface WireRecord<T> {
  readonly wire: T;
  readonly hasUnknown: boolean;
}

/** Every element of the manual, and the few that it names in prose alone: the words that may stand in logs and metric labels. */
const ELEMENTS: ReadonlySet<string> = new Set([
  ...['billings_response', 'documents_response', 'status', 'message', 'result', 'error_code'],
  ...['plans', 'packs', 'activity', 'plan', 'pack', 'pack_summary', 'url', 'expire'],
  ...['id', 'plan_name', 'pack_name', 'plan_type', 'plan_activity', 'price', 'price_currency', 'wholesale_price'],
  ...['credit_amount', 'quantity', 'group_id', 'group_name', 'start_date', 'expiry_date'],
  ...['allowed_documents', 'used_documents', 'available_documents'],
  ...['total_used_documents', 'total_available_documents'],
]);

/** An element's name where the manual has it; `(unknown)` for all others, `(document)` for a place outside of all. */
export function elementLabel(name: string): string {
  if (name === '') return '(document)';
  return ELEMENTS.has(name) ? name : '(unknown)';
}

export type EnvelopeWire = ReturnType<typeof envelopeWire>;
export type ActivityWire = ReturnType<typeof activityFields>;
export type PackWire = ReturnType<typeof packFields>;
export type PackSummaryWire = ReturnType<typeof packSummaryFields>;
export type PlanWire = ReturnType<typeof planFields>;
export type BillingUiWire = ReturnType<typeof billingUiWire>;

/** `<result>` and `<error_code>` are named in the manual's prose alone. */
export function envelopeWire(content: XmlElement) {
  return {
    status: textIn(content, 'status'),
    message: textIn(content, 'message'),
    result: textIn(content, 'result'),
    error_code: textIn(content, 'error_code'),
  };
}

/** A row of a history. One without elements has none of its fields. */
export function activityWire(row: XmlNode): WireRecord<ActivityWire> {
  return withUnknown(isElement(row) ? row : {}, activityFields);
}

export function packWire(content: XmlElement): WireRecord<PackWire> | null {
  const pack = childOf(content, 'pack');
  return isElement(pack) ? withUnknown(pack, packFields) : null;
}

export function packSummaryWire(content: XmlElement): WireRecord<PackSummaryWire> | null {
  const summary = childOf(content, 'pack_summary');
  return isElement(summary) ? withUnknown(summary, packSummaryFields) : null;
}

/** The manual's table is flat where its sample and schema nest a `<plan>`; both are read. */
export function planWire(content: XmlElement): WireRecord<PlanWire> | null {
  const plan = childOf(content, 'plan');
  if (isElement(plan)) return withUnknown(plan, planFields);
  const isFlat =
    (plan === undefined || typeof plan === 'string' || typeof plan === 'symbol') &&
    childOf(content, 'id') !== undefined;
  if (!isFlat) return null;
  const wire = planFields(content);
  return {
    wire: { ...wire, plan_name: wire.plan_name === undefined ? textOf(plan) : wire.plan_name },
    hasUnknown: false,
  };
}

export function billingUiWire(content: XmlElement) {
  return { url: textIn(content, 'url'), expire: textIn(content, 'expire') };
}

function activityFields(row: XmlElement) {
  const plan = childOf(row, 'plan');
  return {
    id: textIn(row, 'id'),
    // The plan change calls its record `<plan>`: should a row nest one, its name is what a row's `<plan>` is.
    plan: isElement(plan) ? textIn(plan, 'plan_name') : textOf(plan),
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

/** `pack_name` is what the catalogue endpoint calls a pack's `plan_name`. */
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

/** The fields of a record, and whether it has others. */
export function withUnknown<T extends object>(element: XmlElement, fields: (element: XmlElement) => T): WireRecord<T> {
  const wire = fields(element);
  for (const name in element) {
    if (name !== '#text' && !Object.hasOwn(wire, name)) return { wire, hasUnknown: true };
  }
  return { wire, hasUnknown: false };
}

function childOf(element: XmlElement, name: string): XmlNode | undefined {
  return element[name];
}

export function textIn(element: XmlElement, name: string): WireText {
  return textOf(childOf(element, name));
}

function textOf(node: XmlNode | undefined): WireText {
  return node === undefined || typeof node === 'string' ? node : null;
}
