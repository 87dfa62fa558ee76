import type { GroupUsage } from '../domain/billing-plan.js';
import type { XtractaCredential } from '../domain/caller.js';
import type { BillingCatalogue } from '../domain/catalogue.js';
import type { UpstreamCall } from '../domain/upstream-call.js';

/** The part of the Xtracta client that answers about one group at a time. Throws `BillingError`; may be retried and shared. */
export interface GroupClient {
  getUsage(credential: XtractaCredential, groupId: string, call: UpstreamCall): Promise<GroupUsage>;
  /** @param groupId null: the api key's own group */
  getPlans(credential: XtractaCredential, groupId: string | null, call: UpstreamCall): Promise<BillingCatalogue>;
}
