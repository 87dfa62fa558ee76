import type { BillingOperationStatus, Evidence } from '../billing/billing-writes.js';
import type { RowExamination } from '../billing/examine-row.js';
import { statusOfState } from '../billing/write-outcome.js';
import { ACCOUNT_KINDS } from '../domain/upstream-operations.js';
import type { AuditEntry } from '../idempotency/ledger.js';
import type { LedgerRow } from '../idempotency/ledger-states.js';
import { terminalText, wrapped } from './ops-output.js';
import { printable } from './read.command.js';

export interface FoundEvidence {
  readonly rows: readonly Evidence[];
  /** The requested item, as the catalogue has it now. */
  readonly wanted: RowExamination['wanted'];
  readonly note: string | null;
}

export function fields(row: LedgerRow): string {
  const lines: (readonly [string, string | null])[] = [
    ['key', row.idempotencyKey],
    ['tenant', row.tenantId],
    ['kind', row.kind],
    ['status', statusOfState(row.state)],
    ['asked', askedText(row)],
    ['group', row.groupId],
    [
      'held documents',
      ACCOUNT_KINDS.includes(row.kind) ? null : row.deletesDocuments ? 'asked to be deleted' : 'asked to be processed',
    ],
    ['created', `${instant(row.createdAtMs)} (${age(row.createdAtMs)} ago)`],
    ['sent', row.sentAtMs === null ? null : instant(row.sentAtMs)],
    [
      row.state === 'unknown' ? 'unknown since' : 'completed',
      row.completedAtMs === null ? null : instant(row.completedAtMs),
    ],
    ['result', row.answer?.kind === 'failure' ? `${row.answer.failure.code}: ${row.answer.failure.message}` : null],
    ['upstream', row.answer?.kind === 'failure' ? upstreamText(row) : null],
    ['settled by', row.resolution === null ? null : resolutionText(row)],
  ];
  return lines
    .filter((line): line is readonly [string, string] => line[1] !== null)
    .map(([name, text]) => `${wrapped(`${name.padEnd(15)} ${terminalText(text)}`, 120, ' '.repeat(16))}\n`)
    .join('');
}

/**
 * The change of the row. The ledger does not keep the note of a decision that came too late, so this names the kept
 * decision.
 */
export function changeText(row: LedgerRow, status: BillingOperationStatus | null): string {
  const before = statusOfState(row.state);
  if (status !== null && status !== before) return `was ${before} and is ${status}`;
  if (row.state !== 'succeeded' && row.state !== 'rejected') return `is still ${before}`;
  const by = row.resolution === null ? '' : ` (settled by ${resolutionText(row)})`;
  return `was ${before} before${by}: nothing was changed`;
}

