import type { HeldDocument, PackOrder, Period, WorldState } from './world.state.js';

/**
 * A group's documents use up its plan first, then its packs, oldest first; what finds neither is put on hold without a
 * word. A reseller's help page says so of the hold; the order of plan and packs is inferred.
 */

/** The period that `at` (epoch ms) falls into; the latest start wins where two overlap. */
export function currentPeriod(state: WorldState, groupId: string, at: number): Period | null {
  const periods = state.periods[groupId] ?? [];
  for (let index = periods.length - 1; index >= 0; index -= 1) {
    const period = periods[index];
    if (period !== undefined && period.start <= at && at < period.expiry + 1000) return period;
  }
  return null;
}

/** How many more documents the group's plan and packs would take at `at`. */
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
 * Lets `count` documents arrive for a group at `at`.
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
