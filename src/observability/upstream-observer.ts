import type { UpstreamService } from '../domain/errors.js';
import type {
  ReadObserver,
  UpstreamAttempt,
  UpstreamDrift,
  UpstreamObserver,
  UpstreamReadFacts,
} from '../domain/upstream-call.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

interface UpstreamObserverOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly requestId: string;
  /** Further receivers, for example traces. They must not throw. */
  readonly others?: readonly UpstreamObserver[];
}

/** Passes the upstream events of one request to metrics, the log and further observers. */
export function createUpstreamObserver(options: UpstreamObserverOptions): UpstreamObserver {
  const { metrics, logger, requestId, others = [] } = options;
  // Without such an observer the gateway does not record the facts of reads.
  const asksForReads = others.some((other) => other.read !== undefined);
  return {
    ...(asksForReads ? { read: (facts: UpstreamReadFacts) => readObserver(options, facts) } : {}),
    attempt(attempt: UpstreamAttempt): void {
      metrics.upstreamAttempt(attempt.service, attempt.operation, attempt.outcome, attempt.durationMs / 1000);
      const level = attempt.outcome === 'ok' || attempt.outcome === 'aborted' ? 'debug' : 'warn';
      if (logger.isLevelEnabled(level)) logger[level](attemptFields(requestId, attempt), 'upstream attempt');
      for (const other of others) other.attempt(attempt);
    },
    drift(drift: UpstreamDrift): void {
      metrics.drift(drift.endpoint, drift.field);
      const fields = { requestId, endpoint: drift.endpoint, field: drift.field };
      if (drift.refused === undefined) logger.debug(fields, 'upstream drift');
      else logger.warn({ ...fields, reason: drift.refused }, 'upstream response refused');
      for (const other of others) other.drift(drift);
    },
  };
}

function readObserver(options: UpstreamObserverOptions, facts: UpstreamReadFacts): ReadObserver {
  const { others = [] } = options;
  const reads = others.flatMap((other) => other.read?.(facts) ?? []);
  const rest = others.filter((other) => other.read === undefined);
  return {
    ...createUpstreamObserver({ ...options, others: [...rest, ...reads] }),
    shared: (result) => {
      for (const read of reads) read.shared(result);
    },
  };
}

// The fields are listed one by one, so that a new field of the attempt does not reach the log by itself.
function attemptFields(requestId: string, attempt: UpstreamAttempt): Readonly<Record<string, unknown>> {
  return {
    requestId,
    upstream: attempt.service,
    operation: attempt.operation,
    kind: attempt.kind,
    attempt: attempt.attempt,
    outcome: attempt.outcome,
    httpStatus: attempt.httpStatus,
    bytesReceived: attempt.bytesReceived,
    durationMs: Math.round(attempt.durationMs),
  };
}

/** The silence of an upstream: its start (epoch milliseconds), and the number of failed attempts in a row. */
interface Silence {
  readonly sinceMs: number;
  readonly attempts: number;
}

/** Remembers since when each upstream has not responded. A refusal is a response. Mutable. */
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
    // Drift needs no handling here: it comes from a response, which the attempt reports.
  }

  /** Null: its last attempt had a response, or there was no attempt. */
  of(service: UpstreamService): Silence | null {
    return this.#silences.get(service) ?? null;
  }
}
