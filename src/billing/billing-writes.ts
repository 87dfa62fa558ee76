import type { BillingErrorCode } from '../domain/errors.js';
import type { DateTimeText, DecimalText } from '../domain/money.js';
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
import type { BillingOperationKind } from '../domain/upstream-operations.js';
import type { BillingWarning, WriteSubject } from '../domain/write.js';
import type { Evidence } from './evidence.js';

export { EVIDENCE_FACTS, type Evidence, type EvidenceFact } from './evidence.js';

export type BillingOperationStatus = 'IN_PROGRESS' | 'SUCCEEDED' | 'REJECTED' | 'NOT_SENT' | 'OUTCOME_UNKNOWN';

/** A write as clients and operators see it. */
export interface BillingOperation extends WriteSubject {
  readonly idempotencyKey: string;
  readonly kind: BillingOperationKind;
  readonly status: BillingOperationStatus;
  readonly replayed: boolean;
  readonly groupId: string | null;
  readonly createdAt: DateTimeText;
  readonly sentAt: DateTimeText | null;
  readonly completedAt: DateTimeText | null;
  readonly documentsMayHaveBeenDeleted: boolean;
  /**
   * History rows since the sending, each compared with the write. They are read on request, and only for an unknown
   * outcome; else empty.
   *
   * @param beforeMore called before each upstream call except the first; its error becomes the result
   */
  evidenceFit(beforeMore?: () => void): Promise<readonly Evidence[]>;
}

/** An error as data: the reason for which an authorised, valid write did not succeed. */
export interface BillingUserError {
  readonly code: BillingErrorCode;
  readonly message: string;
  readonly field: readonly string[] | null;
  readonly upstreamStatus: string | null;
  readonly upstreamMessage: string | null;
  readonly retryable: boolean;
}

/** `value` is non-null exactly when `userErrors` is empty. */
export interface WritePayload<T> {
  readonly value: T | null;
  readonly operation: BillingOperation | null;
  readonly warnings: readonly BillingWarning[];
  readonly userErrors: readonly BillingUserError[];
}

/** Arguments beside the input of a spending write. They are not part of it, so equal writes may differ in them. */
export interface SpendingInput {
  readonly idempotencyKey: string;
  /** Key of the equal write that this one repeats on purpose. */
  readonly repeats?: string | null | undefined;
}

/** An order or a plan change before any check. */
export type WriteInput<T> = T &
  SpendingInput & { readonly confirmDocumentDeletion: boolean; readonly expected?: ExpectedPriceInput | null };

export type PurchaseInput = CreditPurchaseRequest & SpendingInput;

/** A price as a client expects it, before any check. */
export interface ExpectedPriceInput {
  readonly amount: DecimalText;
  readonly currency?: string | null;
}

export interface OperationsPage {
  readonly edges: readonly { readonly cursor: string; readonly node: BillingOperation }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}

/**
 * The writes of one caller. A request that the gateway refuses before it became a write throws a `BillingError`:
 * `BAD_USER_INPUT`, `FORBIDDEN`, `RATE_LIMITED` or `SHUTTING_DOWN`. All other results are data in the payload.
 */
export interface BillingWrites {
  orderBoosterPack(input: WriteInput<BoosterPackRequest>): Promise<WritePayload<BoosterPackOrder>>;
  changePlan(input: WriteInput<PlanChangeRequest>): Promise<WritePayload<PlanChange>>;
  purchaseCredits(input: PurchaseInput): Promise<WritePayload<CreditPurchase>>;
  openBillingUi(
    input: BillingUiRequest & { readonly confirmDocumentDeletion: boolean },
  ): Promise<{ readonly session: BillingUiSession | null; readonly userErrors: readonly BillingUserError[] }>;

  operation(idempotencyKey: string): Promise<BillingOperation | null>;
  operations(
    status: readonly BillingOperationStatus[] | null,
    first: number | null,
    after: string | null,
  ): Promise<OperationsPage>;
  reconcile(
    idempotencyKey: string,
  ): Promise<{ readonly operation: BillingOperation | null; readonly userErrors: readonly BillingUserError[] }>;
  resolve(input: {
    readonly idempotencyKey: string;
    readonly outcome: 'SUCCEEDED' | 'REJECTED';
    readonly note: string;
  }): Promise<{ readonly operation: BillingOperation | null; readonly userErrors: readonly BillingUserError[] }>;
}
