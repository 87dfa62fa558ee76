import { upstreamOperation } from '../domain/upstream-operations.js';
import type { LedgerRow } from '../idempotency/ledger.states.js';
import type { OnceResult } from '../idempotency/run-once.js';
import { ledgerTenants, visibleOperation } from './billing-operations.js';
import type { ExpectedPriceInput, SpendingInput, WritePayload } from './billing-writes.js';
import { guardsOf, type SpendingWish, termsOf } from './spending.policy.js';
import { notConfigured, statusOfState, toWritePayload } from './write.outcome.js';
import type { WriteDefinition } from './write-definition.js';
import { checkIdempotencyKey, checkRepeats } from './write-input.policy.js';
import { spendAllowance, type WriteScope } from './write-scope.js';

/**
 * Runs a write at most once per key, and words the result. Throws what never became a write; everything else is in the
 * payload. What was read about the group is dropped either way.
 */
export async function executeWrite<
  Input extends SpendingInput & { readonly expected?: ExpectedPriceInput | null },
  Request,
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
  const known = account === null ? null : await findKnown(scope, account.tenantId, idempotencyKey);
  if (known === null) await spendAllowance(scope, 'write');
  if (account === null) return notConfigured(upstreamOperation(kind).service);
  const { tenantId, credentialId } = account;
  const limits = scope.caller.tenant.limits ?? null;
  const result = await scope.services.runOnce.run(
    {
      tenantId,
      credentialId,
      idempotencyKey,
      keysSharedWith: ledgerTenants(scope.caller).filter((other) => other !== tenantId),
      kind,
      ...reach,
      input: request,
      stored: definition.stored(request),
      guards: guardsOf(limits, wish),
    },
    {
      readTerms: async () =>
        termsOf(limits, wish, item === null ? null : ((await account.catalogue?.(request, item)) ?? null)),
      baseline: () => account.baseline(request),
      send: () => account.send(request),
      toStored: (value) => definition.toStored(value),
      fromStored: (stored) => definition.fromStored(stored, request),
    },
  );
  // The page that showed another price looks again, and must see what it was refused for.
  if (result.kind === 'refused' && result.refusal.code === 'PRECONDITION_FAILED') {
    scope.services.forgetReads(credentialId, reach.groupId);
  }
  if (result.kind === 'completed' && !result.replayed) {
    scope.services.forgetReads(credentialId, result.row.groupId);
    scope.services.onWrite(kind, statusOfState(result.row.state));
  }
  return answered(scope, definition, idempotencyKey, result);
}

/**
 * The row that holds the key already: a replay costs no rate limit. Keys are unique over all kinds, so a caller whose
 * purchases belong to another tenant than its orders is asked for both. Null also when the ledger does not answer: the
 * claim then says so.
 */
async function findKnown(scope: WriteScope, tenantId: string, idempotencyKey: string): Promise<LedgerRow | null> {
  try {
    for (const owner of new Set([tenantId, ...ledgerTenants(scope.caller)])) {
      const row = await scope.services.ledger.find(owner, idempotencyKey);
      // One that was not sent is sent now, which costs as much as any.
      if (row !== null && (owner !== tenantId || row.state !== 'not_sent')) return row;
    }
    return null;
  } catch {
    return null;
  }
}

function answered<Value>(
  scope: WriteScope,
  { kind, inWords }: Pick<WriteDefinition<never, never, Value>, 'kind' | 'inWords'>,
  idempotencyKey: string,
  result: OnceResult<Value>,
): WritePayload<Value> {
  const payload = toWritePayload(result, {
    toOperation: (row, replayed) => visibleOperation(scope, row, replayed),
    // Of an equal write, so of the same kind.
    inWords: ({ input, answer }) => inWords(input, answer?.kind === 'value' ? answer.value : null),
    nowMs: Date.now(),
  });
  const row = 'row' in result ? result.row : null;
  scope.onAnswered?.({
    kind,
    idempotencyKey,
    status: row === null ? null : statusOfState(row.state),
    replayed: result.kind === 'completed' && result.replayed,
    errorCodes: payload.userErrors.map((error) => error.code),
    createdAtMs: row?.createdAtMs ?? null,
    sentAtMs: row?.sentAtMs ?? null,
    completedAtMs: row?.completedAtMs ?? null,
  });
  return payload;
}
