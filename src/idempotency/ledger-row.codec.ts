import { z } from 'zod';
import { BILLING_ERROR_CODES, badInput } from '../domain/errors.js';
import type { CountedWrites, DatedWrite, Spend } from '../domain/spending.js';
import { BILLING_OPERATION_KINDS } from '../domain/upstream-operations.js';
import { BILLING_WARNING_CODES, blockingTargets, type RecentWrite } from '../domain/write.js';
import type { AuditEntry, Change, ClaimRequest, LedgerOptions, Neighbour } from './ledger.js';
import { storedSpend } from './ledger.js';
import { type LedgerRow, RECONCILE_INTERVALS_MS, reconcileDelayMs } from './ledger-states.js';

const LEDGER_STATES = ['claimed', 'sending', 'succeeded', 'rejected', 'not_sent', 'unknown'] as const;
const LATE_ACTORS = ['late-answer', 'reconciler', 'operator'] as const;

const warning = z.object({
  code: z.enum(BILLING_WARNING_CODES),
  message: z.string(),
});

const failure = z.object({
  code: z.enum(BILLING_ERROR_CODES),
  message: z.string(),
  upstream: z.object({
    service: z.enum(['xtracta', 'credits']),
    operation: z.string(),
    httpStatus: z.exactOptional(z.number()),
    status: z.exactOptional(z.string()),
    message: z.exactOptional(z.string()),
  }),
});

const storedResponse = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('value'), value: z.unknown(), warnings: z.array(warning) }),
  z.object({ kind: z.literal('failure'), failure }),
]);

const resolution = z.object({
  by: z.enum(LATE_ACTORS),
  atMs: z.number(),
  note: z.string().nullable(),
  subject: z.string().nullable(),
});

/** A row as both stores keep it: whole numbers for times and flags, JSON text for structured values. */
const storedRow = z.object({
  tenant_id: z.string(),
  credential_id: z.string(),
  idempotency_key: z.string(),
  kind: z.enum(BILLING_OPERATION_KINDS),
  target: z.string(),
  group_id: z.string().nullable(),
  fingerprint: z.string(),
  input: z.string(),
  state: z.enum(LEDGER_STATES),
  owner_id: z.string(),
  claim: z.number(),
  created_at: z.number(),
  sent_at: z.number().nullable(),
  completed_at: z.number().nullable(),
  deletes_documents: z.number(),
  baseline: z.string().nullable(),
  before_send: z.string().nullable(),
  answer: z.string().nullable(),
  resolution: z.string().nullable(),
  reconcile_attempts: z.number(),
});

/** Throws `ZodError` or `SyntaxError` for a row that no version up to this one has written. */
export function decodeRow(raw: unknown): LedgerRow {
  const row = storedRow.parse(raw);
  return {
    tenantId: row.tenant_id,
    credentialId: row.credential_id,
    idempotencyKey: row.idempotency_key,
    kind: row.kind,
    target: row.target,
    groupId: row.group_id,
    fingerprint: row.fingerprint,
    input: JSON.parse(row.input),
    state: row.state,
    ownerId: row.owner_id,
    claim: row.claim,
    createdAtMs: row.created_at,
    sentAtMs: row.sent_at,
    completedAtMs: row.completed_at,
    deletesDocuments: row.deletes_documents !== 0,
    baseline: row.baseline === null ? null : z.array(z.string()).parse(JSON.parse(row.baseline)),
    before: row.before_send === null ? null : JSON.parse(row.before_send),
    answer: row.answer === null ? null : storedResponse.parse(JSON.parse(row.answer)),
    resolution: row.resolution === null ? null : resolution.parse(JSON.parse(row.resolution)),
    reconcileAttempts: row.reconcile_attempts,
  };
}

/** The rows that this version can read. `onUnreadable` is called with each of the others. */
export function decodeRows(raws: readonly unknown[], onUnreadable: (raw: unknown) => void): readonly LedgerRow[] {
  return raws.flatMap((raw) => {
    try {
      return [decodeRow(raw)];
    } catch {
      onUnreadable(raw);
      return [];
    }
  });
}

/** Columns for {@link decodeNeighbour}. */
export const NEIGHBOUR = `kind, state, input, before_send, sent_at, target, tenant_id, credential_id,
  CASE WHEN resolution IS NULL THEN completed_at END AS ended_at`;

