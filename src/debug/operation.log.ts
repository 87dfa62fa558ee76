import { randomUUID } from 'node:crypto';
import { OperationTrace } from './operation.trace.js';
import type { OperationView } from './operation.view.js';

export interface OperationLogLimits {
  readonly operations: number;
  /** Roughly, over all that is kept. */
  readonly bytes: number;
}

/** What has changed since a revision. */
export interface OperationChanges {
  /** Another one after a restart: then whatever was known before is gone. */
  readonly run: string;
  readonly revision: number;
  /** Older ones are kept no more; null when there are none. */
  readonly oldestId: number | null;
  /** Oldest first. */
  readonly operations: readonly OperationView[];
}

const LIMITS: OperationLogLimits = { operations: 200, bytes: 4_000_000 };

/** The last operations of this process. Mutable, bounded in number and in size: the oldest go first. */
export class OperationLog {
  readonly run = randomUUID();
  readonly #limits: OperationLogLimits;
  /** With the revision of the last change; oldest first. */
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

  /** @param revision of an earlier answer of the same run; 0 for everything */
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
    // It may have been dropped while it was running.
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
