import { findOperation, listOperations } from './billing-operations.js';
import type { BillingOperation, BillingUserError, BillingWrites } from './billing-writes.js';
import { CHANGE_PLAN } from './change-plan.js';
import { executeWrite } from './execute-write.js';
import { openBillingUi } from './open-billing-ui.js';
import { ORDER_BOOSTER_PACK } from './order-booster-pack.js';
import { PURCHASE_CREDITS } from './purchase-credits.js';
import { reconcileBillingOperation } from './reconcile-billing-operation.js';
import { resolveBillingOperation } from './resolve-billing-operation.js';
import type { WriteScope, WriteServices } from './write-scope.js';

/** The writes of one request. */
export function createBillingWrites(scope: WriteScope): BillingWrites {
  const { services } = scope;
  return {
    orderBoosterPack: (input) => counted(services, executeWrite(scope, ORDER_BOOSTER_PACK, input)),
    changePlan: (input) => counted(services, executeWrite(scope, CHANGE_PLAN, input)),
    purchaseCredits: (input) => counted(services, executeWrite(scope, PURCHASE_CREDITS, input)),
    openBillingUi: (input) => counted(services, openBillingUi(scope, input)),
    operation: (idempotencyKey) => findOperation(scope, idempotencyKey),
    operations: (status, first, after) => listOperations(scope, status, first, after),
    reconcile: (idempotencyKey) => counted(services, reconcileBillingOperation(scope, idempotencyKey)),
    resolve: (input) => counted(services, resolveBillingOperation(scope, input)),
  };
}

/** What the payloads of all mutations have in common; those without a ledger row name no operation. */
interface Payload {
  readonly operation?: BillingOperation | null;
  readonly userErrors: readonly BillingUserError[];
}

/**
 * Counts the errors of a payload, whether or not the client selects them. A replay tells again what was counted when it
 * happened.
 */
async function counted<T extends Payload>(services: WriteServices, answer: Promise<T>): Promise<T> {
  const payload = await answer;
  if (payload.operation?.replayed !== true) {
    for (const { code } of payload.userErrors) services.onUserError(code);
  }
  return payload;
}