const storedNeighbour = z.object({
  kind: z.string(),
  state: z.enum(LEDGER_STATES),
  input: z.string(),
  before_send: z.string().nullable(),
  sent_at: z.number(),
  ended_at: z.number().nullable(),
  target: z.string(),
  tenant_id: z.string(),
  credential_id: z.string(),
});

export function decodeNeighbour(raw: unknown, row: LedgerRow): Neighbour {
  const other = storedNeighbour.parse(raw);
  return {
    kind: other.kind,
    isRejected: other.state === 'rejected',
    input: JSON.parse(other.input),
    before: other.before_send === null ? null : JSON.parse(other.before_send),
    sentAtMs: other.sent_at,
    endedAtMs: other.ended_at,
    namesGroup: other.target === row.target,
    sharesAccount: other.tenant_id === row.tenantId || other.credential_id === row.credentialId,
  };
}

const recentWrite = z.object({
  kind: z.string(),
  group_id: z.string().nullable(),
  /** Null where another process or an operator settled it, by their own clock. */
  owner_id: z.string().nullable(),
  completed_at: z.number().nullable(),
});

/** Column for {@link decodeRecentWrite}: the process whose clock timed the end of the write, as far as known. */
export const FINISHER = 'CASE WHEN resolution IS NULL THEN owner_id END AS owner_id';

export function decodeRecentWrite(raw: unknown, ownerId: string): RecentWrite {
  const { kind, group_id, owner_id, completed_at } = recentWrite.parse(raw);
  return { kind, groupId: group_id, isOwn: owner_id === ownerId, completedAtMs: completed_at };
}

const spendColumns = z.object({ spend_amount: z.string().nullable(), spend_currency: z.string().nullable() });

function decodeSpend(raw: z.infer<typeof spendColumns>): Spend | null {
  return raw.spend_amount === null ? null : { amount: raw.spend_amount, currency: raw.spend_currency };
}

const countedWrites = spendColumns.extend({ n: z.number() });

export function decodeCountedWrites(raw: unknown): CountedWrites {
  const counted = countedWrites.parse(raw);
  return { spend: decodeSpend(counted), count: counted.n };
}

const datedWrite = spendColumns.extend({ sent_at: z.number().nullable() });

export function decodeDatedWrite(raw: unknown): DatedWrite {
  const dated = datedWrite.parse(raw);
  return { spend: decodeSpend(dated), sentAtMs: dated.sent_at };
}

const rowIdentity = z.object({ id: z.number(), kind: z.string() });

/** Reports rows that this version cannot read, once each. Mutable: the rows already reported. */
export function unreadableRowReporter({ log, onUnreadableRow }: LedgerOptions): (raw: unknown) => void {
  const reported = new Set<number>();
  return (raw) => {
    const { data } = rowIdentity.safeParse(raw);
    const id = data?.id ?? 0;
    if (reported.has(id)) return;
    if (reported.size < 1_000) reported.add(id);
    log?.error(
      { row: id, kind: data?.kind ?? null },
      'A stored write cannot be read and is left out: a newer version may have written it.',
    );
    onUnreadableRow?.();
  };
}

const storedAudit = z.object({
  at: z.number(),
  claim: z.number(),
  from_state: z.enum(LEDGER_STATES).nullable(),
  to_state: z.enum(LEDGER_STATES),
  actor: z.enum(['owner', 'sweep', ...LATE_ACTORS]),
  owner_id: z.string(),
  note: z.string().nullable(),
  subject: z.string().nullable(),
});

export function decodeAudit(raw: unknown): AuditEntry {
  const entry = storedAudit.parse(raw);
  return {
    atMs: entry.at,
    claim: entry.claim,
    from: entry.from_state,
    to: entry.to_state,
    by: entry.actor,
    ownerId: entry.owner_id,
    note: entry.note,
    subject: entry.subject,
  };
}

/** JSON text for a nullable column; undefined counts as null. */
export function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

const CURSOR = /^op:([1-9]\d{0,15})$/;

/** A cursor names the row's place in the ledger, so that a page stays right while rows are added before it. */
export function encodeCursor(id: number): string {
  return Buffer.from(`op:${id}`).toString('base64url');
}

/** The place in a cursor. Throws BAD_USER_INPUT for a text that this ledger did not make. */
export function decodeCursor(cursor: string): number {
  const match = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match?.[1] === undefined) {
    throw badInput('The cursor is not one that this list gave out.', ['after']);
  }
  return Number(match[1]);
}

