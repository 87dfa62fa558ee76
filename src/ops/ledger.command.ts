import { parseArgs } from 'node:util';
import { createAuthenticator } from '../auth/authenticate.js';
import type { BillingOperationStatus } from '../billing/billing-writes.js';
import { examineRow } from '../billing/examine-row.js';
import {
  type OperationPayload,
  reconcileBillingOperation,
  resolveBillingOperation,
} from '../billing/settle-operations.js';
import { statesOfStatus, statusOfState } from '../billing/write-outcome.js';
import type { WriteScope } from '../billing/write-scope.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { SCOPES, type Tenant } from '../domain/caller.js';
import { BillingError } from '../domain/errors.js';
import { ACCOUNT_KINDS } from '../domain/upstream-operations.js';
import { type Ledger, LedgerUnavailable } from '../idempotency/ledger.js';
import type { LedgerRow } from '../idempotency/ledger-states.js';
import { openLedger } from '../idempotency/open-ledger.js';
import { RunOnce } from '../idempotency/run-once.js';
import { createLogger } from '../observability/logger.js';
import { XtractaClient } from '../upstreams/xtracta/xtracta.client.js';
import {
  age,
  askedText,
  auditLine,
  changeText,
  command,
  decision,
  evidenceText,
  type FoundEvidence,
  fields,
  instant,
  jsonOfAudit,
  jsonOfRow,
  nextText,
  OUTCOMES,
} from './ledger-text.js';
import {
  type CommandOutput,
  columns,
  type Environment,
  jsonText,
  NotThereError,
  terminalText,
  UsageError,
} from './ops-output.js';
import { printable } from './read.command.js';

export const LEDGER_USAGE = `Usage: node dist/main.js ledger list [--status STATUS] [--tenant T] [--limit N] [--json]
       node dist/main.js ledger show KEY [--tenant T] [--json]
       node dist/main.js ledger reconcile KEY [--tenant T] --by NAME [--json]
       node dist/main.js ledger resolve KEY [--tenant T] --outcome succeeded|rejected --note TEXT --by NAME [--json]

Shows and settles writes in the ledger of LEDGER_URL, beside running gateways, with their settings. It sends no write.

  list             newest first; without --tenant: writes of every tenant in the settings, and unknown outcomes of all tenants
  show             the request and the result; for an unknown outcome also each new row of the history, and the next command
  reconcile        settles an unknown outcome if the history proves it
  resolve          records your decision about an unknown outcome; it is kept for ever, with your name and note

  --status STATUS  unknown, in_progress, succeeded, rejected or not_sent; also as list shows it
  --tenant T       default: the only tenant of the settings
  --by NAME        your name, for the audit
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
  // The printed command lines have NAME as a placeholder.
  const isFilledIn = name !== '' && name !== 'NAME';
  if (!isFilledIn || name.length > 200 || /\p{Cc}/u.test(name)) throw new UsageError('--by takes your name.');
  return name;
}

/** The means of an operator: the ledger, the upstream's reads, and the tenants of the settings. */
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

/** The named tenant; else all tenants of the settings and all tenants with an unknown outcome. */
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

/** A scope with which an operator may see and settle everything of a tenant, but send no write. */
function scopeOf(ledger: Ledger, xtracta: XtractaClient, tenant: Tenant, by: string | null): WriteScope {
  const ignore = (): void => undefined;
  return {
    services: {
      xtracta,
      credits: null,
      ledger,
      runOnce: new RunOnce({ ledger }),
      presentLimits: () => null,
      takeAllowance: () => ({ ok: true }),
      // Nothing to do: running gateways keep their reads for about a minute anyway.
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

/** The word of the usage, or the status in the form of `list`. */
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
  // A decision needs no upstream, so it also works for a tenant whose callers bring their own key.
  const tenant = desk.tenantById(row.tenantId) ?? { id: row.tenantId, xtracta: null, credits: null };
  const input = {
    idempotencyKey: row.idempotencyKey,
    outcome: options.outcome === 'succeeded' ? 'SUCCEEDED' : 'REJECTED',
    note: options.note ?? '',
  } as const;
  return settled(await resolveBillingOperation(desk.scopeOf(tenant, nameOf(options)), input), row, options);
}

/** Exit code 0: the write is settled; 2: its outcome is still unknown; 1: the command failed. */
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
  if (others.length > 0) throw new UsageError('More than one tenant has this key: name the tenant by --tenant.');
  return row;
}

function success(out: string): CommandOutput {
  return { exitCode: 0, out, err: '' };
}
