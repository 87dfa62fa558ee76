import type { BillingContact, CreditPurchaseRequest } from '../../domain/purchases.js';

/** The JSON body of a purchase, names as on the help page. What is not given is left out, not sent as null. */
export function purchaseBody(request: CreditPurchaseRequest): string {
  return JSON.stringify({
    Billing: request.billing === null ? undefined : billing(request.billing),
    PurchaseID: request.purchaseId.toLowerCase(),
    PurchaseOrder: request.purchaseOrder ?? undefined,
  });
}

/** `JSON.stringify` leaves out what is undefined; a contact without a single detail is left out as a whole. */
function billing(contact: BillingContact): Record<string, string | undefined> | undefined {
  const { address, company, email, mobile, phone } = contact;
  if ([address, company, email, mobile, phone].every((detail) => detail === null)) return undefined;
  return {
    Address: address ?? undefined,
    Company: company ?? undefined,
    Email: email ?? undefined,
    Mobile: mobile ?? undefined,
    Phone: phone ?? undefined,
  };
}
