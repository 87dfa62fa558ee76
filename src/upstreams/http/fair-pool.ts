export interface FairPoolOptions {
  /** Calls under way at a time; default 40. */
  readonly size?: number;
  /** Calls of one tenant under way at a time, however many places are free. Default: no such limit. */
  readonly maxPerTenant?: number;
  /** Calls waiting in total; default 2,048. */
  readonly maxQueued?: number;
  /** Calls waiting for one tenant, so that one tenant cannot fill the queue; default 512. */
  readonly maxQueuedPerTenant?: number;
}

/** `full`, `timeout` and `aborted` prove that the call has not begun. */
export type Admission =
  | { readonly kind: 'admitted'; readonly release: () => void }
  | { readonly kind: 'full' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'aborted' };

interface Waiter {
  readonly resolve: (admission: Admission) => void;
}

/**
 * Places that one tenant may hold for each free place (the dynamic threshold of shared packet buffers). One tenant
 * alone gets 32 of 40 places. Two tenants with hanging calls get 17 each, and ten leave one place free. So a newcomer
 * finds a place whatever some tenants do.
 */
const PLACES_PER_FREE_ONE = 4;

/**
 * Bounds the calls at one upstream, and each tenant's share of them. A freed place goes to the tenants in turn,
 * whatever the length of their queues. Within a tenant it goes to the longest waiting call. Mutable: places and queues.
 */
export class FairPool {
  readonly #size: number;
  readonly #maxPerTenant: number;
  readonly #maxQueued: number;
  readonly #maxQueuedPerTenant: number;
  #running = 0;
  readonly #runningOf = new Map<string, number>();
  #queued = 0;
  /** In the order of turns: a served tenant goes to the end. */
  readonly #queues = new Map<string, Set<Waiter>>();

  constructor(options: FairPoolOptions = {}) {
    this.#size = options.size ?? 40;
    this.#maxPerTenant = options.maxPerTenant ?? this.#size;
    this.#maxQueued = options.maxQueued ?? 2_048;
    this.#maxQueuedPerTenant = options.maxQueuedPerTenant ?? 512;
  }

  /**
   * Waits for a place for at most `waitMs` milliseconds. `release` may be called more than once; only the first counts.
   */
  async enter(tenantId: string, waitMs: number, signal?: AbortSignal): Promise<Admission> {
    if (signal?.aborted === true) return { kind: 'aborted' };
    const queue = this.#queues.get(tenantId) ?? new Set<Waiter>();
    // Every other waiting tenant already has its share, so a place that somebody may take is never left free.
    if (queue.size === 0 && this.#mayTakeOne(tenantId)) return this.#admit(tenantId);
    if (this.#queued >= this.#maxQueued || queue.size >= this.#maxQueuedPerTenant) return { kind: 'full' };
    return this.#wait(tenantId, queue, waitMs, signal);
  }

  #mayTakeOne(tenantId: string): boolean {
    const own = this.#runningOf.get(tenantId) ?? 0;
    return own < this.#maxPerTenant && own < PLACES_PER_FREE_ONE * (this.#size - this.#running);
  }

  #wait(tenantId: string, queue: Set<Waiter>, waitMs: number, signal?: AbortSignal): Promise<Admission> {
    return new Promise((resolve) => {
      const leave = (kind: 'timeout' | 'aborted'): void => {
        this.#remove(tenantId, queue, waiter);
        waiter.resolve({ kind });
      };
      const onAbort = (): void => leave('aborted');
      const timer = setTimeout(() => leave('timeout'), waitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const waiter: Waiter = {
        resolve: (admission) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          resolve(admission);
        },
      };
      this.#queues.set(tenantId, queue.add(waiter));
      this.#queued += 1;
    });
  }

  #remove(tenantId: string, queue: Set<Waiter>, waiter: Waiter): void {
    if (queue.delete(waiter)) this.#queued -= 1;
    if (queue.size === 0) this.#queues.delete(tenantId);
  }

  #admit(tenantId: string): Admission {
    this.#running += 1;
    this.#runningOf.set(tenantId, (this.#runningOf.get(tenantId) ?? 0) + 1);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.#leave(tenantId);
    };
    return { kind: 'admitted', release };
  }

  #leave(tenantId: string): void {
    this.#running -= 1;
    const left = (this.#runningOf.get(tenantId) ?? 0) - 1;
    if (left > 0) this.#runningOf.set(tenantId, left);
    else this.#runningOf.delete(tenantId);
    while (this.#serveNext());
  }

  /** False when no waiting call may take a place. */
  #serveNext(): boolean {
    for (const [tenantId, queue] of this.#queues) {
      const [waiter] = queue;
      if (waiter === undefined || !this.#mayTakeOne(tenantId)) continue;
      // Deleted and set again, the tenant moves to the end of the Map's order.
      this.#queues.delete(tenantId);
      if (queue.size > 1) this.#queues.set(tenantId, queue);
      this.#remove(tenantId, queue, waiter);
      waiter.resolve(this.#admit(tenantId));
      return true;
    }
    return false;
  }
}
