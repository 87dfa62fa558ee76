export interface FairPoolOptions {
  /** Calls under way at a time; default 32. */
  readonly size?: number;
  /** Calls waiting in all; default 2,048. */
  readonly maxQueued?: number;
  /** Calls waiting for one tenant, so that one cannot fill the queue for all; default 512. */
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
 * Bounds the calls at one upstream. A freed place goes to the tenants in turn, whatever the length of their queues, and within a
 * tenant to the longest waiting. Mutable: places and queues.
 */
export class FairPool {
  private readonly size: number;
  private readonly maxQueued: number;
  private readonly maxQueuedPerTenant: number;
  private running = 0;
  private queued = 0;
  /** In the order of whose turn it is: a tenant that was served goes to the end. */
  private readonly queues = new Map<string, Set<Waiter>>();

  constructor(options: FairPoolOptions = {}) {
    this.size = options.size ?? 32;
    this.maxQueued = options.maxQueued ?? 2_048;
    this.maxQueuedPerTenant = options.maxQueuedPerTenant ?? 512;
  }

  /** Waits for a place for at most `waitMs` milliseconds. `release` may be called more than once; only the first counts. */
  async enter(tenantId: string, waitMs: number, signal?: AbortSignal): Promise<Admission> {
    if (signal?.aborted === true) return { kind: 'aborted' };
    if (this.running < this.size && this.queued === 0) return this.admit();
    const queue = this.queues.get(tenantId) ?? new Set<Waiter>();
    if (this.queued >= this.maxQueued || queue.size >= this.maxQueuedPerTenant) return { kind: 'full' };
    return this.wait(tenantId, queue, waitMs, signal);
  }

  private wait(tenantId: string, queue: Set<Waiter>, waitMs: number, signal?: AbortSignal): Promise<Admission> {
    return new Promise((resolve) => {
      const leave = (kind: 'timeout' | 'aborted'): void => {
        this.remove(tenantId, queue, waiter);
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
      this.queues.set(tenantId, queue.add(waiter));
      this.queued += 1;
    });
  }

  private remove(tenantId: string, queue: Set<Waiter>, waiter: Waiter): void {
    if (queue.delete(waiter)) this.queued -= 1;
    if (queue.size === 0) this.queues.delete(tenantId);
  }

  private admit(): Admission {
    this.running += 1;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.running -= 1;
      this.serveNext();
    };
    return { kind: 'admitted', release };
  }

  private serveNext(): void {
    const [turn] = this.queues;
    if (turn === undefined) return;
    const [tenantId, queue] = turn;
    const [waiter] = queue;
    // Deleted and set again, the tenant stands at the end of the Map's order.
    this.queues.delete(tenantId);
    if (queue.size > 1) this.queues.set(tenantId, queue);
    if (waiter === undefined) return;
    this.remove(tenantId, queue, waiter);
    waiter.resolve(this.admit());
  }
}
