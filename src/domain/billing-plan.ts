import type { PlanType } from './billing-activity.js';
import type { DateTimeText } from './instant.js';
import type { Money } from './money.js';
import type { Readable } from './readable.js';

/** A billing plan in force for a group: derived from its history, or as the answer to a plan change. */
export interface BillingPlan {
  /** Null where only the history is known: the history names plans but does not number them. */
  readonly planId: string | null;
  readonly name: string | null;
  readonly type: PlanType;
  readonly typeRaw: string | null;
  readonly price: Readable<Money>;
  readonly allowedDocuments: Readable<number>;
  readonly usedDocuments: Readable<number>;
  /** allowed minus used, never below 0; null when either is unknown. */
  readonly remainingDocuments: number | null;
  readonly startDate: Readable<DateTimeText>;
  readonly expiryDate: Readable<DateTimeText>;
}
