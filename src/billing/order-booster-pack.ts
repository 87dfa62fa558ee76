import type { BoosterPackOrder, BoosterPackRequest } from '../domain/purchases.js';
import type { WriteInput, WritePayload } from './billing-writes.js';
import { executeWrite } from './execute-write.js';
import { readBaseline } from './group-history.js';
import { settledOrder } from './settled-answer.policy.js';
import { boosterPackOrderCodec, orWithoutFigures } from './stored-answer.codec.js';
import {
  checkCatalogueId,
  checkDeletion,
  checkIdempotencyKey,
  checkQuantity,
  checkWriteGroup,
} from './write-input.policy.js';
import { notConfigured } from './write-payload.mapper.js';
import { spendAllowance, type WriteScope } from './write-scope.js';
import { groupTarget } from './write-target.policy.js';

/** Buys booster packs, at most once per key. Throws what never became a write; everything else is in the payload. */
export async function orderBoosterPack(
  scope: WriteScope,
  input: WriteInput<BoosterPackRequest>,
): Promise<WritePayload<BoosterPackOrder>> {
  const { caller, call, services } = scope;
  const idempotencyKey = checkIdempotencyKey(input.idempotencyKey);
  checkDeletion(caller, input.heldDocuments, input.confirmDocumentDeletion);
  const request: BoosterPackRequest = {
    packId: checkCatalogueId(input.packId, 'packId'),
    groupId: checkWriteGroup(caller, input.groupId),
    quantity: checkQuantity(input.quantity),
    heldDocuments: input.heldDocuments,
  };
  await spendAllowance(scope, 'write');
  const credential = caller.tenant.xtracta;
  if (credential === null) return notConfigured('xtracta');
  const stored = { packId: request.packId, quantity: request.quantity };
  return executeWrite(
    scope,
    {
      idempotencyKey,
      credentialId: credential.id,
      kind: 'ORDER_BOOSTER_PACK',
      target: groupTarget(request.groupId),
      groupId: request.groupId,
      input: request,
      stored,
      deletesDocuments: request.heldDocuments === 'DELETE',
    },
    {
      baseline: () => readBaseline(services.xtracta, credential, request.groupId, call),
      send: () => services.xtracta.orderBoosterPack(credential, request, call),
      ...orWithoutFigures(boosterPackOrderCodec, () => settledOrder({ input: stored, groupId: request.groupId }, null)),
    },
  );
}
