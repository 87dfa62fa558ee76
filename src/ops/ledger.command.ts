import { parseArgs } from 'node:util';
import { createAuthenticator } from '../auth/authenticate.js';
import { findOperation } from '../billing/billing-operations.js';
import type { BillingOperationStatus, Evidence } from '../billing/billing-writes.js';
import {
  type OperationPayload,
  reconcileBillingOperation,
  resolveBillingOperation,
} from '../billing/settle-operations.js';
import { statesOfStatus, statusOfState } from '../billing/write.outcome.js';
import type { WriteScope } from '../billing/write-scope.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { SCOPES, type Tenant } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import { type AuditEntry, type Ledger, LedgerUnavailable } from '../idempotency/ledger.js';
import type { LedgerRow } from '../idempotency/ledger.states.js';
import { openLedger } from '../idempotency/open-ledger.js';
import { RunOnce } from '../idempotency/run-once.js';
import { createLogger } from '../observability/logger.js';
import { XtractaClient } from '../upstreams/xtracta/xtracta.client.js';
import {
  type CommandOutput,
  columns,
  type Environment,
  jsonText,
  terminalText,
  UsageError,
  wrapped,
} from './ops.output.js';
import { printable } from './read.command.js';

export const LEDGER_USAGE = `Usage: node dist/main.js ledger list [--status STATUS] [--tenant T] [--limit N] [--json]
       node dist/main.js ledger show KEY [--tenant T] [--json]
       node dist/main.js ledger reconcile KEY [--tenant T] --by NAME [--json]
       node dist/main.js ledger resolve KEY [--tenant T] --outcome succeeded|rejected --note TEXT --by NAME [--json]

Looks after writes in the ledger of LEDGER_URL, beside running gateways, with their settings. It sends no write.

  list             newest first; without --tenant of every tenant of the settings, and unknown outcomes of all
  show             what was asked, what happened, and of an unknown outcome each new row of the history beside what was asked
  reconcile        settles an unknown outcome if the history proves it
  resolve          records your decision about an unknown outcome; it is kept for ever, with your name and note

  --status STATUS  unknown, in_progress, succeeded, rejected or not_sent
  --tenant T       default: the only tenant of the settings
  --by NAME        who you are, for the audit
`;

const STATUSES: Readonly<Record<string, BillingOperationStatus>> = {
  unknown: 'OUTCOME_UNKNOWN',
  in_progress: 'IN_PROGRESS',
  succeeded: 'SUCCEEDED',
  rejected: 'REJECTED',
  not_sent: 'NOT_SENT',
};

interface Options {
  readonly status?: string | undefined;
  readonly tenant?: string | undefined;
  readonly limit: string;
  readonly outcome?: string | undefined;
  readonly note?: string | undefined;
  readonly by?: string | undefined;
  readonly json: boolean;
}

export async function ledgerCommand(args: readonly string[], env: Environment): Promise<CommandOutput> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      status: { type: 'string' },
      tenant: { type: 'string' },
      limit: { type: 'string', default: '50' },
      outcome: { type: 'string' },
      note: { type: 'string' },
      by: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { exitCode: 0, out: LEDGER_USAGE, err: '' };
  const [verb, key, ...more] = positionals;
  if (more.length > 0 || (verb === 'list') !== (key === undefined))
    throw new UsageError('Give list, or a verb and one key.');
  switch (verb ?? '') {
    case 'list':
      return withDesk(env, values, (desk) => list(desk, values));
    case 'show':
      return withDesk(env, values, (desk) => show(desk, key ?? '', values));
    case 'reconcile':
      nameOf(values);
      return withDesk(env, values, (desk) => reconcile(desk, key ?? '', values));
    case 'resolve':
      nameOf(values);
      if (values.outcome !== 'succeeded' && values.outcome !== 'rejected')
        throw new UsageError('--outcome takes succeeded or rejected.');
      if (values.note === undefined) throw new UsageError('--note takes the reason of your decision.');
      return withDesk(env, values, (desk) => resolve(desk, key ?? '', values));
    default:
      throw new UsageError('The verbs are list, show, reconcile and resolve.');
  }
}

/** The operator, as the audit names them. */
function nameOf({ by }: Options): string {
  const name = by?.trim() ?? '';
  if (name === '' || name.length > 200 || /\p{Cc}/u.test(name)) throw new UsageError('--by takes your name.');
  return name;
}

