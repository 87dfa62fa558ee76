import type { CreditPurchase, CreditPurchaseRequest } from '../domain/purchases.js';
import type { WritePayload } from './billing-writes.js';
import { executeWrite } from './execute-write.js';
import { settledPurchase } from './settled-answer.policy.js';
import { creditPurchaseCodec, orWithoutFigures } from './stored-answer.codec.js';
import { checkIdempotencyKey, checkPurchase } from './write-input.policy.js';
import { notConfigured } from './write-payload.mapper.js';
import { spendAllowance, type WriteScope } from './write-scope.js';
import { CREDITS_TARGET } from './write-target.policy.js';

/**
 * Buys message credits, at most once per key. `purchaseId` is no idempotency key of the upstream's: nothing documents that the same
 * one twice is charged once.
 */
export async function purchaseCredits(
  scope: WriteScope,
  input: CreditPurchaseRequest & { readonly idempotencyKey: string },
): Promise<WritePayload<CreditPurchase>> {
  const { caller, call, services } = scope;
  const idempotencyKey = checkIdempotencyKey(input.idempotencyKey);
  const request = checkPurchase(input);
  await spendAllowance(scope, 'write');
  const credential = caller.tenant.credits;
  const client = services.credits;
  if (client === null || credential === null) return notConfigured('credits');
  const stored = { purchaseId: request.purchaseId };
  return executeWrite(
    scope,
    {
      idempotencyKey,
      // One credits account per tenant. A bearer token is no name for it: a fresh token must not lift the lock of an unknown purchase.
      credentialId: `credits:${caller.tenant.id}`,
      kind: 'PURCHASE_CREDITS',
      target: CREDITS_TARGET,
      groupId: null,
      input: request,
      stored,
      deletesDocuments: false,
    },
    {
      // The documents name no way to read purchases back, so there is nothing to compare with later.
      baseline: async () => null,
      send: () => client.purchaseCredits(credential, request, call),
      ...orWithoutFigures(creditPurchaseCodec, () => settledPurchase({ input: stored, groupId: null })),
    },
  );
}
