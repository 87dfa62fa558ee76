import type { XtractaCredential } from '../domain/caller.js';
import { type BillingCatalogue, itemOf } from '../domain/catalogue.js';
import { BillingError } from '../domain/errors.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { XtractaWriteClient } from './write-scope.js';

/** One item of a catalogue, by its canonical id. */
export interface CatalogueItemRef {
  readonly kind: 'pack' | 'plan';
  readonly id: string;
}

/**
 * A group's catalogue as it is now, with the named item also where the upstream tells of it only when asked by its id.
 * Null: it cannot be read. Throws only what `beforeCall` throws.
 *
 * @param groupId null: the api key's own group
 * @param beforeCall told before each upstream call; may throw `OPERATION_TOO_COMPLEX`
 */
export async function readGroupCatalogue(
  client: XtractaWriteClient,
  credential: XtractaCredential,
  groupId: string | null,
  item: CatalogueItemRef,
  call: UpstreamCall,
  beforeCall?: () => void,
): Promise<BillingCatalogue | null> {
  try {
    beforeCall?.();
    const listed = await client.getPlans(credential, groupId, call);
    if (itemOf<{ readonly id: string }>(item.kind === 'pack' ? listed.packs : listed.plans, item.id) !== null) {
      return listed;
    }
    const asked = item.kind === 'pack' ? { packId: item.id } : { planId: item.id };
    beforeCall?.();
    const one = await client.getPlans(credential, groupId, call, asked);
    return { plans: [...listed.plans, ...one.plans], packs: [...listed.packs, ...one.packs] };
  } catch (error) {
    // This code is the operation's own limit, told by `beforeCall`; an upstream never has it.
    if (error instanceof BillingError && error.code === 'OPERATION_TOO_COMPLEX') throw error;
    return null;
  }
}
