import type { PlanChange, PlanChangeRequest } from '../domain/purchases.js';
import type { WriteInput, WritePayload } from './billing-writes.js';
import { executeWrite } from './execute-write.js';
import { readBaseline } from './group-history.js';
import { settledPlanChange } from './settled-answer.policy.js';
import { orWithoutFigures, planChangeCodec } from './stored-answer.codec.js';
import { checkCatalogueId, checkDeletion, checkIdempotencyKey, checkWriteGroup } from './write-input.policy.js';
import { notConfigured } from './write-payload.mapper.js';
import { spendAllowance, type WriteScope } from './write-scope.js';
import { groupTarget } from './write-target.policy.js';

/**
 * Renews, upgrades or downgrades a group's plan, at most once per key. The same plan again is a renewal, so another charge: only the
 * key tells a repeat from a wish.
 */
export async function changePlan(
  scope: WriteScope,
  input: WriteInput<PlanChangeRequest>,
): Promise<WritePayload<PlanChange>> {
  const { caller, call, services } = scope;
  const idempotencyKey = checkIdempotencyKey(input.idempotencyKey);
  checkDeletion(caller, input.heldDocuments, input.confirmDocumentDeletion);
  const request: PlanChangeRequest = {
    planId: checkCatalogueId(input.planId, 'planId'),
    groupId: checkWriteGroup(caller, input.groupId),
    heldDocuments: input.heldDocuments,
  };
  await spendAllowance(scope, 'write');
  const credential = caller.tenant.xtracta;
  if (credential === null) return notConfigured('xtracta');
  const stored = { planId: request.planId };
  return executeWrite(
    scope,
    {
      idempotencyKey,
      credentialId: credential.id,
      kind: 'CHANGE_PLAN',
      target: groupTarget(request.groupId),
      groupId: request.groupId,
      input: request,
      stored,
      deletesDocuments: request.heldDocuments === 'DELETE',
    },
    {
      baseline: () => readBaseline(services.xtracta, credential, request.groupId, call),
      send: () => services.xtracta.changePlan(credential, request, call),
      ...orWithoutFigures(planChangeCodec, () => settledPlanChange({ input: stored, groupId: request.groupId }, null)),
    },
  );
}
