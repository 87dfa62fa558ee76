import { setTimeout as sleep } from 'node:timers/promises';
import type { BillingError, UpstreamService } from '../../domain/errors.js';
import type {
  AttemptOutcome,
  AttemptSpan,
  EndpointKind,
  UpstreamAttempt,
  UpstreamCall,
} from '../../domain/upstream-call.js';
import type { WriteOutcome } from '../../domain/write.js';
import { notSent, outcomeUnknown, upstreamError, upstreamFacts } from '../upstream-errors.js';
import {
  type BreakerPass,
  type BreakerState,
  UpstreamBreaker,
  type UpstreamBreakerOptions,
} from './circuit-breaker.js';
import { FairPool, type FairPoolOptions } from './fair-pool.js';
import type { BodySink, TransportRequest, TransportResult, UpstreamTransport } from './transport.js';

/** Facts about a failed attempt at a read. Times are milliseconds. */
export interface RetryQuestion {
  /** The attempt that failed: 1 for the first. */
  readonly attempt: number;
  /** Whether the failure may pass by itself: broken connection, 429, 5xx. */
  readonly transient: boolean;
  /** The wait that the upstream requested, if any. */
  readonly retryAfterMs: number | null;
  /** Remaining part of the read's total time. */
  readonly remainingMs: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

type RetryDecision = { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'stop' };

export const MAX_ATTEMPTS = 3;

/** Longest `Retry-After` that the gateway waits for, because a reader has no more patience. */
const MAX_RETRY_AFTER_MS = 5_000;

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/**
 * Least time for an attempt; a shorter one could only fail. It also prevents a retry after a timer that fired a moment
 * early.
 */
const LEAST_ATTEMPT_MS = 10;

const STOP: RetryDecision = { kind: 'stop' };

/**
 * Whether and when a read is tried again. It uses full jitter (a uniform share of the growing backoff), because equal
 * waits would bring all readers back at once after an outage. The caller then asks the `RetryBudget` too. Writes are
 * never retried here.
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  if (!question.transient || question.attempt >= MAX_ATTEMPTS) return STOP;
  if (question.retryAfterMs !== null && question.retryAfterMs > MAX_RETRY_AFTER_MS) return STOP;
  const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (question.attempt - 1));
  const delayMs = (question.retryAfterMs ?? 0) + question.random * backoffMs;
  return delayMs + LEAST_ATTEMPT_MS <= question.remainingMs ? { kind: 'retry', delayMs } : STOP;
}

/**
 * Retries earned by one successful read: one for ten reads. An outage earns nothing, so retries cannot add to its load.
 */
const EARNED_PER_READ = 0.1;

/**
 * Retries that may be saved, and with which a new process starts. They help even a single reader, and are a twentieth
 * of a hundred reads in an outage.
 */
const RESERVE = 5;

/** Token bucket of retries. Mutable; one per upstream, shared by all its reads. */
export class RetryBudget {
  readonly #reserve: number;
  #tokens: number;

  constructor(reserve: number = RESERVE) {
    this.#reserve = reserve;
    this.#tokens = reserve;
  }

  /** Counts a read that got a final response, successful or not. */
  earn(): void {
    this.#tokens = Math.min(this.#reserve, this.#tokens + EARNED_PER_READ);
  }

