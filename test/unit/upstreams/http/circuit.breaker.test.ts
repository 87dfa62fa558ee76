import { describe, expect, it } from '@jest/globals';
import {
  type AttemptHealth,
  admissionTo,
  afterAttempt,
  type Circuit,
  type CircuitRule,
  CLOSED,
  healthOf,
  UpstreamBreaker,
  type UpstreamBreakerOptions,
} from '../../../../src/upstreams/http/circuit-breaker.js';
import type { TransportFailureReason, TransportResult } from '../../../../src/upstreams/http/transport.js';

const answered = (status: number): TransportResult => ({
  kind: 'response',
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

describe('the health of an upstream', () => {
  it.each<[string, TransportResult, string]>([
    ['200', answered(200), 'healthy'],
    ['400', answered(400), 'healthy'],
    ['429', answered(429), 'healthy'],
    ['500', answered(500), 'sick'],
    ['503', answered(503), 'sick'],
    ['an abort of ours', failed('aborted'), 'unclear'],
    ['a response too large to read', failed('too-large'), 'healthy'],
    ['a timeout', failed('timeout'), 'sick'],
    ['a refused connection', failed('refused'), 'sick'],
  ])('after %s', (_name, result, health) => expect(healthOf(result)).toBe(health));
});

describe('a circuit', () => {
  const rule: CircuitRule = { failures: 3, credentials: 2, halfOpenAfterMs: 100, writesMayProbe: false };
  const closed = (failures: number, ...failedCredentials: string[]): Circuit => ({
    kind: 'closed',
    failures,
    failedCredentials,
  });
  const open = (sinceMs: number, failedProbes = 0) => ({ kind: 'open', sinceMs, failedProbes }) as const;
  const halfOpen = (failedProbes = 0): Circuit => ({ kind: 'half-open', before: open(0, failedProbes) });
  const sick = (credentialId: string, isProbe = false): AttemptHealth => ({ health: 'sick', credentialId, isProbe });
  const unclear = (isProbe: boolean): AttemptHealth => ({ health: 'unclear', credentialId: 'a', isProbe });
  const healthy = (isProbe: boolean): AttemptHealth => ({ health: 'healthy', credentialId: 'a', isProbe });

  it.each<[string, Circuit, 'read' | 'write', number, string]>([
    ['closed', CLOSED, 'read', 0, 'pass'],
    ['closed', CLOSED, 'write', 0, 'pass'],
    ['just opened', open(0), 'read', 99, 'refuse'],
    ['opened long enough ago', open(0), 'read', 100, 'probe'],
    ['opened long enough ago', open(0), 'write', 100, 'refuse'],
    ['being tried', halfOpen(), 'read', 0, 'wait'],
    ['being tried', halfOpen(), 'write', 0, 'wait'],
  ])('that is %s: %j, a %s at %i', (_name, circuit, kind, nowMs, expected) =>
    expect(admissionTo(circuit, kind, rule, nowMs)).toBe(expected),
  );

  it('lets a write try where there is nothing else to try with', () => {
    expect(admissionTo(open(0), 'write', { ...rule, writesMayProbe: true }, 100)).toBe('probe');
  });

  it.each<[string, Circuit, AttemptHealth, Circuit]>([
    ['a failure is counted', CLOSED, sick('a'), closed(1, 'a')],
    ['failures of one account do not open it', closed(9, 'a'), sick('a'), closed(10, 'a')],
    ['too few of several neither', closed(1, 'a'), sick('b'), closed(2, 'a', 'b')],
    ['enough of several do', closed(2, 'a'), sick('b'), open(7)],
    ['whoever fails last', closed(9, 'a', 'b'), sick('a'), open(7)],
    ['a response makes all good', closed(9, 'a'), healthy(false), CLOSED],
    ['an abort says nothing', closed(2, 'a', 'b'), unclear(false), closed(2, 'a', 'b')],
    ['a late response does not close it', open(0), healthy(false), open(0)],
    ['nor a late failure wait longer', open(0), sick('a'), open(0)],
    ['nor does either end a trial', halfOpen(), healthy(false), halfOpen()],
    ['a trial that works closes it', halfOpen(1), healthy(true), CLOSED],
    ['a trial that says nothing leaves it to the next', halfOpen(1), unclear(true), open(0, 1)],
    ['a trial that fails may be that account', halfOpen(), sick('a', true), open(0, 1)],
    ['a second is the upstream', halfOpen(1), sick('b', true), open(7)],
  ])('%s', (_name, circuit, attempt, expected) => expect(afterAttempt(circuit, attempt, rule, 7)).toEqual(expected));
});

describe('the circuit breaker', () => {
  interface Stand {
    readonly breaker: UpstreamBreaker;
    readonly clock: { nowMs: number };
  }

  function stand(options: UpstreamBreakerOptions = {}): Stand {
    const clock = { nowMs: 0 };
    return { breaker: new UpstreamBreaker({ failures: 3, ...options }, () => clock.nowMs), clock };
  }

  /** What became of a call: its admission, or null where it was made. */
  async function run(breaker: UpstreamBreaker, kind: 'read' | 'write', result: TransportResult, credential = 'a') {
    const admission = await breaker.enter(kind, credential, 0);
    if (admission.kind !== 'admitted') return admission.kind;
    admission.pass.end(result);
    return null;
  }

  async function opened(options: UpstreamBreakerOptions = {}, credentials = ['a']): Promise<Stand> {
    const made = stand({ halfOpenAfterMs: 100, ...options });
    for (const credential of credentials) {
      for (let failure = 0; failure < 3; failure += 1) await run(made.breaker, 'read', failed('reset'), credential);
    }
    return made;
  }

  it('opens after failures in a row, and then sends nothing', async () => {
    const { breaker } = await opened();
    expect(breaker.state()).toBe('open');
    for (const kind of ['read', 'write'] as const) {
      expect(breaker.admits(kind, 'a')).toBe(false);
      expect(await run(breaker, kind, answered(200))).toBe('refused');
    }
  });

  it('stays closed while responses come in between, refusals included, and while we abort', async () => {
    const { breaker } = stand();
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
    const { breaker, clock } = await opened();
    clock.nowMs = 100;
    expect(breaker.admits('write', 'a')).toBe(false);
    expect(await run(breaker, 'read', answered(200))).toBeNull();
    expect(breaker.state()).toBe('closed');
    expect(breaker.admits('write', 'a')).toBe(true);
  });

  it.each([failed('reset'), failed('aborted'), answered(500)])(
    'stays open after a trial that ends in %j',
    async (result) => {
      const { breaker, clock } = await opened();
      clock.nowMs = 100;
      expect(await run(breaker, 'read', result)).toBeNull();
      expect(breaker.state()).toBe('open');
    },
  );

  it('lets one call try at a time, for which the others wait', async () => {
    const { breaker, clock } = await opened();
    clock.nowMs = 100;
    const trial = await breaker.enter('read', 'a', 0);
    expect(breaker.state()).toBe('half-open');
    expect(await run(breaker, 'read', answered(200))).toBe('timeout');
    const siblings = (['read', 'write'] as const).map((kind) => breaker.enter(kind, 'a', 60_000));
    if (trial.kind === 'admitted') trial.pass.end(answered(200));
    expect((await Promise.all(siblings)).map(({ kind }) => kind)).toEqual(['admitted', 'admitted']);
    expect(breaker.state()).toBe('closed');
  });

  it('refuses those who waited for a trial that failed', async () => {
    const { breaker, clock } = await opened();
    clock.nowMs = 100;
    const trial = await breaker.enter('read', 'a', 0);
    const siblings = (['read', 'write'] as const).map((kind) => breaker.enter(kind, 'a', 60_000));
    if (trial.kind === 'admitted') trial.pass.end(answered(500));
    expect((await Promise.all(siblings)).map(({ kind }) => kind)).toEqual(['refused', 'refused']);
  });

  it('gives the trial to the next who waits when nothing came of it, and lets a waiting call leave', async () => {
    const { breaker, clock } = await opened();
    clock.nowMs = 100;
    const leaving = new AbortController();
    const trial = await breaker.enter('read', 'a', 0);
    const aborted = breaker.enter('read', 'a', 60_000, leaving.signal);
    const next = breaker.enter('read', 'a', 60_000);
    leaving.abort();
    if (trial.kind === 'admitted') trial.pass.cancel();
    expect([(await aborted).kind, (await next).kind, breaker.state()]).toEqual(['aborted', 'admitted', 'half-open']);
  });

  it('takes back leave that was given before it opened, and counts nothing of what began before it closed', async () => {
    const { breaker, clock } = stand({ halfOpenAfterMs: 100 });
    const early = await Promise.all(Array.from({ length: 9 }, () => breaker.enter('write', 'a', 0)));
    const passes = early.flatMap((admission) => (admission.kind === 'admitted' ? [admission.pass] : []));
    for (let failure = 0; failure < 3; failure += 1) await run(breaker, 'read', failed('reset'));
    expect(passes.map((pass) => pass.isStillValid())).toEqual(passes.map(() => false));
    clock.nowMs = 100;
    await run(breaker, 'read', answered(200));
    for (const pass of passes) pass.end(failed('timeout'));
    expect([passes.length, breaker.state()]).toEqual([9, 'closed']);
  });

  it('tells of a trial for as long as it lasts, for the account that makes it and for all on a common circuit', async () => {
    const { breaker, clock } = await opened({}, ['a', 'b', 'c']);
    const tried = () => ['a', 'd'].map((credential) => breaker.isTried(credential));
    expect(tried()).toEqual([false, false]);
    clock.nowMs = 100;
    const common = await breaker.enter('read', 'a', 0);
    expect(tried()).toEqual([true, true]);
    if (common.kind === 'admitted') common.pass.end(answered(200));
    expect(tried()).toEqual([false, false]);
    for (let failure = 0; failure < 3; failure += 1) await run(breaker, 'read', failed('reset'), 'a');
    clock.nowMs = 200;
    const own = await breaker.enter('read', 'a', 0);
    expect(tried()).toEqual([true, false]);
    if (own.kind === 'admitted') own.pass.cancel();
    expect(tried()).toEqual([false, false]);
  });

  it('lets a write try only where there is nothing else to try with', async () => {
    const reading = await opened();
    reading.clock.nowMs = 100;
    expect(await run(reading.breaker, 'write', answered(200))).toBe('refused');
    const writing = await opened({ writesMayProbe: true });
    writing.clock.nowMs = 100;
    expect(await run(writing.breaker, 'write', answered(200))).toBeNull();
  });

  it('opens for the account that fails and for no other, however often that fails', async () => {
    const { breaker, clock } = await opened();
    for (let round = 1; round <= 20; round += 1) {
      clock.nowMs = round * 100;
      await run(breaker, 'read', answered(500), 'a');
      expect(breaker.admits('write', 'b')).toBe(true);
    }
    expect(await run(breaker, 'write', answered(200), 'b')).toBeNull();
    expect(breaker.state()).toBe('closed');
  });

  it('opens for all when several accounts fail and nobody is answered', async () => {
    const { breaker } = await opened({}, ['a', 'b', 'c']);
    expect(breaker.state()).toBe('open');
    expect(await run(breaker, 'read', answered(200), 'new')).toBe('refused');
  });

  it('is not held open by an account that goes on failing after the outage', async () => {
    const { breaker, clock } = await opened({}, ['a', 'b', 'c']);
    clock.nowMs = 100;
    const trial = await breaker.enter('read', 'a', 0);
    const sibling = breaker.enter('read', 'd', 60_000);
    if (trial.kind === 'admitted') trial.pass.end(answered(500));
    const next = await sibling;
    expect(next.kind).toBe('admitted');
    if (next.kind === 'admitted') next.pass.end(answered(200));
    expect(breaker.state()).toBe('closed');
    expect([breaker.admits('read', 'a'), breaker.admits('read', 'd')]).toEqual([false, true]);
  });

  it('tries with one call of each of three accounts before it waits again', async () => {
    const { breaker, clock } = await opened({}, ['a', 'b', 'c']);
    clock.nowMs = 100;
    const tried: string[] = [];
    for (const credential of ['a', 'a', 'd', 'd', 'b', 'c', 'e']) {
      if ((await run(breaker, 'read', failed('timeout'), credential)) === null) tried.push(credential);
    }
    expect(tried).toEqual(['a', 'd', 'b']);
    clock.nowMs = 199;
    expect(breaker.admits('read', 'e')).toBe(false);
    clock.nowMs = 200;
    expect(breaker.admits('read', 'e')).toBe(true);
  });

  it('shows the circuits of the accounts in use where those are too few to open the common one', async () => {
    const { breaker, clock } = await opened({}, ['a', 'b']);
    expect(breaker.state()).toBe('open');
    await run(breaker, 'read', answered(200), 'c');
    expect(breaker.state()).toBe('closed');
    clock.nowMs = 60_001;
    await run(breaker, 'read', failed('reset'), 'a');
    expect(breaker.state()).toBe('open');
  });

  it('remembers no more accounts than a thousand', async () => {
    const { breaker } = await opened();
    for (let account = 0; account < 1_000; account += 1) {
      await run(breaker, 'read', answered(200), `account-${account}`);
    }
    expect(breaker.admits('read', 'a')).toBe(true);
  });
});
