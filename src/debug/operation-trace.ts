import type { BillingErrorCode, UpstreamService } from '../domain/errors.js';
import type {
  AttemptOutcome,
  ReadObserver,
  UpstreamAttempt,
  UpstreamObserver,
  UpstreamReadFacts,
} from '../domain/upstream-call.js';
import type { MutationKind } from '../domain/upstream-operations.js';
import { maskKey, type ShownOperation } from './shown-operation.js';

/** One HTTP attempt. Times are milliseconds since the operation began. */
export interface AttemptView {
  readonly attempt: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly httpStatus: number | null;
  readonly bytes: number;
  readonly outcome: AttemptOutcome;
}

/** One upstream call of an operation with its attempts. */
export interface CallView {
  /** Null until the first attempt is over. */
  readonly service: UpstreamService | null;
  /** The client's method name: `getBillingHistory`. */
  readonly operation: string;
  readonly kind: 'read' | 'write';
  /**
   * Moment of the decision to make the call. The time from here to the first attempt is waiting. Null where it is not
   * known.
   */
  readonly plannedMs: number | null;
  /** The read behind the call; null where it is not known. */
  readonly read: UpstreamReadFacts | null;
  readonly attempts: readonly AttemptView[];
  /**
   * Set where another operation made the call and this one waited for it. `durationMs` is null while it still waits.
   */
  readonly shared: { readonly durationMs: number | null; readonly answered: boolean } | null;
}

/** The result of a mutation: the ledger's row of a write, or the result of a mutation that is no write. */
export interface WriteView {
  readonly kind: MutationKind;
  /** Only the ends of the key; null without a key. */
  readonly key: string | null;
  /** Key of the earlier write that blocks this one. Then `status` and times belong to the earlier write. */
  readonly otherKey: string | null;
  readonly status: string | null;
  readonly replayed: boolean;
  readonly errorCodes: readonly string[];
  /** Milliseconds since the operation began; negative for a row that already existed. */
  readonly createdMs: number | null;
  readonly sentMs: number | null;
  readonly completedMs: number | null;
}

/** One GraphQL operation as `/debug` shows it: no header, no response, no secret, no personal data. */
export interface OperationView {
  readonly id: number;
  readonly requestId: string;
  /** Null where the caller was not authenticated yet. */
  readonly tenantId: string | null;
  /** `refused`: the gateway refused the request before it became an operation (authentication, body, shutdown). */
  readonly state: 'running' | 'answered' | 'refused';
  readonly startedAt: string;
  readonly durationMs: number | null;
  readonly httpStatus: number | null;
  readonly name: string | null;
  readonly type: string | null;
  readonly rootFields: readonly string[];
  /** Occurrences of each code in the response, as an error or as data of a write. */
  readonly errors: Readonly<Record<string, number>>;
  readonly errorPaths: readonly string[];
  readonly calls: readonly CallView[];
  readonly callsLeftOut: number;
  readonly callsSaved: number;
  readonly writes: readonly WriteView[];
  /** Undocumented elements of upstream responses, with the number of their occurrences. */
  readonly drift: Readonly<Record<string, number>>;
  readonly text: string | null;
  readonly variables: string | null;
}

const MAX_CALLS = 150;
const MAX_ATTEMPTS = 5;
const MAX_DRIFTS = 20;

/** A call that has not ended. */
interface OpenCall {
  service: CallView['service'];
  readonly operation: string;
  readonly kind: CallView['kind'];
  readonly plannedMs: number | null;
  readonly read: UpstreamReadFacts | null;
  readonly attempts: AttemptView[];
  shared: CallView['shared'];
}

/** Collects the upstream calls of one operation from the events of its observer. Mutable; bounded. */
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
      shared: (result) => {
        call.shared = { durationMs: null, answered: false };
        const settle = (answered: boolean): void => {
          call.shared = { durationMs: Date.now() - this.#startedAtMs - plannedMs, answered };
          this.#onChange();
        };
        result.then(
          () => settle(true),
          () => settle(false),
        );
      },
    };
  }

  /**
   * A retry belongs to the last call of the same name. Calls with the same name at the same time cannot be told apart.
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

/** Facts from the GraphQL document. */
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

/** The result of a mutation. Keys arrive whole, and this file masks them. Times are epoch milliseconds. */
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

/** Facts about one operation, during and after its run. Mutable; bounded. */
export class OperationTrace {
  readonly #start: OperationStart;
  readonly #onChange: (trace: OperationTrace) => void;
  readonly observer: UpstreamObserver;
  /** Whether GraphQL has begun the operation. From then on GraphQL also ends it. */
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

  /** Approximate size in memory. */
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

  /**
   * Codes of refused writes that the response does not show. Refusals are data, and the client may not have selected
   * them.
   */
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
