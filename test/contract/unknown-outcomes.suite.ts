import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FIXTURES } from '../../src/simulator/simulator-fixtures.js';
import type { ContractFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { changePlan, order, reconcile, resolve, type WriteResponse } from './write.responses.js';

/** Writes whose response is lost: never sent again, settled by the proof of the history, else by an operator. */
export function unknownOutcomesSuite(openShared: () => ContractWorld, facts: ContractFacts): void {
  let own: Awaited<ReturnType<ContractWorld['alone']>>;
  const open = (): ContractWorld => own.world;
  const orderLost = (groupId: string, key: string, packId: string = FIXTURES.packId) =>
    order(open(), { idempotencyKey: key, packId, groupId });
  const changeLost = (groupId: string, key: string, planId: string = FIXTURES.monthlyPlanId) =>
    changePlan(open(), { idempotencyKey: key, planId, groupId });

  interface LostWrite {
    readonly name: string;
    readonly endpoint: string;
    readonly groupId: string;
    readonly write: (groupId: string, key: string, item?: string) => Promise<WriteResponse>;
    readonly item: string;
    /** The rows of the write in the history. */
    readonly evidence: readonly string[];
    readonly isProved: boolean;
  }
  const signup = ['SIGNUP'];
  const writes: readonly LostWrite[] = [
    {
      name: 'an order',
      endpoint: 'booster',
      groupId: '100023',
      write: orderLost,
      item: '1223',
      evidence: facts.tellsBoosters ? ['BOOSTER'] : [],
      isProved: facts.tellsBoosters && facts.rowsNameTheirGroup,
    },
    {
      name: 'a plan change',
      endpoint: 'update',
      groupId: '100026',
      write: changeLost,
      item: '112',
      evidence: ['UPGRADE'],
      isProved: facts.rowsNameTheirGroup,
    },
    {
      name: 'a first plan',
      endpoint: 'update',
      groupId: FIXTURES.planlessGroupId,
      write: changeLost,
      item: '113',
      evidence: signup,
      // "No such group" gives no baseline of the history. Without a baseline no row is known to be new.
      isProved: facts.emptyHistory === null && facts.wholeWithoutRows && facts.rowsNameTheirGroup,
    },
  ];

  describe('an outcome that nobody knows', () => {
    beforeAll(async () => {
      own = await openShared().alone();
    });
    afterAll(() => own.close());

    describe.each(writes)('the lost response to $name', ({ endpoint, groupId, write, item, evidence, isProved }) => {
      const key = `lost-${groupId}`;

      it('is an unknown outcome, which nobody sends again', async () => {
        const { received, committed, forgetCalls, world } = open();
        forgetCalls();
        // The work is done, and the connection is dropped before the response.
        world.addFault({ endpoint, kind: 'commit_then_drop', group: groupId, first: 1 });
        expect(await write(groupId, key)).toMatchObject({
          value: null,
          operation: { status: 'OUTCOME_UNKNOWN', replayed: false, evidence: evidence.map((kind) => ({ kind })) },
          userErrors: [{ code: 'OUTCOME_UNKNOWN', retryable: false }],
        });
        expect(await write(groupId, key)).toMatchObject({
          operation: { status: 'OUTCOME_UNKNOWN', replayed: true },
          userErrors: [{ code: 'OUTCOME_UNKNOWN' }],
        });
        // The next purchase for the group.
        for (const next of [orderLost(groupId, `${key}.order`, '1223'), changeLost(groupId, `${key}.change`, '112')]) {
          expect(await next).toMatchObject({
            operation: { idempotencyKey: key },
            userErrors: [{ code: 'PRIOR_OUTCOME_UNKNOWN', retryable: false }],
          });
        }
        expect([received(endpoint), committed(endpoint)]).toEqual([1, 1]);
      });

      it('is settled by what the history proves, else by an operator', async () => {
        const { received, forgetCalls } = open();
        forgetCalls();
        expect(await reconcile(open(), key)).toEqual({
          operation: isProved
            ? { status: 'SUCCEEDED', evidence: [] }
            : { status: 'OUTCOME_UNKNOWN', evidence: evidence.map((kind) => ({ kind })) },
          userErrors: [],
        });
        if (!isProved) {
          expect(await resolve(open(), key, 'SUCCEEDED')).toEqual({
            operation: { status: 'SUCCEEDED' },
            userErrors: [],
          });
        }
        expect(received(endpoint)).toBe(0);
        expect(await write(groupId, `${key}.next`, item)).toMatchObject({
          operation: { status: 'SUCCEEDED' },
          userErrors: [],
        });
        expect(received(endpoint)).toBe(1);
      });
    });
  });
}
