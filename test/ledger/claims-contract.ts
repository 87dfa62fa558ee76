import { describe, expect, it } from '@jest/globals';
import type { DailyLimits } from '../../src/domain/spending.js';
import { type ClaimRequest, type ClaimResult, type Ledger, LedgerUnavailable } from '../../src/idempotency/ledger.js';
import {
  ForbiddenTransition,
  type LedgerRow,
  type LedgerState,
  TRANSITIONS,
} from '../../src/idempotency/ledger-states.js';
import { LedgerHarness, present } from './ledger.harness.js';
import { byOperator, SUCCESS, sampleClaim, T0, UNKNOWN } from './sample-claims.js';

/** Every change there is but a claim, once for each who may make it. */
const CHANGES = TRANSITIONS.flatMap(({ from, to, by }) =>
  from === null || to === 'claimed' ? [] : by.map((actor) => ({ from, to, by: actor })),
);

/** What every store promises of claims and changes. `newUrl` names an empty ledger. */
export function describeClaims(
  store: string,
  newUrl: () => Promise<string>,
  empty?: (url: string) => Promise<void>,
): void {
  describe(`claims and changes on ${store}`, () => {
    const at = new LedgerHarness(newUrl, empty);

    it('claims a key seen for the first time and keeps what it was told', async () => {
      const request = sampleClaim({ deletesDocuments: true });
      const { kind, row } = await at.ledger.claim(request);
      expect(kind).toBe('claimed');
      const { atMs, ...kept } = request;
      expect(row).toEqual({
        ...kept,
        state: 'claimed',
        ownerId: at.ledger.ownerId,
        claim: 1,
        createdAtMs: atMs,
        sentAtMs: null,
        completedAtMs: null,
        baseline: null,
        before: null,
        answer: null,
        resolution: null,
        reconcileAttempts: 0,
      });
      expect(await at.ledger.find(request.tenantId, request.idempotencyKey)).toEqual(row);
    });

    it('finds no row for a key that was never used, nor for another tenant', async () => {
      const row = await at.claimed(at.ledger);
      expect(await at.ledger.find(row.tenantId, 'never-used')).toBeNull();
      expect(await at.ledger.find('other', row.idempotencyKey)).toBeNull();
    });

    it('answers the row that is there when the same key comes with the same fingerprint', async () => {
      const request = sampleClaim();
      const first = await at.ledger.claim(request);
      expect(await at.ledger.claim(request)).toEqual({ kind: 'existing', row: first.row });
    });

    it('says that a key is reused when it comes with another fingerprint, in whatever state it is', async () => {
      const row = await at.ended(at.ledger, 'not_sent');
      const request = sampleClaim({ idempotencyKey: row.idempotencyKey, fingerprint: 'print-b' });
      expect(await at.ledger.claim(request)).toEqual({ kind: 'keyReused', row });
    });

    it('knows a key that is in use under a tenant which shares its keys, in whatever state it is', async () => {
      const row = await at.ended(at.ledger, 'not_sent', {
        tenantId: 'credits-of-acme',
        target: 'credits',
        groupId: null,
      });
      const { idempotencyKey, fingerprint } = row;
      const shared = sampleClaim({ idempotencyKey, fingerprint, keysSharedWith: ['nobody', 'credits-of-acme'] });
      expect(await at.ledger.claim(shared)).toEqual({ kind: 'keyReused', row });
      expect(await at.ledger.find('acme', idempotencyKey)).toBeNull();
      expect((await at.ledger.claim(sampleClaim({ idempotencyKey, fingerprint }))).kind).toBe('claimed');
    });

    it('gives a key to one of two tenants that share their keys, however they race', async () => {
      const replica = await at.openAnother();
      for (let round = 1; round <= 20; round += 1) {
        const order = sampleClaim({ target: `group:${round}`, keysSharedWith: ['credits-of-acme'] });
        const purchase = { tenantId: 'credits-of-acme', target: `credits ${round}`, keysSharedWith: ['acme'] };
        const claims = await Promise.all([
          at.ledger.claim(order),
          replica.claim({ ...order, ...purchase, groupId: null, credentialId: 'token' }),
        ]);
        expect(claims.map(({ kind }) => kind).sort()).toEqual(['claimed', 'keyReused']);
      }
    });

    it('keeps one key of two tenants apart', async () => {
      const request = sampleClaim();
      await at.ledger.claim(request);
      const other = { ...request, tenantId: 'other', credentialId: 'credential-2' };
      expect((await at.ledger.claim(other)).kind).toBe('claimed');
    });

    it.each([
      { state: 'claimed', blocks: true },
      { state: 'sending', blocks: true },
      { state: 'unknown', blocks: true },
      { state: 'succeeded', blocks: false },
      { state: 'rejected', blocks: false },
      { state: 'not_sent', blocks: false },
    ] as const)('a write that is $state blocks another key on its target: $blocks', async ({ state, blocks }) => {
      const row =
        state === 'claimed' || state === 'sending' ? await at[state](at.ledger) : await at.ended(at.ledger, state);
      const other = await at.ledger.claim(sampleClaim({ kind: 'CHANGE_PLAN' }));
      expect(other.kind).toBe(blocks ? 'targetBusy' : 'claimed');
      expect(other.row?.idempotencyKey === row.idempotencyKey).toBe(blocks);
    });

    it('lets writes on other targets, and of other tenants with other credentials, go on beside an unfinished one', async () => {
      await at.claimed(at.ledger);
      await at.claimed(at.ledger, { target: 'group:124' });
      await at.claimed(at.ledger, { tenantId: 'other', credentialId: 'credential-2' });
    });

    const blocked: readonly [string, Partial<ClaimRequest>, Partial<ClaimRequest>][] = [
      ['the same tenant with a rotated api key', {}, { credentialId: 'credential-2' }],
      ['another tenant with the same api key', {}, { tenantId: 'other' }],
      ['the own group of unknown number, beside a named one', {}, { target: 'group:(own)', groupId: null }],
      ['a named group, beside the own one of unknown number', { target: 'group:(own)', groupId: null }, {}],
      [
        'the own group of another tenant with the same api key',
        {},
        { tenantId: 'other', target: 'group:(own)', groupId: null },
      ],
      ['credits under another token', { target: 'credits' }, { target: 'credits', credentialId: 'credential-2' }],
    ];
    it.each(blocked)('blocks %s, from either replica', async (_title, first, second) => {
      const replica = await at.openAnother();
      const row = await at.ended(at.ledger, 'unknown', first);
      expect(await replica.claim(sampleClaim(second))).toEqual({ kind: 'targetBusy', row });
      await at.ledger.settle(row, 'rejected', null, byOperator('not on the invoice'));
      expect((await replica.claim(sampleClaim(second))).kind).toBe('claimed');
    });

    it.each(blocked)('gives one of many the target: %s', async (_title, first, second) => {
      const replica = await at.openAnother();
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? at.ledger : replica).claim(sampleClaim(index % 3 === 0 ? first : second)),
        ),
      );
      expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      expect(claims.filter(({ kind }) => kind === 'targetBusy')).toHaveLength(19);
    });

    it('keeps groups and credits apart', async () => {
      await at.claimed(at.ledger, { target: 'group:(own)', groupId: null });
      await at.claimed(at.ledger, { target: 'credits', groupId: null });
    });

    it('corrects what the reconciler settled, and nothing that anybody else did', async () => {
      const reconciled = await at.reconciled(at.ledger);
      expect(await at.ledger.settle(reconciled, 'rejected', null, byOperator('somebody else’s'))).toMatchObject({
        state: 'rejected',
        resolution: { by: 'operator' },
      });
      const answered = await at.ended(at.ledger, 'succeeded', { target: 'group:8' });
      expect(await at.ledger.settle(answered, 'rejected', null, byOperator('wrong'))).toBeNull();
      const unknown = await at.ended(at.ledger, 'unknown', { target: 'group:9' });
      const resolved = present(await at.ledger.settle(unknown, 'succeeded', SUCCESS, byOperator('seen')));
      expect(await at.ledger.settle(resolved, 'rejected', null, byOperator('wrong'))).toBeNull();
      expect(await at.ledger.find(resolved.tenantId, resolved.idempotencyKey)).toEqual(resolved);
    });

    it('lets the same key claim again after it was not sent, as a new claim under today’s credential', async () => {
      const row = await at.ended(at.ledger, 'not_sent');
      const again = await at.ledger.claim(sampleClaim({ idempotencyKey: row.idempotencyKey, credentialId: 'rotated' }));
      expect(again).toMatchObject({
        kind: 'claimed',
        row: { state: 'claimed', claim: 2, credentialId: 'rotated', createdAtMs: T0, sentAtMs: null, answer: null },
      });
      expect(again.row).toMatchObject({ completedAtMs: null, baseline: null });
    });

    it('refuses to claim again while another key holds the target', async () => {
      const row = await at.ended(at.ledger, 'not_sent');
      const blocker = await at.claimed(at.ledger);
      const again = await at.ledger.claim(sampleClaim({ idempotencyKey: row.idempotencyKey }));
      expect(again).toEqual({ kind: 'targetBusy', row: blocker });
    });

    it('lets a stale claim change nothing', async () => {
      const stale = await at.ended(at.ledger, 'not_sent');
      await at.ledger.claim(sampleClaim({ idempotencyKey: stale.idempotencyKey }));
      const change = { from: 'claimed', to: 'sending', by: 'owner', atMs: T0 } as const;
      expect(await at.ledger.advance(stale, change)).toBeNull();
      expect(await at.ledger.find(stale.tenantId, stale.idempotencyKey)).toMatchObject({ state: 'claimed', claim: 2 });
    });

    it('changes nothing when the row has left the state that the change starts from', async () => {
      const row = await at.ended(at.ledger, 'succeeded');
      const change = { from: 'sending', to: 'unknown', by: 'owner', atMs: T0 } as const;
      expect(await at.ledger.advance(row, change)).toBeNull();
      expect(await at.ledger.find(row.tenantId, row.idempotencyKey)).toEqual(row);
    });

    it('refuses a change that the transition table does not know', async () => {
      const row = await at.ended(at.ledger, 'unknown');
      const resend = { from: 'unknown', to: 'sending', by: 'owner', atMs: T0 } as const;
      await expect(at.ledger.advance(row, resend)).rejects.toBeInstanceOf(ForbiddenTransition);
    });

    it('keeps when it was sent, the baseline, when it ended and the response', async () => {
      expect(await at.sending(at.ledger)).toMatchObject({
        sentAtMs: T0 + 1_000,
        completedAtMs: null,
        baseline: ['1', '2'],
      });
      expect(await at.ended(at.ledger, 'succeeded', { target: 'group:9' })).toMatchObject({
        sentAtMs: T0 + 1_000,
        completedAtMs: T0 + 2_000,
        baseline: ['1', '2'],
        answer: SUCCESS,
      });
    });

    it.each(CHANGES)('answers the row as it is stored: $from to $to by $by', async ({ from, to, by }) => {
      const row =
        from === 'claimed' || from === 'sending'
          ? await at[from](at.ledger)
          : from === 'succeeded'
            ? await at.reconciled(at.ledger)
            : await at.ended(at.ledger, from);
      const change = { from, to, by, atMs: T0 + 3_000, answer: to === 'succeeded' ? SUCCESS : UNKNOWN };
      const changed = await at.ledger.advance(row, {
        ...change,
        ...(to === 'sending' ? { answer: null, baseline: ['7', '8'], before: { plan: 'Basic' } } : {}),
        ...(from === 'unknown' || from === 'succeeded' ? { resolution: byOperator('seen') } : {}),
      });
      expect(changed).toMatchObject({ state: to, claim: row.claim });
      expect(await at.ledger.find(row.tenantId, row.idempotencyKey)).toEqual(changed);
    });

    it('answers a change as it is stored though the row at hand is of an earlier state', async () => {
      const row = await at.sending(at.ledger);
      await at.ledger.advance(row, { from: 'sending', to: 'unknown', by: 'sweep', atMs: T0 + 2_500, answer: null });
      const late = { from: 'unknown', to: 'not_sent', by: 'late-answer', atMs: T0 + 3_000, answer: UNKNOWN } as const;
      const changed = await at.ledger.advance(row, { ...late, resolution: byOperator('never connected') });
      expect(await at.ledger.find(row.tenantId, row.idempotencyKey)).toEqual(changed);
    });

    it('does not call a write sent that was proved not to be', async () => {
      expect(await at.ended(at.ledger, 'not_sent')).toMatchObject({ sentAtMs: null, completedAtMs: T0 + 2_000 });
    });

    it('remembers everything after it was closed, and hashes as before', async () => {
      const row = await at.ended(at.ledger, 'succeeded');
      const hash = at.ledger.keyedHash('an api key');
      await at.ledger.close();
      await at.reopen();
      expect(await at.ledger.find(row.tenantId, row.idempotencyKey)).toEqual(row);
      expect(at.ledger.keyedHash('an api key')).toBe(hash);
      expect(at.ledger.keyedHash('another')).not.toBe(hash);
      expect(hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
    });

    it('hashes alike on two replicas, and unlike on another ledger', async () => {
      const replica = await at.openAnother();
      const stranger = await at.openStranger();
      expect(replica.keyedHash('text')).toBe(at.ledger.keyedHash('text'));
      expect(stranger.keyedHash('text')).not.toBe(at.ledger.keyedHash('text'));
    });

    it('gives a key to one of many that claim it at once on two replicas', async () => {
      const replica = await at.openAnother();
      const request = sampleClaim();
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? at.ledger : replica).claim(request)),
      );
      expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      expect(claims.filter(({ kind }) => kind === 'existing')).toHaveLength(39);
    });

    it('gives a target to one of many keys that claim it at once on two replicas', async () => {
      const replica = await at.openAnother();
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? at.ledger : replica).claim(sampleClaim())),
      );
      expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      expect(claims.filter(({ kind }) => kind === 'targetBusy')).toHaveLength(39);
    });

    /** A claim on a target of its own that costs 0.10 and must fit into the limits. */
    const limitedClaim = (limits: Partial<DailyLimits>): ClaimRequest => {
      const request = sampleClaim();
      const all = { writesPerDay: null, spendPerDay: new Map(), spend: { amount: '0.10', currency: 'NZD' }, ...limits };
      const guards = {
        forbidden: null,
        duplicateWindowMs: 0,
        repeats: null,
        terms: { kind: 'limited', limits: all },
      } as const;
      return { ...request, target: `group:${request.idempotencyKey}`, guards };
    };

    /** Asks again while no connection is free, as a client does; a claim that was stored meanwhile is `existing`. */
    const insist = async (ledger: Ledger, request: ClaimRequest): Promise<ClaimResult> => {
      try {
        return await ledger.claim(request);
      } catch (error) {
        if (error instanceof LedgerUnavailable) return insist(ledger, request);
        throw error;
      }
    };

    it.each<[string, Partial<DailyLimits>, number]>([
      ['writes', { writesPerDay: 30 }, 30],
      ['spend', { spendPerDay: new Map([['NZD', '2.05']]) }, 20],
    ])(
      'holds a limit of %s to the unit under 200 claims at once on two replicas',
      async (_name, limits, fits) => {
        const replica = await at.openAnother();
        const claims = await Promise.all(
          Array.from({ length: 200 }, (_, index) =>
            insist(index % 2 === 0 ? at.ledger : replica, limitedClaim(limits)),
          ),
        );
        expect(claims.filter(({ kind }) => kind === 'claimed' || kind === 'existing')).toHaveLength(fits);
        expect(claims.filter(({ kind }) => kind === 'overLimit')).toHaveLength(200 - fits);
      },
      60_000,
    );

    it('frees what was rejected, not sent or is a day old, and counts what is unknown', async () => {
      const limits = { writesPerDay: 1 };
      const ended = async (to: LedgerState): Promise<LedgerRow> => at.ended(at.ledger, to, limitedClaim(limits));
      await ended('rejected');
      await ended('not_sent');
      await ended('unknown');
      const refused = await at.ledger.claim(limitedClaim(limits));
      const freeAtMs = T0 + 1_000 + 86_400_000;
      expect(refused).toMatchObject({
        kind: 'overLimit',
        limit: { name: 'writesPerDay', used: 1, limit: 1, freeAtMs },
      });
      expect((await at.ledger.claim({ ...limitedClaim(limits), atMs: freeAtMs - 1 })).kind).toBe('overLimit');
      expect((await at.ledger.claim({ ...limitedClaim(limits), atMs: freeAtMs })).kind).toBe('claimed');
    });

    it('neither loses nor doubles an allowance when a replica dies between claim and send', async () => {
      const limits = { writesPerDay: 1 };
      const dying = await at.openAnother();
      const held = limitedClaim(limits);
      expect((await dying.claim(held)).kind).toBe('claimed');
      expect((await at.ledger.claim(limitedClaim(limits))).kind).toBe('overLimit');
      await dying.close();
      await at.ledger.sweepOrphans();
      expect((await at.ledger.claim(limitedClaim(limits))).kind).toBe('claimed');
      expect((await at.ledger.claim(held)).kind).toBe('overLimit');
    });

    /** A claim that repeats an equal write of the last five minutes on purpose, or none. */
    const guarded = (atMs: number, repeats: string | null, change: Partial<ClaimRequest> = {}) =>
      sampleClaim({
        atMs,
        guards: { forbidden: null, duplicateWindowMs: 300_000, repeats, terms: { kind: 'none' } },
        ...change,
      });
    const order = async (request: ClaimRequest, to: 'succeeded' | 'not_sent' = 'succeeded'): Promise<string> => {
      const row = await at.claimed(at.ledger, request);
      const { atMs } = request;
      const sent = present(await at.ledger.advance(row, { from: 'claimed', to: 'sending', by: 'owner', atMs }));
      await at.ledger.advance(sent, { from: 'sending', to, by: 'owner', atMs });
      return row.idempotencyKey;
    };
    const HOUR = 3_600_000;

    it.each([
      ['none of them is', 0, 0],
      ['they were set back by 10 seconds', -10_000, -10_000],
      ['they were set back by an hour', -HOUR, -HOUR],
      ['they were set back by an hour, and then set right', -HOUR, 0],
      ['they were set ahead by an hour, and then set right', HOUR, 0],
    ])('knows the newest of equal writes though clocks are wrong: %s', async (_title, secondMs, thirdMs) => {
      const first = await order(guarded(T0, null));
      const second = await order(guarded(T0 + 1_000 + secondMs, first));
      for (const repeats of [null, first]) {
        expect(await at.ledger.claim(guarded(T0 + 2_000 + thirdMs, repeats))).toMatchObject({
          kind: 'possibleDuplicate',
          row: { idempotencyKey: second },
        });
      }
      expect((await at.ledger.claim(guarded(T0 + 3_000 + thirdMs, second))).kind).toBe('claimed');
    });

    it('knows the newest of equal writes by its last claim', async () => {
      const retried = await order(guarded(T0, null), 'not_sent');
      const other = await order(guarded(T0 + 1_000, null));
      await order(guarded(T0 + 1_000, other, { idempotencyKey: retried }));
      expect(await at.ledger.claim(guarded(T0 + 1_000, other))).toMatchObject({
        kind: 'possibleDuplicate',
        row: { idempotencyKey: retried },
      });
      expect((await at.ledger.claim(guarded(T0 + 301_000, null))).kind).toBe('claimed');
    });

    it('gives a target to one of many not-sent keys that try again at once on two replicas', async () => {
      const replica = await at.openAnother();
      const keys: string[] = [];
      for (let index = 0; index < 10; index += 1) {
        keys.push((await at.ended(at.ledger, 'not_sent')).idempotencyKey);
      }
      const claims = await Promise.all(
        keys.map((idempotencyKey, index) =>
          (index % 2 === 0 ? at.ledger : replica).claim(sampleClaim({ idempotencyKey })),
        ),
      );
      expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
      expect(claims.filter(({ kind }) => kind === 'targetBusy')).toHaveLength(9);
    });
  });
}
