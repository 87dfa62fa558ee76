import { type CountedLimit, type SpendingLimits, usedLimits, usedRatio } from '../domain/spending.js';
import type { Ledger } from './ledger.js';

/** `read-only`: it answers, and refuses writes until an operator acts. */
export type LedgerCondition = 'ready' | 'read-only' | 'unavailable';

const LOOK_INTERVAL_MS = 3_000;
/** One query for each tenant that has limits, so it is done less often. */
const SPENDING_INTERVAL_MS = 15_000;

/** Looks once, then again and again with a pause between. Holds a timer: state. */
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

  /** Must not throw. */
  protected abstract look(): Promise<void>;

  /** Looks once, then now and then. Never throws. */
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

/**
 * Keeps an eye on the ledger, so that its condition can be told from memory, however often it is asked for. Holds a
 * timer: state.
 */
export class LedgerMonitor extends Monitor {
  readonly #ledger: Pick<Ledger, 'ping' | 'countUnknown'>;
  #condition: LedgerCondition = 'unavailable';
  #unknownOutcomes: number | null = null;

  constructor(ledger: Pick<Ledger, 'ping' | 'countUnknown'>, intervalMs = LOOK_INTERVAL_MS) {
    super(intervalMs);
    this.#ledger = ledger;
  }

  /** As of the last look, a few seconds ago at most, unless the ledger takes longer to answer. */
  condition(): LedgerCondition {
    return this.#condition;
  }

  /**
   * Writes of all tenants and replicas whose outcome is unknown, as of the last look; null while the ledger cannot be
   * read.
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

/** A tenant, as far as its spending is watched. */
export interface WatchedTenant {
  readonly id: string;
  /** Absent: the gateway limits nothing, and nothing is counted. */
  readonly limits?: SpendingLimits;
}

/** How much of one limit of a tenant was used within 24 hours. */
export interface LimitUse {
  readonly tenantId: string;
  readonly limit: CountedLimit;
  /** From 0 to 1; see {@link usedRatio}. */
  readonly ratio: number;
}

/**
 * Keeps an eye on how much of their limits tenants have used, all replicas together, so that it can be told from
 * memory. Whether a write passes a limit is decided with its claim and never here. Holds a timer: state.
 */
export class SpendingMonitor extends Monitor {
  readonly #ledger: Pick<Ledger, 'spending'>;
  readonly #tenants: () => readonly WatchedTenant[];
  #uses: readonly LimitUse[] = [];

  /** @param tenants asked before each look, because a tenants file is re-read */
  constructor(
    ledger: Pick<Ledger, 'spending'>,
    tenants: () => readonly WatchedTenant[],
    intervalMs = SPENDING_INTERVAL_MS,
  ) {
    super(intervalMs);
    this.#ledger = ledger;
    this.#tenants = tenants;
  }

  /** As of the last look that the ledger answered. */
  uses(): readonly LimitUse[] {
    return this.#uses;
  }

  protected async look(): Promise<void> {
    // The ledger's own monitor tells that it is away. What was used before it went still was.
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
