import type { WriteSubject } from '../domain/write.js';
import type { LedgerRow, LedgerState } from '../idempotency/operation.js';
import type { BillingOperation, BillingOperationStatus } from './billing-writes.js';
import type { Evidence } from './evidence.policy.js';

const STATUS_OF_STATE: Readonly<Record<LedgerState, BillingOperationStatus>> = {
  claimed: 'IN_PROGRESS',
  sending: 'IN_PROGRESS',
  succeeded: 'SUCCEEDED',
  rejected: 'REJECTED',
  not_sent: 'NOT_SENT',
  unknown: 'OUTCOME_UNKNOWN',
};

/** Statuses in which the request may have reached the upstream and been obeyed. */
const MAY_HAVE_ACTED: ReadonlySet<LedgerState> = new Set(['sending', 'succeeded', 'unknown']);

export function statusOfState(state: LedgerState): BillingOperationStatus {
  return STATUS_OF_STATE[state];
}

/** The ledger states that answer to a status a client filters by. */
export function statesOfStatus(status: BillingOperationStatus): readonly LedgerState[] {
  const states: LedgerState[] = ['claimed', 'sending', 'succeeded', 'rejected', 'not_sent', 'unknown'];
  return states.filter((state) => STATUS_OF_STATE[state] === status);
}

/**
 * A ledger row in the words of the schema. `readEvidence` is called only when a client asks for it and the outcome is unknown, and once,
 * however often and in which form it is asked for.
 */
export function toBillingOperation(
  row: LedgerRow,
  subject: WriteSubject,
  replayed: boolean,
  readEvidence: () => Promise<readonly Evidence[]>,
): BillingOperation {
  let reading: Promise<readonly Evidence[]> | undefined;
  const evidence = (): Promise<readonly Evidence[]> => {
    reading ??= row.state === 'unknown' ? readEvidence() : Promise.resolve([]);
    return reading;
  };
  return {
    idempotencyKey: row.idempotencyKey,
    kind: row.kind,
    status: STATUS_OF_STATE[row.state],
    replayed,
    groupId: row.groupId,
    createdAt: toText(row.createdAtMs),
    sentAt: row.sentAtMs === null ? null : toText(row.sentAtMs),
    completedAt: row.completedAtMs === null ? null : toText(row.completedAtMs),
    documentsMayHaveBeenDeleted: row.deletesDocuments && MAY_HAVE_ACTED.has(row.state),
    ...subject,
    evidence: async () => (await evidence()).map(({ activity }) => activity),
    evidenceFit: evidence,
  };
}

function toText(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
