import { describe, expect, it } from '@jest/globals';
import {
  classifyKnownKey,
  type LedgerRow,
  type LedgerState,
  type StoredResponse,
} from '../../../src/idempotency/ledger-states.js';
import { replay } from '../../../src/idempotency/replay.js';

const ROW: LedgerRow = {
  tenantId: 'acme',
  credentialId: 'credential-1',
  idempotencyKey: 'order-1',
  kind: 'PURCHASE_CREDITS',
  target: 'credits',
  groupId: null,
  fingerprint: 'print-a',
  input: {},
  state: 'claimed',
  ownerId: 'owner',
  claim: 1,
  createdAtMs: 0,
  sentAtMs: null,
  completedAtMs: null,
  deletesDocuments: false,
  baseline: null,
  before: null,
  answer: null,
  resolution: null,
  reconcileAttempts: 0,
};

const VALUE: StoredResponse = {
  kind: 'value',
  value: { id: '42' },
  warnings: [{ code: 'TOTALS_DIFFER', message: 'The totals differ.' }],
};
const FAILURE: StoredResponse = {
  kind: 'failure',
  failure: {
    code: 'UPSTREAM_REJECTED',
    message: 'No such pack.',
    upstream: { service: 'credits', operation: 'purchaseCredits' },
  },
};

const asIs = (stored: unknown): unknown => stored;

describe('what a row remembers', () => {
  it.each(['claimed', 'sending'] as const)('is nothing while it is %s', (state) => {
    expect(replay({ ...ROW, state }, asIs)).toBeNull();
  });

  it('is the value and its warnings after a success', () => {
    expect(replay({ ...ROW, state: 'succeeded', answer: VALUE }, asIs)).toEqual({
      kind: 'succeeded',
      value: { id: '42' },
      warnings: VALUE.warnings,
    });
  });

  it('is a success without figures when it was settled without them', () => {
    expect(replay({ ...ROW, state: 'succeeded', answer: null }, asIs)).toEqual({
      kind: 'succeeded',
      value: null,
      warnings: [],
    });
  });

  it.each([
    { state: 'rejected', kind: 'rejected' },
    { state: 'not_sent', kind: 'notSent' },
    { state: 'unknown', kind: 'unknown' },
  ] as const)('is the failure that was told when it is $state', ({ state, kind }) => {
    expect(replay({ ...ROW, state, answer: FAILURE }, asIs)).toEqual({ kind, failure: FAILURE.failure });
  });

  it.each([
    { state: 'rejected', kind: 'rejected', code: 'UPSTREAM_REJECTED' },
    { state: 'not_sent', kind: 'notSent', code: 'UPSTREAM_UNAVAILABLE' },
    { state: 'unknown', kind: 'unknown', code: 'OUTCOME_UNKNOWN' },
  ] as const)('is $code when it is $state and nobody told anything', ({ state, kind, code }) => {
    expect(replay({ ...ROW, state }, asIs)).toMatchObject({
      kind,
      failure: { code, upstream: { service: 'credits', operation: 'purchaseCredits' } },
    });
  });

  it('goes by the state, not by a response that was given before it was settled', () => {
    expect(replay({ ...ROW, state: 'succeeded', answer: FAILURE }, asIs)).toMatchObject({ kind: 'succeeded' });
    expect(replay({ ...ROW, state: 'rejected', answer: VALUE }, asIs)).toMatchObject({ kind: 'rejected' });
  });
});

describe('a key that is known', () => {
  const states: readonly LedgerState[] = ['claimed', 'sending', 'succeeded', 'rejected', 'not_sent', 'unknown'];

  it.each(states)('is reused when it comes with another input while %s', (state) => {
    expect(classifyKnownKey({ state }, false)).toBe('keyReused');
  });

  it.each(states)('with the same input while %s', (state) => {
    expect(classifyKnownKey({ state }, true)).toBe(state === 'not_sent' ? 'reclaim' : 'existing');
  });
});
