import { randomUUID } from 'node:crypto';
import { OperationTrace, type OperationView } from './operation-trace.js';

export interface OperationLogLimits {
  readonly operations: number;
  /** Approximate size of everything that is kept. */
  readonly bytes: number;
}

/** The changes since a revision. */
export interface OperationChanges {
  /** Differs after a restart; then everything from before is gone. */
  readonly run: string;
  readonly revision: number;
  /** Older operations are no longer kept; null when there are no operations. */
  readonly oldestId: number | null;
  /** Oldest first. */
  readonly operations: readonly OperationView[];
}

const LIMITS: OperationLogLimits = { operations: 200, bytes: 4_000_000 };

/** The last operations of this process. Mutable; bounded in number and size, and the oldest are dropped first. */
export class OperationLog {
  readonly run = randomUUID();
  readonly #limits: OperationLogLimits;
  /** Each with the revision of its last change; oldest first. */
  readonly #kept = new Map<OperationTrace, { revision: number; bytes: number }>();
  #bytes = 0;
  #lastId = 0;
  #revision = 0;

  constructor(limits: OperationLogLimits = LIMITS) {
    this.#limits = limits;
  }

  begin(request: { readonly requestId: string; readonly tenantId: string | null }): OperationTrace {
    this.#lastId += 1;
    const start = { ...request, id: this.#lastId, startedAtMs: Date.now() };
    const trace = new OperationTrace(start, (changed) => this.#touch(changed));
    this.#kept.set(trace, { revision: 0, bytes: 0 });
    this.#touch(trace);
    return trace;
  }

  /** @param revision of an earlier response of the same run; 0 for everything */
  since(revision: number): OperationChanges {
    const traces = [...this.#kept].filter(([, kept]) => kept.revision > revision).map(([trace]) => trace);
    const [oldest] = this.#kept.keys();
    return {
      run: this.run,
      revision: this.#revision,
      oldestId: oldest?.id ?? null,
      operations: traces.map((trace) => trace.view()),
    };
  }

  #touch(trace: OperationTrace): void {
    const kept = this.#kept.get(trace);
    // The log may have dropped the operation while it was running.
    if (kept === undefined) return;
    this.#revision += 1;
    kept.revision = this.#revision;
    this.#bytes += trace.bytes - kept.bytes;
    kept.bytes = trace.bytes;
    this.#drop(trace);
  }

  #drop(newest: OperationTrace): void {
    for (const [trace, { bytes }] of this.#kept) {
      const isFull = this.#kept.size > this.#limits.operations || this.#bytes > this.#limits.bytes;
      if (!isFull || trace === newest) return;
      this.#kept.delete(trace);
      this.#bytes -= bytes;
    }
  }
}
