import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { RunOnce } from '../../src/idempotency/run-once.js';
import { CountingUpstream, sampleOrder, workerOrder } from './counting-upstream.js';
import { LedgerWorkers } from './ledger-workers.js';

const { LEDGER_ROUNDS = '3' } = process.env;
/** Set LEDGER_ROUNDS to make the suite as long as you like. */
const ROUNDS = Number(LEDGER_ROUNDS);
const DUPLICATES = 50;
/** The opening, and three reports a key. */
const REPORTS_OF_TEN_KEYS = 31;
/** Starting a process costs about a second, and a machine that builds has little time for it. */
const TIME_LIMIT_MS = 60_000 + ROUNDS * 5_000;

/** What holds between processes, which share nothing but the store. `newUrl` names an empty ledger. */
export function describeProcesses(store: string, newUrl: () => Promise<string>): void {
  describe(`several processes on ${store}`, () => {
    let url: string;
    let workers: LedgerWorkers;

    beforeEach(async () => {
      url = await newUrl();
      workers = new LedgerWorkers(url);
    });

    afterEach(async () => {
      await workers.stop();
    });

    const stateOf = async (idempotencyKey: string): Promise<string | undefined> => {
      const ledger = await openLedger(url, { sweepIntervalMs: 0 });
      const row = await ledger.find('acme', idempotencyKey);
      await ledger.close();
      return row?.state;
    };

    it(
      'may open a new ledger all at once, and then share its hash key',
      async () => {
        const replicas = Array.from({ length: 4 }, () => workers.start());
        const hashes = await Promise.all(replicas.map((replica) => replica.opened()));
        expect(new Set(hashes).size).toBe(1);
      },
      TIME_LIMIT_MS,
    );

    it(
      `send one of ${DUPLICATES} duplicates in each of two processes, in each of ${ROUNDS} rounds`,
      async () => {
        const replicas = [workers.start(), workers.start()];
        await Promise.all(replicas.map((replica) => replica.opened()));
        const keys = Array.from({ length: ROUNDS }, (_, index) => `round-${String(index).padStart(6, '0')}`);
        for (const replica of replicas) {
          replica.order({ keys, duplicates: DUPLICATES });
        }
        for (const key of keys) {
          const results = await Promise.all(replicas.map((replica) => replica.ran(key)));
          expect(results.flat()).toEqual(Array<string>(2 * DUPLICATES).fill('succeeded'));
        }
        expect([...workers.hits()].sort()).toEqual(keys);
      },
      TIME_LIMIT_MS,
    );

    it(
      'leave an unknown outcome when they are killed while sending, and nobody sends it again',
      async () => {
        const worker = workers.start();
        worker.order({ keys: ['killed-sending'], duplicates: 1, hangAt: 'send' });
        await worker.reached('send');
        await worker.kill();
        const ledger = await openLedger(url, { sweepIntervalMs: 0 });
        const upstream = new CountingUpstream();
        const order = workerOrder('killed-sending');
        const again = await new RunOnce({ ledger }).run(order, upstream.steps());
        const other = await new RunOnce({ ledger }).run(sampleOrder({ target: order.target }), upstream.steps());
        await ledger.close();
        expect(again).toMatchObject({ kind: 'completed', outcome: { kind: 'unknown' }, replayed: true });
        expect(other).toMatchObject({ kind: 'priorUnknown' });
        expect(upstream.hits).toBe(0);
        expect(workers.hits()).toEqual(['killed-sending']);
      },
      TIME_LIMIT_MS,
    );

    it(
      'leave "not sent" when they are killed before sending, and the key works again',
      async () => {
        const worker = workers.start();
        worker.order({ keys: ['killed-claimed'], duplicates: 1, hangAt: 'baseline' });
        await worker.reached('baseline');
        await worker.kill();
        expect(await stateOf('killed-claimed')).toBe('not_sent');
        const successor = workers.start();
        successor.order({ keys: ['killed-claimed'], duplicates: 1 });
        expect(await successor.ran('killed-claimed')).toEqual(['succeeded']);
        expect(workers.hits()).toEqual(['killed-claimed']);
      },
      TIME_LIMIT_MS,
    );

    it(
      'are found gone by a duplicate that waits for them elsewhere',
      async () => {
        const sender = workers.start();
        sender.order({ keys: ['watched'], duplicates: 1, hangAt: 'send' });
        await sender.reached('send');
        const ledger = await openLedger(url, { sweepIntervalMs: 20 });
        const once = new RunOnce({ ledger, pollIntervalMs: 5, duplicateWaitMs: 60_000 });
        const upstream = new CountingUpstream();
        const waiting = once.run(workerOrder('watched'), upstream.steps());
        await sender.kill();
        expect(await waiting).toMatchObject({ outcome: { kind: 'unknown' }, replayed: true });
        await ledger.close();
        expect(upstream.hits).toBe(0);
      },
      TIME_LIMIT_MS,
    );

    it(
      'hit the upstream once a key at most, whenever they are killed',
      async () => {
        await fc.assert(
          fc.asyncProperty(fc.integer({ min: 1, max: REPORTS_OF_TEN_KEYS }), fc.uuid(), async (reports, run) => {
            const keys = Array.from({ length: 10 }, (_, index) => `${run}-${index}`);
            const killed = workers.start();
            killed.order({ keys, duplicates: 2 });
            for (let seen = 0; seen < reports; seen += 1) {
              await killed.report();
            }
            await killed.kill();
            const successor = workers.start();
            successor.order({ keys, duplicates: 1 });
            for (const key of keys) {
              const [result] = await successor.ran(key);
              const hits = workers.hits().filter((hit) => hit === key).length;
              // A key may be unknown though it was never hit: killed after "sending" was durable. It may not be called
              // a success.
              expect([result, hits]).toEqual(
                result === 'succeeded' ? ['succeeded', 1] : ['unknown', Math.min(hits, 1)],
              );
            }
            await successor.kill();
          }),
          { numRuns: ROUNDS, endOnFailure: true },
        );
      },
      TIME_LIMIT_MS,
    );
  });
}
