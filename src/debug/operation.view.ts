import type { UpstreamService } from '../domain/errors.js';
import type { AttemptOutcome, UpstreamReadFacts } from '../domain/upstream-call.js';
import type { MutationKind } from '../domain/upstream-operations.js';

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
   * When it was decided to make it: what lies between this and the first attempt is waiting. Null where nobody told.
   */
  readonly plannedMs: number | null;
  /** For whom it was made; null where nobody told. */
  readonly read: UpstreamReadFacts | null;
  readonly attempts: readonly AttemptView[];
  /** Set where another operation made the call and this one waited for it; `durationMs` null: it still waits. */
  readonly shared: { readonly durationMs: number | null; readonly answered: boolean } | null;
}

/** What became of a mutation: the ledger's side of a write, or the result of one that is no write. */
export interface WriteView {
  readonly kind: MutationKind;
  /** Its ends only; null where it has none. */
  readonly key: string | null;
  /** Of the earlier write that stands in its way; then `status` and times are that one's. */
  readonly otherKey: string | null;
  readonly status: string | null;
  readonly replayed: boolean;
  readonly errorCodes: readonly string[];
  /** Milliseconds since the operation began; negative for a row that was there before. */
  readonly createdMs: number | null;
  readonly sentMs: number | null;
  readonly completedMs: number | null;
}

/** One GraphQL operation as `/debug` shows it: no header, no answer, no secret, nothing personal. */
export interface OperationView {
  readonly id: number;
  readonly requestId: string;
  /** Null where the caller was not known yet. */
  readonly tenantId: string | null;
  /** `refused`: it was turned away before it became an operation (authentication, body, shutdown). */
  readonly state: 'running' | 'answered' | 'refused';
  readonly startedAt: string;
  readonly durationMs: number | null;
  readonly httpStatus: number | null;
  readonly name: string | null;
  readonly type: string | null;
  readonly rootFields: readonly string[];
  /** How often each code was answered, as an error or as data of a write. */
  readonly errors: Readonly<Record<string, number>>;
  readonly errorPaths: readonly string[];
  readonly calls: readonly CallView[];
  readonly callsLeftOut: number;
  readonly callsSaved: number;
  readonly writes: readonly WriteView[];
  /** Elements of upstream answers that the documents do not foresee, with how often each was met. */
  readonly drift: Readonly<Record<string, number>>;
  readonly text: string | null;
  readonly variables: string | null;
}
