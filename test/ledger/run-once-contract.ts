import { describe, expect, it } from '@jest/globals';
import { RunOnce } from '../../src/idempotency/run-once.js';
import { CountingUpstream, NOT_SENT, REJECTED, SUCCEEDED, sampleOrder, UNKNOWN_OUTCOME } from './counting-upstream.js';
import { LedgerHarness } from './ledger.harness.js';

const REPLAYED = { kind: 'succeeded', value: { id: '42', orderedBy: null } };

/** What running once means when the ledger itself is well. `newUrl` names an empty ledger. */
export function describeRunOnce(
  store: string,
  newUrl: () => Promise<string>,
  empty?: (url: string) => Promise<void>,
): void {
  describe(`running a write once on ${store}`, () => {
    const at = new LedgerHarness(newUrl, empty);
    const make = (ledger = at.ledger): RunOnce => new RunOnce({ ledger, pollIntervalMs: 1, duplicateWaitMs: 60_000 });

    it('sends, and answers with all that the upstream said', async () => {
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      const result = await make().run(order, upstream.steps());
      expect(result).toMatchObject({ kind: 'completed', outcome: SUCCEEDED, replayed: false });
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({
        state: 'succeeded',
        input: { packId: '7' },
        answer: { kind: 'value', value: { id: '42' } },
      });
    });

    it('has the row durable as sending, with the baseline, before it sends', async () => {
      const replica = await at.openAnother();
      const order = sampleOrder();
      const seen: unknown[] = [];
      const send = async () => {
        seen.push(await replica.find(order.tenantId, order.idempotencyKey));
        return SUCCEEDED;
      };
      await make().run(order, new CountingUpstream().steps({ send }));
      expect(seen).toMatchObject([{ state: 'sending', baseline: ['1', '2'] }]);
    });

    it.each([
      { outcome: SUCCEEDED, state: 'succeeded', hits: 1 },
      { outcome: REJECTED, state: 'rejected', hits: 1 },
      { outcome: UNKNOWN_OUTCOME, state: 'unknown', hits: 1 },
      { outcome: NOT_SENT, state: 'not_sent', hits: 2 },
    ])('after $state the same key makes $hits hits in all', async ({ outcome, state, hits }) => {
      const upstream = new CountingUpstream(outcome);
      const order = sampleOrder();
      const first = await make().run(order, upstream.steps());
      expect(first).toMatchObject({ kind: 'completed', outcome, replayed: false, row: { state, claim: 1 } });
      const second = await make().run(order, upstream.steps());
      expect(second).toMatchObject({
        kind: 'completed',
        outcome: { kind: outcome.kind },
        replayed: hits === 1,
        row: { state, claim: hits },
      });
      expect(upstream.hits).toBe(hits);
    });

    it('replays the response without what is not stored', async () => {
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      await make().run(order, upstream.steps());
      const replay = await make(await at.openAnother()).run(order, upstream.steps());
      expect(replay).toMatchObject({ outcome: { ...REPLAYED, warnings: [{ code: 'STATUS_MISSING' }] } });
    });

    it('sends nothing for a key that belongs to another input', async () => {
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      await make().run(order, upstream.steps());
      const reuse = await make().run({ ...order, input: { packId: '8', quantity: 2 } }, upstream.steps());
      expect(reuse).toMatchObject({ kind: 'keyReused', row: { state: 'succeeded' } });
      expect(upstream.hits).toBe(1);
    });

    it('takes the same input in another order of fields for the same', async () => {
      const upstream = new CountingUpstream();
      const order = sampleOrder();
      await make().run(order, upstream.steps());
      const again = await make().run({ ...order, input: { quantity: 2, packId: '7' } }, upstream.steps());
      expect(again).toMatchObject({ kind: 'completed', replayed: true });
    });

    it('refuses another key on the target of an unknown outcome', async () => {
      const upstream = new CountingUpstream(UNKNOWN_OUTCOME);
      const prior = sampleOrder();
      await make().run(prior, upstream.steps());
      const next = await make().run(sampleOrder({ kind: 'CHANGE_PLAN' }), upstream.steps());
      expect(next).toMatchObject({ kind: 'priorUnknown', row: { idempotencyKey: prior.idempotencyKey } });
      expect(upstream.hits).toBe(1);
    });

    it('refuses another key at once while a write on the target is under way, here or elsewhere', async () => {
      const upstream = new CountingUpstream();
      const here = make();
      const elsewhere = make(await at.openAnother());
      const refused: unknown[] = [];
      const send = async () => {
        refused.push(await here.run(sampleOrder(), upstream.steps()));
        refused.push(await elsewhere.run(sampleOrder(), upstream.steps()));
        return upstream.respond();
      };
      await here.run(sampleOrder(), upstream.steps({ send }));
      expect(refused).toMatchObject([
        { kind: 'inProgress', row: { state: 'sending' } },
        { kind: 'inProgress', row: { state: 'sending' } },
      ]);
      expect(upstream.hits).toBe(1);
    });

    it('sends one of fifty duplicates on each of two replicas, and answers all hundred alike', async () => {
      const upstream = new CountingUpstream();
      const replicas = [make(), make(await at.openAnother())];
      const order = sampleOrder();
      const results = await Promise.all(
        replicas.flatMap((once) => Array.from({ length: 50 }, () => once.run(order, upstream.steps()))),
      );
      expect(upstream.hits).toBe(1);
      expect(results.filter((result) => result.kind === 'completed')).toHaveLength(100);
      expect(results.filter((result) => result.kind === 'completed' && !result.replayed)).toHaveLength(1);
    });

    it('gives duplicates that waited the "not sent" of the one they waited for', async () => {
      const upstream = new CountingUpstream(NOT_SENT);
      const once = make();
      const order = sampleOrder();
      const results = await Promise.all([once.run(order, upstream.steps()), once.run(order, upstream.steps())]);
      expect(results).toMatchObject([
        { outcome: { kind: 'notSent' }, replayed: false },
        { outcome: { kind: 'notSent' }, replayed: true },
      ]);
      expect(upstream.hits).toBe(1);
    });

    it('stops waiting for another replica after a while, and says that the write is in progress', async () => {
      const upstream = new CountingUpstream();
      const impatient = new RunOnce({ ledger: await at.openAnother(), pollIntervalMs: 1, duplicateWaitMs: 5 });
      const order = sampleOrder();
      const waited: unknown[] = [];
      const send = async () => {
        waited.push(await impatient.run(order, upstream.steps()));
        return upstream.respond();
      };
      await make().run(order, upstream.steps({ send }));
      expect(waited).toMatchObject([{ kind: 'inProgress', row: { state: 'sending' } }]);
      expect(upstream.hits).toBe(1);
    });

    it('finds a duplicate’s sender gone: what it was sending is unknown and is not sent again', async () => {
      const replica = await at.openAnother();
      const order = sampleOrder();
      const upstream = new CountingUpstream();
      const hanging = Promise.withResolvers<never>();
      const reached = Promise.withResolvers<undefined>();
      const send = () => {
        reached.resolve(undefined);
        return hanging.promise;
      };
      void make(replica).run(order, upstream.steps({ send }));
      await reached.promise;
      await replica.close();
      const result = await make().run(order, upstream.steps());
      expect(result).toMatchObject({ kind: 'completed', outcome: { kind: 'unknown' }, replayed: true });
      expect(upstream.hits).toBe(0);
    });

    it('finds a duplicate’s sender gone before it could send, and sends instead', async () => {
      const replica = await at.openAnother();
      const order = sampleOrder();
      const upstream = new CountingUpstream();
      const reached = Promise.withResolvers<undefined>();
      const baseline = () => {
        reached.resolve(undefined);
        return Promise.withResolvers<never>().promise;
      };
      void make(replica).run(order, upstream.steps({ baseline }));
      await reached.promise;
      await replica.close();
      const result = await make().run(order, upstream.steps());
      expect(result).toMatchObject({ kind: 'completed', outcome: { kind: 'succeeded' }, row: { claim: 2 } });
      expect(upstream.hits).toBe(1);
    });

    it('waits for runs under way when it drains, and refuses new ones', async () => {
      const upstream = new CountingUpstream();
      const once = make();
      const order = sampleOrder();
      const finish = Promise.withResolvers<undefined>();
      const reached = Promise.withResolvers<undefined>();
      const send = async () => {
        reached.resolve(undefined);
        await finish.promise;
        return upstream.respond();
      };
      const running = once.run(order, upstream.steps({ send }));
      await reached.promise;
      const drained = once.drain();
      expect(await once.run(sampleOrder({ target: 'group:9' }), upstream.steps())).toEqual({ kind: 'draining' });
      finish.resolve(undefined);
      expect(await drained).toBe(true);
      expect(await at.ledger.find(order.tenantId, order.idempotencyKey)).toMatchObject({ state: 'succeeded' });
      expect(await running).toMatchObject({ kind: 'completed', replayed: false });
      expect(upstream.hits).toBe(1);
    });

    it('is not misled by a clock that jumps an hour either way', async () => {
      const upstream = new CountingUpstream();
      let nowMs = Date.UTC(2026, 0, 31, 12);
      const hour = 3_600_000;
      const jumping = new RunOnce({ ledger: at.ledger, now: () => nowMs, pollIntervalMs: 1 });
      const order = sampleOrder();
      const send = async () => {
        nowMs -= hour;
        return upstream.respond();
      };
      await jumping.run(order, upstream.steps({ send }));
      nowMs += 2 * hour;
      expect(await jumping.run(order, upstream.steps())).toMatchObject({ replayed: true, outcome: REPLAYED });
      expect(upstream.hits).toBe(1);
    });
  });
}
