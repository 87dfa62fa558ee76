import { openPeriod, settle } from './billing.periods.js';
import { FIXTURE_PACKS, FIXTURE_PLANS, FIXTURES, fixtureGroups, fixturePlanId } from './simulator.fixtures.js';
import type { Pack, Plan, WorldState } from './world.state.js';

const DAY_MS = 86_400_000;
const HELD_DOCUMENTS = 25;

/**
 * A fresh world: the fixtures, with a history of about thirteen months that ends now. Equal arguments give equal
 * worlds.
 *
 * @param now epoch milliseconds, on which the history is aligned.
 * @param keys api keys and the groups that they are bound to.
 */
export function createWorldState(now: number, keys: Readonly<Record<string, string>>): WorldState {
  const state: WorldState = {
    keys: { ...keys },
    groups: Object.fromEntries(fixtureGroups().map((group) => [group.id, group])),
    plans: Object.fromEntries(FIXTURE_PLANS.map((plan): [string, Plan] => [plan.id, plan])),
    packs: Object.fromEntries(FIXTURE_PACKS.map((pack): [string, Pack] => [pack.id, pack])),
    periods: {},
    packOrders: [],
    documents: [],
    uiTokens: [],
    purchases: [],
    bearerTokens: [],
    creditBalance: 0,
    counters: { activity: 100, order: 0, document: 0, uiToken: 0, purchase: 0, bearer: 0 },
  };
  const today = Math.floor(now / 1000) * 1000;
  let index = 0;
  for (const group of Object.values(state.groups)) {
    const plan = state.plans[fixturePlanId(group.id) ?? ''];
    // Spread over four weeks, so that no two neighbours renew on the same day.
    if (plan !== undefined) openPeriod(state, group.id, plan, 'signup', today - (395 - ((index * 5) % 27)) * DAY_MS);
    index += 1;
  }
  settle(state, now, true, now);
  useSomeDocuments(state);
  holdDocuments(state, today);
  return state;
}

/** Past months were used by a part that differs from month to month, and is the same in every run. */
function useSomeDocuments(state: WorldState): void {
  for (const periods of Object.values(state.periods)) {
    for (const period of periods) {
      const allowed = state.plans[period.planId]?.allowed ?? 0;
      period.used = (period.id * 37) % (allowed + 1);
    }
  }
}

function holdDocuments(state: WorldState, at: number): void {
  const period = state.periods[FIXTURES.heldGroupId]?.at(-1);
  if (period !== undefined) period.used = state.plans[period.planId]?.allowed ?? 0;
  for (let count = 0; count < HELD_DOCUMENTS; count += 1) {
    state.counters.document += 1;
    const id = state.counters.document;
    state.documents.push({ id, groupId: FIXTURES.heldGroupId, arrivedAt: at, state: 'on_hold' });
  }
}
