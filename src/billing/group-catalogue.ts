import type { XtractaCredential } from '../domain/caller.js';
import { type BillingCatalogue, itemOf } from '../domain/catalogue.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { XtractaWriteClient } from './write-scope.js';

/** One item of a catalogue, by its canonical id. */
export interface CatalogueItemRef {
  readonly kind: 'pack' | 'plan';
  readonly id: string;
}

/**
 * A group's catalogue as it is now, with the named item also where the upstream tells of it only when asked by its id. Null: it cannot be
 * read. Never throws.
 *
 * @param groupId null: the api key's own group
 */
export async function readGroupCatalogue(
  client: XtractaWriteClient,
  credential: XtractaCredential,
  groupId: string | null,
  item: CatalogueItemRef,
  call: UpstreamCall,
): Promise<BillingCatalogue | null> {
  try {
    const listed = await client.getPlans(credential, groupId, call);
    if (itemOf<{ readonly id: string }>(item.kind === 'pack' ? listed.packs : listed.plans, item.id) !== null) {
      return listed;
    }
    const asked = item.kind === 'pack' ? { packId: item.id } : { planId: item.id };
    const one = await client.getPlans(credential, groupId, call, asked);
    return { plans: [...listed.plans, ...one.plans], packs: [...listed.packs, ...one.packs] };
  } catch {
    return null;
  }
}