/** What an operator works with: the ledger, the upstream's reads, and the tenants of the settings. */
interface Desk {
  readonly ledger: Ledger;
  readonly tenantIds: readonly string[];
  readonly tenantById: (id: string) => Tenant | null;
  readonly scopeOf: (tenant: Tenant, by: string | null) => WriteScope;
}

async function withDesk(
  env: Environment,
  options: Options,
  work: (desk: Desk) => Promise<CommandOutput>,
): Promise<CommandOutput> {
  const loaded = await loadConfig(env);
  if (!loaded.ok) {
    const problems = loaded.problems.map(({ setting, message }) => `  ${setting} ${message}\n`).join('');
    return { exitCode: 1, out: '', err: `The settings are not valid:\n${problems}` };
  }
  const { config } = loaded;
  const ledger = await openLedger(config.ledger.url, { attach: true, sweepIntervalMs: 0 }).catch((error: unknown) => {
    if (error instanceof LedgerUnavailable) return error;
    throw error;
  });
  if (ledger instanceof LedgerUnavailable) return { exitCode: 1, out: '', err: `LEDGER_URL: ${ledger.message}\n` };
  const xtracta = new XtractaClient({
    baseUrl: config.xtracta.url,
    cataloguePath: config.xtracta.cataloguePath,
    readTimeoutMs: config.limits.readTimeoutMs,
    writeTimeoutMs: config.limits.writeTimeoutMs,
  });
  const logger = await createLogger({ level: 'silent', format: 'json' });
  const authenticator = await createAuthenticator({
    auth: config.auth,
    keyedHash: (text) => ledger.keyedHash(text),
    logger,
  });
  try {
    return await work({
      ledger,
      tenantIds: await tenantIdsOf(config, ledger, options),
      tenantById: authenticator.tenantById,
      scopeOf: (tenant, by) => scopeOf(ledger, xtracta, tenant, by),
    });
  } catch (error) {
    if (!(error instanceof BillingError) && !(error instanceof LedgerUnavailable)) throw error;
    return { exitCode: 1, out: '', err: `${error.message}\n` };
  } finally {
    authenticator.close();
    xtracta.close();
    await ledger.close();
  }
}

/** The tenant that was named; else those of the settings, and those that have an unknown outcome. */
async function tenantIdsOf({ auth }: Config, ledger: Ledger, { tenant }: Options): Promise<readonly string[]> {
  if (tenant !== undefined) return [tenant];
  const known =
    auth.mode === 'jwt' && auth.tenantsFile !== null
      ? await tenantsOfFile(auth.tenantsFile)
      : auth.mode === 'passthrough'
        ? []
        : ['default'];
  const unknown = await ledger.dueForReconciliation(Number.MAX_SAFE_INTEGER, MOST_UNKNOWN);
  return [...new Set([...known, ...unknown.map(({ tenantId }) => tenantId)])];
}

const MOST_UNKNOWN = 1_000;

async function tenantsOfFile(path: string): Promise<readonly string[]> {
  const { readTenantsFile } = await import('../config/tenants-file.js');
  return (await readTenantsFile(path)).tenants.map(({ id }) => id);
}

/** An operator may see and settle everything of a tenant, and writes nothing upstream. */
function scopeOf(ledger: Ledger, xtracta: XtractaClient, tenant: Tenant, by: string | null): WriteScope {
  const ignore = (): void => undefined;
  return {
    services: {
      xtracta,
      credits: null,
      ledger,
      runOnce: new RunOnce({ ledger }),
      takeAllowance: () => ({ ok: true }),
      // Running gateways keep what they have read for about a minute.
      forgetReads: ignore,
      onWrite: ignore,
      onUserError: ignore,
      onContradiction: ignore,
      // The ledger keeps the audit; there is no log here.
      audit: ignore,
    },
    caller: { tenant, scopes: new Set(SCOPES), allowedGroups: null, subject: by },
    call: {
      requestId: 'ledger-command',
      tenantId: tenant.id,
      observer: { attempt: ignore, drift: ignore },
    },
  };
}

