import { z } from 'zod';
import type { CreditPurchase, CreditPurchaseRequest } from '../domain/purchases.js';
import { CREDITS_TARGET, NO_SUBJECT } from '../domain/write.js';
import type { PurchaseInput } from './billing-writes.js';
import { storedText, type WriteDefinition } from './write-definition.js';
import { checkPurchase } from './write-input.policy.js';

const purchaseInput = z.object({ purchaseId: z.string() });

const storedPurchase = z.object({
  id: z.string(),
  purchaseId: z.string(),
  datePurchased: storedText,
  currency: storedText,
  netTotal: storedText,
  tax: storedText,
  grossTotal: storedText,
  unitPrice: storedText,
  quantity: storedText,
  paid: z.boolean().nullable(),
  purchaseType: storedText,
  invoiceNumber: storedText,
  result: storedText,
});

/**
 * Buys message credits. `purchaseId` is not an idempotency key: no document says that the upstream charges the same one
 * only once. The documents describe no way to read purchases, so nothing can be compared later.
 */
export const PURCHASE_CREDITS: WriteDefinition<PurchaseInput, CreditPurchaseRequest, CreditPurchase> = {
  kind: 'PURCHASE_CREDITS',
  check: (_caller, input) => checkPurchase(input),
  account({ caller: { tenant }, services, call }) {
    const [client, credential] = [services.credits, tenant.credits];
    if (client === null || credential === null) return null;
    return {
      // A token does not identify the account. So a fresh token lifts no lock where the tenant is known.
      tenantId: tenant.creditsOwnerId ?? tenant.id,
      credentialId: credential.id,
      baseline: async () => null,
      send: (request) => client.purchaseCredits(credential, request, call),
    };
  },
  reach: () => ({ target: CREDITS_TARGET, groupId: null, deletesDocuments: false, item: null, quantity: 1 }),
  stored: ({ purchaseId }) => ({ purchaseId }),
  toStored: (purchase) => storedPurchase.parse(purchase),
  fromStored: (stored, { purchaseId }) => ({
    ...(stored === null ? settledPurchase(purchaseId) : storedPurchase.parse(stored)),
    userId: null,
  }),
  subject: (input) => ({ ...NO_SUBJECT, ...purchaseInput.parse(input) }),
  inWords: (input) => `bought credits by purchase ${purchaseInput.parse(input).purchaseId}`,
  wanted: () => null,
  settledResponse: (input) => storedPurchase.parse(settledPurchase(purchaseInput.parse(input).purchaseId)),
};

/** A purchase that was carried out and that no history shows. */
function settledPurchase(purchaseId: string): CreditPurchase {
  return {
    id: purchaseId,
    purchaseId,
    datePurchased: null,
    currency: null,
    netTotal: null,
    tax: null,
    grossTotal: null,
    unitPrice: null,
    quantity: null,
    paid: null,
    purchaseType: null,
    invoiceNumber: null,
    result: null,
    userId: null,
  };
}
