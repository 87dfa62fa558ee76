import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RetryBudget } from '../../../../src/upstreams/http/channel.js';
import { FairPool } from '../../../../src/upstreams/http/fair-pool.js';

describe('the retry budget', () => {
  it('gives one retry for ten reads, beyond its reserve', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000 }), (reads) => {
        const budget = new RetryBudget(10);
        let retries = 0;
        for (let read = 0; read < reads; read += 1) {
          budget.earn();
          if (budget.spend()) retries += 1;
          if (budget.spend()) retries += 1;
        }
        expect(retries).toBeLessThanOrEqual(10 + reads / 10);
      }),
    );
  });

  it('gives a retry for exactly ten reads', () => {
    const budget = new RetryBudget(1);
    expect(budget.spend()).toBe(true);
    const after = Array.from({ length: 20 }, () => {
      budget.earn();
      return budget.spend();
    });
    expect(after.flatMap((given, index) => (given ? [index + 1] : []))).toEqual([10, 20]);
  });
});

describe('the pool', () => {
  const minute = 60_000;

  it('lets in as many as it has places, and the next when one leaves', async () => {
    const pool = new FairPool({ size: 2 });
    const [first, second] = await Promise.all([pool.enter('a', minute), pool.enter('a', minute)]);
    const third = pool.enter('a', minute);
    expect([first.kind, second.kind]).toEqual(['admitted', 'admitted']);
    if (first.kind === 'admitted') {
      first.release();
      first.release();
    }
    expect((await third).kind).toBe('admitted');
    expect((await pool.enter('a', 0)).kind).toBe('timeout');
  });

  it('serves tenants in turn, whoever has more waiting', async () => {
    const pool = new FairPool({ size: 1 });
    const order: string[] = [];
    const running = await pool.enter('first', minute);
    const waiting = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map(async (name) => {
      const admission = await pool.enter(name.slice(0, 1), minute);
      order.push(name);
      if (admission.kind === 'admitted') admission.release();
    });
    if (running.kind === 'admitted') running.release();
    await Promise.all(waiting);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('gives a tenant no more than its own bound, and another what is left', async () => {
    const pool = new FairPool({ size: 4, maxPerTenant: 3 });
    const held = await Promise.all([1, 2, 3].map(() => pool.enter('a', minute)));
    expect(held.map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'admitted']);
    const fourth = pool.enter('a', minute);
    expect((await pool.enter('b', 0)).kind).toBe('admitted');
    const [first] = held;
    if (first?.kind === 'admitted') first.release();
    expect((await fourth).kind).toBe('admitted');
  });

  it('turns away who would wait in a full queue, of a tenant or of all', async () => {
    const pool = new FairPool({ size: 0, maxQueued: 3, maxQueuedPerTenant: 2 });
    const leaving = new AbortController();
    const enter = (tenant: string) => pool.enter(tenant, minute, leaving.signal);
    const queued = [enter('a'), enter('a'), enter('b')];
    expect((await pool.enter('a', minute)).kind).toBe('full');
    expect((await pool.enter('c', minute)).kind).toBe('full');
    leaving.abort();
    expect((await Promise.all(queued)).map(({ kind }) => kind)).toEqual(['aborted', 'aborted', 'aborted']);
    expect((await enter('a')).kind).toBe('aborted');
  });

  it('never has more inside than places, and serves all, whatever the order', async () => {
    const visits = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 3 })), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(visits, fc.integer({ min: 1, max: 4 }), async (all, size) => {
        const pool = new FairPool({ size });
        let inside = 0;
        let most = 0;
        const served = all.map(async ([tenant, turns]) => {
          const admission = await pool.enter(tenant, minute);
          inside += 1;
          most = Math.max(most, inside);
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          inside -= 1;
          if (admission.kind === 'admitted') admission.release();
          return admission.kind;
        });
        expect((await Promise.all(served)).every((kind) => kind === 'admitted')).toBe(true);
        expect(most).toBeLessThanOrEqual(size);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a tenant's share of the pool", () => {
  const minute = 60_000;

  /** Calls of each tenant, asked for in the order given, that got a place at once and keep it. */
  async function hanging(size: number, asked: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    const pool = new FairPool({ size });
    const places: Record<string, number> = {};
    for (const [tenant, calls] of Object.entries(asked)) {
      const admissions = await Promise.all(Array.from({ length: calls }, () => pool.enter(tenant, 0)));
      places[tenant] = admissions.filter(({ kind }) => kind === 'admitted').length;
    }
    return places;
  }

  it.each([
    ['one takes them nearly all', { a: 100 }, { a: 32 }],
    ['a second takes most of the rest', { a: 100, b: 100, c: 1 }, { a: 32, b: 7, c: 1 }],
    ["what is never asked for is nobody's", { a: 8, b: 8, c: 8, d: 8 }, { a: 8, b: 8, c: 8, d: 8 }],
  ])('is bounded: %s', async (_name, asked, places) => expect(await hanging(40, asked)).toEqual(places));

  it('goes back to whoever waits, and no further than the bound', async () => {
    const pool = new FairPool({ size: 10 });
    const inside = await Promise.all(Array.from({ length: 8 }, () => pool.enter('a', minute)));
    const outcome: string[] = [];
    const waiting = [1, 2].map((number) => pool.enter('a', minute).then(() => outcome.push(`a${number}`)));
    const others = await Promise.all([pool.enter('b', minute), pool.enter('c', minute)]);
    expect([...others.map(({ kind }) => kind), outcome.length]).toEqual(['admitted', 'admitted', 0]);
    for (const admission of inside.slice(0, 3)) if (admission.kind === 'admitted') admission.release();
    await Promise.all(waiting);
    expect(outcome).toEqual(['a1', 'a2']);
  });

  it('always leaves a place for who has none, while no more tenants than places have any', async () => {
    const calls = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(calls, fc.integer({ min: 17, max: 40 }), async (tenants, size) => {
        const pool = new FairPool({ size });
        await Promise.all(tenants.map((tenant) => pool.enter(tenant, 0)));
        expect((await pool.enter('newcomer', 0)).kind).toBe('admitted');
      }),
      { numRuns: 50 },
    );
  });
});
