import type { Caller } from '../domain/caller.js';
import { requireAllowance } from '../domain/errors.js';
import type { BillingUiRequest, BillingUiSession } from '../domain/purchases.js';
import { upstreamOperation } from '../domain/upstream-operations.js';
import { groupTarget } from '../domain/write.js';
import type { OnceRequest, OnceResult } from '../idempotency/run-once.js';
import { findOperation, isVisible, ledgerTenants, listOperations, visibleOperation } from './billing-operations.js';
import type {
  BillingOperation,
  BillingUserError,
  BillingWrites,
  ExpectedPriceInput,
  SpendingInput,
  WritePayload,
} from './billing-writes.js';
import { CHANGE_PLAN } from './change-plan.js';
import { ORDER_BOOSTER_PACK } from './order-booster-pack.js';
import { PURCHASE_CREDITS } from './purchase-credits.js';
import { reconcileBillingOperation, resolveBillingOperation } from './settle-operations.js';
import { guardsOf, type SpendingWish, termsOf, whyFrozen } from './spending.policy.js';
import type { WriteDefinition, WriteReach } from './write-definition.js';
import {
  checkDeletion,
  checkExpireSeconds,
  checkIdempotencyKey,
  checkRepeats,
  checkWriteGroup,
} from './write-input.policy.js';
import { notConfigured, statusOfState, toRefusedError, toUserError, toWritePayload } from './write-outcome.js';
import { type FinishedMutation, spendAllowance, type WriteScope, type WriteServices } from './write-scope.js';

/** The writes of one request. */
export function createBillingWrites(scope: WriteScope): BillingWrites {
  const { services } = scope;
  return {
    orderBoosterPack: (input) => counted(services, executeWrite(scope, ORDER_BOOSTER_PACK, input)),
    changePlan: (input) => counted(services, executeWrite(scope, CHANGE_PLAN, input)),
    purchaseCredits: (input) => counted(services, executeWrite(scope, PURCHASE_CREDITS, input)),
    openBillingUi: (input) =>
      reportedMutation(scope, 'OPEN_BILLING_UI', null, counted(services, openBillingUi(scope, input))),
    operation: (idempotencyKey) => findOperation(scope, idempotencyKey),
    operations: (status, first, after) => listOperations(scope, status, first, after),
    reconcile: (key) =>
      reportedMutation(scope, 'RECONCILE', key, counted(services, reconcileBillingOperation(scope, key))),
    resolve: (input) =>
      reportedMutation(
        scope,
        'RESOLVE',
        input.idempotencyKey,
        counted(services, resolveBillingOperation(scope, input)),
      ),
  };
}

/** Fields that the payloads of all mutations share. Mutations without a ledger row name no operation. */
interface Payload {
  readonly operation?: BillingOperation | null;
  readonly userErrors: readonly BillingUserError[];
}

/**
 * Counts the errors of a payload, whether or not the client selects them. The errors of a replay were counted when they
 * happened.
 */
async function counted<T extends Payload>(services: WriteServices, pending: Promise<T>): Promise<T> {
  const payload = await pending;
  if (payload.operation?.replayed !== true) {
    for (const { code } of payload.userErrors) services.onUserError(code);
  }
  return payload;
}

/** Reports a mutation that is not a ledgered write. A success without a row has the status of a success. */
async function reportedMutation<T extends Payload>(
  { onMutation }: WriteScope,
  kind: FinishedMutation['kind'],
  idempotencyKey: string | null,
  pending: Promise<T>,
): Promise<T> {
  const { operation, userErrors } = await pending;
  const errorCodes = userErrors.map(({ code }) => code);
  const status = operation?.status ?? (userErrors.length === 0 ? 'SUCCEEDED' : null);
  const times = { createdAtMs: null, sentAtMs: null, completedAtMs: null };
  onMutation?.({ kind, idempotencyKey, otherKey: null, status, replayed: false, errorCodes, ...times });
  return pending;
}

