import type { UpstreamAttempt, UpstreamCall, UpstreamDrift } from '../../src/domain/upstream-call.js';

/** A call of one request, and all events of its observer. */
export interface RecordedCall {
  readonly call: UpstreamCall;
  readonly attempts: UpstreamAttempt[];
  readonly drifts: UpstreamDrift[];
}

export function recordedCall(overrides: Partial<Omit<UpstreamCall, 'observer'>> = {}): RecordedCall {
  const attempts: UpstreamAttempt[] = [];
  const drifts: UpstreamDrift[] = [];
  const observer = {
    attempt: (attempt: UpstreamAttempt) => void attempts.push(attempt),
    drift: (drift: UpstreamDrift) => void drifts.push(drift),
  };
  return { call: { requestId: 'request-1', tenantId: 'tenant-1', ...overrides, observer }, attempts, drifts };
}
