import { describe, expect, it } from '@jest/globals';
import { InFlightReads } from '../../../src/reads/shared-reads.js';
import { recordedCall } from '../../support/upstream-call.js';

function startable() {
  const read = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  return {
    ...read,
    signals,
    start: (call: { readonly signal?: AbortSignal }) => {
      if (call.signal !== undefined) signals.push(call.signal);
      return read.promise;
    },
  };
}

describe('reads in flight', () => {
  it('of one key are one read, and each sharer gets its response', async () => {
    const inFlight = new InFlightReads<string>();
    const read = startable();
    const joined = [1, 2, 3].map(() => inFlight.join('k', recordedCall().call, read.start));
    expect(joined.map(({ isStarted }) => isStarted)).toEqual([true, false, false]);
    read.resolve('rows');
    await expect(Promise.all(joined.map(({ response }) => response))).resolves.toEqual(['rows', 'rows', 'rows']);
    expect(inFlight.join('k', recordedCall().call, read.start).isStarted).toBe(true);
  });

  it('of different keys are not shared', () => {
    const inFlight = new InFlightReads<string>();
    const read = startable();
    expect(inFlight.join('a', recordedCall().call, read.start).isStarted).toBe(true);
    expect(inFlight.join('b', recordedCall().call, read.start).isStarted).toBe(true);
  });

  it('fail for every sharer, and are forgotten', async () => {
    const inFlight = new InFlightReads<string>();
    const read = startable();
    const responses = [1, 2].map(() => inFlight.join('k', recordedCall().call, read.start).response);
    read.reject(new Error('down'));
    for (const response of responses) await expect(response).rejects.toThrow('down');
    expect(inFlight.join('k', recordedCall().call, startable().start).isStarted).toBe(true);
  });

  it('go on while one sharer is left, and are aborted when the last leaves', async () => {
    const inFlight = new InFlightReads<string>();
    const read = startable();
    const [first, second] = [new AbortController(), new AbortController()];
    const responses = [first, second].map(
      ({ signal }) => inFlight.join('k', recordedCall({ signal }).call, read.start).response,
    );
    first.abort();
    await expect(responses[0]).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(read.signals[0]?.aborted).toBe(false);
    second.abort();
    await expect(responses[1]).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(read.signals[0]?.aborted).toBe(true);
    expect(inFlight.join('k', recordedCall().call, startable().start).isStarted).toBe(true);
  });

  it('are not aborted while a sharer without a signal waits', async () => {
    const inFlight = new InFlightReads<string>();
    const read = startable();
    const leaving = new AbortController();
    const gone = inFlight.join('k', recordedCall({ signal: leaving.signal }).call, read.start).response;
    const staying = inFlight.join('k', recordedCall().call, read.start).response;
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    read.resolve('rows');
    await expect(staying).resolves.toBe('rows');
    expect(read.signals[0]?.aborted).toBe(false);
  });

  it('are not begun for a sharer that has left before', async () => {
    const inFlight = new InFlightReads<string>();
    const joined = inFlight.join('k', recordedCall({ signal: AbortSignal.abort() }).call, () => {
      throw new Error('must not start');
    });
    await expect(joined.response).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(joined.isStarted).toBe(false);
  });
});
