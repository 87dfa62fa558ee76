import type { BillingHistory } from '../domain/billing-activity.js';
import type { XtractaCredential } from '../domain/caller.js';
import type { UpstreamCall } from '../domain/upstream-call.js';

/** One read of the upstream's history endpoint. Equal fields mean the same question. */
export interface HistoryRead {
  /** Canonical: leading zeros stripped. */
  readonly groupId: string;
  /** Unix seconds, first second inside. */
  readonly fromSeconds: number;
  /** Unix seconds, last second inside. */
  readonly toSeconds: number;
  /** With the rows of all groups below. */
  readonly recursive: boolean;
}

/** The part of the Xtracta client that reads need. Throws `BillingError`; may be retried and shared. */
export interface HistoryClient {
  getBillingHistory(credential: XtractaCredential, request: HistoryRead, call: UpstreamCall): Promise<BillingHistory>;
}
