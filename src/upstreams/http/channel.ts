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
import { notSent, outcomeUnknown, upstreamError, upstreamFacts } from '../upstream.errors.js';
import {
  type BreakerPass,
  type BreakerState,
  UpstreamBreaker,
  type UpstreamBreakerOptions,
} from './circuit.breaker.js';
import { FairPool, type FairPoolOptions } from './fair.pool.js';
import type { BodySink, TransportRequest, TransportResult, UpstreamTransport } from './transport.js';

/** What is known when an attempt at a read has failed. Times are milliseconds. */
export interface RetryQuestion {
  /** The attempt that failed: 1 for the first. */
  readonly attempt: number;
  /** The failure may pass by itself: broken connection, 429, 5xx. */
  readonly transient: boolean;
  /** What the upstream asked for, if it did. */
  readonly retryAfterMs: number | null;
  /** Left of the read's total time. */
  readonly remainingMs: number;
  /** From 0 up to, not including, 1. */
  readonly random: number;
}

type RetryDecision = { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'stop' };

export const MAX_ATTEMPTS = 3;

/** An upstream that asks for more time than a reader has patience is not asked again. */
const MAX_RETRY_AFTER_MS = 5_000;

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/**
 * An attempt with less time could only fail. It also keeps off the retry that a timer would allow which fired a moment
 * early.
 */
const LEAST_ATTEMPT_MS = 10;

const STOP: RetryDecision = { kind: 'stop' };

/**
 * Whether and when a read is tried again. Full jitter (a uniform share of the growing backoff), because equal waits
 * would make all readers of an outage come back at once. The budget is asked separately, and only after a yes: see
 * `RetryBudget`. Writes never come here.
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  if (!question.transient || question.attempt >= MAX_ATTEMPTS) return STOP;
  if (question.retryAfterMs !== null && question.retryAfterMs > MAX_RETRY_AFTER_MS) return STOP;
  const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (question.attempt - 1));
  const delayMs = (question.retryAfterMs ?? 0) + question.random * backoffMs;
  return delayMs + LEAST_ATTEMPT_MS <= question.remainingMs ? { kind: 'retry', delayMs } : STOP;
}

/** One retry for ten reads that came through. In an outage nothing is earned, so it cannot feed on itself. */
const EARNED_PER_READ = 0.1;

/**
 * What good times may save up, and what a fresh process starts with: enough that a lone reader is helped too, and a
 * twentieth of a hundred reads in an outage.
 */
const RESERVE = 5;

/** Mutable: a token bucket, one per upstream, shared by all its reads. */
export class RetryBudget {
  readonly #reserve: number;
  #tokens: number;

  constructor(reserve: number = RESERVE) {
    this.#reserve = reserve;
    this.#tokens = reserve;
  }

  /** Counts a read that was answered, with whatever answer. */
  earn(): void {
    this.#tokens = Math.min(this.#reserve, this.#tokens + EARNED_PER_READ);
  }

  /** Takes one retry out of the budget; false when there is none left. */
  spend(): boolean {
    // A hair below 1 is ten tenths added up in binary.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens = Math.max(0, this.#tokens - 1);
    return true;
  }
}

/**
 * Milliseconds to wait by a `Retry-After` header (RFC 9110, 10.2.3): seconds or a date; null when there is none or it
 * makes no sense; 0 for a date that has passed.
 *
 * @param nowMs the wall clock, in epoch milliseconds
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

/** What a client asks of the wire. `timeoutMs` is the total: the wait for a place, every attempt and every pause. */
export interface ChannelRequest {
  /** Whose account it is: its failures are told apart from the upstream's. */
  readonly credentialId: string;
  readonly operation: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** A read's answer after the client has looked at it. */
export type ReadVerdict<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'error'; readonly error: BillingError };

/** One attempt at a read: what takes the answer's body, if it is not to be kept whole, and what looks at the result. */
interface ReadAttempt<T> {
  readonly sink?: BodySink;
  readonly classify: (result: TransportResult) => ReadVerdict<T>;
}

/**
 * A write waits for a trial call and a place for this share of its time at most, so that the attempt itself is not cut
 * short into an unknown outcome.
 */
const WRITE_WAIT_SHARE = 1 / 3;

/**
 * One upstream as its client sees it: bounded, fair, watched by circuit breakers, and for reads retried within a
 * budget. Mutable: the pool, the breaker and the budget, shared by all callers.
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

  close(): void {
    this.#transport.close();
  }

  /**
   * At most three attempts within the total time. Throws the `BillingError` that the classification made of the last
   * one, or `UPSTREAM_UNAVAILABLE` / `UPSTREAM_TIMEOUT` where no attempt could begin.
   *
   * @param begin called for each attempt
   */
  async read<T>(request: ChannelRequest, call: UpstreamCall, begin: () => ReadAttempt<T>): Promise<T> {
    const deadlineMs = performance.now() + request.timeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      const { result, verdict } = await this.#readOnce(request, call, attempt, deadlineMs, begin);
      if (verdict.kind === 'ok' || !verdict.error.retryable) this.#budget.earn();
      if (verdict.kind === 'ok') return verdict.value;
      const retryAfter = result?.kind === 'answer' ? result.headers.retryAfter : null;
      const decision = decideRetry({
        attempt,
        transient: result !== null && verdict.error.retryable && call.signal?.aborted !== true,
        retryAfterMs: decodeRetryAfter(retryAfter, Date.now()),
        remainingMs: deadlineMs - performance.now(),
        random: this.#random(),
      });
      if (decision.kind === 'stop' || !this.#mayRetry(request)) throw verdict.error;
      // An abort during the pause is met by the next look at the signal.
      await sleep(decision.delayMs, undefined, call.signal === undefined ? {} : { signal: call.signal }).catch(
        () => undefined,
      );
    }
  }

  /**
   * Exactly one attempt, or `notSent`. The caller's signal is not heeded: a write in flight is never cancelled. Never
   * throws.
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
      // After the attempt began, a fault of our own must not look like a failure that may be tried again.
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
    const blocked = (code: 'UPSTREAM_UNAVAILABLE' | 'UPSTREAM_TIMEOUT') => ({
      result: null,
      verdict: {
        kind: 'error',
        error: upstreamError(code, upstreamFacts(this.service, request.operation), true),
      } as const,
    });
    const admission = await this.#enter('read', request, call.tenantId, deadlineMs - performance.now(), call.signal);
    if (admission.kind !== 'admitted') {
      return blocked(admission.kind === 'timeout' ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNAVAILABLE');
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
      maxAnswerBytes: request.maxAnswerBytes,
      ...(sink === undefined ? {} : { sink }),
      ...(kind === 'read' && call.signal !== undefined ? { signal: call.signal } : {}),
    };
    const result = await this.#transport.send(transportRequest).catch(MAY_HAVE_BEEN_SENT);
    pass.end(result);
    return { result, startedAtMs, durationMs: performance.now() - startMs, span };
  }

  #mayRetry(request: ChannelRequest): boolean {
    return this.#breaker.admits('read', request.credentialId) && this.#budget.spend();
  }

  /**
   * Leave of the breakers first, so that nobody holds a place while waiting for somebody else's trial call; then a
   * place.
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

/** A transport does not throw; should one, this is the only safe reading. */
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
