import { hasUnreadableGroup } from '../domain/billing-history.js';
import type { Caller } from '../domain/caller.js';
import { BillingError, badInput } from '../domain/errors.js';
import { upstreamOperation } from '../domain/upstream-operations.js';
import { NO_SUBJECT, type WriteSubject } from '../domain/write.js';
import type { LedgerRow } from '../idempotency/ledger-states.js';
import type { BillingOperation, BillingOperationStatus, OperationsPage } from './billing-writes.js';
import type { Evidence } from './evidence.js';
import { examineRow } from './examine-row.js';
import { STORED_WRITES } from './write-definitions.js';
import { checkIdempotencyKey } from './write-input.policy.js';
import { orLedgerUnavailable, statesOfStatus, toBillingOperation } from './write-outcome.js';
import type { WriteScope } from './write-scope.js';

const MAX_PAGE = 100;
const DEFAULT_PAGE = 20;

/**
 * The view of a row that a write has met. Null where a list of groups hides the row, or where it belongs to another
 * tenant with the same credential. Reason: a caller that reuses a key or meets a lock must not learn of another
 * tenant's write.
 */
export function visibleOperation(scope: WriteScope, row: LedgerRow, replayed: boolean): BillingOperation | null {
  const isOwn = ledgerTenants(scope.caller).includes(row.tenantId);
  return isOwn && isVisible(scope, row) ? operationView(scope, row, replayed) : null;
}

/** A ledger row as this caller sees it. Its evidence is read only when a client requests it. */
export function operationView(scope: WriteScope, row: LedgerRow, replayed: boolean): BillingOperation {
  return toBillingOperation(row, subjectOf(row), replayed, (beforeMore) => readEvidence(scope, row, beforeMore));
}

/** The write with a key, or null where there is none that this caller may see. */
export async function findOperation(scope: WriteScope, idempotencyKey: string): Promise<BillingOperation | null> {
  const row = await findVisibleRow(scope, checkIdempotencyKey(idempotencyKey, ['idempotencyKey']));
  return row === null ? null : operationView(scope, row, false);
}

/** The tenant's writes that this caller may see, newest first. */
export async function listOperations(
  scope: WriteScope,
  status: readonly BillingOperationStatus[] | null,
  first: number | null,
  after: string | null,
): Promise<OperationsPage> {
  const limit = first ?? DEFAULT_PAGE;
  if (limit < 0 || limit > MAX_PAGE) throw badInput(`first must be from 0 to ${MAX_PAGE}`, ['first']);
  const page = await orLedgerUnavailable(
    scope.services.ledger.list(ledgerTenants(scope.caller), {
      states: status === null ? null : status.flatMap(statesOfStatus),
      groupIds: scope.caller.allowedGroups,
      limit,
      afterCursor: after,
    }),
  );
  return {
    edges: page.edges.map(({ cursor, row }) => ({ cursor, node: operationView(scope, row, false) })),
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: after !== null,
      startCursor: page.edges[0]?.cursor ?? null,
      endCursor: page.edges.at(-1)?.cursor ?? null,
    },
    totalCount: page.totalCount,
  };
}

/** The row with a key; null where there is none, or where a list of groups hides it. Throws `LEDGER_UNAVAILABLE`. */
export async function findVisibleRow(scope: WriteScope, idempotencyKey: string): Promise<LedgerRow | null> {
  for (const tenantId of ledgerTenants(scope.caller)) {
    const row = await orLedgerUnavailable(scope.services.ledger.find(tenantId, idempotencyKey));
    if (row !== null && isVisible(scope, row)) return row;
  }
  return null;
}

/** The tenants whose rows belong to the caller: its own, and the owner of its purchases of credits. */
export function ledgerTenants({ tenant }: Caller): readonly string[] {
  return tenant.creditsOwnerId === undefined ? [tenant.id] : [tenant.id, tenant.creditsOwnerId];
}

/** A write on the whole account has no group, so no list of groups hides it. */
export function isVisible(scope: WriteScope, row: LedgerRow): boolean {
  const { allowedGroups } = scope.caller;
  if (allowedGroups === null || upstreamOperation(row.kind).scope === 'account') return true;
  return row.groupId !== null && allowedGroups.has(row.groupId);
}

/** Empty where an older version stored less, so that the row is shown all the same. */
function subjectOf(row: LedgerRow): WriteSubject {
  try {
    return STORED_WRITES[row.kind].subject(row.input);
  } catch {
    return NO_SUBJECT;
  }
}

/**
 * Empty also where the history cannot be read. Reason: the operation must be shown while the upstream is down, when it
 * matters most.
 */
async function readEvidence(scope: WriteScope, row: LedgerRow, beforeMore?: () => void): Promise<readonly Evidence[]> {
  const credential = scope.caller.tenant.xtracta;
  if (credential === null) return [];
  try {
    const evidence = (await examineRow(scope.services, credential, row, scope.call, beforeMore))?.evidence ?? [];
    return scope.caller.allowedGroups === null
      ? evidence
      : evidence.filter(({ activity }) => !hasUnreadableGroup(activity));
  } catch (error) {
    if (error instanceof BillingError && error.code === 'OPERATION_TOO_COMPLEX') throw error;
    return [];
  }
}
