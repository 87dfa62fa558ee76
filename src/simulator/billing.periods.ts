import { periodExpiry } from './auckland.calendar.js';
import { currentPeriod, releaseHeld } from './billing.documents.js';
import type { Period, PeriodActivity, Plan, WorldState } from './world.state.js';

/** What moving the clock brought about, oldest first. */
export interface WorldChange {
  readonly at: string;
  readonly groupId: string;
  readonly kind: 'renewed' | 'lapsed' | 'documents_processed';
  readonly periodId?: number;
  readonly documentIds?: readonly number[];
}

/** Opens a period of `plan` at `start`. Its number is the next one of the world. */
export function openPeriod(
  state: WorldState,
  groupId: string,
  plan: Plan,
  activity: PeriodActivity,
  start: number,
  credit = 0,
): Period {
  state.counters.activity += 1;
  const period: Period = {
    id: state.counters.activity,
    groupId,
    planId: plan.id,
    activity,
    start,
    expiry: periodExpiry(start, plan.type),
    used: 0,
    credit,
  };
  const periods = state.periods[groupId];
  if (periods === undefined) state.periods[groupId] = [period];
  else periods.push(period);
  return period;
}

/**
 * Puts the group on `plan` at `at`: signup, renew, upgrade or downgrade, by what it has now. Usage starts again at
 * zero.
 *
 * @param closeOldPeriod whether the change ends the period before it
 */
export function changePlan(
  state: WorldState,
  groupId: string,
  plan: Plan,
  at: number,
  closeOldPeriod: boolean,
): Period {
  const current = currentPeriod(state, groupId, at);
  const currentPlan = current === null ? undefined : state.plans[current.planId];
  if (current === null || currentPlan === undefined) return openPeriod(state, groupId, plan, 'signup', at);
  const activity = activityOf(currentPlan, plan);
  const credit = activity === 'renew' ? 0 : unusedCredit(current, currentPlan, at);
  // A second change within the same second can't end before it started.
  if (closeOldPeriod) current.expiry = Math.max(current.start, at - 1000);
  return openPeriod(state, groupId, plan, activity, at, credit);
}

/** Same plan: renew. More documents, or as many for more money: upgrade. Otherwise downgrade. */
export function activityOf(from: Plan, to: Plan): 'renew' | 'upgrade' | 'downgrade' {
  if (from.id === to.id) return 'renew';
  if (to.allowed !== from.allowed) return to.allowed > from.allowed ? 'upgrade' : 'downgrade';
  return Number(to.price) > Number(from.price) ? 'upgrade' : 'downgrade';
}

/**
 * Brings the world up to `now`: periods that ended are renewed, one after the other, and held documents use the new
 * quota, in the order of time over all groups.
 *
 * @returns what happened; empty when nothing was due.
 */
export function settle(state: WorldState, now: number, autoRenew: boolean, settledUntil: number): WorldChange[] {
  const changes: WorldChange[] = [];
  for (const group of Object.values(state.groups)) {
    for (;;) {
      const period = state.periods[group.id]?.at(-1);
      // A period covers its last second whole.
      if (period === undefined || period.expiry + 1000 > now) break;
      const plan = state.plans[period.planId];
      const end = period.expiry + 1000;
      if (!group.autoRenew || !autoRenew || plan === undefined) {
        if (end > settledUntil) changes.push({ at: iso(end), groupId: group.id, kind: 'lapsed', periodId: period.id });
        break;
      }
      const renewed = openPeriod(state, group.id, plan, 'renew', end);
      changes.push({ at: iso(end), groupId: group.id, kind: 'renewed', periodId: renewed.id });
      const documentIds = releaseHeld(state, group.id, end);
      if (documentIds.length > 0) {
        changes.push({ at: iso(end), groupId: group.id, kind: 'documents_processed', documentIds });
      }
    }
  }
  return changes.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function unusedCredit(period: Period, plan: Plan, at: number): number {
  const length = period.expiry + 1000 - period.start;
  const left = Math.max(0, period.expiry + 1000 - at);
  return length <= 0 ? 0 : Math.floor((Number(plan.price) * left) / length);
}

function iso(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
