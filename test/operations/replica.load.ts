import { execute, type GraphqlResponse } from '../support/start-gateway.js';

/**
 * One order: a group, and a quantity that no other order of the group has, so that the upstream's journal tells orders
 * apart.
 */
export interface Order {
  readonly key: string;
  readonly groupId: string;
  readonly quantity: number;
}

/** `NOT_ORDERED`: an earlier order of the group stayed unknown, and a correct client orders nothing after it. */
export type OrderEnd = 'SUCCEEDED' | 'REJECTED' | 'OUTCOME_UNKNOWN' | 'NOT_ORDERED';

export interface LoadOptions {
  readonly url: string;
  readonly packId: string;
  readonly groupIds: readonly string[];
  readonly ordersPerGroup: number;
  readonly readers: number;
}

interface OrderPayload {
  readonly operation: { readonly status: string } | null;
  readonly userErrors: readonly { readonly code: string }[];
}

const ORDER = `mutation ($input: OrderBoosterPackInput!) { result: orderBoosterPack(input: $input) {
  operation { status } userErrors { code } } }`;
const RECONCILE = `mutation ($key: ID!) { result: reconcileBillingOperation(idempotencyKey: $key) {
  operation { status } userErrors { code } } }`;
const READ = '{ group(id: "100016") { name plan { name } billingHistory(first: 5) { totalCount } } }';
/** More tries than any order needs during a restart of a gateway. */
const MAX_TURNS = 2_000;

/**
 * Correct clients: one order after the other per group, each repeated with its own key until its outcome is known.
 * Mutable.
 */
export class ReplicaLoad {
  readonly ends = new Map<Order, OrderEnd>();
  /** Responses that were incomplete or bad, with their text. */
  readonly failedReads: string[] = [];
  readonly failedWrites: string[] = [];
  reads = 0;
  replays = 0;
  readonly #options: LoadOptions;
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get total(): number {
    return this.#options.groupIds.length * this.#options.ordersPerGroup;
  }

  /** Resolves when every order has ended. */
  async run(): Promise<void> {
    const readers = Array.from({ length: this.#options.readers }, () => this.#read());
    await Promise.all(this.#options.groupIds.map((groupId) => this.#orderAll(groupId)));
    this.#stopped = true;
    await Promise.all(readers);
  }

  /** Resolves as soon as this share of the orders has ended. */
  async reached(share: number): Promise<void> {
    while (this.ends.size < this.total * share) await this.#pause();
  }

  async #read(): Promise<void> {
    while (!this.#stopped) {
      this.reads += 1;
      const response = await this.#ask<{ group: { billingHistory: unknown } | null }>(READ, {});
      const isGood =
        typeof response !== 'string' && response.errors.length === 0 && response.data?.group?.billingHistory != null;
      if (!isGood) this.failedReads.push(typeof response === 'string' ? response : response.text);
    }
  }

  async #orderAll(groupId: string): Promise<void> {
    let isBlocked = false;
    for (let quantity = 1; quantity <= this.#options.ordersPerGroup; quantity += 1) {
      const order = { key: `replicas-${groupId}-${quantity}`, groupId, quantity };
      const end: OrderEnd = isBlocked ? 'NOT_ORDERED' : await this.#untilItEnds(order);
      isBlocked ||= end === 'OUTCOME_UNKNOWN';
      this.ends.set(order, end);
    }
  }

  async #untilItEnds(order: Order): Promise<OrderEnd> {
    const { key, groupId, quantity } = order;
    const input = { idempotencyKey: key, packId: this.#options.packId, groupId, quantity };
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const response = await this.#ask<{ result: OrderPayload }>(ORDER, { input });
      if (typeof response === 'string' || response.data?.result === undefined) {
        this.failedWrites.push(typeof response === 'string' ? response : response.text);
        await this.#pause();
        continue;
      }
      const { operation, userErrors } = response.data.result;
      const code = userErrors[0]?.code ?? null;
      if (code === null) return 'SUCCEEDED';
      if (code === 'UPSTREAM_REJECTED') return 'REJECTED';
      if (code === 'OUTCOME_UNKNOWN' && operation?.status === 'OUTCOME_UNKNOWN') return this.#settle(key);
      this.replays += 1;
      await this.#pause();
    }
    throw new Error(`The order ${key} came to no end.`);
  }

  /** Never a new key or a new order, only a query. */
  async #settle(key: string): Promise<OrderEnd> {
    for (let turn = 0; turn < 20; turn += 1) {
      const response = await this.#ask<{ result: OrderPayload }>(RECONCILE, { key });
      const status = typeof response === 'string' ? null : response.data?.result.operation?.status;
      if (status === 'SUCCEEDED') return 'SUCCEEDED';
      await this.#pause();
    }
    return 'OUTCOME_UNKNOWN';
  }

  async #ask<TData>(
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<GraphqlResponse<TData> | string> {
    try {
      return await execute<TData>(this.#options.url, query, variables);
    } catch (error) {
      return String(error);
    }
  }

  /** Lets the others run first, by a round trip to a server that responds at once. */
  async #pause(): Promise<void> {
    await fetch(`${this.#options.url}/health`).catch(() => undefined);
  }
}
