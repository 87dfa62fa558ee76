import { createHash } from 'node:crypto';
import { writeDate } from './auckland-calendar.js';
import { allowedOf, changePlan, currentPeriod, deleteHeld, packTotals, releaseHeld } from './billing-periods.js';
import { magicFault } from './fault-rules.js';
import { type EndpointResponse, element, type XmlElement } from './response.js';
import { FIXTURES } from './simulator-fixtures.js';
import type { Pack, PackOrder, Plan } from './world-state.js';
import { multiplyDecimal } from './xtracta-history.js';
import {
  groupOf,
  idOf,
  integerOf,
  parametersOf,
  purgeOf,
  Refused,
  requiredId,
  type XtractaRequest,
} from './xtracta-parameters.js';

const PROCESSED = 'The request has been successfully processed';
const UI_DEFAULT_SECONDS = 600;
const UI_MAX_SECONDS = 259_200;

/** `POST /v1/billings/booster`: buys packs at once. */
export function orderBooster(request: XtractaRequest): EndpointResponse {
  const parameters = parametersOf(request, ['pack_id', 'quantity', 'purge', 'group_id']);
  const packId = requiredId(parameters, 'pack_id');
  const quantity = integerOf(parameters, 'quantity', 1, 10_000) ?? 1;
  const purge = purgeOf(request, parameters);
  const groupId = groupOf(request, parameters);
  const state = request.world.state();
  const pack = state.packs[magicFault(packId) === null ? packId : '1223'];
  if (pack === undefined) throw new Refused(404, 'Pack not found');

  state.counters.order += 1;
  state.counters.activity += 1;
  const order: PackOrder = {
    id: state.counters.order,
    activityId: state.counters.activity,
    groupId,
    packId: pack.id,
    quantity,
    orderedAt: request.now,
    used: 0,
  };
  state.packOrders.push(order);
  applyPurge(request, groupId, purge);

  const totals = packTotals(state, groupId);
  const { packId: idToggle, packPrice } = request.toggles;
  return success('billings_response', 'Booster Pack order successful', [
    element('pack', [
      element('id', idToggle === 'order' ? order.id : pack.id),
      element('plan_name', pack.name),
      element('allowed_documents', pack.allowed),
      element('price', packPrice === 'unit' ? pack.price : multiplyDecimal(pack.price, quantity)),
      element('quantity', quantity),
      element('group_id', groupId),
    ]),
    element('pack_summary', [
      element('total_used_documents', totals.used),
      element('total_available_documents', totals.available),
    ]),
  ]);
}

/**
 * `POST /v1/billings/update`: adds, renews, upgrades or downgrades the group's plan. The same plan again is a renewal.
 */
export function updatePlan(request: XtractaRequest): EndpointResponse {
  const parameters = parametersOf(request, ['group_id', 'plan_id', 'purge']);
  const planId = requiredId(parameters, 'plan_id');
  const purge = purgeOf(request, parameters);
  const groupId = groupOf(request, parameters);
  const state = request.world.state();
  const plan = state.plans[magicFault(planId) === null ? planId : '112'];
  if (plan === undefined) throw new Refused(404, 'Plan not found');

  const closeOldPeriod = request.toggles.closeOldPeriod === 'yes';
  const period = changePlan(state, groupId, plan, request.now, closeOldPeriod);
  applyPurge(request, groupId, purge);
  return success('billings_response', 'The new billing plan is assigned successfully', [
    element('plan', [
      element('id', plan.id),
      element('plan_name', plan.name),
      element('plan_type', plan.type),
      element('allowed_documents', plan.allowed),
      element('used_documents', period.used),
      element('price', plan.price),
      element('start_date', writeDate(period.start, request.toggles.dateFormat)),
      element('expiry_date', writeDate(period.expiry, request.toggles.dateFormat)),
    ]),
  ]);
}

/** `POST /v1/billings/billing_ui`: a URL that needs no log-in, for the key's own group. */
export function openBillingUi(request: XtractaRequest): EndpointResponse {
  const parameters = parametersOf(request, ['purge', 'expire']);
  const clamp = request.toggles.billingUiOverMax === 'clamp';
  const asked = integerOf(parameters, 'expire', 1, clamp ? Number.MAX_SAFE_INTEGER : UI_MAX_SECONDS);
  const seconds = Math.min(asked ?? UI_DEFAULT_SECONDS, UI_MAX_SECONDS);
  const purge = parameters['purge'] === undefined ? null : purgeOf(request, parameters);
  const state = request.world.state();

  state.counters.uiToken += 1;
  const token = uiToken(request.world.name, state.counters.uiToken);
  const expiresAt = request.now + seconds * 1000;
  state.uiTokens.push({ token, groupId: request.keyGroupId, purge, expiresAt });
  return success(request.toggles.billingUiRoot, PROCESSED, [
    element('url', `${request.publicUrl}/v1/billings/index.html?t=${token}`),
    element('expire', writeExpire(expiresAt, seconds, request.toggles.billingUiExpire)),
  ]);
}

