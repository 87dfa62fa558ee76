import type { DailyLimits, Spend } from '../domain/spending.js';
import type { ClaimRequest } from './ledger.js';
import { isUnfinished, type LedgerRow } from './ledger.states.js';

// What stands in the way of a claim besides its key and its target. Both stores decide by these, inside the transaction
// of the claim.

/** The tenants among whose writes a key of the caller is looked up. */
export function claimingTenants({ tenantId, keysSharedWith = [] }: ClaimRequest): readonly string[] {
  return [tenantId, ...keysSharedWith];
}

/**
 * Whether `repeats` of the request names a write that is not equal to it. `named`: the row that it names; null: there
 * is none.
 */
export function repeatsAnother(request: ClaimRequest, named: LedgerRow | null): named is LedgerRow {
  return named !== null && (named.tenantId !== request.tenantId || named.fingerprint !== request.fingerprint);
}

/**
 * What an open write in the way means. An equal one of the tenant that is under way is what a careless client sends
 * twice, unless the request says that it repeats it: then the target is busy, as with any other write.
 */
export function judgeBlocker(request: ClaimRequest, blocker: LedgerRow): 'possibleDuplicate' | 'targetBusy' {
  const { guards } = request;
  const isEqual = blocker.tenantId === request.tenantId && blocker.fingerprint === request.fingerprint;
  const isGuarded = guards !== undefined && guards.duplicateWindowMs > 0 && guards.repeats !== blocker.idempotencyKey;
  return isEqual && isGuarded && isUnfinished(blocker.state) ? 'possibleDuplicate' : 'targetBusy';
}

/** Since when an equal write that succeeded is in the way, in epoch milliseconds; null: none is. */
export function duplicatesSinceMs({ guards, atMs }: ClaimRequest): number | null {
  return guards === undefined || guards.duplicateWindowMs === 0 ? null : atMs - guards.duplicateWindowMs;
}

/** The limits that the claim must fit into; null: none. */
export function limitsOf({ guards }: ClaimRequest): DailyLimits | null {
  return guards?.terms.kind === 'limited' ? guards.terms.limits : null;
}

/** What is stored with the claim of what the write costs; null: not known, or nobody counts it. */
export function storedSpend(request: ClaimRequest): Spend | null {
  return limitsOf(request)?.spend ?? null;
}
