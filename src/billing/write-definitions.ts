import type { BillingOperationKind } from '../domain/upstream-operations.js';
import { CHANGE_PLAN } from './change-plan.js';
import { ORDER_BOOSTER_PACK } from './order-booster-pack.js';
import { PURCHASE_CREDITS } from './purchase-credits.js';
import type { StoredWrite } from './write-definition.js';

/** Functions for stored rows, by kind. */
export const STORED_WRITES: Readonly<Record<BillingOperationKind, StoredWrite>> = {
  ORDER_BOOSTER_PACK,
  CHANGE_PLAN,
  PURCHASE_CREDITS,
};
