import type { TestGateway } from '../support/start-gateway.js';
import type { TestWorld } from '../support/start-simulator.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const DAY = 1_440 * MINUTE;

const OPERATION = 'operation { status replayed } userErrors { code }';
const ORDER = `mutation Order($input: OrderBoosterPackInput!) { write: orderBoosterPack(input: $input) {
  value: pack { id name allowedDocuments price { amount } quantity group { id } } ${OPERATION} } }`;
const CHANGE = `mutation Change($input: ChangePlanInput!) { write: changePlan(input: $input) {
  value: plan { planId name allowedDocuments price { amount } } ${OPERATION} } }`;
const RECONCILE = `mutation Reconcile($key: ID!) { reconcileBillingOperation(idempotencyKey: $key) { operation { status
  evidence { planName } evidenceFit { activity { planName } fits doesNotFit } } userErrors { code } } }`;

export interface Written {
  readonly write: {
    readonly value: Readonly<Record<string, unknown>> | null;
    readonly operation: { readonly status: string; readonly replayed: boolean };
  };
}
interface Reconciled {
  readonly reconcileBillingOperation: {
    readonly operation: {
      readonly status: string;
      readonly evidence: readonly { readonly planName: string }[];
      readonly evidenceFit: readonly { readonly doesNotFit: readonly string[] }[];
    };
  };
}

/** One group of the world, in which one write of one test happens. */
export class Place {
  /** The next group that nothing has happened in, of each world. From 100015 on all groups are ordinary ones. */
  static readonly #nextGroup = new WeakMap<TestWorld['world'], number>();
  readonly key: string;
  readonly groupId: string;
  readonly #world: TestWorld['world'];

  constructor(
    world: TestWorld['world'],
    readonly gateway: TestGateway,
  ) {
    this.#world = world;
    const group = Place.#nextGroup.get(world) ?? 100_015;
    Place.#nextGroup.set(world, group + 1);
    this.groupId = String(group);
    this.key = `proof-${this.groupId}`;
    // On 112, three weeks before it renews, whatever the fixtures say of the group.
    const period = this.#state().periods[this.groupId]?.at(-1);
    if (period === undefined) throw new Error(`Group ${this.groupId} has no plan.`);
    this.#state().periods[this.groupId] = [
      { ...period, planId: '112', start: this.now() - 9 * DAY, expiry: this.now() + 21 * DAY },
    ];
  }

  /** The upstream's time in whole seconds, as its rows tell it. */
  now(): number {
    return Math.floor(this.#world.now() / SECOND) * SECOND;
  }

  fault(endpoint: string, kind: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.#world.addFault({ endpoint, group: this.groupId, kind, ...more });
  }

  /** Ends the period before at this moment; the upstream's own renewal comes only when a test says so. */
  expireAt(expiry: number): void {
    const period = this.#state().periods[this.groupId]?.at(-1);
    if (period !== undefined) period.expiry = expiry;
  }

  /** What the upstream writes for a plan: by hand at its billing page, or by itself. */
  startPlan(planId: string, activity: 'signup' | 'renew' | 'upgrade' | 'downgrade', start = this.now()): void {
    const state = this.#state();
    state.counters.activity += 1;
    const id = state.counters.activity;
    state.periods[this.groupId]?.push({
      ...{ id, groupId: this.groupId, planId, activity, start, expiry: start + 30 * DAY, used: 0, credit: 0 },
    });
  }

  /** Somebody's order at the billing page. */
  buy(packId: string, quantity = 1): void {
    const state = this.#state();
    state.counters.activity += 1;
    const id = state.counters.activity;
    const { groupId } = this;
    state.packOrders.push({ id, activityId: id, groupId, packId, quantity, orderedAt: this.now(), used: 0 });
  }

  /** Takes the rows of all orders of the group out of its history; what is returned puts them back. */
  hideOrders(): () => void {
    const { packOrders } = this.#state();
    const hidden = packOrders.filter(({ groupId }) => groupId === this.groupId);
    for (const order of hidden) packOrders.splice(packOrders.indexOf(order), 1);
    return () => packOrders.push(...hidden);
  }

  /** A document is processed: the figures of the plan's row change. */
  useDocument(): void {
    const period = this.#state().periods[this.groupId]?.at(-1);
    if (period !== undefined) period.used += 1;
  }

  /** @param repeats the key of an equal write that this one repeats on purpose */
  async order(
    packId: string,
    quantity = 1,
    idempotencyKey = this.key,
    repeats: string | null = null,
  ): Promise<Written['write']> {
    const input = { idempotencyKey, packId, quantity, groupId: this.groupId, repeats };
    return this.#written(ORDER, input);
  }

  async change(planId: string): Promise<Written['write']> {
    return this.#written(CHANGE, { idempotencyKey: this.key, planId, groupId: this.groupId });
  }

  async reconcile(key = this.key): Promise<Reconciled['reconcileBillingOperation']['operation']> {
    const { data, text } = await this.gateway.execute<Reconciled>(RECONCILE, { key });
    if (data?.reconcileBillingOperation === undefined) throw new Error(text);
    return data.reconcileBillingOperation.operation;
  }

  #state() {
    return this.#world.state();
  }

  async #written(query: string, input: Readonly<Record<string, unknown>>): Promise<Written['write']> {
    const { data, text } = await this.gateway.execute<Written>(query, { input });
    if (data?.write === undefined) throw new Error(text);
    return data.write;
  }
}
