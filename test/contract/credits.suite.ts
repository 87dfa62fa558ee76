import { describe, expect, it } from '@jest/globals';
import { FIXTURES } from '../../src/simulator/simulator-fixtures.js';
import type { ContractFacts, PurchaseFacts } from './contract.facts.js';
import type { ContractWorld } from './contract.harness.js';
import { purchase, reconcile, replayed, resolve } from './write.responses.js';

const UNKNOWN_ID = '11111111-1111-4111-8111-111111111111';
const RESET_ID = '00000000-0000-4000-8000-000000990002';

/** Purchases of credits: every figure as sent, and one purchase per key. */
export function creditsSuite(open: () => ContractWorld, facts: ContractFacts): void {
  /** Buys, and compares the response with the upstream's sale or its refusal. */
  const buy = async (idempotencyKey: string, purchaseId: string, terms: PurchaseFacts) => {
    const { world, received, forgetCalls } = open();
    const before = world.state().purchases.length;
    forgetCalls();
    const input = { idempotencyKey, purchaseId, ...(terms.ordered ? { purchaseOrder: 'PO-7' } : {}) };
    const response = await purchase(open(), input);
    const refusal = facts.purchaseRefusal(terms);
    const sold = world.state().purchases.findLast((record) => record.purchaseId === purchaseId);
    const isSold = refusal === null && (!terms.again || facts.purchaseAgain === 'another record');
    expect(world.state().purchases.length - before).toBe(isSold ? 1 : 0);
    expect(response).toEqual({
      value:
        refusal !== null
          ? null
          : {
              id: sold?.id,
              purchaseId,
              datePurchased: facts.purchaseDate(sold?.at ?? 0),
              currency: 'GBP',
              netTotal: '35.0',
              tax: '7.0',
              grossTotal: '42.0',
              unitPrice: '0.035',
              quantity: '1000.0',
              paid: facts.purchasePaid,
              purchaseType: 'Credits',
              invoiceNumber: facts.purchasePaid ? String(sold?.invoiceNumber) : null,
              result: 'Credits purchased successfully',
              userId: 'demo.user',
            },
      operation: {
        idempotencyKey,
        kind: 'PURCHASE_CREDITS',
        status: refusal === null ? 'SUCCEEDED' : 'REJECTED',
        replayed: false,
        group: null,
        documentsMayHaveBeenDeleted: false,
        evidence: [],
      },
      warnings: [],
      userErrors: refusal === null ? [] : [{ code: 'UPSTREAM_REJECTED', upstreamStatus: refusal, retryable: false }],
    });
    // The buyer is personal data, so it is not kept.
    const kept = replayed(response);
    expect(await purchase(open(), input)).toEqual(
      kept.value === null ? kept : { ...kept, value: { ...kept.value, userId: null } },
    );
    expect(received('purchase_credits')).toBe(1);
  };

  describe('purchaseCredits', () => {
    it.each([
      ['a quote, with a purchase order', 'buy-0001', FIXTURES.purchaseId, { known: true, ordered: true, again: false }],
      [
        'the same again, with another key',
        'buy-0002',
        FIXTURES.purchaseId,
        { known: true, ordered: true, again: true },
      ],
      ['without a purchase order', 'buy-0003', UNKNOWN_ID, { known: false, ordered: false, again: false }],
    ])('tells what was bought, or that nothing was: %s', async (_name, key, purchaseId, terms) => {
      await buy(key, purchaseId, terms);
    });

    it('tells a refusal in the upstream’s own words', async () => {
      const input = { idempotencyKey: 'buy-refused', purchaseId: FIXTURES.rejectedPurchaseId };
      expect(await purchase(open(), input)).toMatchObject({
        value: null,
        operation: { status: 'REJECTED' },
        userErrors: [{ code: 'UPSTREAM_REJECTED', upstreamStatus: 'P402' }],
      });
    });

    it('never sends again what may have been bought, and waits for an operator', async () => {
      const { received, forgetCalls } = open();
      forgetCalls();
      const lost = { idempotencyKey: 'buy-lost', purchaseId: RESET_ID };
      const unknown = { operation: { status: 'OUTCOME_UNKNOWN' }, userErrors: [{ code: 'OUTCOME_UNKNOWN' }] };
      expect(await purchase(open(), lost)).toMatchObject(unknown);
      expect(await purchase(open(), lost)).toMatchObject(unknown);
      const next = { idempotencyKey: 'buy-next', purchaseId: FIXTURES.rejectedPurchaseId };
      expect(await purchase(open(), next)).toMatchObject({ userErrors: [{ code: 'PRIOR_OUTCOME_UNKNOWN' }] });
      expect(await reconcile(open(), 'buy-lost')).toMatchObject({ operation: { status: 'OUTCOME_UNKNOWN' } });
      expect(received('purchase_credits')).toBe(1);
      expect(await resolve(open(), 'buy-lost', 'REJECTED')).toMatchObject({ operation: { status: 'REJECTED' } });
      expect(await purchase(open(), next)).toMatchObject({ userErrors: [{ upstreamStatus: 'P402' }] });
    });
  });
}