/**
 * Runs a write at most once per key, and returns its result as a payload. Throws only for requests that never became a
 * write. It drops the cached reads of the group after a refusal for another price, and after an attempt, unless
 * provably nothing was sent.
 */
async function executeWrite<
  Input extends SpendingInput & { readonly expected?: ExpectedPriceInput | null; readonly groupId?: string | null },
  Request extends object,
  Value,
>(scope: WriteScope, definition: WriteDefinition<Input, Request, Value>, input: Input): Promise<WritePayload<Value>> {
  const { kind } = definition;
  const idempotencyKey = checkIdempotencyKey(input.idempotencyKey);
  const request = definition.check(scope.caller, input);
  const { item, quantity, ...reach } = definition.reach(request);
  const wish: SpendingWish = {
    repeats: checkRepeats(input.repeats, idempotencyKey),
    expected: input.expected ? { ...input.expected, currency: input.expected.currency ?? null } : null,
    item,
    quantity,
  };
  const account = definition.account(scope);
  const allowance = await scope.services.takeAllowance(scope.caller.tenant.id, 'write', 1);
  if (!allowance.ok) {
    // A replay needs no allowance. Most keys are new, so the ledger is asked only where the allowance is used up.
    const isReplay = account !== null && (await isKnown(scope, account.tenantId, idempotencyKey));
    if (!isReplay) requireAllowance(allowance);
  }
  if (account === null) return notConfigured(upstreamOperation(kind).service);
  const { tenantId, credentialId } = account;
  const limits = () => scope.services.presentLimits(scope.caller.tenant);
  const completed = await scope.services.runOnce.run(
    {
      tenantId,
      credentialId,
      idempotencyKey,
      keysSharedWith: ledgerTenants(scope.caller).filter((other) => other !== tenantId),
      kind,
      ...reach,
      ...ownGroupOf(scope.caller, input, reach, request),
      input: request,
      stored: definition.stored(request),
      guards: () => guardsOf(limits(), wish),
    },
    {
      readTerms: async () => {
        const catalogue = item === null ? null : ((await account.catalogue?.(request, item)) ?? null);
        return () => termsOf(limits(), wish, catalogue);
      },
      baseline: () => account.baseline(request),
      send: () => account.send(request),
      toStored: (value) => definition.toStored(value),
      fromStored: (stored, groupId) => definition.fromStored(stored, request, groupId),
    },
  );
  const result = hiddenAsReused(scope, completed);
  if (allowance.ok && isOfKnownKey(result, idempotencyKey)) {
    await scope.services.takeAllowance(scope.caller.tenant.id, 'write', -1);
  }
  // A page that showed another price reads the catalogue again, and must see the price that caused the refusal.
  if (result.kind === 'refused' && result.refusal.code === 'PRECONDITION_FAILED') {
    scope.services.forgetReads(credentialId, reach.groupId);
  }
  if (result.kind === 'completed' && !result.replayed) {
    // If nothing was sent, nothing changed. While the upstream is down, a page has only the kept responses.
    if (result.row.state !== 'not_sent') scope.services.forgetReads(credentialId, result.row.groupId);
    scope.services.onWrite(kind, statusOfState(result.row.state));
  }
  return reported(scope, definition, idempotencyKey, result);
}

/** Empty for a write that is not on the own group of the api key, as far as the settings tell. */
function ownGroupOf(
  { tenant }: Caller,
  { groupId: named }: { readonly groupId?: string | null },
  { groupId }: Pick<WriteReach, 'groupId'>,
  request: object,
): Pick<OnceRequest, 'ownGroup'> {
  const isNamed = named !== null;
  if (named === undefined || (isNamed && groupId !== (tenant.xtracta?.rootGroupId ?? null))) return {};
  const on = (other: string | null) => ({ target: groupTarget(other), input: { ...request, groupId: other } });
  return { ownGroup: { isNamed, on } };
}

