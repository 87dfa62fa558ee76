import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BillingError, type BillingErrorCode, type UpstreamFacts } from '../../../src/domain/errors.js';
import type { RecentWrite, RecentWritesRequest } from '../../../src/domain/write.js';
import type { BillingReads } from '../../../src/reads/billing-reads.js';
import { GoodResponses, isOutage, isOvertaken, type ServedStale } from '../../../src/reads/stale-reads.js';
import { caller } from './activity.fixture.js';
import {
  DAY,
  endOperations,
  historyRequest,
  NOW_MS,
  NOW_SECONDS,
  operation,
  readsFactory,
  rootWithGroups,
} from './reads.fixture.js';
import { UpstreamModel } from './upstream.model.js';

afterEach(endOperations);

const MINUTE = 60_000;

describe('what says that the upstream is down', () => {
  const failed = (code: BillingErrorCode, facts: Partial<UpstreamFacts> | null = {}) =>
    new BillingError(code, 'x', {
      ...(facts === null ? {} : { upstream: { service: 'xtracta', operation: 'getBillingHistory', ...facts } }),
    });

  it.each([
    ['a timeout', failed('UPSTREAM_TIMEOUT'), true],
    ['a connection that was refused', failed('UPSTREAM_UNAVAILABLE'), true],
    ['an open breaker', failed('UPSTREAM_UNAVAILABLE'), true],
    ['a 503', failed('UPSTREAM_UNAVAILABLE', { httpStatus: 503 }), true],
    ['a 503 inside a 200', failed('UPSTREAM_UNAVAILABLE', { httpStatus: 200, status: '503' }), true],
    ['a 429', failed('UPSTREAM_UNAVAILABLE', { httpStatus: 429 }), false],
    ['a 429 inside a 200', failed('UPSTREAM_UNAVAILABLE', { httpStatus: 200, status: '429' }), false],
    ['refused credentials', failed('UPSTREAM_UNAUTHENTICATED', { httpStatus: 401 }), false],
    ['a group of somebody else', failed('FORBIDDEN', { httpStatus: 403 }), false],
    ['no such group', failed('NOT_FOUND', { httpStatus: 404 }), false],
    ['a refusal', failed('UPSTREAM_REJECTED', { httpStatus: 400 }), false],
    ['a response that cannot be read', failed('UPSTREAM_INVALID_RESPONSE', { httpStatus: 200 }), false],
    ['the other upstream', failed('UPSTREAM_UNAVAILABLE', { service: 'credits' }), false],
    ['the end of the whole operation', failed('UPSTREAM_TIMEOUT', null), false],
    ['too many calls', failed('OPERATION_TOO_COMPLEX', null), false],
    ['a fault of our own', new TypeError('x'), false],
  ])('%s', (_name, error, expected) => {
    expect(isOutage(error)).toBe(expected);
  });
});

describe('what overtakes a response', () => {
  const write = (change: Partial<RecentWrite>): RecentWrite => ({
    kind: 'ORDER_BOOSTER_PACK',
    groupId: '7',
    isOwn: true,
    completedAtMs: 1_000,
    ...change,
  });
  const response = { groupId: '7', recursive: false, askedAtMs: 1_000 };

  it.each<[string, Partial<typeof response> | { groupId: null }, Partial<RecentWrite>, boolean]>([
    ['an own write in the same millisecond', {}, {}, true],
    ['an own write before', {}, { completedAtMs: 999 }, false],
    ['an open write, however old', {}, { completedAtMs: null }, true],
    ['a write by another clock that was shortly before', {}, { isOwn: false, completedAtMs: 501 }, true],
    ['a write by another clock that was well before', {}, { isOwn: false, completedAtMs: 499 }, false],
    ['a write on another group', {}, { groupId: '8' }, false],
    ['an open write on another group', {}, { groupId: '8', completedAtMs: null }, false],
    ['a write on another group, with groups below', { recursive: true }, { groupId: '8' }, true],
    ['a write on any group, of the own one', { groupId: null }, { groupId: '8' }, true],
    ['a write on the own group', {}, { groupId: null }, true],
    ['a purchase of credits', {}, { groupId: null, kind: 'PURCHASE_CREDITS', completedAtMs: null }, false],
    ['a kind that a newer version wrote', {}, { kind: 'CANCEL_PLAN' }, true],
  ])('%s', (_name, changed, written, expected) => {
    expect(isOvertaken({ ...response, ...changed }, [write(written)], 500)).toBe(expected);
  });
});