async function list({ ledger, tenantIds }: Desk, { status, limit, json }: Options): Promise<CommandOutput> {
  if (status !== undefined && !Object.hasOwn(STATUSES, status)) {
    throw new UsageError(`--status takes one of ${Object.keys(STATUSES).join(', ')}.`);
  }
  if (!/^[1-9]\d{0,3}$/.test(limit)) throw new UsageError('--limit takes a number from 1 to 9999.');
  const wanted = status === undefined ? undefined : STATUSES[status];
  const page = await ledger.list(tenantIds, {
    states: wanted === undefined ? null : statesOfStatus(wanted),
    groupIds: null,
    limit: Number(limit),
    afterCursor: null,
  });
  const rows = page.edges.map(({ row }) => row);
  if (json) return success(jsonText({ totalCount: page.totalCount, writes: rows.map(jsonOfRow) }));
  const heads = ['TENANT', 'KEY', 'STATUS', 'KIND', 'GROUP', 'ASKED', 'CREATED', 'AGE'];
  const table = rows.map((row) => [
    row.tenantId,
    row.idempotencyKey,
    statusOfState(row.state),
    row.kind,
    row.groupId ?? '-',
    askedText(row),
    instant(row.createdAtMs),
    age(row.createdAtMs),
  ]);
  const shown =
    rows.length < page.totalCount
      ? `${rows.length} of ${page.totalCount} writes`
      : `${rows.length} ${rows.length === 1 ? 'write' : 'writes'}`;
  return success(
    `${rows.length === 0 ? '' : columns([heads, ...table].map((line) => line.map(terminalText)))}${shown}\n`,
  );
}

async function show(desk: Desk, key: string, options: Options): Promise<CommandOutput> {
  const row = await find(desk, key);
  const audit = await desk.ledger.audit(row.tenantId, row.idempotencyKey);
  const tenant = desk.tenantById(row.tenantId);
  const evidence = await evidenceOf(desk, row, tenant);
  if (options.json) {
    const rows = evidence.rows.map(({ activity, fits, doesNotFit }) => ({
      activity: printable(activity),
      fits,
      doesNotFit,
    }));
    return success(
      jsonText({ ...jsonOfRow(row), audit: audit.map(jsonOfAudit), evidence: rows, evidenceNote: evidence.note }),
    );
  }
  return success(
    [
      fields(row),
      '\nAudit\n',
      columns(audit.map((entry) => auditLine(entry).map(terminalText))),
      ...(row.state === 'unknown' ? ['\nEvidence\n', evidenceText(row, evidence)] : []),
    ].join(''),
  );
}

interface FoundEvidence {
  readonly rows: readonly Evidence[];
  readonly note: string | null;
}

async function evidenceOf(desk: Desk, row: LedgerRow, tenant: Tenant | null): Promise<FoundEvidence> {
  if (row.state !== 'unknown') return { rows: [], note: null };
  if (tenant?.xtracta === null || tenant === null) {
    return { rows: [], note: 'The settings hold no api key of this tenant, so its history cannot be read from here.' };
  }
  if (row.groupId === null) {
    return {
      rows: [],
      note: 'The group of this write is not known, or no history shows such a write: ask the vendor.',
    };
  }
  const operation = await findOperation(desk.scopeOf(tenant, null), row.idempotencyKey);
  const rows = (await operation?.evidenceFit()) ?? [];
  return {
    rows,
    note:
      rows.length === 0
        ? 'No row appeared since it was sent, or the history cannot be read just now. That proves nothing: a row may be late.'
        : null,
  };
}

async function reconcile(desk: Desk, key: string, options: Options): Promise<CommandOutput> {
  const row = await find(desk, key);
  const tenant = desk.tenantById(row.tenantId);
  if (tenant === null) throw new UsageError('The settings hold no credentials of this tenant.');
  return settled(
    await reconcileBillingOperation(desk.scopeOf(tenant, nameOf(options)), row.idempotencyKey),
    row,
    options,
  );
}

async function resolve(desk: Desk, key: string, options: Options): Promise<CommandOutput> {
  const row = await find(desk, key);
  // A decision needs no upstream, so it can be made for a tenant whose key callers bring themselves.
  const tenant = desk.tenantById(row.tenantId) ?? { id: row.tenantId, xtracta: null, credits: null };
  const input = {
    idempotencyKey: row.idempotencyKey,
    outcome: options.outcome === 'succeeded' ? 'SUCCEEDED' : 'REJECTED',
    note: options.note ?? '',
  } as const;
  return settled(await resolveBillingOperation(desk.scopeOf(tenant, nameOf(options)), input), row, options);
}

