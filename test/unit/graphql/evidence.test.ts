import { beforeAll, describe, expect, it } from '@jest/globals';
import type { BillingOperation } from '../../../src/billing/billing-writes.js';
import { BillingError } from '../../../src/domain/errors.js';
import { ApolloHarness } from './apollo.harness.js';
import { inMemoryPorts, OPERATION, ROW } from './in-memory.context.js';

let gateway: ApolloHarness;

beforeAll(async () => {
  gateway = await ApolloHarness.start();
});

/** Selects the evidence of writes under many aliases. `limit` calls are allowed; each write takes one and `more`. */
async function askAll(status: BillingOperation['status'], limit: number, more = 0) {
  const read: string[] = [];
  let counted = 0;
  const edges = ['1', '2', '3', '4', '5'].map((groupId) => ({
    cursor: groupId,
    node: {
      ...OPERATION,
      status,
      groupId,
      evidenceFit: async (beforeMore?: () => void) => {
        read.push(groupId);
        for (let made = 0; made < more; made += 1) beforeMore?.();
        return [{ activity: ROW, fits: [], doesNotFit: [] }];
      },
    },
  }));
  const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
  const ports = inMemoryPorts({
    writes: { operations: async () => ({ edges, pageInfo, totalCount: edges.length }) },
    reads: {
      countCall: () => {
        counted += 1;
        if (counted > limit) throw new BillingError('OPERATION_TOO_COMPLEX', 'Too many upstream calls.');
      },
    },
  });
  const names = Array.from({ length: 95 }, (_, index) => `e${index}: evidence { id }`).join(' ');
  const response = await gateway.ask({ query: `{ billingOperations(first: 100) { nodes { ${names} } } }`, ports });
  return { response, read, counted };
}

describe('evidence', () => {
  it('is read once for each write, under however many names it is asked', async () => {
    const { response, read, counted } = await askAll('OUTCOME_UNKNOWN', 5);
    expect(response.codes).toEqual([]);
    expect([read, counted]).toEqual([['1', '2', '3', '4', '5'], 5]);
  });

  it('counts against the limit of upstream calls', async () => {
    const { response, read } = await askAll('OUTCOME_UNKNOWN', 2);
    expect(new Set(response.codes)).toEqual(new Set(['OPERATION_TOO_COMPLEX']));
    expect(read).toEqual(['1', '2']);
  });

  it('counts each call that a write takes, and answers when there is none left', async () => {
    const enough = await askAll('OUTCOME_UNKNOWN', 15, 2);
    expect([enough.response.codes, enough.counted]).toEqual([[], 15]);
    const { response } = await askAll('OUTCOME_UNKNOWN', 14, 2);
    expect(new Set(response.codes)).toEqual(new Set(['OPERATION_TOO_COMPLEX']));
  });

  it('costs no call where the outcome is known', async () => {
    expect((await askAll('SUCCEEDED', 0)).response.codes).toEqual([]);
  });
});