describe('the memory of good responses', () => {
  const kept = (tenantId: string, rows = 0) => ({
    tenantId,
    credentialId: tenantId,
    groupId: '1',
    recursive: false,
    askedAtMs: 0,
    response: {
      kind: 'rows' as const,
      read: { groupId: '1', fromSeconds: 0, toSeconds: 1, recursive: false },
      rows: new Array<never>(rows),
      atMs: 0,
    },
  });

  it('gives one tenant no more than its share, and drops what was used longest ago', () => {
    const memory = new GoodResponses({ entries: 8, weight: 40, tenantShare: 0.5 });
    for (let index = 0; index < 4; index += 1) memory.keep(`small ${index}`, kept('small'));
    for (let index = 0; index < 20; index += 1) memory.keep(`large ${index}`, kept('large', 9));
    const found = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => memory.find(`${name} ${index}`)).filter((each) => each !== null);
    expect(found('small', 4)).toHaveLength(4);
    expect(found('large', 20)).toHaveLength(2);
    expect(memory.find('large 19')).not.toBeNull();
  });

  it('keeps no response that is larger than the share, nor the one that it takes the place of', () => {
    const memory = new GoodResponses({ entries: 8, weight: 40, tenantShare: 0.5 });
    memory.keep('one', kept('acme', 19));
    expect(memory.find('one')).not.toBeNull();
    memory.keep('one', kept('acme', 20));
    expect(memory.find('one')).toBeNull();
  });

  it('counts what is kept again once', () => {
    const memory = new GoodResponses({ entries: 100, weight: 40, tenantShare: 0.5 });
    memory.keep('other', kept('acme', 4));
    for (let index = 0; index < 50; index += 1) memory.keep('one', kept('acme', 9));
    expect([memory.find('one'), memory.find('other')]).not.toContain(null);
  });

  it('forgets exactly what a write on a group may have changed', () => {
    const group = fc.constantFrom(null, '1', '2');
    const credential = fc.constantFrom('a', 'b');
    const responses = fc.array(fc.record({ groupId: group, credentialId: credential, recursive: fc.boolean() }), {
      maxLength: 30,
    });
    const writes = fc.array(fc.record({ groupId: group, credentialId: credential }), { maxLength: 5 });
    fc.assert(
      fc.property(responses, writes, (all, forgotten) => {
        const memory = new GoodResponses();
        for (const [index, response] of all.entries()) memory.keep(String(index), { ...kept('acme'), ...response });
        for (const write of forgotten) memory.forget(write.credentialId, write.groupId);
        const isLeft = (response: (typeof all)[number]): boolean =>
          !forgotten.some(
            (write) =>
              write.credentialId === response.credentialId &&
              (write.groupId === null ||
                response.groupId === null ||
                response.recursive ||
                response.groupId === write.groupId),
          );
        expect(all.map((_, index) => memory.find(String(index)) !== null)).toEqual(all.map(isLeft));
      }),
    );
  });
});

