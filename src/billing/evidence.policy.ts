import type { BillingActivity, BillingActivityKind } from '../domain/billing-activity.js';
import type { BillingOperationKind } from '../domain/write.js';

/**
 * How far the upstream's clock may be from ours. A row outside this of the moment of sending is somebody else's doing.
 */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

/** An automatic renewal starts in the second after the period before it: its expiry is the last second inside. */
const RENEWAL_GAP_MS = 2_000;

const KINDS_OF_WRITE: Readonly<Record<BillingOperationKind, ReadonlySet<BillingActivityKind>>> = {
  ORDER_BOOSTER_PACK: new Set(['BOOSTER']),
  CHANGE_PLAN: new Set(['SIGNUP', 'RENEW', 'UPGRADE', 'DOWNGRADE']),
  PURCHASE_CREDITS: new Set(),
};

/** What the ledger remembers of the write that is to be settled. */
export interface SentWrite {
  readonly kind: BillingOperationKind;
  readonly sentAtMs: number;
  /** Ids of the group's history rows just before sending; null when they could not be read. */
  readonly baseline: readonly string[] | null;
}

/**
 * Rows that appeared since the write was sent. Without a baseline these are the rows that start around or after the sending, which
 * is a hint, not a proof.
 */
export function rowsSince(write: SentWrite, history: readonly BillingActivity[]): readonly BillingActivity[] {
  if (write.baseline === null) {
    const earliest = write.sentAtMs - CLOCK_TOLERANCE_MS;
    return history.filter((row) => row.startMs !== null && row.startMs >= earliest);
  }
  const known = new Set(write.baseline);
  return history.filter((row) => !known.has(row.id));
}

/**
 * The one row that proves that the write was carried out, or null. It proves only when
 * - a baseline was taken, so that the row is known to be new;
 * - it is the only new row of a kind that this write makes (two could be a person at the billing page, and not our write);
 * - it starts within the clocks' tolerance of the sending;
 * - it is not what an automatic renewal would have written anyway.
 * No new row proves nothing: the upstream may be late, and nobody documents that every write shows in the history.
 */
export function findProof(write: SentWrite, history: readonly BillingActivity[]): BillingActivity | null {
  if (write.baseline === null) return null;
  const kinds = KINDS_OF_WRITE[write.kind];
  const candidates = rowsSince(write, history).filter((row) => kinds.has(row.kind));
  const [row] = candidates;
  if (row === undefined || candidates.length > 1) return null;
  if (row.startMs === null || Math.abs(row.startMs - write.sentAtMs) > CLOCK_TOLERANCE_MS) return null;
  return row.kind === 'RENEW' && followsAPeriod(row.startMs, history) ? null : row;
}

function followsAPeriod(startMs: number, history: readonly BillingActivity[]): boolean {
  return history.some(
    (row) => row.expiryMs !== null && row.expiryMs < startMs && startMs - row.expiryMs <= RENEWAL_GAP_MS,
  );
}
