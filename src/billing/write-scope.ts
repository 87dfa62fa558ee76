import type { BillingHistory } from '../domain/billing-history.js';
import type { Caller, CreditsCredential, Tenant, XtractaCredential } from '../domain/caller.js';
import type { BillingCatalogue, CatalogueItemId } from '../domain/catalogue.js';
import { type Allowance, type BillingErrorCode, type RateLimitedKind, requireAllowance } from '../domain/errors.js';
import type {
  BillingUiRequest,
  BillingUiSession,
  BoosterPackOrder,
  BoosterPackRequest,
  CreditPurchase,
  CreditPurchaseRequest,
  PlanChange,
  PlanChangeRequest,
} from '../domain/purchases.js';
import type { SpendingLimits } from '../domain/spending.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { MutationKind, WriteKind } from '../domain/upstream-operations.js';
import type { WriteOutcome } from '../domain/write.js';
import type { Ledger } from '../idempotency/ledger.js';
import type { LedgerRow } from '../idempotency/ledger-states.js';
import type { RunOnce } from '../idempotency/run-once.js';
import type { BillingOperationStatus } from './billing-writes.js';

/** The Xtracta endpoints that the writes use; {@link XtractaClient} is the implementation. */
export interface XtractaWriteClient {
  orderBoosterPack(
    credential: XtractaCredential,
    request: BoosterPackRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<BoosterPackOrder>>;
  changePlan(
    credential: XtractaCredential,
    request: PlanChangeRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<PlanChange>>;
  openBillingUi(
    credential: XtractaCredential,
    request: BillingUiRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<BillingUiSession>>;
  getBillingHistory(
    credential: XtractaCredential,
    request: {
      readonly groupId: string;
      readonly fromSeconds: number;
      readonly toSeconds: number;
      readonly recursive: boolean;
    },
    call: UpstreamCall,
  ): Promise<BillingHistory>;
  /** @param item only this item, which the whole list need not contain */
  getPlans(
    credential: XtractaCredential,
    groupId: string | null,
    call: UpstreamCall,
    item?: CatalogueItemId,
  ): Promise<BillingCatalogue>;
}

export interface CreditsWriteClient {
  purchaseCredits(
    credential: CreditsCredential,
    request: CreditPurchaseRequest,
    call: UpstreamCall,
  ): Promise<WriteOutcome<CreditPurchase>>;
}

/** Services of the process that the writes need. */
export interface WriteServices {
  readonly xtracta: XtractaWriteClient;
  /** Null where no AccountAdminAPI is configured. */
  readonly credits: CreditsWriteClient | null;
  readonly ledger: Ledger;
  readonly runOnce: RunOnce;
  /**
   * The limits of the tenant at the moment; null: none. A caller has those of the moment of its authentication, which
   * may be outdated once a write has waited.
   */
  presentLimits(tenant: Tenant): SpendingLimits | null;
  /** Takes one request from the tenant's allowance, or returns the seconds until one is free; -1 gives one back. */
  takeAllowance(tenantId: string, action: RateLimitedKind, count: 1 | -1): Allowance | Promise<Allowance>;
  /** Drops the cached reads of the group, because they may be outdated. Null: the group is not known. */
  forgetReads(credentialId: string, groupId: string | null): void;
  /** Counts an attempted write by its resulting status. Replays are not counted. */
  onWrite(kind: WriteKind, status: BillingOperationStatus): void;
  /** Counts a code in a mutation's `userErrors`. Replays are not counted. */
  onUserError(code: BillingErrorCode): void;
  /** Called when a history row shows a write that an operator had settled as not carried out. */
  onContradiction(row: LedgerRow, activityId: string): void;
  /** One line of the audit trail. No secret, no personal data. */
  audit(event: string, facts: Readonly<Record<string, string | number | boolean | null>>): void;
}

/** One finished mutation of a request. The keys are complete, so a viewer must mask them. */
export interface FinishedMutation {
  readonly kind: MutationKind;
  /** Null where the mutation has no key. */
  readonly idempotencyKey: string | null;
  /** Key of the row in the response, where it is another write that blocks this one. */
  readonly otherKey: string | null;
  /** Status of the row in the response; null where there is none. */
  readonly status: BillingOperationStatus | null;
  readonly replayed: boolean;
  readonly errorCodes: readonly BillingErrorCode[];
  /** Times of that row, in Unix epoch milliseconds. */
  readonly createdAtMs: number | null;
  readonly sentAtMs: number | null;
  readonly completedAtMs: number | null;
}

/** The caller and the request of a write. */
export interface WriteScope {
  readonly services: WriteServices;
  readonly caller: Caller;
  readonly call: UpstreamCall;
  /** Called with every finished mutation. Must not throw. */
  readonly onMutation?: (write: FinishedMutation) => void;
}

/** Rejects with `RATE_LIMITED` when the tenant has used up its allowance. */
export async function spendAllowance(scope: WriteScope, action: RateLimitedKind): Promise<void> {
  requireAllowance(await scope.services.takeAllowance(scope.caller.tenant.id, action, 1));
}
