import type { AttemptSpan, AttemptStart } from '../domain/upstream-call.js';

/**
 * A trace's facts about an HTTP request. Of the headers it reads only the trace context; it never reads query string or
 * body.
 */
export interface TracedRequest {
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern, never the requested path. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * The spans of one HTTP request: the request, its child the GraphQL operation, and its children the upstream attempts.
 * Mutable.
 */
export interface RequestTrace {
  /** Begins the operation's span, the parent of later attempts. */
  beginOperation(): void;
  /** @param name the client's name of the operation; cut to a bounded length */
  describeOperation(type: string, name: string | null): void;
  /** @param errorCodes codes of the response's errors, of which the span keeps the first */
  endOperation(errorCodes: readonly string[]): void;
  beginAttempt(start: AttemptStart): AttemptSpan;
  /** Ends every open span. */
  end(response: { readonly status: number; readonly clientLeft: boolean }): void;
}

/** OpenTelemetry traces. Exists only where the environment asks for them. */
export interface Tracing {
  /** Continues the trace that the request's headers name, or begins one. */
  beginRequest(request: TracedRequest): RequestTrace;
  /** For attempts outside of any HTTP request: each becomes a trace of its own. */
  beginLoneAttempt(requestId: string, start: AttemptStart): AttemptSpan;
  /** Sends the remaining spans, for three seconds at most. Never rejects. */
  shutdown(): Promise<void>;
}
