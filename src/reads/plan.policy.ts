import {
  type BillingActivity,
  type BillingPlan,
  hasUnreadableGroup,
  toBillingPlan,
} from '../domain/billing-history.js';
import { parseDecimal, type Readable, readableOrNull, UnreadableValue } from '../domain/money.js';
import type { HistoryRead } from './billing-reads.js';
import type { Rows } from './history.executor.js';
import { compareActivities } from './history-order.policy.js';
import { planWindow, windowCovers } from './history-window.policy.js';

/**
 * A booster adds documents to a plan and a cancellation ends one; neither is a plan. The gateway does not derive which
 * plan a cancellation ends. Reason: the upstream does not name the cancelled row, and shortens that row's own period
 * where it intends to.
 *
 * A row of an unknown kind (`addon`) is a plan only if it is charged by the month or by the year, as plans are.
 */
function isPlanRow(row: BillingActivity): boolean {
  switch (row.kind) {
    case 'SIGNUP':
    case 'RENEW':
    case 'UPGRADE':
    case 'DOWNGRADE':
      return true;
    case 'BOOSTER':
    case 'CANCEL':
      return false;
    case 'OTHER':
      return row.planType !== 'OTHER';
  }
}

/**
 * Whether the row's period holds the instant, or the unreadable date that decides it. A missing date means no period.
 *
 * `expiry_date` is the last second inside the period (2018-04-27T02:11:17Z for a month from 02:11:18Z), so the whole
 * second belongs to the period.
 */
function isInForce({ startMs, startDate, expiryMs, expiryDate }: BillingActivity, atMs: number) {
  const hasBegun = startMs === null ? unreadableOrFalse(startDate) : startMs <= atMs;
  const lasts =
    expiryMs === null ? unreadableOrFalse(expiryDate) : Math.floor(atMs / 1000) <= Math.floor(expiryMs / 1000);
  return hasBegun === true || lasts === false ? lasts : hasBegun;
}

function unreadableOrFalse(date: Readable<string>): UnreadableValue | false {
  return date instanceof UnreadableValue ? date : false;
}

/**
 * The plan in force at an instant. Periods may overlap, because a plan change need not close the old period. The latest
 * start wins, then the highest id. Rows of other groups, and rows without dates, are never the plan.
 *
 * @param atMs epoch milliseconds
 * @returns null when no period contains the instant. Unreadable: the date or the group of a row that may be the plan,
 *   because neither "none" nor an older plan is then known to be right
 */
export function planInForce(rows: readonly BillingActivity[], groupId: string, atMs: number): Readable<BillingPlan> {
  let winner: BillingActivity | null = null;
  const doubtful: { readonly row: BillingActivity; readonly date: UnreadableValue }[] = [];
  for (const row of rows) {
    if ((row.groupId !== groupId && !hasUnreadableGroup(row)) || !isPlanRow(row)) continue;
    const inForce = isInForce(row, atMs);
    if (inForce instanceof UnreadableValue) doubtful.push({ row, date: inForce });
    else if (inForce && (winner === null || compareActivities(row, winner) > 0)) winner = row;
  }
  for (const { row, date } of doubtful) {
    if (winner === null || row.startMs === null || compareActivities(row, winner) > 0) return date;
  }
  if (winner === null) return null;
  return winner.group instanceof UnreadableValue ? winner.group : toBillingPlan(winner);
}

/** The plan that usage reported for a group, and the time of that report. */
interface PlanInUse {
  readonly plan: BillingPlan | null;
  readonly nowMs: number;
}

interface ReadHistory {
  readonly read: HistoryRead;
  readonly rows: Rows;
}

/**
 * Compares the plan that the usage endpoint reports with the history that the same operation has read. The comparison
 * causes no read. Mutable state of one operation by one caller.
 */
export class PlanComparison {
  readonly #onMismatch: () => void;
  readonly #usage = new Map<string, PlanInUse>();
  readonly #histories: ReadHistory[] = [];
  readonly #told = new Set<string>();

  /** @param onMismatch called once for each group where the two differ */
  constructor(onMismatch: () => void) {
    this.#onMismatch = onMismatch;
  }

  /** @param nowMs the time of the plan, which is now by the clock that the read used */
  noteUsage(groupId: string, plan: BillingPlan | null, nowMs: number): void {
    const inUse = { plan, nowMs };
    this.#usage.set(groupId, inUse);
    for (const history of this.#histories) this.#compare(groupId, inUse, history);
  }

  noteHistory(read: HistoryRead, rows: Rows): void {
    const history = { read, rows };
    this.#histories.push(history);
    for (const [groupId, inUse] of this.#usage) this.#compare(groupId, inUse, history);
  }

  #compare(groupId: string, inUse: PlanInUse, history: ReadHistory): void {
    if (this.#told.has(groupId) || !plansDiffer(groupId, inUse, history)) return;
    this.#told.add(groupId);
    this.#onMismatch();
  }
}

/**
 * Whether usage and history disagree. False also where the history does not tell the plan: its window may end before
 * now, or begin after the plan, or its row may name an unreadable group.
 */
function plansDiffer(groupId: string, { plan, nowMs }: PlanInUse, { read, rows }: ReadHistory): boolean {
  if (read.groupId !== groupId && !read.recursive) return false;
  if (read.toSeconds * 1000 < nowMs - 1000) return false;
  const derived = planInForce(rows, groupId, nowMs);
  if (derived instanceof UnreadableValue) return false;
  if (derived !== null) return plan === null || !samePlan(plan, derived);
  return plan !== null && read.groupId === groupId && windowCovers(read, planWindow(nowMs));
}

/**
 * Whether all fields that both contain are equal. Used documents are left out, because they grow between two responses.
 */
function samePlan(one: BillingPlan, other: BillingPlan): boolean {
  const [price, otherPrice] = [readableOrNull(one.price), readableOrNull(other.price)];
  return (
    agree(one.name, other.name) &&
    agree(readableOrNull(one.allowedDocuments), readableOrNull(other.allowedDocuments)) &&
    agree(secondOf(one), secondOf(other)) &&
    agree(exactValue(price?.amount), exactValue(otherPrice?.amount)) &&
    agree(readableOrNull(price?.currency ?? null), readableOrNull(otherPrice?.currency ?? null))
  );
}

function agree<T>(one: T | null, other: T | null): boolean {
  return one === null || other === null || one === other;
}

/** `15` and `15.00` are the same price. */
function exactValue(amount: string | undefined): string | null {
  return parseDecimal(amount ?? '')?.value.toFixed() ?? null;
}

function secondOf({ startDate }: BillingPlan): number | null {
  const start = readableOrNull(startDate);
  return start === null ? null : Math.floor(Date.parse(start) / 1000);
}
