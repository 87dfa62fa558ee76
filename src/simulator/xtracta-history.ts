import { addMonths, writeDate } from './auckland-calendar.js';
import { currentPeriod } from './billing-periods.js';
import { type EndpointResponse, element, type XmlElement } from './response.js';
import { type PackOrder, type Period, subtree, type WorldState } from './world-state.js';
import type { Toggles } from './world-toggles.js';
import { groupOf, integerOf, parametersOf, Refused, type XtractaRequest } from './xtracta-parameters.js';

/** A history row before it is written. */
interface Row {
  readonly id: number;
  readonly plan: string;
  readonly type: string;
  readonly price: string;
  readonly credit: number;
  readonly currency: string;
  readonly allowed: number;
  readonly used: number;
  readonly activity: string;
  readonly start: number;
  readonly expiry: number;
  readonly groupId: string;
}

/** End of year 9999 in unix seconds, the last date in all date formats. */
const MAX_UNIX_SECONDS = 253_402_300_799;

/** `POST /v1/billings/history`: the periods of a group, or of a whole tree, never in pages. */
export function readHistory(request: XtractaRequest): EndpointResponse {
  const parameters = parametersOf(request, ['group_id', 'billing_from', 'billing_to', 'recursive']);
  const from = integerOf(parameters, 'billing_from', 0, MAX_UNIX_SECONDS);
  const to = integerOf(parameters, 'billing_to', 0, MAX_UNIX_SECONDS);
  if (request.toggles.historyDates === 'required' && (from === undefined || to === undefined)) {
    throw new Refused(400, 'billing_from and billing_to are required');
  }
  if (from !== undefined && to !== undefined && from > to) throw new Refused(400, 'billing_from is after billing_to');
  const recursive = integerOf(parameters, 'recursive', 1, 1) === 1;
  const groupId = groupOf(request, parameters);
  const { toggles } = request;
  const state = request.world.state();

  const fromMs = (from ?? 0) * 1000;
  const toMs = (to ?? MAX_UNIX_SECONDS) * 1000;
  const groupIds = new Set(recursive ? subtree(state, groupId) : [groupId]);
  const rows = rowsOf(state, groupIds, toggles).filter((row) => isInWindow(row, fromMs, toMs, toggles.historyFilter));
  if (rows.length === 0 && toggles.emptyHistory === 'not_found') throw new Refused(404, 'No billing history found');

  const plans = element(
    'plans',
    sortRows(rows, toggles.historyOrder).map((row) => activityElement(row, state, toggles)),
  );
  const isOmitted = rows.length === 0 && toggles.emptyHistory === 'omitted';
  const envelope = [
    element('status', 200),
    element('message', 'The request has been successfully processed'),
    ...(isOmitted ? [] : [plans]),
  ];
  return {
    status: 200,
    body: { kind: 'xml', root: element('billings_response', envelope) },
    committed: true,
    note: `${rows.length} rows`,
  };
}

/** `amount` times a whole number, exactly, with the scale of `amount`. */
export function multiplyDecimal(amount: string, by: number): string {
  const scale = amount.includes('.') ? amount.length - amount.indexOf('.') - 1 : 0;
  const product = (BigInt(amount.replace('.', '')) * BigInt(by)).toString().padStart(scale + 1, '0');
  return scale === 0 ? product : `${product.slice(0, -scale)}.${product.slice(-scale)}`;
}

function rowsOf(state: WorldState, groupIds: ReadonlySet<string>, toggles: Toggles): Row[] {
  const rows: Row[] = [];
  for (const groupId of groupIds)
    for (const period of state.periods[groupId] ?? []) rows.push(periodRow(state, period));
  if (toggles.boostersInHistory === 'yes') {
    for (const order of state.packOrders) if (groupIds.has(order.groupId)) rows.push(boosterRow(state, order));
  }
  return rows;
}

function periodRow(state: WorldState, period: Period): Row {
  const plan = state.plans[period.planId];
  return {
    id: period.id,
    plan: plan?.name ?? '',
    type: plan?.type ?? '',
    price: plan?.price ?? '0',
    credit: period.credit,
    currency: plan?.currency ?? '',
    allowed: plan?.allowed ?? 0,
    used: period.used,
    activity: period.activity,
    start: period.start,
    expiry: period.expiry,
    groupId: period.groupId,
  };
}

/**
 * The row of a pack. Its form is not documented. Here each order has one row with its totals, until the plan's period
 * ends.
 */
function boosterRow(state: WorldState, order: PackOrder): Row {
  const pack = state.packs[order.packId];
  const period = currentPeriod(state, order.groupId, order.orderedAt);
  return {
    id: order.activityId,
    plan: pack?.name ?? '',
    type: 'One-time',
    price: multiplyDecimal(pack?.price ?? '0', order.quantity),
    credit: 0,
    currency: pack?.currency ?? '',
    allowed: (pack?.allowed ?? 0) * order.quantity,
    used: order.used,
    activity: 'booster',
    start: order.orderedAt,
    expiry: period?.expiry ?? addMonths(order.orderedAt, 1) - 1000,
    groupId: order.groupId,
  };
}

function isInWindow(row: Row, fromMs: number, toMs: number, filter: Toggles['historyFilter']): boolean {
  switch (filter) {
    case 'overlap':
      return row.start <= toMs && row.expiry >= fromMs;
    case 'start':
      return row.start >= fromMs && row.start <= toMs;
    case 'expiry':
      return row.expiry >= fromMs && row.expiry <= toMs;
  }
}

function sortRows(rows: readonly Row[], order: Toggles['historyOrder']): Row[] {
  switch (order) {
    case 'start_desc':
      return rows.toSorted((a, b) => b.start - a.start || b.id - a.id);
    case 'start_asc':
      return rows.toSorted((a, b) => a.start - b.start || a.id - b.id);
    case 'id_asc':
      return rows.toSorted((a, b) => a.id - b.id);
    case 'shuffled':
      // An order without meaning, the same in every run.
      return rows.toSorted((a, b) => scatter(a.id) - scatter(b.id));
  }
}

function scatter(id: number): number {
  return Math.imul(id, 2_654_435_761) >>> 0;
}

function activityElement(row: Row, state: WorldState, toggles: Toggles): XmlElement {
  const id = toggles.activityIdZeros === 'yes' ? String(row.id).padStart(4, '0') : String(row.id);
  return element('activity', [
    element('id', id),
    element('plan', row.plan),
    element('plan_type', row.type),
    element('price', row.price),
    element('credit_amount', creditText(row.credit, toggles.creditAmount)),
    element('price_currency', row.currency),
    element('allowed_documents', row.allowed),
    element('used_documents', row.used),
    element('plan_activity', row.activity),
    element('start_date', writeDate(row.start, toggles.dateFormat)),
    element('expiry_date', writeDate(row.expiry, toggles.dateFormat)),
    element('group_name', state.groups[row.groupId]?.name ?? ''),
    ...(toggles.activityGroupId === 'yes' ? [element('group_id', row.groupId)] : []),
  ]);
}

function creditText(credit: number, toggle: Toggles['creditAmount']): string {
  switch (toggle) {
    case 'unused':
      return String(credit);
    case 'zero':
      return '0';
    case 'decimal':
      return `${credit}.50`;
    case 'negative':
      return `-${credit === 0 ? 5 : credit}`;
    case 'empty':
      return '';
  }
}
