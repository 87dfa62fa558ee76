import type { UpstreamService } from '../domain/errors.js';
import type { UpstreamAttempt, UpstreamObserver } from '../domain/upstream-call.js';

/** An upstream that has not answered for a while: since when (epoch milliseconds), and how many attempts in a row. */
export interface Silence {
  readonly sinceMs: number;
  readonly attempts: number;
}

/** Remembers of each upstream since when no attempt has been answered. A refusal is an answer. Mutable. */
export class UpstreamSilence implements UpstreamObserver {
  readonly #silences = new Map<UpstreamService, Silence>();

  attempt({ service, outcome, startedAtMs, durationMs }: UpstreamAttempt): void {
    if (outcome === 'aborted') return;
    if (outcome === 'ok' || outcome === 'rejected') {
      this.#silences.delete(service);
      return;
    }
    const { sinceMs, attempts } = this.#silences.get(service) ?? { sinceMs: startedAtMs + durationMs, attempts: 0 };
    this.#silences.set(service, { sinceMs, attempts: attempts + 1 });
  }

  drift(): void {
    // Whoever drifts has answered; the attempt says so.
  }

  /** Null: its last attempt was answered, or there was none. */
  of(service: UpstreamService): Silence | null {
    return this.#silences.get(service) ?? null;
  }
}
