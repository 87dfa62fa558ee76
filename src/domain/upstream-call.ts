import type { UpstreamService } from './errors.js';

/**
 * A read may be retried, shared and aborted; a write is attempted once. Declared per endpoint: the HTTP verb decides
 * nothing.
 */
export type EndpointKind = 'read' | 'write';

/** What one attempt at an upstream came to, in bounded words (they are metric labels). */
export type AttemptOutcome = 'ok' | 'rejected' | 'not_sent' | 'timeout' | 'aborted' | 'failed' | 'invalid';

/** One HTTP attempt as operators see it: no body, no header, no URL. */
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

/** An attempt before it is sent, as traces name it. */
export type AttemptStart = Pick<UpstreamAttempt, 'service' | 'operation' | 'kind' | 'attempt'>;

/** The span of one attempt. One that never ends is never told of: nothing was sent then. */
export interface AttemptSpan {
  /** W3C trace context that names this span, for the upstream. */
  readonly traceparent: string;
  end(attempt: UpstreamAttempt): void;
}

/** A value the documents do not foresee: unknown word, missing element, unreadable figure. Both labels are bounded. */
export interface UpstreamDrift {
  readonly endpoint: string;
  readonly field: string;
  /** Why the whole response was refused for it, in a bounded word; absent where the response was read. */
  readonly refused?: string;
}

/** What requested a read: counts, and names of the schema's fields. It holds no id, no window and no credential. */
export interface UpstreamReadFacts {
  /** The client's method name: `getBillingHistory`. */
  readonly operation: string;
  /** Groups whose questions it is to answer. */
  readonly groups: number;
  /** How often each field asked, by the field's name. */
  readonly askedBy: Readonly<Record<string, number>>;
  readonly recursive: boolean;
  /**
   * `planned`: over the wire. `again`: over the wire, because a call that was to answer several questions left these
   * open. `kept`: nothing is sent, the answer that a client's cursor came from is still there.
   */
  readonly reason: 'planned' | 'again' | 'kept';
}

/** Receives what happens on the wire: metrics, log, `/debug`, traces. Must not throw and must return at once. */
export interface UpstreamObserver {
  attempt(attempt: UpstreamAttempt): void;
  drift(drift: UpstreamDrift): void;
  /** Told before a read; what is returned observes that read. Left out where nobody asks for whom reads are made. */
  read?(facts: UpstreamReadFacts): ReadObserver;
}

/** Observes one read. */
export interface ReadObserver extends UpstreamObserver {
  /** The same read is under way for somebody else: no attempt will be told of, and `answer` settles with that one. */
  shared(answer: Promise<unknown>): void;
}

/** What every client method needs to know of the request that it serves. */
export interface UpstreamCall {
  readonly requestId: string;
  /** Share of the pool is fair per tenant. */
  readonly tenantId: string;
  readonly observer: UpstreamObserver;
  /** W3C trace context to send on where attempts have no spans of their own. */
  readonly traceparent?: string;
  /** Told before each attempt, where tracing is on. Must not throw and must return at once. */
  readonly beginAttempt?: (start: AttemptStart) => AttemptSpan;
  /** Aborts a read that nobody waits for any more. Writes ignore it. */
  readonly signal?: AbortSignal;
}
