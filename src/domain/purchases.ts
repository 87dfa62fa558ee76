import type { BillingPlan } from './billing-history.js';
import type { DateTimeText, DecimalText, Money } from './money.js';
import type { HeldDocumentsAction } from './write.js';

/** The price that the user saw before a write: of one pack, or of one period of a plan. */
export interface ExpectedPrice {
  readonly amount: DecimalText;
  /** Null: the amount alone is compared. */
  readonly currency: string | null;
}

// An unreadable value in a write's response is null plus the warning VALUE_UNREADABLE, never a failure, because money
// has moved.

/** `quantity` booster packs for a group. An absent group means the api key's own group. */
export interface BoosterPackRequest {
  readonly packId: string;
  readonly groupId: string | null;
  readonly quantity: number;
  readonly heldDocuments: HeldDocumentsAction;
}

export interface BoosterPackOrder {
  readonly pack: {
    /** The upstream's id of the ordered pack. It need not equal the `packId` of the request. */
    readonly id: string;
    readonly name: string | null;
    /** Documents of one pack, not of the whole order. */
    readonly allowedDocuments: number | null;
    /** End-user price as reported. The document does not say whether it is for one pack or for the whole order. */
    readonly price: Money | null;
    readonly quantity: number | null;
    readonly groupId: string | null;
  };
  readonly summary: {
    readonly totalUsedDocuments: number | null;
    readonly totalAvailableDocuments: number | null;
  } | null;
}

export interface PlanChangeRequest {
  readonly planId: string;
  readonly groupId: string | null;
  readonly heldDocuments: HeldDocumentsAction;
}

export interface PlanChange {
  readonly plan: BillingPlan;
}

/** Personal data: sent upstream, never stored or logged. */
export interface BillingContact {
  readonly address: string | null;
  readonly company: string | null;
  readonly email: string | null;
  readonly mobile: string | null;
  readonly phone: string | null;
}

export interface CreditPurchaseRequest {
  /** Lower-case canonical UUID, never the zero UUID. */
  readonly purchaseId: string;
  readonly purchaseOrder: string | null;
  readonly billing: BillingContact | null;
}

export interface CreditPurchase {
  readonly id: string;
  /** The `purchaseId` of the request, because the response does not repeat it. */
  readonly purchaseId: string;
  readonly datePurchased: DateTimeText | null;
  readonly currency: string | null;
  readonly netTotal: DecimalText | null;
  readonly tax: DecimalText | null;
  readonly grossTotal: DecimalText | null;
  readonly unitPrice: DecimalText | null;
  readonly quantity: DecimalText | null;
  readonly paid: boolean | null;
  readonly purchaseType: string | null;
  readonly invoiceNumber: string | null;
  readonly result: string | null;
  /** Personal data (may be an e-mail address). It is never stored, so it is null in a replay. */
  readonly userId: string | null;
}

export interface BillingUiRequest {
  readonly expireSeconds: number;
  readonly heldDocuments: HeldDocumentsAction;
}

/** The URL is a credential: never logged, stored, traced, shared or retried. */
export interface BillingUiSession {
  readonly url: string;
  /** Null when the upstream's `expire` is not a moment in time. */
  readonly expiresAt: DateTimeText | null;
}
