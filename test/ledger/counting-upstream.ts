import type { WriteFailure, WriteOutcome } from '../../src/domain/write.js';
import type { OnceRequest, OnceSteps } from '../../src/idempotency/run-once.js';

export interface Order {
  readonly id: string;
  /** Personal data: never stored, so null when replayed. */
  readonly orderedBy: string | null;
}

const FAILURE: WriteFailure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'The connection was lost.',
  upstream: { service: 'xtracta', operation: 'orderBoosterPack' },
};

export const SUCCEEDED: WriteOutcome<Order> = {
  kind: 'succeeded',
  value: { id: '42', orderedBy: 'jane@example.test' },
  warnings: [{ code: 'STATUS_MISSING', message: 'The response had no status.' }],
};
export const REJECTED: WriteOutcome<Order> = { kind: 'rejected', failure: { ...FAILURE, code: 'UPSTREAM_REJECTED' } };
export const NOT_SENT: WriteOutcome<Order> = {
  kind: 'notSent',
  failure: { ...FAILURE, code: 'UPSTREAM_UNAVAILABLE' },
};
export const UNKNOWN_OUTCOME: WriteOutcome<Order> = { kind: 'unknown', failure: FAILURE };

/** Stands for the one attempt at an upstream: counts how often it was made. */
export class CountingUpstream {
  hits = 0;
  readonly #responses: WriteOutcome<Order>[];

  /** The responses in order; the last one goes on. */
  constructor(...responses: WriteOutcome<Order>[]) {
    this.#responses = responses.length === 0 ? [SUCCEEDED] : responses;
  }

  steps(change: Partial<OnceSteps<Order>> = {}): OnceSteps<Order> {
    return {
      baseline: async () => ({ ids: ['1', '2'], before: { plan: 'Basic' } }),
      send: async () => this.respond(),
      toStored: ({ id }) => ({ id }),
      fromStored: (stored) => ({ id: idOf(stored), orderedBy: null }),
      ...change,
    };
  }

  respond(): WriteOutcome<Order> {
    this.hits += 1;
    const response = this.#responses.length > 1 ? this.#responses.shift() : this.#responses[0];
    return response ?? SUCCEEDED;
  }
}

function idOf(stored: unknown): string {
  if (typeof stored === 'object' && stored !== null && 'id' in stored && typeof stored.id === 'string') {
    return stored.id;
  }
  return 'not kept';
}

let keys = 0;

/** An order that differs from every other in its key alone, save for what is asked. */
export function sampleOrder(change: Partial<OnceRequest> = {}): OnceRequest {
  keys += 1;
  return {
    tenantId: 'acme',
    credentialId: 'credential-1',
    idempotencyKey: `once-${String(keys).padStart(6, '0')}`,
    kind: 'ORDER_BOOSTER_PACK',
    target: 'group:123',
    groupId: '123',
    input: { packId: '7', quantity: 2 },
    stored: { packId: '7' },
    deletesDocuments: false,
    ...change,
  };
}

/** The order that a worker process makes of a key: each key has a target of its own. */
export function workerOrder(idempotencyKey: string): OnceRequest {
  return sampleOrder({ idempotencyKey, target: `group:${idempotencyKey}` });
}