/** Exit code 0: it is settled; 2: it is as unknown as before; 1: it could not be done. */
function settled({ operation, userErrors }: OperationPayload, row: LedgerRow, { json }: Options): CommandOutput {
  const status = operation?.status ?? null;
  const exitCode = userErrors.length > 0 ? 1 : status === 'OUTCOME_UNKNOWN' ? 2 : 0;
  if (json)
    return {
      exitCode,
      out: jsonText({ idempotencyKey: row.idempotencyKey, tenant: row.tenantId, status, userErrors }),
      err: '',
    };
  const errors = userErrors.map(({ code, message }) => `${code}: ${message}\n`).join('');
  const before = statusOfState(row.state);
  const word = status === null || status === before ? `is still ${before}` : `was ${before} and is ${status}`;
  const hint =
    exitCode === 2
      ? 'The history does not prove it. "ledger show" has the evidence, "ledger resolve" records your decision.\n'
      : '';
  return { exitCode, out: terminalText(`${row.idempotencyKey} ${word}.`).concat('\n', hint), err: errors };
}

async function find({ ledger, tenantIds }: Desk, key: string): Promise<LedgerRow> {
  const found: LedgerRow[] = [];
  for (const tenantId of tenantIds) {
    const row = await ledger.find(tenantId, key);
    if (row !== null) found.push(row);
  }
  const [row, ...others] = found;
  if (row === undefined) throw new UsageError('No write with this key is known; --tenant says whose it is.');
  if (others.length > 0) throw new UsageError('More than one tenant has this key: --tenant says whose is meant.');
  return row;
}

function fields(row: LedgerRow): string {
  const lines: (readonly [string, string | null])[] = [
    ['key', row.idempotencyKey],
    ['tenant', row.tenantId],
    ['kind', row.kind],
    ['status', statusOfState(row.state)],
    ['asked', askedText(row)],
    ['group', row.groupId],
    ['held documents', row.deletesDocuments ? 'asked to be deleted' : 'asked to be processed'],
    ['created', `${instant(row.createdAtMs)} (${age(row.createdAtMs)} ago)`],
    ['sent', row.sentAtMs === null ? null : instant(row.sentAtMs)],
    ['completed', row.completedAtMs === null ? null : instant(row.completedAtMs)],
    ['answer', row.answer?.kind === 'failure' ? `${row.answer.failure.code}: ${row.answer.failure.message}` : null],
    ['upstream', row.answer?.kind === 'failure' ? upstreamText(row) : null],
    ['settled by', row.resolution === null ? null : resolutionText(row)],
  ];
  return lines
    .filter((line): line is readonly [string, string] => line[1] !== null)
    .map(([name, text]) => `${wrapped(`${name.padEnd(15)} ${terminalText(text)}`, 120, ' '.repeat(16))}\n`)
    .join('');
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

/** What was asked for, as far as it may be stored: ids and counts. */
function askedText({ input }: LedgerRow): string {
  if (typeof input !== 'object' || input === null) return '-';
  const parts = Object.entries(input).filter(([, value]) => value !== null && typeof value !== 'object');
  return parts.length === 0 ? '-' : parts.map(([name, value]) => `${name} ${String(value)}`).join(', ');
}

function evidenceText(row: LedgerRow, { rows, note }: FoundEvidence): string {
  const asked = `asked: ${askedText(row)}, group ${row.groupId ?? 'unknown'}, sent ${row.sentAtMs === null ? 'never' : instant(row.sentAtMs)}\n`;
  if (note !== null) return `${terminalText(asked.trim())}\n${note}\n`;
  const shown = rows.map(({ activity, fits, doesNotFit }) => {
    const parts = [
      ['row', activity.id],
      ['kind', activity.kind],
      ['name', valueText(activity.planName)],
      ['documents', valueText(activity.allowedDocuments)],
      ['price', priceText(activity.price)],
      ['start', valueText(activity.startDate)],
    ].map(([name = '', value = '']) => `${name} ${value}`);
    const against = doesNotFit.length === 0 ? 'nothing contradicts' : `does not fit: ${doesNotFit.join(', ')}`;
    return `${terminalText(parts.join(', '))}\n  fits: ${fits.join(', ') || 'nothing'}\n  ${against}\n`;
  });
  return `${terminalText(asked.trim())}\n${shown.join('')}`;
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

function auditLine({ atMs, from, to, by, subject, note }: AuditEntry): readonly string[] {
  return [instant(atMs), `${from ?? '(new)'} -> ${to}`, by, subject ?? '', note ?? ''];
}

function jsonOfRow(row: LedgerRow): object {
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

function jsonOfAudit({ atMs, from, to, by, subject, note }: AuditEntry): object {
  return { at: instant(atMs), from, to, by, subject, note };
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** How long ago, in the largest unit that is at least two. */
function age(sinceMs: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - sinceMs) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

function success(out: string): CommandOutput {
  return { exitCode: 0, out, err: '' };
}
