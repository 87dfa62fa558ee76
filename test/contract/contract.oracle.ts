import { Big } from 'big.js';
import type { World } from '../../src/simulator/world.js';
import { type PackOrder, type Period, subtree } from '../../src/simulator/world-state.js';
import type { ContractFacts } from './contract.facts.js';

/** Fields of a history's row, as {@link rowsOf} expects them. */
export const ROW = `id kind kindRaw planName planType planTypeRaw price { amount currency } creditAmount allowedDocuments
  usedDocuments startDate expiryDate group { id } groupName`;

/** Fields of a plan, as {@link planOf} expects them. */
export const PLAN = `planId name type typeRaw price { amount currency } allowedDocuments usedDocuments remainingDocuments
  startDate expiryDate`;

/** Epoch milliseconds, both ends inside. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ExpectedRow {
  readonly number: number;
  readonly startMs: number;
  readonly expiryMs: number;
  readonly groupId: string;
  /** The value in the gateway's response. */
  readonly node: Readonly<Record<string, unknown>> & {
    readonly price: { readonly amount: string; readonly currency: string };
    readonly usedDocuments: number;
  };
}

const PLAN_TYPES = { Monthly: 'MONTHLY', Annual: 'ANNUAL' } as const;
const ALWAYS: Window = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

/** To the second, as the upstream knows instants. */
export function secondText(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** The rows that a history must hold, newest first. Computed from the upstream's state, not from its responses. */
export function rowsOf(
  world: World,
  facts: ContractFacts,
  groupIds: readonly string[],
  { fromMs, toMs }: Window = ALWAYS,
): readonly ExpectedRow[] {
  const state = world.state();
  const periods = groupIds.flatMap((id) => state.periods[id] ?? []).map((period) => periodRow(world, facts, period));
  const orders = state.packOrders.filter(({ groupId }) => groupIds.includes(groupId));
  const boosters = facts.tellsBoosters ? orders.map((order) => boosterRow(world, facts, order)) : [];
  return [...periods, ...boosters]
    .filter(({ startMs }) => startMs >= fromMs && startMs <= toMs)
    .filter(({ expiryMs }) => facts.tellsRowsEndingLater || expiryMs <= toMs)
    .sort((one, other) => other.startMs - one.startMs || other.number - one.number);
}

/** A group with all its descendants, its own id first. */
export function treeOf(world: World, groupId: string): readonly string[] {
  return [...subtree(world.state(), groupId)];
}

/** The group's periods, oldest first. */
export function periodsOf(world: World, groupId: string): readonly Period[] {
  return world.state().periods[groupId] ?? [];
}

/** The plan in force at an instant, as the gateway derives it from the history; null where there is none. */
export function planOf(world: World, groupId: string, atMs: number): Readonly<Record<string, unknown>> | null {
  const state = world.state();
  const period = periodsOf(world, groupId).findLast(({ start, expiry }) => start <= atMs && atMs < expiry + 1000);
  const plan = period === undefined ? undefined : state.plans[period.planId];
  if (period === undefined || plan === undefined) return null;
  return {
    planId: null,
    name: plan.name,
    type: PLAN_TYPES[plan.type],
    typeRaw: plan.type,
    price: { amount: plan.price, currency: plan.currency },
    allowedDocuments: plan.allowed,
    usedDocuments: period.used,
    remainingDocuments: Math.max(0, plan.allowed - period.used),
    startDate: secondText(period.start),
    expiryDate: secondText(period.expiry),
  };
}

/**
 * The plan in force now, as the gateway reads it from the usage endpoint: with a number, and without the word for its
 * length.
 */
export function planInUse(world: World, groupId: string): Readonly<Record<string, unknown>> | null {
  const now = world.now();
  const plan = planOf(world, groupId, now);
  const planId = periodsOf(world, groupId).findLast(({ start }) => start <= now)?.planId;
  return plan === null ? null : { ...plan, planId, type: 'OTHER', typeRaw: null };
}

/** The exact sums of a selection. */
export function summaryOf(rows: readonly ExpectedRow[]): Readonly<Record<string, unknown>> {
  const byCurrency = Map.groupBy(rows, ({ node }) => node.price.currency);
  return {
    count: rows.length,
    usedDocuments: rows.reduce((sum, { node }) => sum + node.usedDocuments, 0),
    spend: [...byCurrency].sort().map(([currency, own]) => ({ amount: sumOf(own), currency })),
    unreadablePrices: 0,
    unreadableCounts: 0,
  };
}

/** With as many decimals as the longest addend. */
function sumOf(rows: readonly ExpectedRow[]): string {
  const amounts = rows.map(({ node }) => node.price.amount);
  const decimals = Math.max(...amounts.map((amount) => amount.split('.')[1]?.length ?? 0));
  return amounts.reduce((sum, amount) => sum.plus(amount), new Big(0)).toFixed(decimals);
}

function periodRow(world: World, facts: ContractFacts, period: Period): ExpectedRow {
  const { plans, groups } = world.state();
  const plan = plans[period.planId];
  if (plan === undefined) throw new Error(`no plan ${period.planId}`);
  return {
    number: period.id,
    startMs: period.start,
    expiryMs: period.expiry,
    groupId: period.groupId,
    node: {
      id: facts.rowId(period.id),
      kind: period.activity.toUpperCase(),
      kindRaw: period.activity,
      planName: plan.name,
      planType: PLAN_TYPES[plan.type],
      planTypeRaw: plan.type,
      price: { amount: plan.price, currency: plan.currency },
      creditAmount: facts.credit(period.credit),
      allowedDocuments: plan.allowed,
      usedDocuments: period.used,
      startDate: secondText(period.start),
      expiryDate: secondText(period.expiry),
      group: { id: period.groupId },
      groupName: groups[period.groupId]?.name,
    },
  };
}

/** A pack lasts as long as the plan's period in which it was bought. */
function boosterRow(world: World, facts: ContractFacts, order: PackOrder): ExpectedRow {
  const { packs, groups } = world.state();
  const pack = packs[order.packId];
  const period = periodsOf(world, order.groupId).findLast(
    ({ start, expiry }) => start <= order.orderedAt && order.orderedAt < expiry + 1000,
  );
  if (pack === undefined || period === undefined) throw new Error(`no pack ${order.packId}, or no plan beside it`);
  return {
    number: order.activityId,
    startMs: order.orderedAt,
    expiryMs: period.expiry,
    groupId: order.groupId,
    node: {
      id: facts.rowId(order.activityId),
      kind: 'BOOSTER',
      kindRaw: 'booster',
      planName: pack.name,
      planType: 'OTHER',
      planTypeRaw: 'One-time',
      price: { amount: totalPrice(pack.price, order.quantity), currency: pack.currency },
      creditAmount: facts.credit(0),
      allowedDocuments: pack.allowed * order.quantity,
      usedDocuments: order.used,
      startDate: secondText(order.orderedAt),
      expiryDate: secondText(period.expiry),
      group: { id: order.groupId },
      groupName: groups[order.groupId]?.name,
    },
  };
}

/** The price of this number of packs, with the decimals of one. */
export function totalPrice(one: string, quantity: number): string {
  return new Big(one).times(quantity).toFixed(one.split('.')[1]?.length ?? 0);
}
