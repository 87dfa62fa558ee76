import type { Ledger } from './ledger.js';

/** `read-only`: it answers, and refuses writes until an operator acts. */
export type LedgerCondition = 'ready' | 'read-only' | 'unavailable';

const LOOK_INTERVAL_MS = 3_000;

/** Keeps an eye on the ledger, so that its condition can be told from memory, however often it is asked for. Holds a timer: state. */
export class LedgerMonitor {
  readonly #ledger: Pick<Ledger, 'ping' | 'countUnknown'>;
  readonly #intervalMs: number;
  #condition: LedgerCondition = 'unavailable';
  #unknownOutcomes: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(ledger: Pick<Ledger, 'ping' | 'countUnknown'>, intervalMs = LOOK_INTERVAL_MS) {
    this.#ledger = ledger;
    this.#intervalMs = intervalMs;
  }

  /** As of the last look, a few seconds ago at most, unless the ledger takes longer to answer. */
  condition(): LedgerCondition {
    return this.#condition;
  }

  /** Writes of all tenants and replicas whose outcome is unknown, as of the last look; null while the ledger cannot be read. */
  unknownOutcomes(): number | null {
    return this.#unknownOutcomes;
  }

  /** Looks once, then now and then. Never throws. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.start(), this.#intervalMs).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      this.#condition = (await this.#ledger.ping()).writable ? 'ready' : 'read-only';
      this.#unknownOutcomes = await this.#ledger.countUnknown();
    } catch {
      this.#unknownOutcomes = null;
      this.#condition = 'unavailable';
    }
  }
}
