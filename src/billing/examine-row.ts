import type { BillingActivity } from '../domain/billing-history.js';
import type { XtractaCredential } from '../domain/caller.js';
import { type AvailablePack, type AvailablePlan, itemOf } from '../domain/catalogue.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import { upstreamOperation } from '../domain/upstream-operations.js';
import type { Neighbour } from '../idempotency/ledger.js';
import type { LedgerRow } from '../idempotency/ledger-states.js';
import {
  type Evidence,
  examine,
  type HistoryReading,
  hasNeighbour,
  NEIGHBOUR_BEFORE_MS,
  type SentWrite,
  unexplainedRow,
} from './evidence.js';
import { readClockBefore, readGroupCatalogue, readGroupHistory } from './group-reads.js';
import type { Proof } from './write-definition.js';
import { STORED_WRITES } from './write-definitions.js';
import { orLedgerUnavailable } from './write-outcome.js';
import type { WriteServices } from './write-scope.js';

type Upstream = Pick<WriteServices, 'xtracta' | 'ledger'>;

export interface RowExamination {
  readonly proof: Proof | null;
  readonly evidence: readonly Evidence[];
  /** The requested item in the present catalogue; null: the catalogue lacks it, or cannot be read. */
  readonly wanted: AvailablePack | AvailablePlan | null;
}

/**
 * Compares a row of the ledger with the group's history and catalogue as they are now. Null: no history row shows such
 * a write, or its group is not known. Throws `BillingError` when the history or the ledger cannot be read. Without a
 * catalogue nothing is proved.
 *
 * @param beforeMore called before each upstream call except the first; its error ends the examination
 */
export async function examineRow(
  upstream: Upstream,
  credential: XtractaCredential,
  row: LedgerRow,
  call: UpstreamCall,
  beforeMore?: () => void,
): Promise<RowExamination | null> {
  const read = await readRow(upstream, credential, row, call, beforeMore);
  if (read === null) return null;
  const { proof, evidence } = examine(read.write, read.reading);
  const { catalogue, wanted } = read.write;
  return {
    proof: proof === null || catalogue === null ? null : { activity: proof, catalogue },
    evidence,
    wanted: catalogue === null ? null : itemOf(wanted.kind === 'pack' ? catalogue.packs : catalogue.plans, wanted.id),
  };
}

/**
 * A history row that fits a write which an operator settled as not carried out, and that no other write of the group
 * may have made. Null: there is no such row. Errors as {@link examineRow}.
 */
export async function findContradiction(
  upstream: Upstream,
  credential: XtractaCredential,
  row: LedgerRow,
  call: UpstreamCall,
): Promise<BillingActivity | null> {
  const read = await readRow(upstream, credential, row, call);
  if (read === null) return null;
  // A row that fits two writes which were both settled as not carried out contradicts one of them.
  const others = read.neighbours.flatMap(({ kind, isRejected, input, before, sentAtMs, endedAtMs }) => {
    const wanted = kind === row.kind && !isRejected ? STORED_WRITES[row.kind].wanted(input, before) : null;
    return wanted === null ? [] : [{ ...read.write, wanted, sentAtMs, endedAtMs }];
  });
  return unexplainedRow(read.write, others, read.reading);
}

interface RowReading {
  readonly write: SentWrite;
  readonly reading: HistoryReading;
  readonly neighbours: readonly Neighbour[];
}

async function readRow(
  { xtracta, ledger }: Upstream,
  credential: XtractaCredential,
  row: LedgerRow,
  call: UpstreamCall,
  beforeMore?: () => void,
): Promise<RowReading | null> {
  const { groupId, sentAtMs } = row;
  if (groupId === null || sentAtMs === null) return null;
  const wanted = STORED_WRITES[row.kind].wanted(row.input, row.before);
  if (wanted === null) return null;
  const read = await readGroupHistory(xtracta, credential, groupId, sentAtMs, call);
  // The clock difference at the time of the write, if it is known, because a clock may have been set since.
  const reading = { ...read, clockAheadMs: readClockBefore(row.before) ?? read.clockAheadMs };
  const catalogue = await readGroupCatalogue(xtracta, credential, groupId, wanted, call, beforeMore);
  // Read last, so that a write sent during the read of the history is included.
  const neighbours = await orLedgerUnavailable(ledger.neighbours(row, sentAtMs - NEIGHBOUR_BEFORE_MS));
  const write: SentWrite = {
    groupId,
    sentAtMs,
    endedAtMs: row.resolution === null ? row.completedAtMs : null,
    provedBy: upstreamOperation(row.kind).provedBy,
    wanted,
    // Earlier versions stored only ids, also from documents that were not reliable.
    baseline: row.before === null ? null : row.baseline,
    catalogue,
    hasNeighbour: hasNeighbour(sentAtMs, neighbours),
  };
  return { write, reading, neighbours };
}
