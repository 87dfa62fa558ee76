import { type CountedLimit, type SpendingLimits, usedLimits, usedRatio } from '../domain/spending.js';
import type { Ledger } from './ledger.js';

/** `read-only`: the ledger can be read, but refuses writes until an operator acts. */
export type LedgerCondition = 'ready' | 'read-only' | 'unavailable';

const LOOK_INTERVAL_MS = 3_000;
/**
 * Interval between two checks of spending. They are less frequent, because they need one query for each tenant with
 * limits.
 */
const SPENDING_INTERVAL_MS = 15_000;

/** Checks once, then regularly with a pause after each check. Keeps state: a timer. */
abstract class Monitor {
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  protected get isStopped(): boolean {
    return this.#stopped;
  }

  /** Checks once. Must not throw. */
  protected abstract look(): Promise<void>;

  /** Checks once, then regularly. Never throws. */
  async start(): Promise<void> {
    await this.look();
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.start(), this.#intervalMs).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

/** Checks the ledger regularly, so that its condition can be read from memory at any rate. Keeps state: a timer. */
export class LedgerMonitor extends Monitor {
  readonly #ledger: Pick<Ledger, 'ping' | 'countUnknown'>;
  #condition: LedgerCondition = 'unavailable';
  #unknownOutcomes: number | null = null;

  constructor(ledger: Pick<Ledger, 'ping' | 'countUnknown'>, intervalMs = LOOK_INTERVAL_MS) {
    super(intervalMs);
    this.#ledger = ledger;
  }

  /** Condition at the last check, a few seconds ago at most, unless the ledger takes longer to respond. */
  condition(): LedgerCondition {
    return this.#condition;
  }

  /**
   * Number of writes with an unknown outcome, of all tenants and replicas, at the last check; null while the ledger
   * cannot be read.
   */
  unknownOutcomes(): number | null {
    return this.#unknownOutcomes;
  }

  protected async look(): Promise<void> {
    try {
      this.#condition = (await this.#ledger.ping()).writable ? 'ready' : 'read-only';
      this.#unknownOutcomes = await this.#ledger.countUnknown();
    } catch {
      this.#unknownOutcomes = null;
      this.#condition = 'unavailable';
    }
  }
}

/** A tenant whose spending is monitored. */
export interface WatchedTenant {
  readonly id: string;
  /** Absent: the gateway limits nothing and counts nothing. */
  readonly limits?: SpendingLimits;
}

/** Use of one limit of a tenant within 24 hours. */
export interface LimitUse {
  readonly tenantId: string;
  readonly limit: CountedLimit;
  /** From 0 to 1; see {@link usedRatio}. */
  readonly ratio: number;
}

/**
 * Checks regularly how much of their limits tenants have used, over all replicas, so that it can be read from memory.
 * The claim of a write decides about limits, never this monitor. Keeps state: a timer.
 */
export class SpendingMonitor extends Monitor {
  readonly #ledger: Pick<Ledger, 'spending'>;
  readonly #tenants: () => readonly WatchedTenant[];
  #uses: readonly LimitUse[] = [];

  /** @param tenants called before each check, because a tenants file is re-read */
  constructor(
    ledger: Pick<Ledger, 'spending'>,
    tenants: () => readonly WatchedTenant[],
    intervalMs = SPENDING_INTERVAL_MS,
  ) {
    super(intervalMs);
    this.#ledger = ledger;
    this.#tenants = tenants;
  }

  /** Use at the last successful check. */
  uses(): readonly LimitUse[] {
    return this.#uses;
  }

  protected async look(): Promise<void> {
    // The ledger's own monitor reports an outage. The last known use stays valid meanwhile.
    this.#uses = await this.#lookAtTenants().catch(() => this.#uses);
  }

  async #lookAtTenants(): Promise<readonly LimitUse[]> {
    const uses: LimitUse[] = [];
    for (const { id: tenantId, limits } of this.#tenants()) {
      if (this.isStopped) break;
      if (limits === undefined || (limits.writesPerDay === null && limits.spendPerDay.size === 0)) continue;
      const writes = await this.#ledger.spending(tenantId, Date.now());
      const used = usedLimits({ ...limits, spend: null }, writes);
      uses.push(...used.map((limit) => ({ tenantId, limit, ratio: usedRatio(limit) })));
    }
    return uses;
  }
}
