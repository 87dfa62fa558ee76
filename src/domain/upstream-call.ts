import type { UpstreamService } from './errors.js';

/**
 * A read may be retried, shared and aborted; a write is attempted once. Each endpoint declares its kind, because the
 * HTTP verb is POST for all.
 */
export type EndpointKind = 'read' | 'write';

/** Result of one attempt at an upstream, from a closed list because the words are metric labels. */
export type AttemptOutcome = 'ok' | 'rejected' | 'not_sent' | 'timeout' | 'aborted' | 'failed' | 'invalid';

/** One HTTP attempt as operators see it. It holds no body, no header and no URL. */
export interface UpstreamAttempt {
  readonly service: UpstreamService;
  /** The client's method name: `getBillingHistory`. */
  readonly operation: string;
  readonly kind: EndpointKind;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly httpStatus: number | null;
  readonly bytesReceived: number;
  readonly outcome: AttemptOutcome;
}

/** An attempt before it is sent, for traces. */
export type AttemptStart = Pick<UpstreamAttempt, 'service' | 'operation' | 'kind' | 'attempt'>;

/** The span of one attempt. Where `end` is never called, nothing was sent and the span is not exported. */
export interface AttemptSpan {
  /** W3C trace context of this span, which the gateway sends to the upstream. */
  readonly traceparent: string;
  end(attempt: UpstreamAttempt): void;
}

/**
 * A value that the upstream's documents do not describe: unknown word, missing element, unreadable figure. Both labels
 * are from closed lists.
 */
export interface UpstreamDrift {
  readonly endpoint: string;
  readonly field: string;
  /**
   * Reason for which the gateway refused the whole response, from a closed list. Absent where the response was read.
   */
  readonly refused?: string;
}

/**
 * The requesters of a read, as counts and names of the schema's fields. It holds no id, no window and no credential.
 */
export interface UpstreamReadFacts {
  /** The client's method name: `getBillingHistory`. */
  readonly operation: string;
  /** Number of groups that the read serves. */
  readonly groups: number;
  /** Number of requests from each field, by the field's name. */
  readonly askedBy: Readonly<Record<string, number>>;
  readonly recursive: boolean;
  /**
   * `planned`: over the wire. `again`: over the wire, because a shared call left these requests open. `kept`: nothing
   * is sent, because the gateway still has the response that the client's cursor came from.
   */
  readonly reason: 'planned' | 'again' | 'kept';
}

/** Receives events of the wire for metrics, log, `/debug` and traces. It must not throw and must return at once. */
export interface UpstreamObserver {
  attempt(attempt: UpstreamAttempt): void;
  drift(drift: UpstreamDrift): void;
  /**
   * Called before a read; the returned observer observes that read. Absent where no observer needs the requesters of
   * reads.
   */
  read?(facts: UpstreamReadFacts): ReadObserver;
}

/** Observes one read. */
export interface ReadObserver extends UpstreamObserver {
  /**
   * The same read is already under way for another request. No attempt follows, and `response` settles with that read.
   */
  shared(response: Promise<unknown>): void;
}

/** Facts about the served request that every client method needs. */
export interface UpstreamCall {
  readonly requestId: string;
  /** The pool shares its connections fairly between tenants. */
  readonly tenantId: string;
  readonly observer: UpstreamObserver;
  /** W3C trace context of the request. The gateway forwards it where attempts have no spans of their own. */
  readonly traceparent?: string;
  /** Called before each attempt, where tracing is on. It must not throw and must return at once. */
  readonly beginAttempt?: (start: AttemptStart) => AttemptSpan;
  /** Aborts a read when no request waits for it any more. Writes ignore it. */
  readonly signal?: AbortSignal;
}