  /** Takes one retry out of the budget; false when there is none left. */
  spend(): boolean {
    // Ten tenths add up to slightly less than 1 in binary floats.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }
}

/**
 * Milliseconds to wait by a `Retry-After` header (RFC 9110, 10.2.3): seconds or a date. Null when there is none or it
 * is not readable; 0 for a date that has passed.
 *
 * @param nowMs the wall clock, in Unix epoch milliseconds
 */
export function decodeRetryAfter(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

export interface UpstreamChannelOptions {
  readonly service: UpstreamService;
  readonly transport: UpstreamTransport;
  readonly pool?: FairPoolOptions;
  readonly breaker?: UpstreamBreakerOptions;
  /** Retries that may be saved up; default 5. */
  readonly retryReserve?: number;
  /** Source of the jitter, from 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** One request of a client. `timeoutMs` is the total: the wait for a place, every attempt and every pause. */
export interface ChannelRequest {
  /** Id of the account, whose failures the breaker separates from the upstream's. */
  readonly credentialId: string;
  readonly operation: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

/** Result of a read after the client has classified its response. */
export type ReadVerdict<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'error'; readonly error: BillingError };

/** One attempt at a read. `sink` takes the response's body in pieces; `classify` reads the result. */
interface ReadAttempt<T> {
  readonly sink?: BodySink;
  readonly classify: (result: TransportResult) => ReadVerdict<T>;
}

/**
 * Largest share of a write's time that it waits for a trial call and a place. Reason: the attempt itself must not be
 * cut short into an unknown outcome.
 */
const WRITE_WAIT_SHARE = 1 / 3;

/**
 * The channel to one upstream: bounded, fair, guarded by circuit breakers, and for reads with retries within a budget.
 * Mutable: the pool, the breaker and the budget, shared by all callers.
 */
export class UpstreamChannel {
  readonly service: UpstreamService;
  readonly #transport: UpstreamTransport;
  readonly #pool: FairPool;
  readonly #breaker: UpstreamBreaker;
  readonly #budget: RetryBudget;
  readonly #random: () => number;

  constructor(options: UpstreamChannelOptions) {
    this.service = options.service;
    this.#transport = options.transport;
    this.#pool = new FairPool(options.pool);
    this.#breaker = new UpstreamBreaker(options.breaker);
    this.#budget = new RetryBudget(options.retryReserve);
    this.#random = options.random ?? Math.random;
  }

  breakerState(): BreakerState {
    return this.#breaker.state();
  }

  /** As {@link UpstreamBreaker.isTried}. */
  isTried(credentialId: string): boolean {
    return this.#breaker.isTried(credentialId);
  }

  close(): void {
    this.#transport.close();
  }

  /**
   * At most three attempts within the total time. Throws the `BillingError` into which the last attempt was classified,
   * or `UPSTREAM_UNAVAILABLE` / `UPSTREAM_TIMEOUT` where no attempt could begin.
   *
   * @param begin called for each attempt
   */
  async read<T>(request: ChannelRequest, call: UpstreamCall, begin: () => ReadAttempt<T>): Promise<T> {
    const deadlineMs = performance.now() + request.timeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      const { result, verdict } = await this.#readOnce(request, call, attempt, deadlineMs, begin);
      if (verdict.kind === 'ok' || !verdict.error.retryable) this.#budget.earn();
      if (verdict.kind === 'ok') return verdict.value;
      const retryAfter = result?.kind === 'response' ? result.headers.retryAfter : null;
      const decision = decideRetry({
        attempt,
        transient: result !== null && verdict.error.retryable && call.signal?.aborted !== true,
        retryAfterMs: decodeRetryAfter(retryAfter, Date.now()),
        remainingMs: deadlineMs - performance.now(),
        random: this.#random(),
      });
      if (decision.kind === 'stop' || !this.#mayRetry(request)) throw verdict.error;
      // The next attempt checks the signal, so an abort during the pause needs no handling here.
      await sleep(decision.delayMs, undefined, call.signal === undefined ? {} : { signal: call.signal }).catch(
        () => undefined,
      );
    }
  }

  /**
   * Exactly one attempt, or `notSent`. The caller's signal is ignored, because a write in flight is never cancelled.
   * Never throws.
   */
  async write<T>(
    request: ChannelRequest,
    call: UpstreamCall,
    classify: (result: TransportResult) => WriteOutcome<T>,
  ): Promise<WriteOutcome<T>> {
    const deadlineMs = performance.now() + request.timeoutMs;
    const unsent = notSent(upstreamFacts(this.service, request.operation));
    const admission = await this.#enter('write', request, call.tenantId, request.timeoutMs * WRITE_WAIT_SHARE);
    if (admission.kind !== 'admitted') return unsent;
    try {
      const sent = await this.#attempt(request, call, 'write', 1, deadlineMs, admission.pass);
      const outcome = classify(sent.result);
      this.#report(request, call, 'write', 1, sent, writeOutcomeWord(outcome, sent.result));
      return outcome;
    } catch {
      // After the attempt has begun, a fault of the gateway must not look like a failure that may be tried again.
      return outcomeUnknown(upstreamFacts(this.service, request.operation));
    } finally {
      admission.release();
    }
  }

  async #readOnce<T>(
    request: ChannelRequest,
    call: UpstreamCall,
    attempt: number,
    deadlineMs: number,
    begin: () => ReadAttempt<T>,
  ): Promise<{ readonly result: TransportResult | null; readonly verdict: ReadVerdict<T> }> {
    const admission = await this.#enter('read', request, call.tenantId, deadlineMs - performance.now(), call.signal);
    if (admission.kind !== 'admitted') {
      const code = admission.kind === 'timeout' ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNAVAILABLE';
      const error = upstreamError(code, upstreamFacts(this.service, request.operation), true);
      return { result: null, verdict: { kind: 'error', error } };
    }
    try {
      const { sink, classify } = begin();
      const sent = await this.#attempt(request, call, 'read', attempt, deadlineMs, admission.pass, sink);
      const verdict = classify(sent.result);
      this.#report(request, call, 'read', attempt, sent, readOutcomeWord(verdict, sent.result));
      return { result: sent.result, verdict };
    } finally {
      admission.release();
    }
  }

  async #attempt(
    request: ChannelRequest,
    call: UpstreamCall,
    kind: EndpointKind,
    attempt: number,
    deadlineMs: number,
    pass: BreakerPass,
    sink?: BodySink,
  ): Promise<Timed> {
    const span = call.beginAttempt?.({ service: this.service, operation: request.operation, kind, attempt });
    const traceparent = span?.traceparent ?? call.traceparent;
    const startedAtMs = Date.now();
    const startMs = performance.now();
    const transportRequest: TransportRequest = {
      url: request.url,
      kind,
      headers: traceparent === undefined ? request.headers : { ...request.headers, traceparent },
      body: request.body,
      timeoutMs: Math.max(0, deadlineMs - startMs),
      maxResponseBytes: request.maxResponseBytes,
      sink,
      signal: kind === 'read' ? call.signal : undefined,
    };
    const result = await this.#transport.send(transportRequest).catch(MAY_HAVE_BEEN_SENT);
    pass.end(result);
    return { result, startedAtMs, durationMs: performance.now() - startMs, span };
  }

  #mayRetry(request: ChannelRequest): boolean {
    return this.#breaker.admits('read', request.credentialId) && this.#budget.spend();
  }

