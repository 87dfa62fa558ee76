import type { BillingPlan, GroupUsage } from '../../../src/domain/billing-history.js';
import type { XtractaCredential } from '../../../src/domain/caller.js';
import type { BillingCatalogue } from '../../../src/domain/catalogue.js';
import { BillingError, type BillingErrorCode } from '../../../src/domain/errors.js';
import type { UpstreamCall } from '../../../src/domain/upstream-call.js';
import type { GroupClient } from '../../../src/reads/billing-reads.js';

export function planInUse(groupId: string, fields: Partial<BillingPlan> = {}): BillingPlan {
  return {
    planId: `1${groupId}`,
    name: `Plan of ${groupId}`,
    type: 'OTHER',
    typeRaw: null,
    price: { amount: '10', currency: 'NZD' },
    allowedDocuments: 50,
    usedDocuments: 9,
    remainingDocuments: 41,
    startDate: null,
    expiryDate: null,
    ...fields,
  };
}

export const catalogueOf = (planId: string): BillingCatalogue => ({
  plans: [
    {
      id: planId,
      name: 'Offered',
      type: 'MONTHLY',
      typeRaw: 'Monthly',
      allowedDocuments: 100,
      price: { amount: '5', currency: null },
      wholesalePrice: null,
    },
  ],
  packs: [],
});

/** Usage and catalogue of single groups, with a journal of what was asked. */
export class GroupModel implements GroupClient {
  readonly journal: string[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  /** What the usage of a group is; without an entry it is a plan of its own. */
  readonly usage = new Map<string, GroupUsage | BillingErrorCode>();
  /** What every catalogue is from now on. */
  offered: BillingCatalogue = catalogueOf('1');
  refuses: BillingErrorCode | null = null;

  async getUsage(credential: XtractaCredential, groupId: string, call: UpstreamCall): Promise<GroupUsage> {
    await this.#arrive(`usage ${credential.id} ${groupId}`, call);
    const usage = this.usage.get(groupId) ?? { plan: planInUse(groupId), groupId };
    if (typeof usage === 'string') throw new BillingError(usage, 'Refused.');
    return usage;
  }

  async getPlans(credential: XtractaCredential, groupId: string | null, call: UpstreamCall): Promise<BillingCatalogue> {
    const { offered } = this;
    await this.#arrive(`plans ${credential.id} ${groupId}`, call);
    if (this.refuses !== null) throw new BillingError(this.refuses, 'Refused.');
    return offered;
  }

  async #arrive(question: string, call: UpstreamCall): Promise<void> {
    this.journal.push(question);
    this.signals.push(call.signal);
    // Lets reads of other operations begin while this one is under way.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