/** A model of the upstream with a switch, and what a ledger would tell. */
function outage(options: { readonly source?: 'history' | 'usage' } = {}) {
  const model = new UpstreamModel([
    ...rootWithGroups(3),
    { id: '9', parent: '2', rows: [{ id: '900', startSeconds: NOW_SECONDS - DAY, periodSeconds: 30 * DAY }] },
  ]);
  const state = {
    isDown: false as boolean | BillingErrorCode,
    isTried: false,
    nowMs: NOW_MS,
    writes: [] as RecentWrite[],
  };
  const requests: RecentWritesRequest[] = [];
  const served: ServedStale[] = [];
  const mayFail = (name: string): void => {
    if (state.isDown === false) return;
    const code = state.isDown === true ? 'UPSTREAM_UNAVAILABLE' : state.isDown;
    throw new BillingError(code, 'x', { upstream: { service: 'xtracta', operation: name } });
  };
  const factory = readsFactory(
    {
      getBillingHistory: async (credential, read, call) => {
        const history = await model.getBillingHistory(credential, read, call);
        mayFail('getBillingHistory');
        return history;
      },
    },
    {
      clock: () => state.nowMs,
      planSource: options.source ?? 'history',
      groupClient: {
        getUsage: async (_credential, groupId) => {
          mayFail('getUsage');
          return { groupId, plan: null };
        },
        getPlans: async () => {
          mayFail('getPlans');
          return { plans: [], packs: [] };
        },
      },
      stale: {
        maxAgeMs: 10 * MINUTE,
        othersLaterMs: MINUTE,
        maxRecentWrites: 10,
        isTried: () => state.isTried,
        recentWrites: async (request) => {
          requests.push(request);
          return state.writes;
        },
        onServed: (read) => served.push(read),
      },
    },
  );
  const reads = (who = caller({ root: '1' })) => operation(factory, { who });
  return { model, factory, state, requests, served, reads };
}

const failure = async (read: Promise<unknown>): Promise<string> => {
  try {
    await read;
    return 'answered';
  } catch (error) {
    return error instanceof BillingError ? error.code : String(error);
  }
};

