import type { ClaimRequest } from '../../src/idempotency/ledger.js';
import type { Resolution, StoredResponse } from '../../src/idempotency/ledger-states.js';

export const T0 = Date.UTC(2026, 0, 31, 12, 0, 0);

let keys = 0;

/** A claim that differs from every other in its key alone, save for what is asked. */
export function sampleClaim(change: Partial<ClaimRequest> = {}): ClaimRequest {
  keys += 1;
  return {
    tenantId: 'acme',
    credentialId: 'credential-1',
    idempotencyKey: `order-${String(keys).padStart(6, '0')}`,
    kind: 'ORDER_BOOSTER_PACK',
    target: 'group:123',
    groupId: '123',
    fingerprint: 'print-a',
    input: { packId: '7', quantity: 2 },
    deletesDocuments: false,
    atMs: T0,
    ...change,
  };
}

export const SUCCESS: StoredResponse = { kind: 'value', value: { id: '42', price: '99.50' }, warnings: [] };

export const UNKNOWN: StoredResponse = {
  kind: 'failure',
  failure: {
    code: 'OUTCOME_UNKNOWN',
    message: 'The connection was lost.',
    upstream: { service: 'xtracta', operation: 'orderBoosterPack', httpStatus: 502 },
  },
};

export function byOperator(note: string): Resolution {
  return { by: 'operator', atMs: T0 + 9_000, note, subject: 'jane' };
}
