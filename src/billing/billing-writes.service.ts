import { findOperation, listOperations } from './billing-operations.js';
import type { BillingWrites } from './billing-writes.js';
import { changePlan } from './change-plan.js';
import { openBillingUi } from './open-billing-ui.js';
import { orderBoosterPack } from './order-booster-pack.js';
import { purchaseCredits } from './purchase-credits.js';
import { reconcileBillingOperation } from './reconcile-billing-operation.js';
import { resolveBillingOperation } from './resolve-billing-operation.js';
import type { WriteScope } from './write-scope.js';

/** The writes of one request. */
export function createBillingWrites(scope: WriteScope): BillingWrites {
  return {
    orderBoosterPack: (input) => orderBoosterPack(scope, input),
    changePlan: (input) => changePlan(scope, input),
    purchaseCredits: (input) => purchaseCredits(scope, input),
    openBillingUi: (input) => openBillingUi(scope, input),
    operation: (idempotencyKey) => findOperation(scope, idempotencyKey),
    operations: (status, first, after) => listOperations(scope, status, first, after),
    reconcile: (idempotencyKey) => reconcileBillingOperation(scope, idempotencyKey),
    resolve: (input) => resolveBillingOperation(scope, input),
  };
}