function upstreamText({ answer }: LedgerRow): string | null {
  if (answer?.kind !== 'failure') return null;
  const { httpStatus, status, message } = answer.failure.upstream;
  const parts = [
    httpStatus === undefined ? null : `HTTP ${httpStatus}`,
    status === undefined ? null : `status ${status}`,
    message === undefined ? null : `"${message}"`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(', ');
}

function resolutionText({ resolution }: LedgerRow): string {
  if (resolution === null) return '';
  const who = resolution.subject === null ? resolution.by : `${resolution.by} ${resolution.subject}`;
  return `${who}, ${instant(resolution.atMs)}${resolution.note === null ? '' : `: ${resolution.note}`}`;
}

/** The request, as far as it may be stored: ids and counts. */
export function askedText({ input }: LedgerRow): string {
  if (typeof input !== 'object' || input === null) return '-';
  const parts = Object.entries(input).filter(([, value]) => value !== null && typeof value !== 'object');
  return parts.length === 0 ? '-' : parts.map(([name, value]) => `${name} ${String(value)}`).join(', ');
}

export function evidenceText(row: LedgerRow, { rows, wanted, note }: FoundEvidence): string {
  const parts = [
    askedText(row),
    ...(wanted === null ? [] : [`name ${valueText(wanted.name)}`, `documents ${valueText(wanted.allowedDocuments)}`]),
    ...(wanted === null ? [] : [`price ${priceText(wanted.price)}`]),
    ...(row.groupId === null ? [] : [`group ${row.groupId}`]),
    `sent ${row.sentAtMs === null ? 'never' : instant(row.sentAtMs)}`,
  ];
  const asked = `asked: ${terminalText(parts.join(', '))}\n`;
  const shown = rows.map(({ activity, fits, doesNotFit }) => {
    const facts = [
      ['row', activity.id],
      ['kind', activity.kind],
      ['name', valueText(activity.planName)],
      ['documents', valueText(activity.allowedDocuments)],
      ['price', priceText(activity.price)],
      ['start', valueText(activity.startDate)],
    ].map(([name = '', value = '']) => `${name} ${value}`);
    const against = doesNotFit.length === 0 ? 'nothing contradicts' : `does not fit: ${doesNotFit.join(', ')}`;
    return `${terminalText(facts.join(', '))}\n  fits: ${fits.join(', ') || 'nothing'}\n  ${against}\n`;
  });
  return `${asked}${shown.join('')}${note === null ? '' : `${note}\n`}`;
}

function valueText(value: unknown): string {
  const shown = printable(value);
  return shown === null
    ? '-'
    : typeof shown === 'string'
      ? `"${shown}"`
      : typeof shown === 'number'
        ? String(shown)
        : '(unreadable)';
}

function priceText(price: Evidence['activity']['price']): string {
  if (price === null || !('amount' in price)) return '-';
  return `${price.amount} ${typeof price.currency === 'string' ? price.currency : ''}`.trim();
}

export const OUTCOMES = 'OUTCOME: succeeded or rejected';

/** The operator's next steps, as command lines. */
export function nextText(row: LedgerRow, { rows, wanted }: FoundEvidence): string {
  const isProved = wanted !== null && rows.some(({ doesNotFit }) => doesNotFit.length === 0);
  if (isProved) return `\nNext: ${command('reconcile', row, ' --by NAME')}\n`;
  const wait = ACCOUNT_KINDS.includes(row.kind) || rows.length > 0 ? '' : 'wait an hour for a late row, then ';
  return `\nNext: ${wait}ask the upstream's support whether it was carried out, and record the answer (${OUTCOMES}).\n  ${decision(row)}\n`;
}

export function decision(row: LedgerRow): string {
  return command('resolve', row, " --outcome OUTCOME --note 'REASON' --by NAME");
}

/** A command line for pasting; the operator fills in placeholders such as `NAME`. */
export function command(verb: string, { idempotencyKey, tenantId }: LedgerRow, more = ''): string {
  return `node dist/main.js ledger ${verb} ${shellWord(idempotencyKey)} --tenant ${shellWord(tenantId)}${more}`;
}

function shellWord(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : `'${terminalText(text).replaceAll("'", `'\\''`)}'`;
}

export function auditLine({ atMs, from, to, by, subject, note }: AuditEntry): readonly string[] {
  return [instant(atMs), `${from ?? '(new)'} -> ${to}`, by, subject ?? '', note ?? ''];
}

export function jsonOfRow(row: LedgerRow): object {
  const { tenantId, idempotencyKey, kind, groupId, input, deletesDocuments, answer, resolution } = row;
  return {
    tenant: tenantId,
    idempotencyKey,
    kind,
    status: statusOfState(row.state),
    groupId,
    asked: input,
    deletesDocuments,
    createdAt: instant(row.createdAtMs),
    sentAt: row.sentAtMs === null ? null : instant(row.sentAtMs),
    completedAt: row.completedAtMs === null ? null : instant(row.completedAtMs),
    failure: answer?.kind === 'failure' ? answer.failure : null,
    resolution: resolution === null ? null : { ...resolution, atMs: undefined, at: instant(resolution.atMs) },
    reconcileAttempts: row.reconcileAttempts,
  };
}

export function jsonOfAudit({ atMs, from, to, by, subject, note }: AuditEntry): object {
  return { at: instant(atMs), from, to, by, subject, note };
}

export function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Time since then, in the largest unit of which there are at least two. */
export function age(sinceMs: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - sinceMs) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
