import type { BillingHistory } from '../domain/billing-history.js';
import type { Caller, CreditsCredential, XtractaCredential } from '../domain/caller.js';
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
import type { UpstreamCall } from '../domain/upstream-call.js';
import type { MutationKind, WriteKind } from '../domain/upstream-operations.js';
import type { WriteOutcome } from '../domain/write.js';
import type { Ledger } from '../idempotency/ledger.js';
import type { LedgerRow } from '../idempotency/ledger.states.js';
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
  /** @param item only this one of the catalogue, which may hold more than the list of all tells */
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

/** What the writes need for as long as the process lives. */
export interface WriteServices {
  readonly xtracta: XtractaWriteClient;
  /** Null where no AccountAdminAPI is configured. */
  readonly credits: CreditsWriteClient | null;
  readonly ledger: Ledger;
  readonly runOnce: RunOnce;
  /** Takes one from the tenant's allowance, or says in how many seconds there will be one. */
  takeAllowance(tenantId: string, action: RateLimitedKind): Allowance | Promise<Allowance>;
  /** Drops what was read about the group: it may have changed. Null: the group is not known. */
  forgetReads(credentialId: string, groupId: string | null): void;
  /** Counts a write that was attempted, by the status it was answered with; replays are not counted. */
  onWrite(kind: WriteKind, status: BillingOperationStatus): void;
  /** Counts a code that a mutation is answered with in `userErrors`; replays are not counted. */
  onUserError(code: BillingErrorCode): void;
  /** A history row shows a write that an operator had settled as not carried out. */
  onContradiction(row: LedgerRow, activityId: string): void;
  /** One line of the audit trail. No secret, no personal data. */
  audit(event: string, facts: Readonly<Record<string, string | number | boolean | null>>): void;
}

/** One mutation of a request as it was answered. The keys are whole: whoever shows them masks them. */
export interface AnsweredWrite {
  readonly kind: MutationKind;
  /** Null where a mutation has none. */
  readonly idempotencyKey: string | null;
  /** Of the row that the answer is about, where it is not the write's own: it stands in its way. */
  readonly otherKey: string | null;
  /** Of the row that the answer is about; null where there is none. */
  readonly status: BillingOperationStatus | null;
  readonly replayed: boolean;
  readonly errorCodes: readonly BillingErrorCode[];
  /** Epoch milliseconds of that row. */
  readonly createdAtMs: number | null;
  readonly sentAtMs: number | null;
  readonly completedAtMs: number | null;
}

/** Who writes, and for which request. */
export interface WriteScope {
  readonly services: WriteServices;
  readonly caller: Caller;
  readonly call: UpstreamCall;
  /** Told of every mutation that was answered. Must not throw. */
  readonly onAnswered?: (write: AnsweredWrite) => void;
}

/** Rejects with `RATE_LIMITED` when the tenant has used up its allowance. */
export async function spendAllowance(scope: WriteScope, action: RateLimitedKind): Promise<void> {
  requireAllowance(await scope.services.takeAllowance(scope.caller.tenant.id, action));
}
