import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { healthOf, UpstreamBreaker } from '../../../../src/upstreams/resilience/circuit.breaker.js';
import { FairPool } from '../../../../src/upstreams/resilience/fair.pool.js';
import { RetryBudget } from '../../../../src/upstreams/resilience/retry.budget.js';
import type { TransportFailureReason, TransportResult } from '../../../../src/upstreams/upstream.transport.js';

const answered = (status: number): TransportResult => ({
  kind: 'answer',
  status,
  headers: { contentType: null, retryAfter: null },
  body: Buffer.alloc(0),
  bytes: 0,
  complete: true,
});
const failed = (reason: TransportFailureReason): TransportResult => ({
  kind: 'failure',
  reason,
  sent: true,
  status: null,
  bytes: 0,
});

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

describe('the health of an upstream', () => {
  it.each<[string, TransportResult, string]>([
    ['200', answered(200), 'healthy'],
    ['400', answered(400), 'healthy'],
    ['429', answered(429), 'healthy'],
    ['500', answered(500), 'sick'],
    ['503', answered(503), 'sick'],
    ['an abort of ours', failed('aborted'), 'unclear'],
    ['an answer too large to read', failed('too-large'), 'healthy'],
    ['a timeout', failed('timeout'), 'sick'],
    ['a refused connection', failed('refused'), 'sick'],
  ])('after %s', (_name, result, health) => expect(healthOf(result)).toBe(health));
});

describe('the circuit breaker', () => {
  const run = (breaker: UpstreamBreaker, kind: 'read' | 'write', result: TransportResult) =>
    breaker.run(kind, async () => result);

  async function opened(options: { halfOpenAfterMs: number; writesMayProbe?: boolean }): Promise<UpstreamBreaker> {
    const breaker = new UpstreamBreaker({ failures: 3, ...options });
    for (let failure = 0; failure < 3; failure += 1) await run(breaker, 'read', failed('reset'));
    return breaker;
  }

  it('opens after failures in a row, and then sends nothing', async () => {
    const breaker = await opened({ halfOpenAfterMs: 60_000 });
    expect(breaker.state()).toBe('open');
    let sent = 0;
    for (const kind of ['read', 'write'] as const) {
      expect(breaker.admits(kind)).toBe(false);
      const attempt = async () => {
        sent += 1;
        return answered(200);
      };
      expect(await breaker.run(kind, attempt)).toBeNull();
    }
    expect(sent).toBe(0);
  });

  it('stays closed while answers come in between, refusals included, and while we abort', async () => {
    const breaker = new UpstreamBreaker({ failures: 3 });
    for (const result of [
      failed('reset'),
      failed('timeout'),
      answered(400),
      failed('reset'),
      failed('aborted'),
      answered(503),
      answered(404),
    ]) {
      await run(breaker, 'read', result);
    }
    expect(breaker.state()).toBe('closed');
    for (let abort = 0; abort < 9; abort += 1) await run(breaker, 'read', failed('aborted'));
    expect(breaker.state()).toBe('closed');
  });

  it('closes after a read that works', async () => {
    const breaker = await opened({ halfOpenAfterMs: 0 });
    expect(breaker.admits('write')).toBe(false);
    expect(await run(breaker, 'read', answered(200))).toMatchObject({ status: 200 });
    expect(breaker.state()).toBe('closed');
    expect(breaker.admits('write')).toBe(true);
  });

  it.each([failed('reset'), failed('aborted'), answered(500)])(
    'stays open after a trial that ends in %j',
    async (result) => {
      const breaker = await opened({ halfOpenAfterMs: 0 });
      await run(breaker, 'read', result);
      expect(breaker.state()).toBe('open');
    },
  );

  it('lets one call try at a time', async () => {
    const breaker = await opened({ halfOpenAfterMs: 0 });
    const trial = Promise.withResolvers<TransportResult>();
    const trying = breaker.run('read', () => trial.promise);
    expect(breaker.state()).toBe('half-open');
    expect(await run(breaker, 'read', answered(200))).toBeNull();
    expect(await run(breaker, 'write', answered(200))).toBeNull();
    trial.resolve(answered(200));
    await trying;
    expect(breaker.state()).toBe('closed');
  });

  it('lets a write try only where there is nothing else to try with', async () => {
    expect(await run(await opened({ halfOpenAfterMs: 0 }), 'write', answered(200))).toBeNull();
    expect(
      await run(await opened({ halfOpenAfterMs: 0, writesMayProbe: true }), 'write', answered(200)),
    ).not.toBeNull();
  });

  it('takes a transport that throws for one that may have sent', async () => {
    const breaker = new UpstreamBreaker();
    const result = await breaker.run('write', () => Promise.reject(new Error('bug')));
    expect(result).toMatchObject({ kind: 'failure', sent: true });
  });
});
