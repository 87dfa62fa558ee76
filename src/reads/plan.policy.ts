import type { BillingActivity } from '../domain/billing-activity.js';
import { type BillingPlan, toBillingPlan } from '../domain/billing-plan.js';
import { compareActivities } from './history-order.policy.js';

/**
 * A booster adds documents to a plan and a cancellation ends one; neither is a plan. What a cancellation ends is not worked out: the
 * upstream does not say which row it cancels, and shortens that row's own period where it means to.
 *
 * A row of an unknown kind (`addon`) is a plan only if it is charged as plans are, by the month or by the year.
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

/** `expiry_date` is the last second inside the period (2018-04-27T02:11:17Z for a month from 02:11:18Z), so all of that second belongs. */
function isInForce(row: BillingActivity, atMs: number): boolean {
  if (row.startMs === null || row.expiryMs === null) return false;
  return row.startMs <= atMs && Math.floor(atMs / 1000) <= Math.floor(row.expiryMs / 1000);
}

/**
 * The plan in force at an instant. Periods may overlap (a plan change need not close the old period): the latest start wins, then
 * the highest id. Rows of other groups, and rows without readable dates, are never the plan.
 *
 * @param atMs epoch milliseconds
 * @returns null when no period contains the instant
 */
export function planInForce(rows: readonly BillingActivity[], groupId: string, atMs: number): BillingPlan | null {
  let winner: BillingActivity | null = null;
  for (const row of rows) {
    if (row.groupId !== groupId || !isPlanRow(row) || !isInForce(row, atMs)) continue;
    if (winner === null || compareActivities(row, winner) > 0) winner = row;
  }
  return winner === null ? null : toBillingPlan(winner);
}
