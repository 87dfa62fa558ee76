import { describe, expect, it } from '@jest/globals';
import { BillingError } from '../../src/domain/errors.js';
import { RECONCILE_INTERVALS_MS, reconcileDelayMs } from '../../src/idempotency/ledger-states.js';
import { LedgerHarness, present } from './ledger.harness.js';
import { byOperator, SUCCESS, sampleClaim, T0 } from './sample-claims.js';

/** What every store promises of owners that are gone, of settling, of lists and of the leader. */
export function describeUpkeep(
  store: string,
  newUrl: () => Promise<string>,
  empty?: (url: string) => Promise<void>,
): void {
  describe(`upkeep on ${store}`, () => {
    const at = new LedgerHarness(newUrl, empty);

    it('leaves the rows of a live owner alone', async () => {
      const replica = await at.openAnother();
      const row = await at.sending(at.ledger);
      expect(await replica.sweepOrphans()).toBe(0);
      expect(await replica.find(row.tenantId, row.idempotencyKey)).toEqual(row);
    });

    it('closes the rows of an owner that is gone: claimed was not sent, sending is unknown', async () => {
      const replica = await at.openAnother();
      const waiting = await at.claimed(replica);
      const sent = await at.sending(replica, { target: 'group:2' });
      await replica.close();
      expect(await at.ledger.sweepOrphans()).toBe(2);
      expect(await at.ledger.find(waiting.tenantId, waiting.idempotencyKey)).toMatchObject({ state: 'not_sent' });
      expect(await at.ledger.find(sent.tenantId, sent.idempotencyKey)).toMatchObject({
        state: 'unknown',
        sentAtMs: T0 + 1_000,
        completedAtMs: T0 + 60_000,
        baseline: ['1', '2'],
      });
      expect(await at.ledger.sweepOrphans()).toBe(0);
    });

    it('closes abandoned rows when it is opened', async () => {
      const row = await at.sending(at.ledger);
      await at.ledger.close();
      await at.reopen();
      expect(await at.ledger.find(row.tenantId, row.idempotencyKey)).toMatchObject({ state: 'unknown' });
    });

    describe('writes of late', () => {
      const ask = (groupIds: readonly string[] = [], sinceMs = T0 + 2_000) =>
        at.ledger.recentWrites({ tenantId: 'acme', credentialId: 'credential-1', groupIds, sinceMs });
      const stranger = { tenantId: 'other', credentialId: 'credential-2' };
      const row = (change: object) => ({
        kind: 'ORDER_BOOSTER_PACK',
        groupId: '123',
        isOwn: true,
        completedAtMs: T0 + 2_000,
        ...change,
      });

      it('are those that were finished since, and the open ones however old', async () => {
        await at.ended(at.ledger, 'succeeded');
        await at.ended(at.ledger, 'rejected', { groupId: '4', target: 'group:4' });
        await at.ended(at.ledger, 'not_sent', { groupId: '5', target: 'group:5' });
        await at.ended(at.ledger, 'unknown', { groupId: '6', target: 'group:6' });
        await at.sending(at.ledger, { groupId: '7', target: 'group:7' });
        await at.claimed(at.ledger, { kind: 'PURCHASE_CREDITS', groupId: null, target: 'credits' });
        const purchase = { kind: 'PURCHASE_CREDITS', groupId: null };
        const open = [{ groupId: '6' }, { groupId: '7' }, purchase].map((each) =>
          row({ ...each, completedAtMs: null }),
        );
        const finished = [row({}), row({ groupId: '4' })];
        const sorted = (rows: readonly object[]) => rows.map((each) => JSON.stringify(each)).sort();
        expect(sorted(await ask())).toEqual(sorted([...open, ...finished]));
        expect(sorted(await ask([], T0 + 2_001))).toEqual(sorted(open));
      });

      it('are those of the tenant, of the credential and of anybody on the groups', async () => {
        await at.ended(at.ledger, 'succeeded', { ...stranger, credentialId: 'credential-1', groupId: '1' });
        await at.ended(at.ledger, 'succeeded', { ...stranger, tenantId: 'acme', groupId: '2' });
        await at.ended(at.ledger, 'succeeded', { ...stranger, groupId: '3' });
        const groups = async (ids: readonly string[]) => (await ask(ids)).map(({ groupId }) => groupId).sort();
        expect(await groups([])).toEqual(['1', '2']);
        expect(await groups(['3', '9'])).toEqual(['1', '2', '3']);
      });

      it('tell by whose clock they were finished, as far as that is known', async () => {
        const replica = await at.openAnother();
        await at.ended(replica, 'succeeded', { groupId: '1' });
        await at.reconciled(at.ledger, { groupId: '2', target: 'group:2' });
        const [other, reconciled] = (await ask()).toSorted((a, b) => Number(a.groupId) - Number(b.groupId));
        expect([other?.isOwn, reconciled?.isOwn]).toEqual([false, false]);
      });
    });

    it('takes a late response for a row that was called unknown', async () => {
      const replica = await at.openAnother();
      const row = await at.sending(replica);
      await replica.close();
      await at.ledger.sweepOrphans();
      const resolution = { by: 'late-answer', atMs: T0 + 70_000, note: null, subject: null } as const;
      const late = { from: 'unknown', to: 'succeeded', by: 'late-answer', atMs: T0 + 70_000 } as const;
      const settled = await at.ledger.advance(row, { ...late, answer: SUCCESS, resolution });
      expect(settled).toMatchObject({ state: 'succeeded', answer: SUCCESS, resolution });
    });

    it('settles an unknown outcome once, with who and why, and frees its target', async () => {
      const row = await at.ended(at.ledger, 'unknown');
      const settled = await at.ledger.settle(row, 'rejected', null, byOperator('not on the invoice'));
      expect(settled).toMatchObject({
        state: 'rejected',
        completedAtMs: T0 + 9_000,
        answer: null,
        resolution: byOperator('not on the invoice'),
      });
      expect(await at.ledger.settle(row, 'succeeded', SUCCESS, byOperator('changed my mind'))).toBeNull();
      await at.claimed(at.ledger);
    });

    it('keeps every change for the audit, oldest first', async () => {
      const row = await at.ended(at.ledger, 'unknown');
      await at.ledger.settle(row, 'succeeded', SUCCESS, byOperator('on the invoice'));
      const trail = await at.ledger.audit(row.tenantId, row.idempotencyKey);
      expect(trail.map(({ from, to, by, atMs }) => ({ from, to, by, atMs }))).toEqual([
        { from: null, to: 'claimed', by: 'owner', atMs: T0 },
        { from: 'claimed', to: 'sending', by: 'owner', atMs: T0 + 1_000 },
        { from: 'sending', to: 'unknown', by: 'owner', atMs: T0 + 2_000 },
        { from: 'unknown', to: 'succeeded', by: 'operator', atMs: T0 + 9_000 },
      ]);
      expect(trail.at(-1)).toMatchObject({
        note: 'on the invoice',
        subject: 'jane',
        ownerId: at.ledger.ownerId,
        claim: 1,
      });
    });

    it('audits a claim that was repeated and a row that was swept', async () => {
      const replica = await at.openAnother();
      const row = await at.ended(replica, 'not_sent');
      await replica.claim(sampleClaim({ idempotencyKey: row.idempotencyKey, atMs: T0 + 3_000 }));
      await replica.close();
      await at.ledger.sweepOrphans();
      const trail = await at.ledger.audit(row.tenantId, row.idempotencyKey);
      expect(trail.slice(-2)).toMatchObject([
        { from: 'not_sent', to: 'claimed', by: 'owner', claim: 2, atMs: T0 + 3_000 },
        { from: 'claimed', to: 'not_sent', by: 'sweep', claim: 2, ownerId: at.ledger.ownerId },
      ]);
    });

    it('lists newest first, in pages that stay right while writes are added', async () => {
      const keys: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        keys.unshift((await at.ended(at.ledger, 'succeeded')).idempotencyKey);
      }
      await at.claimed(at.ledger, { tenantId: 'other' });
      const all = { states: null, groupIds: null, limit: 2 };
      const first = await at.ledger.list('acme', { ...all, afterCursor: null });
      await at.claimed(at.ledger, { target: 'group:77' });
      const second = await at.ledger.list('acme', { ...all, afterCursor: first.edges.at(-1)?.cursor ?? null });
      const third = await at.ledger.list('acme', { ...all, afterCursor: second.edges.at(-1)?.cursor ?? null });
      const listed = [first, second, third].flatMap((page) => page.edges.map(({ row }) => row.idempotencyKey));
      expect(listed).toEqual(keys);
      expect([first, second, third].map((page) => page.hasNextPage)).toEqual([true, true, false]);
      expect([first.totalCount, third.totalCount]).toEqual([5, 6]);
    });

    it('lists only the asked states and groups; purchases of credits have no group and are always there', async () => {
      await at.ended(at.ledger, 'succeeded', { groupId: '1' });
      await at.ended(at.ledger, 'rejected', { groupId: '1' });
      await at.ended(at.ledger, 'succeeded', { groupId: '2' });
      await at.ended(at.ledger, 'succeeded', { groupId: null });
      await at.ended(at.ledger, 'succeeded', { groupId: null, kind: 'PURCHASE_CREDITS', target: 'credits' });
      const everything = { limit: 10, afterCursor: null };
      const page = await at.ledger.list('acme', { ...everything, states: ['succeeded'], groupIds: new Set(['1']) });
      expect(page.edges.map(({ row }) => [row.kind, row.groupId])).toEqual([
        ['PURCHASE_CREDITS', null],
        ['ORDER_BOOSTER_PACK', '1'],
      ]);
      expect(page.totalCount).toBe(2);
      expect((await at.ledger.list('acme', { ...everything, states: [], groupIds: null })).edges).toEqual([]);
    });

    it.each(['', 'x', 'b3A6MA', Buffer.from('op:1 OR 1=1').toString('base64url')])(
      'refuses %j as a cursor',
      async (afterCursor) => {
        const page = at.ledger.list('acme', { states: null, groupIds: null, limit: 1, afterCursor });
        await expect(page).rejects.toBeInstanceOf(BillingError);
        await expect(page).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: ['after'] });
      },
    );

    it('calls an unknown outcome due after growing intervals, and a settled one never', async () => {
      const row = await at.ended(at.ledger, 'unknown');
      await at.ended(at.ledger, 'succeeded', { target: 'group:2' });
      const firstDue = T0 + 2_000 + reconcileDelayMs(0);
      expect(await at.ledger.dueForReconciliation(firstDue - 1, 10)).toEqual([]);
      expect(await at.ledger.dueForReconciliation(firstDue, 10)).toEqual([row]);

      await at.ledger.noteReconcileAttempt(row, firstDue);
      const secondDue = firstDue + reconcileDelayMs(1);
      expect(await at.ledger.dueForReconciliation(secondDue - 1, 10)).toEqual([]);
      expect(await at.ledger.dueForReconciliation(secondDue, 10)).toMatchObject([{ reconcileAttempts: 1 }]);

      await at.ledger.settle(row, 'succeeded', SUCCESS, byOperator('seen'));
      expect(await at.ledger.dueForReconciliation(secondDue, 10)).toEqual([]);
    });

    it('makes a swept row due for reconciliation too', async () => {
      const replica = await at.openAnother();
      await at.sending(replica);
      await replica.close();
      await at.ledger.sweepOrphans();
      expect(await at.ledger.dueForReconciliation(T0 + 60_000 + reconcileDelayMs(0), 10)).toHaveLength(1);
    });

    it('watches what an operator settled as not carried out for a while, and nothing else that is rejected', async () => {
      let row = await at.ended(at.ledger, 'unknown');
      // However long the outcome was unknown.
      for (const reconcileAttempts of [...RECONCILE_INTERVALS_MS.keys(), 7, 8]) {
        await at.ledger.noteReconcileAttempt({ ...row, reconcileAttempts }, T0 + 3_000);
      }
      row = present(await at.ledger.find(row.tenantId, row.idempotencyKey));
      expect(row.reconcileAttempts).toBe(9);
      await at.ended(at.ledger, 'rejected', { target: 'group:2' });
      await at.ledger.settle(await at.reconciled(at.ledger, { target: 'group:3' }), 'rejected', null, byOperator('no'));
      let watched = present(await at.ledger.settle(row, 'rejected', null, byOperator('not on the invoice')));
      expect(await at.ledger.find(row.tenantId, row.idempotencyKey)).toEqual(watched);
      let due = T0 + 9_000 + reconcileDelayMs(0);
      expect(await at.ledger.dueForReview(due - 1, 10)).toEqual([]);
      for (const attempt of RECONCILE_INTERVALS_MS.keys()) {
        expect(await at.ledger.dueForReview(due, 10)).toMatchObject([{ idempotencyKey: row.idempotencyKey }]);
        await at.ledger.noteReconcileAttempt(watched, due);
        watched = { ...watched, reconcileAttempts: attempt + 1 };
        due += reconcileDelayMs(attempt + 1);
      }
      expect(await at.ledger.dueForReview(Number.MAX_SAFE_INTEGER, 10)).toEqual([watched]);
      await at.ledger.noteReconcileAttempt(watched, due);
      expect(await at.ledger.dueForReview(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    });

    it('ends a review at once when asked to', async () => {
      const row = await at.ended(at.ledger, 'unknown');
      const watched = present(await at.ledger.settle(row, 'rejected', null, byOperator('not on the invoice')));
      await at.ledger.noteReconcileAttempt(watched, T0, 'last');
      expect(await at.ledger.dueForReview(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    });

    it('knows the other writes of a group that may have been carried out, whoever sent them', async () => {
      const settled = await at.ended(at.ledger, 'unknown');
      await at.ledger.settle(settled, 'rejected', null, byOperator('not on the invoice'));
      await at.ended(at.ledger, 'rejected');
      await at.ended(at.ledger, 'not_sent');
      await at.ended(at.ledger, 'succeeded', { kind: 'CHANGE_PLAN' });
      await at.ended(at.ledger, 'succeeded', { target: 'group:2', groupId: '2' });
      await at.ended(at.ledger, 'succeeded', { tenantId: 'other', credentialId: 'credential-2' });
      await at.ended(at.ledger, 'succeeded', {
        tenantId: 'third',
        credentialId: 'credential-3',
        target: 'group:(own)',
        groupId: null,
      });
      const row = await at.ended(at.ledger, 'unknown');
      const found = await at.ledger.neighbours(row, T0 + 1_000);
      expect(
        found.map(({ kind, namesGroup, sharesAccount }) => `${kind} ${namesGroup} ${sharesAccount}`).sort(),
      ).toEqual([
        'CHANGE_PLAN true true',
        'ORDER_BOOSTER_PACK false false',
        'ORDER_BOOSTER_PACK true false',
        'ORDER_BOOSTER_PACK true true',
      ]);
      expect(await at.ledger.neighbours(row, T0 + 1_001)).toEqual([]);
    });

    it('lists the writes of several tenants as one list', async () => {
      await at.ended(at.ledger, 'succeeded');
      await at.ended(at.ledger, 'succeeded', { tenantId: 'other' });
      await at.ended(at.ledger, 'succeeded', { tenantId: 'third' });
      const page = await at.ledger.list(['acme', 'third'], {
        states: null,
        groupIds: null,
        limit: 5,
        afterCursor: null,
      });
      expect(page.edges.map(({ row }) => row.tenantId)).toEqual(['third', 'acme']);
      expect(page.totalCount).toBe(2);
    });

    it('lets one replica lead until it is gone', async () => {
      const replica = await at.openAnother();
      expect([await at.ledger.tryLead(), await replica.tryLead()]).toEqual([true, false]);
      expect([await at.ledger.tryLead(), await replica.tryLead()]).toEqual([true, false]);
      await at.ledger.close();
      expect(await replica.tryLead()).toBe(true);
      await at.reopen();
      expect(await at.ledger.tryLead()).toBe(false);
    });

    it('counts the unknown outcomes of all tenants', async () => {
      expect(await at.ledger.countUnknown()).toBe(0);
      await at.ended(at.ledger, 'unknown');
      await at.ended(at.ledger, 'unknown', { tenantId: 'other', credentialId: 'credential-2' });
      await at.ended(at.ledger, 'rejected', { target: 'group:3' });
      expect(await at.ledger.countUnknown()).toBe(2);
    });

    it('can be pinged while it is open', async () => {
      expect(await at.ledger.ping()).toEqual({ writable: true });
    });
  });
}
