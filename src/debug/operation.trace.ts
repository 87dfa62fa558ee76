import type { BillingErrorCode } from '../domain/errors.js';
import type { ReadObserver, UpstreamAttempt, UpstreamObserver, UpstreamReadFacts } from '../domain/upstream-call.js';
import type { AttemptView, CallView, OperationView, WriteView } from './operation.view.js';
import { maskKey, type ShownOperation } from './shown-operation.js';

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
class UpstreamCalls {
  readonly #startedAtMs: number;
  readonly #onChange: () => void;
  readonly #calls: OpenCall[] = [];
  readonly #drift = new Map<string, number>();
  #leftOut = 0;

  /** @param onChange called after each change */
  constructor(startedAtMs: number, onChange: () => void) {
    this.#startedAtMs = startedAtMs;
    this.#onChange = onChange;
  }

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
    const plannedMs = Date.now() - this.#startedAtMs;
    const call = this.#open({ service: null, operation, kind: 'read', plannedMs, read: facts });
    this.#onChange();
    return {
      attempt: (attempt) => this.#note(call, attempt),
      drift: ({ endpoint, field }) => this.#countDrift(`${endpoint}.${field}`),
      shared: (answer) => {
        call.shared = { durationMs: null, answered: false };
        const settle = (answered: boolean): void => {
          call.shared = { durationMs: Date.now() - this.#startedAtMs - plannedMs, answered };
          this.#onChange();
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
      startMs: attempt.startedAtMs - this.#startedAtMs,
      durationMs: attempt.durationMs,
      httpStatus: attempt.httpStatus,
      bytes: attempt.bytesReceived,
      outcome: attempt.outcome,
    });
    this.#onChange();
  }

  #countDrift(name: string): void {
    const count = this.#drift.get(name);
    if (count === undefined && this.#drift.size >= MAX_DRIFTS) return;
    this.#drift.set(name, (count ?? 0) + 1);
  }
}

interface OperationStart {
  readonly id: number;
  readonly requestId: string;
  readonly tenantId: string | null;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
}

/** What the GraphQL document says of itself. */
interface OperationDescription extends ShownOperation {
  readonly name: string | null;
  readonly type: string | null;
  readonly rootFields: readonly string[];
}

interface OperationEnd {
  readonly state: 'answered' | 'refused';
  readonly httpStatus: number;
  readonly errorCodes: readonly string[];
  readonly errorPaths: readonly string[];
  readonly callsSaved: number;
}

/** A mutation as it was answered; the keys are whole and are masked here. Times are epoch milliseconds. */
interface TracedWrite {
  readonly kind: WriteView['kind'];
  readonly idempotencyKey: string | null;
  readonly otherKey: string | null;
  readonly status: string | null;
  readonly replayed: boolean;
  readonly errorCodes: readonly BillingErrorCode[];
  readonly createdAtMs: number | null;
  readonly sentAtMs: number | null;
  readonly completedAtMs: number | null;
}

const MAX_ERROR_PATHS = 10;
const MAX_CODES = 20;
const BYTES_OF_A_CALL = 600;
const BYTES_OF_THE_REST = 1_500;

/** What is known of one operation while it runs and after. Mutable; bounded. */
export class OperationTrace {
  readonly #start: OperationStart;
  readonly #onChange: (trace: OperationTrace) => void;
  readonly observer: UpstreamObserver;
  /** GraphQL has begun with it: from then on it ends there. */
  hasBegun = false;
  readonly #calls: UpstreamCalls;
  readonly #writes: WriteView[] = [];
  #description: OperationDescription | null = null;
  #end: (OperationEnd & { readonly durationMs: number }) | null = null;

  /** @param onChange called after each change */
  constructor(start: OperationStart, onChange: (trace: OperationTrace) => void) {
    this.#start = start;
    this.#onChange = onChange;
    this.#calls = new UpstreamCalls(start.startedAtMs, () => onChange(this));
    this.observer = this.#calls.observer();
  }

  get id(): number {
    return this.#start.id;
  }

  get isOver(): boolean {
    return this.#end !== null;
  }

  /** Roughly what it takes in memory. */
  get bytes(): number {
    const { text = null, variables = null } = this.#description ?? {};
    const texts = (text?.length ?? 0) + (variables?.length ?? 0);
    return BYTES_OF_THE_REST + 2 * texts + BYTES_OF_A_CALL * this.#calls.calls.length;
  }

  describe(description: OperationDescription): void {
    this.#description = description;
    this.#onChange(this);
  }

  wrote(write: TracedWrite): void {
    const since = (atMs: number | null): number | null => (atMs === null ? null : atMs - this.#start.startedAtMs);
    this.#writes.push({
      kind: write.kind,
      key: write.idempotencyKey === null ? null : maskKey(write.idempotencyKey),
      otherKey: write.otherKey === null ? null : maskKey(write.otherKey),
      status: write.status,
      replayed: write.replayed,
      errorCodes: write.errorCodes,
      createdMs: since(write.createdAtMs),
      sentMs: since(write.sentAtMs),
      completedMs: since(write.completedAtMs),
    });
    this.#onChange(this);
  }

  finish(end: OperationEnd): void {
    this.#end ??= { ...end, durationMs: Date.now() - this.#start.startedAtMs };
    this.#onChange(this);
  }

  view(): OperationView {
    const { id, requestId, tenantId, startedAtMs } = this.#start;
    const end = this.#end;
    const codes = [...(end?.errorCodes ?? []), ...this.#unreportedCodes(end?.errorCodes ?? [])];
    return {
      id,
      requestId,
      tenantId,
      state: end?.state ?? 'running',
      startedAt: new Date(startedAtMs).toISOString(),
      durationMs: end?.durationMs ?? null,
      httpStatus: end?.httpStatus ?? null,
      name: this.#description?.name ?? null,
      type: this.#description?.type ?? null,
      rootFields: this.#description?.rootFields ?? [],
      errors: countByCode(codes),
      errorPaths: (end?.errorPaths ?? []).slice(0, MAX_ERROR_PATHS),
      calls: this.#calls.calls,
      callsLeftOut: this.#calls.leftOut,
      callsSaved: end?.callsSaved ?? 0,
      writes: this.#writes,
      drift: this.#calls.drift,
      text: this.#description?.text ?? null,
      variables: this.#description?.variables ?? null,
    };
  }

  /** Refusals of writes are data, which the client need not have selected. */
  #unreportedCodes(reported: readonly string[]): string[] {
    return this.#writes.flatMap((write) => write.errorCodes).filter((code) => !reported.includes(code));
  }
}

function countByCode(codes: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const code of codes) {
    if (/^[A-Z_]{1,64}$/.test(code) && (counts.has(code) || counts.size < MAX_CODES)) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
  }
  return Object.fromEntries(counts);
}
