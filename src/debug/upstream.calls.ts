import type { ReadObserver, UpstreamAttempt, UpstreamObserver, UpstreamReadFacts } from '../domain/upstream-call.js';
import type { AttemptView, CallView } from './operation.view.js';

const MAX_CALLS = 150;
const MAX_ATTEMPTS = 5;
const MAX_DRIFTS = 20;

/** A call in the making. */
interface OpenCall {
  service: CallView['service'];
  readonly operation: string;
  readonly kind: CallView['kind'];
  readonly plannedMs: number | null;
  readonly read: UpstreamReadFacts | null;
  readonly attempts: AttemptView[];
  shared: CallView['shared'];
}

/** Gathers the upstream calls of one operation from what its observer is told. Mutable, bounded. */
export class UpstreamCalls {
  readonly #calls: OpenCall[] = [];
  readonly #drift = new Map<string, number>();
  #leftOut = 0;

  /** @param onChange called after each change */
  constructor(
    private readonly startedAtMs: number,
    private readonly onChange: () => void,
  ) {}

  get calls(): readonly CallView[] {
    return this.#calls;
  }

  get leftOut(): number {
    return this.#leftOut;
  }

  get drift(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#drift);
  }

  observer(): UpstreamObserver {
    return {
      attempt: (attempt) => this.#note(this.#callOf(attempt), attempt),
      drift: ({ endpoint, field }) => this.#countDrift(`${endpoint}.${field}`),
      read: (facts) => this.#read(facts),
    };
  }

  #read(facts: UpstreamReadFacts): ReadObserver {
    const { operation } = facts;
    const plannedMs = Date.now() - this.startedAtMs;
    const call = this.#open({ service: null, operation, kind: 'read', plannedMs, read: facts });
    this.onChange();
    return {
      attempt: (attempt) => this.#note(call, attempt),
      drift: ({ endpoint, field }) => this.#countDrift(`${endpoint}.${field}`),
      shared: (answer) => {
        call.shared = { durationMs: null, answered: false };
        const settle = (answered: boolean): void => {
          call.shared = { durationMs: Date.now() - this.startedAtMs - plannedMs, answered };
          this.onChange();
        };
        answer.then(
          () => settle(true),
          () => settle(false),
        );
      },
    };
  }

  /**
   * A retry belongs to the last call of the same name; of calls at the same time this tells no more than their names.
   */
  #callOf({ service, operation, kind, attempt }: UpstreamAttempt): OpenCall {
    const last = this.#calls.findLast((call) => call.read === null && call.operation === operation);
    if (attempt > 1 && last !== undefined) return last;
    return this.#open({ service, operation, kind, plannedMs: null, read: null });
  }

  #open(call: Omit<OpenCall, 'attempts' | 'shared'>): OpenCall {
    const opened: OpenCall = { ...call, attempts: [], shared: null };
    if (this.#calls.length < MAX_CALLS) this.#calls.push(opened);
    else this.#leftOut += 1;
    return opened;
  }

  #note(call: OpenCall, attempt: UpstreamAttempt): void {
    call.service = attempt.service;
    if (call.attempts.length >= MAX_ATTEMPTS) return;
    call.attempts.push({
      attempt: attempt.attempt,
      startMs: attempt.startedAtMs - this.startedAtMs,
      durationMs: attempt.durationMs,
      httpStatus: attempt.httpStatus,
      bytes: attempt.bytesReceived,
      outcome: attempt.outcome,
    });
    this.onChange();
  }

  #countDrift(name: string): void {
    const count = this.#drift.get(name);
    if (count === undefined && this.#drift.size >= MAX_DRIFTS) return;
    this.#drift.set(name, (count ?? 0) + 1);
  }
}
