import type { AttemptSpan, AttemptStart } from '../domain/upstream-call.js';

/** What a trace knows of an HTTP request: no query string, no body, no header but those that name the trace. */
export interface TracedRequest {
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern, never the path that was asked for. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * The spans of one HTTP request: the request, its GraphQL operation below it, upstream attempts below that. Mutable.
 */
export interface RequestTrace {
  /** Begins the operation's span; attempts from then on stand below it. */
  beginOperation(): void;
  /** @param name as the client named it; cut to a bounded length */
  describeOperation(type: string, name: string | null): void;
  /** @param errorCodes codes of the answer's errors, the first of which is kept */
  endOperation(errorCodes: readonly string[]): void;
  beginAttempt(start: AttemptStart): AttemptSpan;
  /** Ends what has not ended yet. */
  end(answer: { readonly status: number; readonly clientLeft: boolean }): void;
}

/** OpenTelemetry traces. Exists only where the environment asks for them. */
export interface Tracing {
  /** Continues the trace that the request's headers name, or begins one. */
  beginRequest(request: TracedRequest): RequestTrace;
  /** For attempts that no HTTP request waits for: each is a trace of its own. */
  beginLoneAttempt(requestId: string, start: AttemptStart): AttemptSpan;
  /** Sends what is still kept, for three seconds at most. Never rejects. */
  shutdown(): Promise<void>;
}
