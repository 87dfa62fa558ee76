import { z } from 'zod';
import { itemOf } from '../domain/catalogue.js';
import { readableOrNull } from '../domain/money.js';
import type { BoosterPackOrder, BoosterPackRequest } from '../domain/purchases.js';
import { groupTarget, NO_SUBJECT } from '../domain/write.js';
import type { WriteInput } from './billing-writes.js';
import { readBaseline, readGroupCatalogue } from './group-reads.js';
import {
  nameInWords,
  type Proof,
  storableMoney,
  storedCount,
  storedMoney,
  storedText,
  type WriteDefinition,
} from './write-definition.js';
import { checkCatalogueId, checkDeletion, checkQuantity, checkWriteGroup } from './write-input.policy.js';

const orderInput = z.object({ packId: z.string(), quantity: z.number() });

const storedOrder = z.object({
  pack: z.object({
    id: z.string(),
    name: storedText,
    allowedDocuments: storedCount,
    price: storedMoney,
    quantity: storedCount,
    groupId: storedText,
  }),
  summary: z.object({ totalUsedDocuments: storedCount, totalAvailableDocuments: storedCount }).nullable(),
});

function toStored(order: BoosterPackOrder): unknown {
  return storedOrder.parse({ ...order, pack: { ...order.pack, price: storableMoney(order.pack.price) } });
}

/** Buys booster packs. */
export const ORDER_BOOSTER_PACK: WriteDefinition<
  WriteInput<BoosterPackRequest>,
  BoosterPackRequest,
  BoosterPackOrder
> = {
  kind: 'ORDER_BOOSTER_PACK',
  check(caller, input) {
    checkDeletion(caller, input.heldDocuments, input.confirmDocumentDeletion);
    return {
      packId: checkCatalogueId(input.packId, 'packId'),
      groupId: checkWriteGroup(caller, input.groupId),
      quantity: checkQuantity(input.quantity),
      heldDocuments: input.heldDocuments,
    };
  },
  account(scope) {
    const { caller, services, call } = scope;
    const credential = caller.tenant.xtracta;
    if (credential === null) return null;
    return {
      tenantId: caller.tenant.id,
      credentialId: credential.id,
      baseline: ({ groupId }) => readBaseline(services.xtracta, credential, groupId, call),
      catalogue: ({ groupId }, item) => readGroupCatalogue(services.xtracta, credential, groupId, item, call),
      send: (request) => services.xtracta.orderBoosterPack(credential, request, call),
    };
  },
  reach: ({ packId, quantity, groupId, heldDocuments }) => ({
    target: groupTarget(groupId),
    groupId,
    deletesDocuments: heldDocuments === 'DELETE',
    item: { kind: 'pack', id: packId },
    quantity,
  }),
  stored: ({ packId, quantity }) => ({ packId, quantity }),
  toStored,
  fromStored: (stored, { packId, quantity }, groupId) =>
    stored === null ? settledOrder({ packId, quantity }, groupId, null) : storedOrder.parse(stored),
  subject: (input) => ({ ...NO_SUBJECT, ...orderInput.parse(input) }),
  inWords(input, stored) {
    const { packId, quantity } = orderInput.parse(input);
    return `ordered ${quantity} of pack ${packId}${nameInWords(storedOrder.safeParse(stored).data?.pack.name)}`;
  },
  wanted(input) {
    const { packId, quantity } = orderInput.parse(input);
    return { kind: 'pack', id: packId, quantity };
  },
  settledResponse: (input, groupId, proof) => toStored(settledOrder(orderInput.parse(input), groupId, proof)),
};

/**
 * Name and figures are the catalogue's for the requested id. The row's figures may be for one pack or for all, and the
 * documents do not say which.
 */
function settledOrder(
  { packId, quantity }: z.infer<typeof orderInput>,
  groupId: string | null,
  proof: Proof | null,
): BoosterPackOrder {
  const item = proof === null ? null : itemOf(proof.catalogue.packs, packId);
  return {
    pack: {
      id: packId,
      name: readableOrNull(item?.name ?? null),
      allowedDocuments: item === null ? null : readableOrNull(item.allowedDocuments),
      price: item === null ? null : storableMoney(item.price),
      quantity,
      groupId,
    },
    summary: null,
  };
}