/** `POST /v1/billings/usage`: the plan in force now. */
export function readUsage(request: XtractaRequest): EndpointResponse {
  const parameters = parametersOf(request, ['group_id']);
  const groupId = groupOf(request, parameters);
  const state = request.world.state();
  const period = currentPeriod(state, groupId, request.now);
  const plan = period === null ? undefined : state.plans[period.planId];
  if (period === null || plan === undefined) {
    if (request.toggles.usageWithoutPlan === 'empty_element') {
      return success('billings_response', PROCESSED, [element('plan', [])]);
    }
    throw new Refused(404, 'No billing plan found');
  }
  const allowed = allowedOf(state, period);
  return success('billings_response', PROCESSED, [
    element('plan', [
      element('id', plan.id),
      element('plan_name', plan.name),
      element('price', plan.price),
      element('price_currency', plan.currency),
      element('allowed_documents', allowed),
      element('used_documents', period.used),
      element('available_documents', Math.max(0, allowed - period.used)),
      element('start_date', writeDate(period.start, 'gmt')),
      element('expiry_date', writeDate(period.expiry, 'gmt')),
      element('group_id', groupId),
    ]),
  ]);
}

/**
 * `POST /v1/billings/plans`: the catalogue of plans and packs. The public copy of its page ends before the path and the
 * sample.
 */
export function listPlans(request: XtractaRequest): EndpointResponse {
  const parameters = parametersOf(request, ['group_id', 'plan_id', 'pack_id', 'is_parent']);
  groupOf(request, parameters);
  const planId = idOf(parameters, 'plan_id');
  const packId = idOf(parameters, 'pack_id');
  integerOf(parameters, 'is_parent', 0, 1);
  const state = request.world.state();
  const plans = itemsAsked(state.plans, planId, packId, FIXTURES.monthlyPlanId);
  const packs = itemsAsked(state.packs, packId, planId, FIXTURES.packId);
  const planElements = plans.map((plan) =>
    element('plan', [
      element('id', plan.id),
      element('plan_name', plan.name),
      element('plan_type', plan.type),
      ...itemElements(plan, request.toggles),
    ]),
  );
  const packElements = packs.map((pack) =>
    element('pack', [element('id', pack.id), element('pack_name', pack.name), ...itemElements(pack, request.toggles)]),
  );
  const payload =
    request.toggles.catalogueShape === 'flat'
      ? [...planElements, ...packElements]
      : [element('plans', planElements), element('packs', packElements)];
  return success('billings_response', PROCESSED, payload);
}

/** All items, or the requested one. A magic id appears only on request, as the item that is sold under it. */
function itemsAsked<Item extends Plan | Pack>(
  items: Readonly<Record<string, Item>>,
  id: string | undefined,
  otherId: string | undefined,
  soldAs: string,
): readonly Item[] {
  if (id === undefined) return otherId === undefined ? Object.values(items) : [];
  const item = items[magicFault(id) === null ? id : soldAs];
  return item === undefined ? [] : [{ ...item, id }];
}

/** Plans and packs belong to the root group, although they are offered to every group. */
function itemElements(item: Plan | Pack, toggles: XtractaRequest['toggles']): XmlElement[] {
  return [
    element('allowed_documents', item.allowed),
    element('group_id', FIXTURES.rootGroupId),
    element('price', item.price),
    element('wholesale_price', item.wholesalePrice),
    ...(toggles.catalogueCurrency === 'yes' ? [element('price_currency', item.currency)] : []),
  ];
}

/** A success: status 200, message, payload. */
export function success(root: string, message: string, payload: readonly XmlElement[]): EndpointResponse {
  const envelope = [element('status', 200), element('message', message)];
  return {
    status: 200,
    body: { kind: 'xml', root: element(root, [...envelope, ...payload]) },
    committed: true,
    note: message,
  };
}

function applyPurge(request: XtractaRequest, groupId: string, purge: 'process' | 'delete' | null): void {
  if (purge === 'process') releaseHeld(request.world.state(), groupId, request.now);
  if (purge === 'delete') deleteHeld(request.world.state(), groupId);
}

/**
 * 104 bytes in base64 with `+`, `/` and `=` written as `.`, `_` and `-`, as the manual's sample decodes. The same in
 * every run.
 */
function uiToken(worldName: string, number: number): string {
  const blocks = [0, 1, 2, 3].map((block) => createHash('sha256').update(`${worldName} ${number} ${block}`).digest());
  const text = Buffer.concat(blocks).subarray(0, 104).toString('base64');
  return text.replaceAll('+', '.').replaceAll('/', '_').replaceAll('=', '-');
}

function writeExpire(expiresAtMs: number, seconds: number, unit: XtractaRequest['toggles']['billingUiExpire']): number {
  switch (unit) {
    case 'seconds':
      return Math.floor(expiresAtMs / 1000);
    case 'milliseconds':
      return expiresAtMs;
    case 'relative':
      return seconds;
  }
}
