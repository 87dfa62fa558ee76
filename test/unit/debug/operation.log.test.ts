import { describe, expect, it } from '@jest/globals';
import { OperationLog } from '../../../src/debug/operation-log.js';
import type { OperationTrace } from '../../../src/debug/operation-trace.js';
import type { UpstreamAttempt } from '../../../src/domain/upstream-call.js';

const REQUEST = { requestId: 'request-1', tenantId: 'acme' };
const ATTEMPT: UpstreamAttempt = {
  service: 'xtracta',
  operation: 'getBillingHistory',
  kind: 'read',
  attempt: 1,
  startedAtMs: Date.now(),
  durationMs: 5,
  httpStatus: 200,
  bytesReceived: 10,
  outcome: 'ok',
};
const END = { state: 'answered', httpStatus: 200, errorCodes: [], errorPaths: [], callsSaved: 0 } as const;

function describeWith(trace: OperationTrace, text: string): void {
  trace.describe({ name: 'Q', type: 'query', rootFields: ['group'], text, variables: null });
}

describe('the log of operations', () => {
  it('keeps the last ones in number', () => {
    const log = new OperationLog({ operations: 3, bytes: 1_000_000 });
    for (let count = 0; count < 10; count += 1) log.begin(REQUEST).finish(END);
    const { operations, oldestId } = log.since(0);
    expect(operations.map(({ id }) => id)).toEqual([8, 9, 10]);
    expect(oldestId).toBe(8);
  });

  it('keeps no more than its bytes, but always the newest', () => {
    const log = new OperationLog({ operations: 100, bytes: 20_000 });
    for (let count = 0; count < 10; count += 1) describeWith(log.begin(REQUEST), 'x'.repeat(4_000));
    expect(log.since(0).operations).toHaveLength(2);
    describeWith(log.begin(REQUEST), 'x'.repeat(20_000));
    expect(log.since(0).operations.map(({ id }) => id)).toEqual([11]);
  });

  it('tells only what has changed since', () => {
    const log = new OperationLog();
    const first = log.begin(REQUEST);
    log.begin(REQUEST).finish(END);
    const { revision } = log.since(0);
    expect(log.since(revision).operations).toEqual([]);
    first.observer.attempt(ATTEMPT);
    expect(log.since(revision).operations.map(({ id, state }) => [id, state])).toEqual([[1, 'running']]);
  });

  it('forgets an operation that is dropped while it runs', () => {
    const log = new OperationLog({ operations: 1, bytes: 1_000_000 });
    const dropped = log.begin(REQUEST);
    log.begin(REQUEST);
    dropped.observer.attempt(ATTEMPT);
    dropped.finish(END);
    expect(log.since(0).operations.map(({ id }) => id)).toEqual([2]);
  });

  it('bounds the calls, attempts, drift and codes of one operation', () => {
    const log = new OperationLog();
    const trace = log.begin(REQUEST);
    for (let count = 0; count < 1000; count += 1) {
      trace.observer.attempt(ATTEMPT);
      trace.observer.drift({ endpoint: 'getBillingHistory', field: `field${count}` });
    }
    for (let count = 0; count < 50; count += 1) trace.observer.attempt({ ...ATTEMPT, attempt: 2 });
    const errorCodes = Array.from(
      { length: 1000 },
      (_, index) => `CODE_${'ABCDEFGHIJ'[index % 10] ?? ''}${'A'.repeat(index / 10)}`,
    );
    trace.finish({ ...END, errorCodes: [...errorCodes, 'jane@example.com'], errorPaths: errorCodes });
    const [view] = log.since(0).operations;
    expect(view?.calls).toHaveLength(150);
    expect(view?.callsLeftOut).toBe(850);
    expect(view?.calls.at(-1)?.attempts).toHaveLength(5);
    expect(Object.keys(view?.drift ?? {})).toHaveLength(20);
    expect(Object.keys(view?.errors ?? {})).toHaveLength(20);
    expect(view?.errorPaths).toHaveLength(10);
  });

  it('puts the attempts of one read together, with what it was for', () => {
    const log = new OperationLog();
    const { observer } = log.begin(REQUEST);
    const facts = {
      operation: 'getBillingHistory',
      groups: 50,
      askedBy: { plan: 50 },
      recursive: true,
      reason: 'planned',
    } as const;
    const read = observer.read?.(facts);
    observer.attempt({ ...ATTEMPT, operation: 'orderBoosterPack', kind: 'write' });
    read?.attempt({ ...ATTEMPT, outcome: 'failed', httpStatus: 503 });
    read?.attempt({ ...ATTEMPT, attempt: 2 });
    const calls = log.since(0).operations[0]?.calls ?? [];
    expect(calls.map((call) => [call.operation, call.read, call.attempts.map(({ outcome }) => outcome)])).toEqual([
      ['getBillingHistory', facts, ['failed', 'ok']],
      ['orderBoosterPack', null, ['ok']],
    ]);
  });

  it.each([
    ['answered', Promise.resolve(), true],
    ['failed', Promise.reject(new Error('lost')), false],
  ])('shows a shared read that %s', async (_word, response, answered) => {
    const log = new OperationLog();
    const { observer } = log.begin(REQUEST);
    observer
      .read?.({ operation: 'getBillingHistory', groups: 1, askedBy: {}, recursive: false, reason: 'planned' })
      .shared(response);
    await Promise.allSettled([response]);
    expect(log.since(0).operations[0]?.calls[0]?.shared).toMatchObject({ answered });
  });
});
