import { addMonths } from './auckland-calendar.js';
import { openPeriod, settle, type WorldChange } from './billing-periods.js';
import type { Fault } from './fault-kinds.js';
import { type FaultRule, type FaultRuleInput, FaultRules } from './fault-rules.js';
import { FIXTURE_PACKS, FIXTURE_PLANS, FIXTURES, fixtureGroups, fixturePlanId } from './simulator-fixtures.js';
import { Journal } from './world-journal.js';
import type { Pack, Plan, WorldState } from './world-state.js';
import { DEFAULT_TOGGLES, type Toggles, withToggles } from './world-toggles.js';

/** One step of a clock; months are calendar months in New Zealand. */
export interface ClockStep {
  readonly seconds?: number;
  readonly days?: number;
  readonly months?: number;
}

interface Snapshot {
  readonly state: WorldState;
  readonly now: number;
  readonly toggles: Toggles;
  readonly rules: readonly FaultRule[];
}

const MAX_SNAPSHOTS = 50;

/** The last instant of an ISO date with a four-digit year, less one year for the period after it. */
const LATEST_MS = Date.UTC(9998, 0, 1);

/**
 * One tenant's whole upstream: state, clock, toggles, fault rules and journal. All of it is mutable, and worlds share
 * nothing. Every method is synchronous, so each request sees and leaves a consistent state.
 */
export class World {
  readonly #keys: Readonly<Record<string, string>>;
  readonly #systemNow: () => number;
  readonly journal = new Journal();
  #state: WorldState;
  #toggles: Toggles = DEFAULT_TOGGLES;
  #rules = new FaultRules();
  #offsetMs = 0;
  #settledUntil: number;
  readonly #snapshots = new Map<string, Snapshot>();
  #snapshotNumber = 0;

  /**
   * @param name the world's api key.
   * @param keys its keys and their groups.
   * @param systemNow the base of the world's clock, epoch milliseconds.
   */
  constructor(
    readonly name: string,
    keys: Readonly<Record<string, string>>,
    systemNow: () => number,
  ) {
    this.#keys = keys;
    this.#systemNow = systemNow;
    const now = systemNow();
    this.#state = createWorldState(now, keys);
    this.#settledUntil = now;
  }

  /** The world's own time, epoch milliseconds: the system's time plus all moves forward. */
  now(): number {
    return this.#systemNow() + this.#offsetMs;
  }

  /** The state at the present moment; it renews ended periods first. */
  state(): WorldState {
    this.#catchUp();
    return this.#state;
  }

  /**
   * Moves the clock forward and does all work that falls due, at once.
   *
   * @returns the changes, oldest first.
   * @throws RangeError for a negative, fractional or endless step.
   */
  advance(step: ClockStep): WorldChange[] {
    for (const amount of [step.seconds, step.days, step.months]) {
      if (amount !== undefined && (!Number.isInteger(amount) || amount < 0)) {
        throw new RangeError('seconds, days and months are whole numbers, 0 or more');
      }
    }
    const now = this.now();
    const later = (step.seconds ?? 0) * 1000 + (step.days ?? 0) * 86_400_000;
    return this.setClock(addMonths(now, Math.min(step.months ?? 0, 120_000)) + later);
  }

  /**
   * Sets the clock to a later instant (epoch ms), from which it runs on.
   *
   * @throws RangeError for an instant before the world's now: renewals can't be undone (take a snapshot instead).
   */
  setClock(instantMs: number): WorldChange[] {
    const now = this.now();
    if (!Number.isFinite(instantMs) || instantMs < now) throw new RangeError('the clock only moves forward');
    if (instantMs > LATEST_MS) throw new RangeError('the clock stops at the year 9998');
    this.#offsetMs += instantMs - now;
    return this.#catchUp();
  }

  toggles(): Toggles {
    return this.#toggles;
  }

  /** @throws RangeError for an unknown toggle or value; then nothing changes. */
  setToggles(changes: Readonly<Record<string, unknown>>): Toggles {
    this.#toggles = withToggles(this.#toggles, changes);
    return this.#toggles;
  }

  /** @throws RangeError for a rule that can't be read. */
  addFault(rule: FaultRuleInput): FaultRule {
    return this.#rules.add(rule);
  }

  faults(): readonly FaultRule[] {
    return this.#rules.list();
  }

  /** Removes one rule, or all. Returns how many. */
  clearFaults(id?: string): number {
    return this.#rules.clear(id);
  }

  /** The faults of the rules for this request. The rules count the request. */
  matchFaults(endpoint: string, groupId: string | null): readonly Fault[] {
    return this.#rules.match(endpoint, groupId);
  }

  /** Restores the first state: fixtures, clock, toggles, no faults, empty journal. Snapshots stay. */
  reset(): void {
    this.#offsetMs = 0;
    this.#toggles = DEFAULT_TOGGLES;
    this.#rules = new FaultRules();
    this.journal.clear();
    this.#adopt(createWorldState(this.now(), this.#keys));
  }

  /**
   * Keeps a copy of state, clock, toggles and rules (not of the journal). Returns its id; above 50 snapshots the oldest
   * is dropped.
   */
  snapshot(): string {
    this.#snapshotNumber += 1;
    const id = `snapshot-${this.#snapshotNumber}`;
    this.#snapshots.set(id, {
      state: structuredClone(this.state()),
      now: this.now(),
      toggles: this.#toggles,
      rules: this.#rules.copy(),
    });
    const oldest = this.#snapshots.keys().next().value;
    if (this.#snapshots.size > MAX_SNAPSHOTS && oldest !== undefined) this.#snapshots.delete(oldest);
    return id;
  }

  /** Returns to a snapshot, including its time. A snapshot can be restored any number of times. */
  restore(id: string): boolean {
    const snapshot = this.#snapshots.get(id);
    if (snapshot === undefined) return false;
    this.#offsetMs = snapshot.now - this.#systemNow();
    this.#toggles = snapshot.toggles;
    this.#rules = new FaultRules(snapshot.rules);
    this.#adopt(structuredClone(snapshot.state));
    return true;
  }

  #catchUp(): WorldChange[] {
    const now = this.now();
    const changes = settle(this.#state, now, this.#toggles.autoRenew === 'yes', this.#settledUntil);
    this.#settledUntil = now;
    return changes;
  }

  #adopt(state: WorldState): void {
    this.#state = state;
    this.#settledUntil = this.now();
  }
}

const DAY_MS = 86_400_000;
const HELD_DOCUMENTS = 25;

/**
 * A fresh world: the fixtures, with a history of about thirteen months that ends now. Equal arguments give equal
 * worlds.
 *
 * @param now epoch milliseconds; the history ends here.
 * @param keys api keys and their groups.
 */
function createWorldState(now: number, keys: Readonly<Record<string, string>>): WorldState {
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

/** Sets the usage of past months. It differs from month to month, and is the same in every run. */
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
