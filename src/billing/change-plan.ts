import { z } from 'zod';
import { type BillingPlan, toBillingPlan } from '../domain/billing-history.js';
import { readableOrNull } from '../domain/money.js';
import type { PlanChange, PlanChangeRequest } from '../domain/purchases.js';
import { groupTarget, NO_SUBJECT } from '../domain/write.js';
import type { WriteInput } from './billing-writes.js';
import { readBaseline, readGroupCatalogue, readPlanBefore } from './group-reads.js';
import {
  nameInWords,
  type Proof,
  storableMoney,
  storedCount,
  storedMoney,
  storedText,
  type WriteDefinition,
} from './write-definition.js';
import { checkCatalogueId, checkDeletion, checkWriteGroup } from './write-input.policy.js';

const planInput = z.object({ planId: z.string() });

const storedChange = z.object({
  plan: z.object({
    planId: storedText,
    name: storedText,
    type: z.enum(['MONTHLY', 'ANNUAL', 'OTHER']),
    typeRaw: storedText,
    price: storedMoney,
    allowedDocuments: storedCount,
    usedDocuments: storedCount,
    remainingDocuments: storedCount,
    startDate: storedText,
    expiryDate: storedText,
  }),
});

function toStored({ plan }: PlanChange): unknown {
  return storedChange.parse({ plan: storablePlan(plan) });
}

/**
 * Renews, upgrades or downgrades a group's plan. A change to the same plan is a renewal, so another charge. Only the
 * key distinguishes a retry from a new order.
 */
export const CHANGE_PLAN: WriteDefinition<WriteInput<PlanChangeRequest>, PlanChangeRequest, PlanChange> = {
  kind: 'CHANGE_PLAN',
  check(caller, input) {
    checkDeletion(caller, input.heldDocuments, input.confirmDocumentDeletion);
    return {
      planId: checkCatalogueId(input.planId, 'planId'),
      groupId: checkWriteGroup(caller, input.groupId),
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
      send: (request) => services.xtracta.changePlan(credential, request, call),
    };
  },
  reach: ({ planId, groupId, heldDocuments }) => ({
    target: groupTarget(groupId),
    groupId,
    deletesDocuments: heldDocuments === 'DELETE',
    item: { kind: 'plan', id: planId },
    quantity: 1,
  }),
  stored: ({ planId }) => ({ planId }),
  toStored,
  fromStored: (stored, { planId }) => (stored === null ? settledChange(planId, null) : storedChange.parse(stored)),
  subject: (input) => ({ ...NO_SUBJECT, ...planInput.parse(input) }),
  inWords: (input, stored) =>
    `changed to plan ${planInput.parse(input).planId}${nameInWords(storedChange.safeParse(stored).data?.plan.name)}`,
  wanted: (input, before) => ({ kind: 'plan', id: planInput.parse(input).planId, before: readPlanBefore(before) }),
  settledResponse: (input, _groupId, proof) => toStored(settledChange(planInput.parse(input).planId, proof)),
};

/** The row's name, documents and price equal the catalogue's for the requested id, so they may appear with that id. */
function settledChange(planId: string, proof: Proof | null): PlanChange {
  if (proof !== null) return { plan: { ...toBillingPlan(proof.activity), planId } };
  return {
    plan: {
      planId,
      name: null,
      type: 'OTHER',
      typeRaw: null,
      price: null,
      allowedDocuments: null,
      usedDocuments: null,
      remainingDocuments: null,
      startDate: null,
      expiryDate: null,
    },
  };
}

function storablePlan(plan: BillingPlan): BillingPlan {
  return {
    ...plan,
    price: storableMoney(plan.price),
    name: readableOrNull(plan.name),
    typeRaw: readableOrNull(plan.typeRaw),
    allowedDocuments: readableOrNull(plan.allowedDocuments),
    usedDocuments: readableOrNull(plan.usedDocuments),
    remainingDocuments: readableOrNull(plan.remainingDocuments),
    startDate: readableOrNull(plan.startDate),
    expiryDate: readableOrNull(plan.expiryDate),
  };
}
