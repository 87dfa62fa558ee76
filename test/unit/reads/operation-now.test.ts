import { afterEach, describe, expect, it } from '@jest/globals';
import type { BillingReads } from '../../../src/reads/billing-reads.js';
import { endOperations, historyRequest, NOW_MS, NOW_SECONDS, operation, readsFactory } from './reads.fixture.js';
import { type ModelGroup, UpstreamModel } from './upstream.model.js';

afterEach(endOperations);

/** A group whose plan changes five seconds after {@link NOW_MS}. */
const GROUP: ModelGroup = {
  id: '2',
  parent: null,
  rows: [
    { id: '20', startSeconds: NOW_SECONDS - 1_000, periodSeconds: 100_000, fields: { planName: 'Old' } },
    { id: '21', startSeconds: NOW_SECONDS + 5, periodSeconds: 100_000, fields: { planName: 'New' } },
  ],
};

const EVERY_READ_OF_NOW: readonly [string, (reads: BillingReads) => Promise<unknown>][] = [
  ['plan', async (reads) => (await reads.plan('2', null))?.name],
  ['planAnew', async (reads) => (await reads.planAnew('2'))?.name],
  ['historyPage', async (reads) => (await reads.historyPage(historyRequest('2', { first: 1 }))).nodes[0]?.planName],
  [
    'historyPage with groups below',
    async (reads) =>
      (await reads.historyPage(historyRequest('2', { first: 1, includeSubgroups: true }))).nodes[0]?.planName,
  ],
];

describe.each(EVERY_READ_OF_NOW)('the "now" of an operation, by %s', (_name, read) => {
  it('is the moment of its first read, so that a write that it has waited for shows', async () => {
    const model = new UpstreamModel([GROUP]);
    let nowMs = NOW_MS;
    const reads = operation(readsFactory(model, { clock: () => nowMs }));
    nowMs += 5_000;
    expect(await read(reads)).toBe('New');
  });

  it('stays, so that equal reads stay equal and share their call', async () => {
    const model = new UpstreamModel([GROUP]);
    let nowMs = NOW_MS;
    const reads = operation(readsFactory(model, { clock: () => nowMs }));
    expect(await read(reads)).toBe('Old');
    nowMs += 5_000;
    expect(await read(reads)).toBe('Old');
    expect(model.calls).toBe(1);
  });

  it("is by the upstream's clock where that is measured as ahead", async () => {
    const model = new UpstreamModel([GROUP]);
    let aheadMs = 5_000;
    const factory = readsFactory(model, { upstreamAheadMs: () => aheadMs });
    expect(await read(operation(factory))).toBe('New');
    aheadMs = 3_600_000;
    expect(await read(operation(factory))).toBe('Old');
  });

  it('is not before a period that the operation has begun', async () => {
    const model = new UpstreamModel([GROUP]);
    const factory = readsFactory(model);
    const writing = operation(factory);
    writing.noteBegun(NOW_MS + 5_000);
    expect(await read(writing)).toBe('New');
    expect(await read(operation(factory))).toBe('Old');
  });
});
