import { describe, expect, it } from '@jest/globals';
import { BillingError } from '../../../src/domain/errors.js';
import { MAX_RESPONSE_ROWS } from '../../../src/reads/response-account.js';
import { largeWork } from '../../../src/runtime/large-work.js';
import { called, NOW_MS, operation, ROOTED, readsFactory, rootWithGroups } from './reads.fixture.js';
import { UpstreamModel } from './upstream.model.js';

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    return error instanceof BillingError ? error.code : String(error);
  }
};

describe('the deadline of an operation', () => {
  it('ends what is under way, and reads nothing more', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const factory = readsFactory(
      {
        getBillingHistory: (_credential, _read, call) => {
          signals.push(call.signal);
          return new Promise(() => undefined);
        },
      },
      { operationTimeoutMs: 20 },
    );
    const reads = operation(factory, { who: ROOTED });
    expect(await codeOf(reads.plan('1', NOW_MS))).toBe('UPSTREAM_TIMEOUT');
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    expect(await codeOf(reads.subgroups('1'))).toBe('UPSTREAM_TIMEOUT');
    expect([signals.length, reads.endedBy()?.code]).toEqual([1, 'UPSTREAM_TIMEOUT']);
  });

  it('is not told to who has been answered', async () => {
    const reads = operation(readsFactory(new UpstreamModel(rootWithGroups(1))), { who: ROOTED });
    expect(await codeOf(reads.plan('1', NOW_MS))).toBe('ok');
    reads.close();
    expect(reads.endedBy()).toBeNull();
  });
});

describe('eighty lists that are too large together', () => {
  it('are all refused, and none of them is returned', async () => {
    const reads = operation(readsFactory(new UpstreamModel([])), { who: ROOTED });
    const lists = Array.from({ length: 80 }, () => codeOf(reads.handOut(1_500, 1)));
    // Their ends wait for a slice, and so do the lists.
    while (!largeWork.isOver());
    expect(await Promise.all(lists)).toEqual(lists.map(() => 'OPERATION_TOO_COMPLEX'));
    expect(reads.refusal()?.code).toBe('OPERATION_TOO_COMPLEX');
  });
});

describe('the rows of an operation', () => {
  it('may be as many as the limit, and end it beyond, with all that it reads', async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const reads = operation(readsFactory(model), { who: ROOTED });
    expect(await codeOf(reads.handOut(MAX_RESPONSE_ROWS, 1))).toBe('ok');
    const underWay = codeOf(reads.plan('1', NOW_MS));
    await called(model);
    expect(await codeOf(reads.handOut(1, 1))).toBe('OPERATION_TOO_COMPLEX');
    expect(await underWay).toBe('OPERATION_TOO_COMPLEX');
    expect(model.signals.map((signal) => signal?.aborted)).toEqual([true]);
    expect(await codeOf(reads.plan('2', NOW_MS))).toBe('OPERATION_TOO_COMPLEX');
    expect([model.calls, reads.endedBy()?.code]).toEqual([1, 'OPERATION_TOO_COMPLEX']);
  });

  it('count by their text too', async () => {
    const reads = operation(readsFactory(new UpstreamModel([])), { who: ROOTED });
    expect(await codeOf(reads.handOut(1_000, 32 * 1024))).toBe('ok');
    expect(await codeOf(reads.handOut(1_000, 1024))).toBe('OPERATION_TOO_COMPLEX');
  });

  it('wait for a place where they are many, keep it until the response has left, and are told when there is none', async () => {
    const events: string[] = [];
    let isFull = false;
    const place = (name: string) => async (tenantId: string) => {
      if (isFull) return null;
      events.push(`${tenantId} takes ${name}`);
      return () => events.push(`${tenantId} frees ${name}`);
    };
    const largeResponses = { kept: place('kept'), making: place('making') };
    const factory = readsFactory(new UpstreamModel([]), { largeResponses });
    const small = operation(factory, { who: ROOTED });
    await small.handOut(1_000, 10);
    const large = operation(factory, { who: ROOTED });
    await Promise.all([large.handOut(1_000, 10), large.handOut(1_000, 10), large.handOut(1_000, 10)]);
    const tenant = ROOTED.tenant.id;
    expect(events).toEqual([`${tenant} takes kept`, `${tenant} takes making`]);
    large.responseMade();
    large.close();
    small.close();
    expect(events.slice(2)).toEqual([`${tenant} frees making`, `${tenant} frees kept`]);
    isFull = true;
    const late = operation(factory, { who: ROOTED });
    expect(await codeOf(late.handOut(5_000, 10))).toBe('RATE_LIMITED');
    expect(late.endedBy()?.code).toBe('RATE_LIMITED');
  });
});

describe('the end of an operation with thousands of reads under way', () => {
  it('ends each with the one error, and gives turns to others in between', async () => {
    const never = new Promise<never>(() => undefined);
    const factory = readsFactory({ getBillingHistory: () => never });
    const reads = operation(factory, { who: ROOTED });
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    const ends = Array.from({ length: 5_000 }, (_, index) =>
      reads.subgroups(String((index % 50) + 1)).catch((error: unknown) => {
        // About what graphql-js does with an error.
        for (let step = 0; step < 2_000; step += 1) JSON.stringify([step]);
        return error;
      }),
    );
    const ended = codeOf(reads.handOut(MAX_RESPONSE_ROWS + 1, 1));
    setImmediate(turn);
    const errors = new Set(await Promise.all(ends));
    isOver = true;
    expect(await ended).toBe('OPERATION_TOO_COMPLEX');
    expect([...errors]).toEqual([reads.endedBy()]);
    expect(turns).toBeGreaterThan(10);
  });
});
