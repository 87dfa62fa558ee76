import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WriteOutcome } from '../../src/domain/write.js';
import { LedgerUnavailable } from '../../src/idempotency/ledger.js';
import { isUnfinished, type LedgerRow, type LedgerState } from '../../src/idempotency/ledger-states.js';
import { RunOnce } from '../../src/idempotency/run-once.js';
import { interceptLedger } from '../writes/intercepted-ledger.js';
import {
  CountingUpstream,
  NOT_SENT,
  type Order,
  REJECTED,
  SUCCEEDED,
  sampleOrder,
  UNKNOWN_OUTCOME,
} from './counting-upstream.js';
import { type FaultMoment, FaultyLedger, type LedgerFault, type LedgerStep } from './faulty-ledger.js';
import { LedgerHarness, present } from './ledger.harness.js';

const FAULTS: readonly LedgerFault[] = ['before', 'after', 'late'];

/** What running once means when the ledger, the caller's steps or the owner fail. `newUrl` names an empty ledger. */
export function describeRunOnceFaults(
  store: string,
  newUrl: () => Promise<string>,
  empty?: (url: string) => Promise<void>,
): void {
  describe(`running a write once on ${store}, when something fails`, () => {
    const at = new LedgerHarness(newUrl, empty);
    const make = (ledger = new FaultyLedger(at.ledger)) => ({
      ledger,
      once: new RunOnce({ ledger, pollIntervalMs: 1, duplicateWaitMs: 60_000, recordRetryMs: 1 }),
    });

    it.each(FAULTS)('sends nothing when the claim fails (stored: %s), and the key works later', async (fault) => {
      const { ledger, once } = make();
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      ledger.fail('claim', fault);
      expect(await once.run(order, upstream.steps())).toEqual({ kind: 'ledgerUnavailable' });
      expect(upstream.hits).toBe(0);
      expect(await once.run(order, upstream.steps())).toMatchObject({ kind: 'completed', replayed: false });
      expect(upstream.hits).toBe(1);
    });

    it.each(FAULTS)('gives the target back when the claim fails (stored: %s)', async (fault) => {
      const { ledger, once } = make();
      const upstream = new CountingUpstream();
      ledger.fail('claim', fault);
      await once.run(sampleOrder(), upstream.steps());
      expect(await once.run(sampleOrder(), upstream.steps())).toMatchObject({ kind: 'completed', replayed: false });
      expect(upstream.hits).toBe(1);
    });

    it.each(FAULTS)('sends nothing when "sending" fails (stored: %s), and the key works later', async (fault) => {
      const { ledger, once } = make();
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      ledger.fail('sending', fault);
      expect(await once.run(order, upstream.steps())).toEqual({ kind: 'ledgerUnavailable' });
      expect(upstream.hits).toBe(0);
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({
        state: 'not_sent',
        sentAtMs: null,
      });
      expect(await once.run(order, upstream.steps())).toMatchObject({ kind: 'completed', row: { claim: 2 } });
      expect(upstream.hits).toBe(1);
    });

    it('does not say that nothing was sent when it cannot see what another process sends', async () => {
      const { ledger, once } = make(new FaultyLedger(await at.openAnother()));
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      const sending = Promise.withResolvers<undefined>();
      const answered = Promise.withResolvers<WriteOutcome<Order>>();
      const send = () => {
        sending.resolve(undefined);
        return answered.promise;
      };
      const first = make().once.run(order, upstream.steps({ send }));
      await sending.promise;
      ledger.fail('read', 'before');
      const duplicate = await once.run(order, upstream.steps());
      answered.resolve(SUCCEEDED);
      expect(await first).toMatchObject({ kind: 'completed', outcome: SUCCEEDED });
      expect(duplicate).toMatchObject({ kind: 'inProgress', row: { idempotencyKey: order.idempotencyKey } });
      expect(upstream.hits).toBe(0);
    });

    it('gives a row back as soon as the ledger is well again, when even that failed at first', async () => {
      const { ledger, once } = make();
      const upstream = new CountingUpstream();
      ledger.fail('sending', 'after');
      ledger.fail('read', 'before', 'before');
      const order = sampleOrder();
      expect(await once.run(order, upstream.steps())).toEqual({ kind: 'ledgerUnavailable' });
      expect(await once.run(order, upstream.steps())).toEqual({ kind: 'ledgerUnavailable' });
      expect(await once.run(sampleOrder(), upstream.steps())).toMatchObject({ kind: 'completed', replayed: false });
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'not_sent' });
      expect(upstream.hits).toBe(1);
    });

    it('gives a claim back that is stored after it was given up, without a further request', async () => {
      const { ledger, once } = make();
      const order = sampleOrder();
      ledger.fail('claim', 'late');
      expect(await once.run(order, new CountingUpstream().steps())).toEqual({ kind: 'ledgerUnavailable' });
      await ledger.arrive();
      expect(await once.drain()).toBe(true);
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'not_sent' });
    });

    it('remembers what it may give back when a neighbour meets the row, and nobody can close it', async () => {
      const { ledger, once } = make();
      const order = sampleOrder();
      ledger.fail('sending', 'after');
      ledger.fail('read', ...Array<FaultMoment>(1_000).fill('before'));
      await once.run(order, new CountingUpstream().steps());
      expect(await once.run(sampleOrder(), new CountingUpstream().steps())).toMatchObject({ kind: 'inProgress' });
      ledger.heal();
      expect(await once.drain()).toBe(true);
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'not_sent' });
    });

    it('gives a row back that a sweep calls unknown at the same moment', async () => {
      const order = sampleOrder();
      let sweeps = 0;
      const ledger = interceptLedger(at.ledger, async (step, moment) => {
        if (step === 'sending' && moment === 'after') throw new LedgerUnavailable('The acknowledgement was lost.');
        if (step !== 'outcome' || moment !== 'before') return;
        sweeps += 1;
        const row = present(await at.ledger.find(order.tenantId, order.idempotencyKey));
        await at.ledger.advance(row, { from: 'sending', to: 'unknown', by: 'sweep', atMs: 0 });
      });
      await new RunOnce({ ledger }).run(order, new CountingUpstream().steps());
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({
        state: 'not_sent',
        resolution: { by: 'late-answer' },
      });
      expect(sweeps).toBe(2);
    });

    it('records the other outcomes while one fails for long', async () => {
      const [stuck, other] = [sampleOrder(), sampleOrder({ target: 'group:9' })];
      let isAway = true;
      const ledger = interceptLedger(at.ledger, async (step, _moment, key) => {
        const fails = step === 'outcome' && (isAway || key === stuck.idempotencyKey);
        if (fails) throw new LedgerUnavailable('The disk is full.');
      });
      const once = new RunOnce({ ledger, recordRetryMs: 1 });
      for (const order of [stuck, other]) await once.run(order, new CountingUpstream().steps());
      isAway = false;
      expect(await once.drain()).toBe(false);
      expect(await at.ledger.find(other.tenantId, other.idempotencyKey)).toMatchObject({ state: 'succeeded' });
    });

    it.each([
      { by: 'operator', settled: 'rejected', outcome: SUCCEEDED, state: 'rejected', isTold: true },
      { by: 'operator', settled: 'rejected', outcome: NOT_SENT, state: 'rejected', isTold: false },
      { by: 'operator', settled: 'succeeded', outcome: REJECTED, state: 'succeeded', isTold: true },
      { by: 'operator', settled: 'succeeded', outcome: NOT_SENT, state: 'succeeded', isTold: true },
      { by: 'operator', settled: 'succeeded', outcome: UNKNOWN_OUTCOME, state: 'succeeded', isTold: false },
      { by: 'reconciler', settled: 'succeeded', outcome: REJECTED, state: 'rejected', isTold: true },
      { by: 'reconciler', settled: 'succeeded', outcome: NOT_SENT, state: 'not_sent', isTold: true },
      { by: 'reconciler', settled: 'succeeded', outcome: SUCCEEDED, state: 'succeeded', isTold: false },
    ] as const)('has the row as $state when $outcome.kind comes after $settled by the $by', async (point) => {
      const ledger = new FaultyLedger(at.ledger);
      const told: unknown[] = [];
      const onContradiction = (row: LedgerRow, known: LedgerState) => told.push([row.state, known]);
      const once = new RunOnce({ ledger, recordRetryMs: 60_000, onContradiction });
      const order = sampleOrder();
      ledger.fail('outcome', 'before');
      const first = await once.run(order, new CountingUpstream(point.outcome).steps());
      expect(first).toMatchObject({ kind: 'completed', outcome: point.outcome });
      const sending = present(await at.ledger.find(order.tenantId, order.idempotencyKey));
      const unknown = await at.ledger.advance(sending, { from: 'sending', to: 'unknown', by: 'sweep', atMs: 0 });
      const resolution = { by: point.by, atMs: 0, note: 'seen', subject: null } as const;
      await at.ledger.settle(present(unknown), point.settled, null, resolution);
      expect(await once.drain()).toBe(true);
      const { state } = present(await at.ledger.find(order.tenantId, order.idempotencyKey));
      const known = { succeeded: 'succeeded', rejected: 'rejected', notSent: 'not_sent', unknown: 'unknown' } as const;
      expect(state).toBe(point.state);
      expect(told).toEqual(point.isTold ? [[point.settled, known[point.outcome.kind]]] : []);
    });

    it.each([
      { outcome: SUCCEEDED, moment: 'before' },
      { outcome: SUCCEEDED, moment: 'after' },
      { outcome: REJECTED, moment: 'before' },
      { outcome: REJECTED, moment: 'after' },
    ] as const)('tells the truth ($outcome.kind) when recording fails $moment it is stored', async (point) => {
      const { ledger, once } = make();
      const upstream = new CountingUpstream(point.outcome);
      const order = sampleOrder();
      ledger.fail('outcome', point.moment);
      const result = await once.run(order, upstream.steps());
      expect(result).toMatchObject({ kind: 'completed', outcome: point.outcome, replayed: false });
      expect(result).toMatchObject({ row: { state: point.outcome.kind } });
      expect(await once.drain()).toBe(true);
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({
        state: point.outcome.kind,
      });
    });

    it('answers duplicates in this process with an outcome that is not recorded yet', async () => {
      const { ledger, once } = make();
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      ledger.fail('outcome', ...Array<FaultMoment>(1_000).fill('before'));
      await once.run(order, upstream.steps());
      const duplicate = await once.run(order, upstream.steps());
      expect(duplicate).toMatchObject({ kind: 'completed', outcome: { kind: 'succeeded' }, replayed: true });
      const reuse = await once.run({ ...order, input: {} }, upstream.steps());
      expect(reuse).toMatchObject({ kind: 'keyReused', row: { state: 'succeeded' } });
      const onTarget = await once.run(sampleOrder(), upstream.steps());
      expect(onTarget).toMatchObject({ kind: 'inProgress', row: { idempotencyKey: order.idempotencyKey } });
      expect(upstream.hits).toBe(1);

      ledger.heal();
      expect(await once.run(sampleOrder(), upstream.steps())).toMatchObject({ kind: 'completed', replayed: false });
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'succeeded' });
    });

    it('says so when it drains and an outcome cannot be recorded; the row is unknown after it', async () => {
      const { ledger, once } = make(new FaultyLedger(await at.openAnother()));
      const order = sampleOrder();
      ledger.fail('outcome', ...Array<FaultMoment>(1_000).fill('before'));
      await once.run(order, new CountingUpstream().steps());
      expect(await once.drain()).toBe(false);
      await ledger.close();
      await at.ledger.sweepOrphans();
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'unknown' });
    });

    it.each([
      { outcome: SUCCEEDED, state: 'succeeded' },
      { outcome: REJECTED, state: 'rejected' },
      { outcome: NOT_SENT, state: 'not_sent' },
    ])('lets an owner that was thought gone settle its row as $state', async ({ outcome, state }) => {
      const order = sampleOrder();
      const send = async (): Promise<WriteOutcome<Order>> => {
        const row = present(await at.ledger.find(order.tenantId, order.idempotencyKey));
        await at.ledger.advance(row, { from: 'sending', to: 'unknown', by: 'sweep', atMs: 0 });
        return outcome;
      };
      const result = await make().once.run(order, new CountingUpstream().steps({ send }));
      expect(result).toMatchObject({ outcome, row: { state, resolution: { by: 'late-answer' } } });
    });

    it('claims again when its claim was taken away before it could send', async () => {
      const order = sampleOrder();
      const upstream = new CountingUpstream();
      let sweeps = 0;
      const baseline = async () => {
        sweeps += 1;
        if (sweeps === 1) {
          const row = present(await at.ledger.find(order.tenantId, order.idempotencyKey));
          await at.ledger.advance(row, { from: 'claimed', to: 'not_sent', by: 'sweep', atMs: 0 });
        }
        return null;
      };
      const result = await make().once.run(order, upstream.steps({ baseline }));
      expect(result).toMatchObject({ kind: 'completed', outcome: SUCCEEDED, row: { claim: 2, baseline: null } });
      expect(upstream.hits).toBe(1);
    });

    it('keeps the word of an operator who settled the row while it was being sent', async () => {
      const order = sampleOrder();
      const send = async (): Promise<WriteOutcome<Order>> => {
        const row = present(await at.ledger.find(order.tenantId, order.idempotencyKey));
        const unknown = await at.ledger.advance(row, { from: 'sending', to: 'unknown', by: 'sweep', atMs: 0 });
        const resolution = { by: 'operator', atMs: 0, note: 'seen', subject: null } as const;
        if (unknown !== null) {
          await at.ledger.settle(unknown, 'rejected', null, resolution);
        }
        return SUCCEEDED;
      };
      const result = await make().once.run(order, new CountingUpstream().steps({ send }));
      expect(result).toMatchObject({ outcome: SUCCEEDED, row: { state: 'rejected', resolution: { by: 'operator' } } });
    });

    it('calls the outcome unknown when the attempt itself throws', async () => {
      const order = sampleOrder();
      const send = () => Promise.reject(new Error('a bug'));
      const result = await make().once.run(order, new CountingUpstream().steps({ send }));
      expect(result).toMatchObject({ outcome: { kind: 'unknown' }, row: { state: 'unknown' } });
    });

    it('sends without a baseline when that cannot be read', async () => {
      const baseline = () => Promise.reject(new Error('a bug'));
      const result = await make().once.run(sampleOrder(), new CountingUpstream().steps({ baseline }));
      expect(result).toMatchObject({ outcome: SUCCEEDED, row: { baseline: null } });
    });

    it('records a success whose figures cannot be stored', async () => {
      const order = sampleOrder();
      const toStored = (): unknown => {
        throw new Error('a bug');
      };
      const { once } = make();
      const steps = new CountingUpstream().steps({ toStored });
      expect(await once.run(order, steps)).toMatchObject({ outcome: SUCCEEDED, row: { state: 'succeeded' } });
      expect(await once.run(order, steps)).toMatchObject({
        outcome: { kind: 'succeeded', value: { id: 'not kept' } },
        replayed: true,
      });
    });

    it('keeps an unrecorded outcome when a neighbour cannot close its row', async () => {
      const { ledger, once } = make();
      const [first, second] = [sampleOrder(), sampleOrder({ idempotencyKey: 'the-neighbour' })];
      const always = Array.from({ length: 1_000 }, () => 'before' as const);
      ledger.fail('outcome', ...always);
      const send = async (): Promise<WriteOutcome<Order>> => REJECTED;
      await once.run(first, new CountingUpstream().steps({ send }));
      ledger.fail('read', ...always);
      expect(await once.run(second, new CountingUpstream().steps())).toMatchObject({ kind: 'inProgress' });
      ledger.heal();
      expect(await once.drain()).toBe(true);
      expect(await at.ledger.find(first.tenantId, first.idempotencyKey)).toMatchObject({ state: 'rejected' });
    });

    it('never spends twice and never lies, whatever fails in whatever order', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(attempts, { minLength: 1, maxLength: 8 }), fc.uuid(), async (plan, run) => {
          const { ledger, once } = make();
          const hits = new Map<string, WriteOutcome<Order>['kind'][]>();
          for (const { key, outcome, fault, isParallel } of plan) {
            const order = sampleOrder({ idempotencyKey: `${run}-${key}`, target: `group:${run}` });
            const send = async (): Promise<WriteOutcome<Order>> => {
              hits.set(key, [...(hits.get(key) ?? []), outcome.kind]);
              return outcome;
            };
            const steps = new CountingUpstream().steps({ send });
            if (fault !== null) {
              ledger.fail(fault.step, fault.moment);
            }
            const runs = isParallel ? [once.run(order, steps), once.run(order, steps)] : [once.run(order, steps)];
            for (const result of await Promise.all(runs)) {
              const told = result.kind === 'completed' ? result.outcome.kind : 'unknown';
              expect(told === 'unknown' || hits.get(key)?.at(-1) === told).toBe(true);
            }
            const maybeCharged = (hits.get(key) ?? []).filter((kind) => kind !== 'notSent');
            expect(maybeCharged.length).toBeLessThanOrEqual(1);
          }
          ledger.heal();
          await ledger.arrive();
          expect(await once.drain()).toBe(true);
          for (const [key, outcomes] of hits) {
            const states = { succeeded: 'succeeded', rejected: 'rejected', notSent: 'not_sent', unknown: 'unknown' };
            const row = await at.ledger.find('acme', `${run}-${key}`);
            expect(row?.state).toBe(states[outcomes.at(-1) ?? 'unknown']);
          }
          for (const { key } of plan) {
            const row = await at.ledger.find('acme', `${run}-${key}`);
            expect(row === null || !isUnfinished(row.state)).toBe(true);
          }
        }),
        { numRuns: 30, endOnFailure: true },
      );
    });
  });
}

/** One request of a client, what the upstream would answer, and what fails meanwhile. */
const attempts = fc.record({
  key: fc.constantFrom('first', 'second'),
  outcome: fc.constantFrom(SUCCEEDED, REJECTED, NOT_SENT, UNKNOWN_OUTCOME),
  fault: fc.option(
    fc.record({
      step: fc.constantFrom<LedgerStep[]>('claim', 'sending', 'outcome', 'read'),
      moment: fc.constantFrom(...FAULTS),
    }),
  ),
  isParallel: fc.boolean(),
});
