import { parseArgs } from 'node:util';
import { createAuthenticator } from '../auth/authenticate.js';
import type { BillingOperationStatus, Evidence } from '../billing/billing-writes.js';
import { examineRow, type RowExamination } from '../billing/examine-row.js';
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
import { ACCOUNT_KINDS } from '../domain/upstream-operations.js';
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
  NotThereError,
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
  show             what was asked, what happened, of an unknown outcome each new row of the history beside what was asked, and the next command
  reconcile        settles an unknown outcome if the history proves it
  resolve          records your decision about an unknown outcome; it is kept for ever, with your name and note

  --status STATUS  unknown, in_progress, succeeded, rejected or not_sent; also as list shows it
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
    throw new UsageError('Give list alone, or show, reconcile or resolve with one KEY.');
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
  // NAME itself stands in the command lines that are printed to be filled in.
  const isFilledIn = name !== '' && name !== 'NAME';
  if (!isFilledIn || name.length > 200 || /\p{Cc}/u.test(name)) throw new UsageError('--by takes your name.');
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
    const isForOperator =
      error instanceof BillingError || error instanceof LedgerUnavailable || error instanceof NotThereError;
    if (!isForOperator) throw error;
    return { exitCode: 1, out: '', err: `${terminalText(error.message)}\n` };
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

/** The word of the usage, or the status as `list` shows it. */
function wantedStatus({ status }: Options): BillingOperationStatus | undefined {
  if (status === undefined) return undefined;
  const shown = Object.values(STATUSES).find((name) => name === status);
  if (shown !== undefined) return shown;
  if (Object.hasOwn(STATUSES, status)) return STATUSES[status];
  throw new UsageError(`--status takes one of ${Object.keys(STATUSES).join(', ')}.`);
}

async function list({ ledger, tenantIds }: Desk, options: Options): Promise<CommandOutput> {
  const { limit, json } = options;
  const wanted = wantedStatus(options);
  if (!/^[1-9]\d{0,3}$/.test(limit)) throw new UsageError('--limit takes a number from 1 to 9999.');
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
  const unknown = rows.find(({ state }) => state === 'unknown');
  const next = unknown === undefined ? '' : `\nNext: ${command('show', unknown)}\n`;
  return success(
    `${rows.length === 0 ? '' : columns([heads, ...table].map((line) => line.map(terminalText)))}${shown}\n${next}`,
  );
}

/** A command line that can be pasted: `NAME` and the like are left to fill in. */
function command(verb: string, { idempotencyKey, tenantId }: LedgerRow, more = ''): string {
  return `node dist/main.js ledger ${verb} ${shellWord(idempotencyKey)} --tenant ${shellWord(tenantId)}${more}`;
}

function shellWord(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : `'${terminalText(text).replaceAll("'", `'\\''`)}'`;
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
      ...(row.state === 'unknown' ? ['\nEvidence\n', evidenceText(row, evidence), nextText(row, evidence)] : []),
    ].join(''),
  );
}

interface FoundEvidence {
  readonly rows: readonly Evidence[];
  /** What was asked for, as the catalogue names it now. */
  readonly wanted: RowExamination['wanted'];
  readonly note: string | null;
}

const NOTHING_READ = { rows: [], wanted: null } as const;

async function evidenceOf(desk: Desk, row: LedgerRow, tenant: Tenant | null): Promise<FoundEvidence> {
  if (row.state !== 'unknown') return { ...NOTHING_READ, note: null };
  if (ACCOUNT_KINDS.includes(row.kind)) {
    return { ...NOTHING_READ, note: 'No history shows purchases of credits.' };
  }
  if (tenant?.xtracta === null || tenant === null) {
    return {
      ...NOTHING_READ,
      note: 'The settings hold no api key of this tenant, so its history cannot be read from here.',
    };
  }
  try {
    const { services, call } = desk.scopeOf(tenant, null);
    const read = await examineRow(services, tenant.xtracta, row, call);
    if (read === null) return { ...NOTHING_READ, note: 'The group of this write is not known, so no history is read.' };
    const { evidence: rows, wanted } = read;
    const noRow = 'No row appeared since it was sent. That proves nothing: a row may be late.';
    const note = rows.length === 0 ? noRow : wanted === null ? NO_CATALOGUE : null;
    return { rows, wanted, note };
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    const note = `The history cannot be read just now (${error.code}). That says nothing about the write: try again later.`;
    return { ...NOTHING_READ, note };
  }
}

const NO_CATALOGUE = 'The catalogue cannot be read, or lacks what was asked for. Without it no row proves the write.';

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
  const out = `${terminalText(`${row.idempotencyKey} ${changeText(row, status)}.`)}\n`;
  const hint = `The history does not prove it. See what there is, or decide (${OUTCOMES}):\n  ${command('show', row)}\n  ${decision(row)}\n`;
  return { exitCode, out: exitCode === 2 ? out + hint : out, err: errors };
}

/** What became of the row. The note of a decision that came too late is kept nowhere, so whose is kept is said. */
function changeText(row: LedgerRow, status: BillingOperationStatus | null): string {
  const before = statusOfState(row.state);
  if (status !== null && status !== before) return `was ${before} and is ${status}`;
  if (row.state !== 'succeeded' && row.state !== 'rejected') return `is still ${before}`;
  const by = row.resolution === null ? '' : ` (settled by ${resolutionText(row)})`;
  return `was ${before} before${by}: nothing was changed`;
}

async function find({ ledger, tenantIds }: Desk, key: string): Promise<LedgerRow> {
  const found: LedgerRow[] = [];
  for (const tenantId of tenantIds) {
    const row = await ledger.find(tenantId, key);
    if (row !== null) found.push(row);
  }
  const [row, ...others] = found;
  if (row === undefined) {
    const whose = tenantIds.length === 1 ? `the tenant ${tenantIds[0] ?? ''}` : 'any tenant of the settings';
    throw new NotThereError(`There is no write with this key of ${whose}. "ledger list" shows keys and tenants.`);
  }
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

function evidenceText(row: LedgerRow, { rows, wanted, note }: FoundEvidence): string {
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

const OUTCOMES = 'OUTCOME: succeeded or rejected';

/** What the operator may do now, as command lines. */
function nextText(row: LedgerRow, { rows, wanted }: FoundEvidence): string {
  const isProved = wanted !== null && rows.some(({ doesNotFit }) => doesNotFit.length === 0);
  if (isProved) return `\nNext: ${command('reconcile', row, ' --by NAME')}\n`;
  const wait = ACCOUNT_KINDS.includes(row.kind) || rows.length > 0 ? '' : 'wait an hour for a late row, then ';
  return `\nNext: ${wait}ask the upstream's support whether it was carried out, and record the answer (${OUTCOMES}).\n  ${decision(row)}\n`;
}

function decision(row: LedgerRow): string {
  return command('resolve', row, " --outcome OUTCOME --note 'REASON' --by NAME");
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