describe('reads through an outage', () => {
  const EVERY_READ: readonly [string, (reads: BillingReads) => Promise<unknown>][] = [
    ['plan', (reads) => reads.plan('2', null)],
    ['plan of a moment', (reads) => reads.plan('2', NOW_MS - 5 * DAY * 1000)],
    ['history', async (reads) => (await reads.historyPage(historyRequest('2'))).nodes],
    [
      'history with groups below',
      async (reads) => (await reads.historyPage(historyRequest('2', { includeSubgroups: true }))).nodes,
    ],
    [
      'history of a window',
      async (reads) => (await reads.historyPage(historyRequest('2', { fromMs: 0, toMs: NOW_MS }))).nodes,
    ],
    [
      'history of a window with fractions of seconds',
      async (reads) => {
        const from = NOW_MS - 10 * DAY * 1000;
        const pages = [from, from + 1].map((fromMs) =>
          reads.historyPage(historyRequest('2', { fromMs, toMs: NOW_MS - 1 })),
        );
        return (await Promise.all(pages)).map(({ totalCount }) => totalCount);
      },
    ],
    ['subgroups', (reads) => reads.subgroups('1')],
    ['name', (reads) => reads.groupName('2')],
    ['availablePlans', (reads) => reads.catalogue('2', 'availablePlans')],
  ];

  it.each(EVERY_READ)('%s is what it was, up to the age that is allowed', async (_name, ask) => {
    const at = outage();
    const fresh = await ask(at.reads());
    at.state.isDown = true;
    at.state.nowMs += 10 * MINUTE;
    const reads = at.reads();
    expect(await ask(reads)).toEqual(fresh);
    const groupId = _name === 'subgroups' ? '1' : '2';
    expect(reads.staleReads()).toEqual([expect.objectContaining({ groupId, asOfMs: NOW_MS })]);
    expect(await reads.asOf(groupId)).toBe(NOW_MS);
    at.state.nowMs += 1;
    const late = at.reads();
    expect(await failure(ask(late))).toBe('UPSTREAM_UNAVAILABLE');
    expect([late.staleReads(), await late.asOf(groupId)]).toEqual([[], null]);
  });

  it.each(EVERY_READ)('%s waits for no trial of the upstream where it was kept', async (_name, ask) => {
    const at = outage();
    const fresh = await ask(at.reads());
    const calls = at.model.calls;
    at.state.isTried = true;
    at.state.nowMs += 2 * MINUTE;
    const reads = at.reads();
    expect(await ask(reads)).toEqual(fresh);
    expect([at.model.calls, reads.staleReads().length]).toEqual([calls, 1]);
    // What may not be shown waits for the trial, which succeeds here.
    at.state.nowMs += 10 * MINUTE;
    const late = at.reads();
    await ask(late);
    expect(late.staleReads()).toEqual([]);
  });

  it.each(EVERY_READ)('%s is another read than all others, and never of another caller', async (name, ask) => {
    for (const [other, askOther] of EVERY_READ) {
      const at = outage();
      // A catalogue is kept for a minute in any case.
      await failure(askOther(at.reads()));
      at.state.isDown = true;
      at.state.nowMs += 2 * MINUTE;
      const answered = await failure(ask(at.reads()));
      // The name is read in the rows of the present plan.
      const isSame = other === name || [other, name].sort().join() === 'name,plan';
      expect([other, answered]).toEqual([other, isSame ? 'answered' : 'UPSTREAM_UNAVAILABLE']);
      for (const who of [caller({ tenant: 'other', credential: 'acme-credential' }), caller({ credential: 'rotated' })])
        expect(await failure(ask(at.reads(who)))).toBe('UPSTREAM_UNAVAILABLE');
    }
  });

  it('usage stands in as well, without drift, and a plan that is never stale does not', async () => {
    const at = outage({ source: 'usage' });
    await at.reads().plan('2', null);
    at.state.isDown = true;
    const reads = at.reads();
    expect(await reads.plan('2', null)).toBeNull();
    expect(reads.staleReads()).toEqual([{ groupId: '2', read: 'usage', asOfMs: NOW_MS }]);
    expect(await failure(at.reads().planAnew('2'))).toBe('UPSTREAM_UNAVAILABLE');
  });

  it.each<BillingErrorCode>([
    'UPSTREAM_REJECTED',
    'UPSTREAM_INVALID_RESPONSE',
    'UPSTREAM_UNAUTHENTICATED',
    'FORBIDDEN',
    'NOT_FOUND',
  ])('%s is a response, and no outage', async (code) => {
    const at = outage();
    await at.reads().plan('2', null);
    at.state.isDown = code;
    expect(await failure(at.reads().plan('2', null))).toBe(code);
    // What was refused is not remembered either.
    at.state.isDown = true;
    const isRefusal = code !== 'UPSTREAM_REJECTED' && code !== 'UPSTREAM_INVALID_RESPONSE';
    expect(await failure(at.reads().plan('2', null))).toBe(isRefusal ? 'UPSTREAM_UNAVAILABLE' : 'answered');
  });

  it('shows nothing where the ledger tells as much as it may, which may not be all', async () => {
    const at = outage();
    await at.reads().plan('2', null);
    at.state.isDown = true;
    const other = { kind: 'CHANGE_PLAN', groupId: '3', isOwn: true, completedAtMs: NOW_MS };
    at.state.writes = new Array<RecentWrite>(9).fill(other);
    expect(await failure(at.reads().plan('2', null))).toBe('answered');
    at.state.writes = new Array<RecentWrite>(10).fill(other);
    expect(await failure(at.reads().plan('2', null))).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('asks the ledger once for all groups of an operation, with everybody who may have written', async () => {
    const at = outage();
    await Promise.all(['2', '3', '4'].map((id) => at.reads().plan(id, null)));
    at.state.isDown = true;
    const reads = at.reads();
    await Promise.all(['2', '3', '4'].map((id) => reads.plan(id, null)));
    expect(at.requests).toEqual([
      { tenantId: 'acme', credentialId: 'acme-credential', groupIds: ['2', '3', '4'], sinceMs: NOW_MS - MINUTE },
    ]);
    expect(at.served.map(({ endpoint, isFirst }) => [endpoint, isFirst])).toEqual([
      ['getBillingHistory', true],
      ['getBillingHistory', false],
      ['getBillingHistory', false],
    ]);
  });

  it('names the groups of a list with groups below to the ledger, and marks each of them', async () => {
    const at = outage();
    await at.reads().subgroups('1');
    at.state.isDown = true;
    const reads = at.reads();
    expect((await reads.subgroups('1')).map(({ id }) => id)).toEqual(['2', '3', '4', '9']);
    expect(at.requests.map(({ groupIds }) => [...groupIds].sort())).toEqual([['1', '2', '3', '4', '9']]);
    expect(await Promise.all(['1', '9', '5'].map((id) => reads.asOf(id)))).toEqual([NOW_MS, NOW_MS, null]);
  });

  it('is dropped by a write of this process at once, and by none on another group', async () => {
    const at = outage();
    await at.reads().plan('2', null);
    await at.reads().subgroups('1');
    at.state.isDown = true;
    at.factory.forget('acme-credential', '3');
    expect(await failure(at.reads().plan('2', null))).toBe('answered');
    expect(await failure(at.reads().subgroups('1'))).toBe('UPSTREAM_UNAVAILABLE');
    at.factory.forget('acme-credential', '2');
    expect(await failure(at.reads().plan('2', null))).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('keeps no response that a write of this process overtook on its way', async () => {
    const at = outage();
    const reads = at.reads();
    const plan = reads.plan('2', null);
    at.factory.forget('acme-credential', '2');
    await plan;
    at.state.isDown = true;
    expect(await failure(at.reads().plan('2', null))).toBe('UPSTREAM_UNAVAILABLE');
  });

  it("applies each caller's own list of groups to what somebody else has read", async () => {
    const at = outage();
    const all = historyRequest('1', { includeSubgroups: true });
    const unlisted = (await at.reads().historyPage(all)).nodes;
    at.state.isDown = true;
    const listed = at.reads(caller({ root: '1', allowed: ['1', '9'] }));
    const groups = (await listed.historyPage(all)).nodes.map(({ groupId }) => groupId);
    expect([unlisted.length, groups]).toEqual([5, ['9', '1']]);
    expect((await listed.subgroups('1')).map(({ id }) => id)).toEqual(['9']);
    expect(await failure(listed.plan('2', null))).toBe('FORBIDDEN');
    // What a caller with a list has read is the whole response for one without.
    const other = outage();
    await other.reads(caller({ root: '1', allowed: ['1'] })).historyPage(all);
    other.state.isDown = true;
    expect((await other.reads().historyPage(all)).nodes).toEqual(unlisted);
  });

  it('pages through the list that the first page came from', async () => {
    const at = outage();
    const all = historyRequest('1', { includeSubgroups: true, first: 2 });
    const fresh = (await at.reads().historyPage({ ...all, first: 100 })).nodes.map(({ id }) => id);
    at.state.isDown = true;
    at.state.nowMs += MINUTE;
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const { nodes, pageInfo } = await at.reads().historyPage({ ...all, after });
      seen.push(...nodes.map(({ id }) => id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(seen).toEqual(fresh);
    expect(at.served).toHaveLength(3);
    // After a write no page is shown any more, whoever wrote.
    const first = await at.reads().historyPage(all);
    at.state.writes = [{ kind: 'CHANGE_PLAN', groupId: '2', isOwn: false, completedAtMs: NOW_MS }];
    const next = at.reads().historyPage({ ...all, after: first.pageInfo.endCursor });
    expect(await failure(next)).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('says how old a group is when all that was asked of it is there, whatever comes first', async () => {
    const at = outage();
    await at.reads().historyPage(historyRequest('2'));
    at.state.nowMs += MINUTE;
    await at.reads().groupName('2');
    at.state.isDown = true;
    const reads = at.reads();
    const asOf = reads.asOf('2');
    await reads.groupName('2');
    // Begun by what the first read answered.
    await reads.historyPage(historyRequest('2'));
    expect(await asOf).toBe(NOW_MS);
  });

  it('remembers nothing of itself where it is off', async () => {
    const model = new UpstreamModel(rootWithGroups(1));
    const reads = operation(readsFactory(model), { who: caller({}) });
    await reads.plan('2', null);
    expect([await reads.asOf('2'), reads.staleReads()]).toEqual([null, []]);
  });
});
