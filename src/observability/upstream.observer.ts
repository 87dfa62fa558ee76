import type {
  ReadObserver,
  UpstreamAttempt,
  UpstreamDrift,
  UpstreamObserver,
  UpstreamReadFacts,
} from '../domain/upstream-call.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

export interface UpstreamObserverOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly requestId: string;
  /** Further receivers, for example traces; each must not throw. */
  readonly others?: readonly UpstreamObserver[];
}

/** Feeds metrics, the log and further observers with what happens on the wire of one request. */
export function createUpstreamObserver(options: UpstreamObserverOptions): UpstreamObserver {
  const { metrics, logger, requestId, others = [] } = options;
  // Without it nobody counts for whom a read is made.
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
    shared: (answer) => {
      for (const read of reads) read.shared(answer);
    },
  };
}

// Chosen one by one: a field that is added to the attempt later must not reach the log by itself.
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