// The statements of both stores take the same values in the same order, in types that both databases have.

type Parameters = (string | number | null)[];

/** Values of the statement that stores the first claim of a key. */
export function claimParameters(request: ClaimRequest, ownerId: string): Parameters {
  return [
    request.tenantId,
    request.credentialId,
    request.idempotencyKey,
    request.kind,
    request.target,
    request.groupId,
    request.fingerprint,
    JSON.stringify(request.input ?? null),
    ownerId,
    request.atMs,
    request.deletesDocuments ? 1 : 0,
    ...spendParameters(request),
  ];
}

/** Name under which `ledger_meta` keeps the numbers that settings ever told for the own group of a tenant. */
export function rootGroupsName(tenantId: string): string {
  return `root_groups:${tenantId}`;
}

const rootGroups = z.array(z.string());

/** @param text as {@link moreRootGroups} made it; no text: there are none */
export function decodeRootGroups(text: unknown): readonly string[] {
  return typeof text === 'string' ? rootGroups.parse(JSON.parse(text)) : [];
}

/** The numbers with that of the claim; null: they stay as they are. */
export function moreRootGroups({ groupId }: ClaimRequest, known: readonly string[]): string | null {
  return groupId === null || known.includes(groupId) ? null : JSON.stringify([...known, groupId]);
}

/** The price of the write, as the last columns of a claim. */
export function spendParameters(request: ClaimRequest): readonly [amount: string | null, currency: string | null] {
  const spend = storedSpend(request);
  return [spend?.amount ?? null, spend?.currency ?? null];
}

/** Values of the statement that changes the state of a claim. */
export function changeParameters(
  row: Pick<LedgerRow, 'tenantId' | 'idempotencyKey' | 'claim'>,
  change: Change,
): Parameters {
  return [
    row.tenantId,
    row.idempotencyKey,
    row.claim,
    change.from,
    change.to,
    change.atMs,
    jsonOrNull(change.baseline),
    jsonOrNull(change.answer),
    jsonOrNull(change.resolution),
    nextLookAtMs(change),
    jsonOrNull(change.before),
  ];
}

/**
 * Time at which the background reconciler examines the row next. An unknown outcome must be settled. A write that an
 * operator settled as not carried out is watched for a while, because its history row may show late.
 */
function nextLookAtMs({ from, to, by, atMs }: Change): number | null {
  const isWatched = to === 'unknown' || (from === 'unknown' && to === 'rejected' && by === 'operator');
  return isWatched ? atMs + reconcileDelayMs(0) : null;
}

/**
 * Time of the next reconciliation after one that settled nothing. The review of a settled row ends; that of an unknown
 * outcome never does.
 */
export function nextAttemptAtMs(row: LedgerRow, atMs: number, last: 'last' | undefined): number | null {
  const attempts = row.reconcileAttempts + 1;
  const isOver = row.state !== 'unknown' && (last === 'last' || attempts > RECONCILE_INTERVALS_MS.length);
  return isOver ? null : atMs + reconcileDelayMs(attempts);
}

/** Targets whose open writes block a claim, as values of a statement. */
export function blockerSelection({ target }: ClaimRequest) {
  const blocking = blockingTargets(target);
  return {
    targets: JSON.stringify(blocking.kind === 'these' ? blocking.targets : []),
    everyGroup: blocking.kind === 'everyGroup' ? 1 : 0,
  };
}

/**
 * As {@link blockerSelection}, by a range and one more target: a list would cost SQLite a temporary table for each
 * claim. All groups lie between `group:` and the next character after the colon.
 */
export function blockerRanges({ target }: ClaimRequest) {
  const blocking = blockingTargets(target);
  if (blocking.kind === 'everyGroup') return { first: 'group:', last: 'group;', other: target };
  return { first: target, last: target, other: blocking.targets.at(-1) ?? target };
}

/** Named values of the statement that finds other writes on a row's target. */
export function neighbourSelection(row: LedgerRow) {
  const blocking = blockingTargets(row.target);
  return {
    tenant: row.tenantId,
    key: row.idempotencyKey,
    targets: JSON.stringify(blocking.kind === 'these' ? blocking.targets : [row.target]),
  };
}

/** SQL text of a list of constants of this code. */
export function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
