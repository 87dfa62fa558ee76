import type { BillingActivity } from '../domain/billing-history.js';
import type { XtractaCredential } from '../domain/caller.js';
import { type AvailablePack, type AvailablePlan, itemOf } from '../domain/catalogue.js';
import type { UpstreamCall } from '../domain/upstream-call.js';
import { upstreamOperation } from '../domain/upstream-operations.js';
import type { LedgerRow } from '../idempotency/ledger.states.js';
import {
  type Evidence,
  examine,
  fittingRows,
  type HistoryReading,
  hasNeighbour,
  NEIGHBOUR_BEFORE_MS,
  type SentWrite,
} from './evidence.js';
import { readClockBefore, readGroupCatalogue, readGroupHistory } from './group-reads.js';
import { orLedgerUnavailable } from './write.outcome.js';
import type { Proof } from './write-definition.js';
import { STORED_WRITES } from './write-definitions.js';
import type { WriteServices } from './write-scope.js';

type Upstream = Pick<WriteServices, 'xtracta' | 'ledger'>;

export interface RowExamination {
  readonly proof: Proof | null;
  readonly evidence: readonly Evidence[];
  /** What was asked for, as the catalogue names it now; null: the catalogue lacks it, or cannot be read. */
  readonly wanted: AvailablePack | AvailablePlan | null;
}

/**
 * Compares a row of the ledger with the group's history and catalogue as they are now. Null: no history shows such a
 * write, or its group is not known. Throws `BillingError` when the history or the ledger can't be read; without a
 * catalogue nothing is proved.
 *
 * @param beforeMore told before each upstream call but the first; what it throws ends the examination
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
 * A row that fits a write which an operator settled as not carried out, though every other write of the group that may
 * have made such a row is counted off; null: there is none. Errors as {@link examineRow}.
 */
export async function findContradiction(
  upstream: Upstream,
  credential: XtractaCredential,
  row: LedgerRow,
  call: UpstreamCall,
): Promise<BillingActivity | null> {
  const read = await readRow(upstream, credential, row, call);
  if (read === null) return null;
  const fitting = fittingRows(read.write, read.reading);
  const explained = read.neighbours.filter(({ kind }) => kind === row.kind).length;
  return fitting[explained] ?? null;
}

interface RowReading {
  readonly write: SentWrite;
  readonly reading: HistoryReading;
  readonly neighbours: readonly { readonly kind: string }[];
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
  // At the time of the write, if it is known: a clock may have been set since.
  const reading = { ...read, clockAheadMs: readClockBefore(row.before) ?? read.clockAheadMs };
  const catalogue = await readGroupCatalogue(xtracta, credential, groupId, wanted, call, beforeMore);
  // Last, so that a write which was sent while the history was read is known.
  const neighbours = await orLedgerUnavailable(ledger.neighbours(row, sentAtMs - NEIGHBOUR_BEFORE_MS));
  const write: SentWrite = {
    groupId,
    sentAtMs,
    endedAtMs: row.resolution === null ? row.completedAtMs : null,
    provedBy: upstreamOperation(row.kind).provedBy,
    wanted,
    // Earlier versions noted nothing beside the ids, and took ids from documents that were not to be trusted.
    baseline: row.before === null ? null : row.baseline,
    catalogue,
    hasNeighbour: hasNeighbour(sentAtMs, neighbours),
  };
  return { write, reading, neighbours };
}
