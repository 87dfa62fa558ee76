import { periodExpiry } from './auckland-calendar.js';
import type { HeldDocument, PackOrder, Period, PeriodActivity, Plan, WorldState } from './world-state.js';

/**
 * A group's documents use up its plan first, then its packs, oldest first. Documents without capacity are put on hold
 * silently. The hold is described by a reseller's help page; the order of plan and packs is inferred.
 */

/** The period at the moment `at` (epoch ms). Where two overlap, the one with the latest start. */
export function currentPeriod(state: WorldState, groupId: string, at: number): Period | null {
  const periods = state.periods[groupId] ?? [];
  for (let index = periods.length - 1; index >= 0; index -= 1) {
    const period = periods[index];
    if (period !== undefined && period.start <= at && at < period.expiry + 1000) return period;
  }
  return null;
}

/** Remaining documents in the group's plan and packs at `at`. */
export function remainingCapacity(state: WorldState, groupId: string, at: number): number {
  const period = currentPeriod(state, groupId, at);
  const plan = period === null ? 0 : Math.max(0, allowedOf(state, period) - period.used);
  return plan + packTotals(state, groupId).available;
}

/** Used and still available documents over all packs that the group ever ordered. */
export function packTotals(state: WorldState, groupId: string): { used: number; available: number } {
  let used = 0;
  let available = 0;
  for (const order of state.packOrders) {
    if (order.groupId !== groupId) continue;
    used += order.used;
    available += remainingInOrder(state, order);
  }
  return { used, available };
}

/** Documents of the group that are on hold, first arrived first. */
export function heldDocuments(state: WorldState, groupId: string): HeldDocument[] {
  return state.documents.filter((document) => document.groupId === groupId && document.state === 'on_hold');
}

/**
 * Lets `count` documents arrive for a group at the moment `at`.
 *
 * @returns how many were processed and how many went on hold.
 */
export function receiveDocuments(
  state: WorldState,
  groupId: string,
  count: number,
  at: number,
): { processed: number; held: number } {
  let processed = 0;
  for (let index = 0; index < count; index += 1) {
    const taken = takeCapacity(state, groupId, at);
    if (taken) processed += 1;
    state.counters.document += 1;
    const id = state.counters.document;
    state.documents.push({ id, groupId, arrivedAt: at, state: taken ? 'processed' : 'on_hold' });
  }
  return { processed, held: count - processed };
}

/** Processes held documents while there is room for them; the rest stays on hold. Returns the ids, in their order. */
export function releaseHeld(state: WorldState, groupId: string, at: number): number[] {
  const released: number[] = [];
  for (const document of heldDocuments(state, groupId)) {
    if (!takeCapacity(state, groupId, at)) break;
    document.state = 'processed';
    released.push(document.id);
  }
  return released;
}

/** Deletes every held document of the group, for good. Returns the ids. */
export function deleteHeld(state: WorldState, groupId: string): number[] {
  const deleted = heldDocuments(state, groupId);
  for (const document of deleted) document.state = 'deleted';
  return deleted.map((document) => document.id);
}

export function allowedOf(state: WorldState, period: Period): number {
  return state.plans[period.planId]?.allowed ?? 0;
}

function takeCapacity(state: WorldState, groupId: string, at: number): boolean {
  const period = currentPeriod(state, groupId, at);
  if (period !== null && period.used < allowedOf(state, period)) {
    period.used += 1;
    return true;
  }
  const order = state.packOrders.find(
    (candidate) => candidate.groupId === groupId && remainingInOrder(state, candidate) > 0,
  );
  if (order === undefined) return false;
  order.used += 1;
  return true;
}

function remainingInOrder(state: WorldState, order: PackOrder): number {
  return Math.max(0, (state.packs[order.packId]?.allowed ?? 0) * order.quantity - order.used);
}

/** One change from moving the clock; lists of them are oldest first. */
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
 * Gives the group `plan` at the moment `at`: signup, renew, upgrade or downgrade, depending on its present plan. Usage
 * restarts at zero.
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
  // With a second change in the same second, the period must not end before its start.
  if (closeOldPeriod) current.expiry = Math.max(current.start, at - 1000);
  return openPeriod(state, groupId, plan, activity, at, credit);
}

/** Same plan: renew. More documents, or equal documents for more money: upgrade. Otherwise: downgrade. */
export function activityOf(from: Plan, to: Plan): 'renew' | 'upgrade' | 'downgrade' {
  if (from.id === to.id) return 'renew';
  if (to.allowed !== from.allowed) return to.allowed > from.allowed ? 'upgrade' : 'downgrade';
  return Number(to.price) > Number(from.price) ? 'upgrade' : 'downgrade';
}

/**
 * Advances the world to `now`. Ended periods are renewed one by one, and held documents use the new quota. All groups
 * together follow the order of time.
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