  /**
   * Asks the breakers first, then waits for a place. In this order no request holds a place while it waits for another
   * request's trial call.
   */
  async #enter(
    kind: EndpointKind,
    request: ChannelRequest,
    tenantId: string,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<ChannelAdmission> {
    const startMs = performance.now();
    const leave = await this.#breaker.enter(kind, request.credentialId, waitMs, signal);
    if (leave.kind !== 'admitted') return leave;
    const { pass } = leave;
    const place = await this.#pool.enter(tenantId, waitMs - (performance.now() - startMs), signal);
    if (place.kind === 'admitted' && pass.isStillValid()) {
      const release = (): void => {
        pass.cancel();
        place.release();
      };
      return { kind: 'admitted', pass, release };
    }
    pass.cancel();
    if (place.kind !== 'admitted') return place;
    place.release();
    return { kind: 'refused' };
  }

  #report(
    request: ChannelRequest,
    call: UpstreamCall,
    kind: EndpointKind,
    attempt: number,
    timed: Timed,
    outcome: AttemptOutcome,
  ): void {
    const told: UpstreamAttempt = {
      service: this.service,
      operation: request.operation,
      kind,
      attempt,
      startedAtMs: timed.startedAtMs,
      durationMs: timed.durationMs,
      httpStatus: timed.result.status,
      bytesReceived: timed.result.bytes,
      outcome,
    };
    call.observer.attempt(told);
    timed.span?.end(told);
  }
}

/** All but `admitted` prove that nothing has been sent. */
type ChannelAdmission =
  | { readonly kind: 'admitted'; readonly pass: BreakerPass; readonly release: () => void }
  | { readonly kind: 'refused' | 'full' | 'timeout' | 'aborted' };

/** A transport does not throw. If one did, this is the only safe interpretation. */
const MAY_HAVE_BEEN_SENT = (): TransportResult => ({
  kind: 'failure',
  reason: 'reset',
  sent: true,
  status: null,
  bytes: 0,
});

interface Timed {
  readonly result: TransportResult;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly span: AttemptSpan | undefined;
}

function readOutcomeWord(verdict: ReadVerdict<unknown>, result: TransportResult): AttemptOutcome {
  if (verdict.kind === 'ok') return 'ok';
  if (result.kind === 'failure') return failureWord(result.reason, result.sent);
  if (verdict.error.code === 'UPSTREAM_INVALID_RESPONSE') return 'invalid';
  return verdict.error.code === 'UPSTREAM_UNAVAILABLE' ? 'failed' : 'rejected';
}

function writeOutcomeWord(outcome: WriteOutcome<unknown>, result: TransportResult): AttemptOutcome {
  if (outcome.kind === 'succeeded') return 'ok';
  if (outcome.kind === 'rejected') return 'rejected';
  if (outcome.kind === 'notSent') return 'not_sent';
  if (result.kind === 'failure') return failureWord(result.reason, result.sent);
  return result.status >= 200 && result.status < 300 ? 'invalid' : 'failed';
}

function failureWord(reason: string, sent: boolean): AttemptOutcome {
  if (reason === 'aborted') return 'aborted';
  if (!sent) return 'not_sent';
  if (reason === 'timeout') return 'timeout';
  return ['protocol', 'too-large', 'encoded'].includes(reason) ? 'invalid' : 'failed';
}