/**
 * The replay of a row of another group is refused where a list of groups hides that group: the key is of a write that
 * the caller must not see. It had the place of the own group before, or was the own group of unknown number.
 */
function hiddenAsReused<T>(scope: WriteScope, result: OnceResult<T>): OnceResult<T> {
  const isHidden = result.kind === 'completed' && result.replayed && !isVisible(scope, result.row);
  return isHidden ? { kind: 'keyReused', row: result.row } : result;
}

/**
 * Whether a row already has the key. Keys are unique over all kinds, so a caller whose purchases belong to another
 * tenant is looked up under both tenants. False also when the ledger fails; the claim then reports it.
 */
async function isKnown(scope: WriteScope, tenantId: string, idempotencyKey: string): Promise<boolean> {
  try {
    for (const owner of new Set([tenantId, ...ledgerTenants(scope.caller)])) {
      const row = await scope.services.ledger.find(owner, idempotencyKey);
      // A write that was not sent is sent now, which costs as much as a new one.
      if (row !== null && (owner !== tenantId || row.state !== 'not_sent')) return true;
    }
    return false;
  } catch {
    return false;
  }
}

/** Whether the result is that of a row that had the key before: a replay, and what else sends nothing. */
function isOfKnownKey(result: OnceResult<unknown>, idempotencyKey: string): boolean {
  if (result.kind === 'completed') return result.replayed;
  return result.kind === 'keyReused' || (result.kind === 'inProgress' && result.row.idempotencyKey === idempotencyKey);
}

function reported<Value>(
  scope: WriteScope,
  { kind, inWords }: Pick<WriteDefinition<never, never, Value>, 'kind' | 'inWords'>,
  idempotencyKey: string,
  result: OnceResult<Value>,
): WritePayload<Value> {
  const payload = toWritePayload(result, {
    toOperation: (row, replayed) => visibleOperation(scope, row, replayed),
    // The row is that of an equal write, so it has the same kind.
    inWords: (row) =>
      inWords(row.input, row.answer?.kind === 'value' && isVisible(scope, row) ? row.answer.value : null),
    nowMs: Date.now(),
  });
  const row = 'row' in result ? result.row : null;
  scope.onMutation?.({
    kind,
    idempotencyKey,
    otherKey: row === null || row.idempotencyKey === idempotencyKey ? null : row.idempotencyKey,
    status: row === null ? null : statusOfState(row.state),
    replayed: result.kind === 'completed' && result.replayed,
    errorCodes: payload.userErrors.map((error) => error.code),
    createdAtMs: row?.createdAtMs ?? null,
    sentAtMs: row?.sentAtMs ?? null,
    completedAtMs: row?.completedAtMs ?? null,
  });
  return payload;
}

const STATUS_OF_OUTCOME = {
  succeeded: 'SUCCEEDED',
  rejected: 'REJECTED',
  notSent: 'NOT_SENT',
  unknown: 'OUTCOME_UNKNOWN',
} as const;

/**
 * Creates a pre-authenticated URL of the upstream's billing page for the api key's own group. It spends nothing, so it
 * has no ledger row. It is sent once, and only the caller receives the URL.
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
  const frozen = whyFrozen(services.presentLimits(caller.tenant));
  if (frozen !== null) return { session: null, userErrors: [toRefusedError(frozen)] };
  const credential = caller.tenant.xtracta;
  if (credential === null) return { session: null, userErrors: notConfigured('xtracta').userErrors };
  const outcome = await services.xtracta.openBillingUi(credential, request, call);
  services.onWrite('OPEN_BILLING_UI', STATUS_OF_OUTCOME[outcome.kind]);
  if (outcome.kind === 'succeeded') return { session: outcome.value, userErrors: [] };
  const { failure } = outcome;
  return { session: null, userErrors: [toUserError(failure.code, failure.message, { failure })] };
}
