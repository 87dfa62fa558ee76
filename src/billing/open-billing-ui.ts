import type { BillingUiRequest, BillingUiSession } from '../domain/purchases.js';
import type { BillingUserError } from './billing-writes.js';
import { whyFrozen } from './spending.policy.js';
import { notConfigured, toRefusedError, toUserError } from './write.outcome.js';
import { checkDeletion, checkExpireSeconds, checkWriteGroup } from './write-input.policy.js';
import { spendAllowance, type WriteScope } from './write-scope.js';

const STATUS_OF_OUTCOME = {
  succeeded: 'SUCCEEDED',
  rejected: 'REJECTED',
  notSent: 'NOT_SENT',
  unknown: 'OUTCOME_UNKNOWN',
} as const;

/**
 * Mints a pre-authenticated URL of the upstream's billing page for the api key's own group. It spends nothing, so it
 * has no ledger row; it is sent once, and its answer is given to nobody but the caller.
 */
export async function openBillingUi(
  scope: WriteScope,
  input: BillingUiRequest & { readonly confirmDocumentDeletion: boolean },
): Promise<{ readonly session: BillingUiSession | null; readonly userErrors: readonly BillingUserError[] }> {
  const { caller, call, services } = scope;
  checkDeletion(caller, input.heldDocuments, input.confirmDocumentDeletion);
  const request = { expireSeconds: checkExpireSeconds(input.expireSeconds), heldDocuments: input.heldDocuments };
  checkWriteGroup(caller, null);
  await spendAllowance(scope, 'billingUi');
  const frozen = whyFrozen(caller.tenant.limits ?? null);
  if (frozen !== null) return { session: null, userErrors: [toRefusedError(frozen)] };
  const credential = caller.tenant.xtracta;
  if (credential === null) return { session: null, userErrors: notConfigured('xtracta').userErrors };
  const outcome = await services.xtracta.openBillingUi(credential, request, call);
  services.onWrite('OPEN_BILLING_UI', STATUS_OF_OUTCOME[outcome.kind]);
  if (outcome.kind === 'succeeded') return { session: outcome.value, userErrors: [] };
  const { failure } = outcome;
  return { session: null, userErrors: [toUserError(failure.code, failure.message, { failure })] };
}
