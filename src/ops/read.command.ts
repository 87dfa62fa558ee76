import { readFile, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parseSettings } from '../config/setting-values.js';
import { UnreadableValue } from '../domain/money.js';
import {
  type CommandOutput,
  columns,
  type Environment,
  jsonText,
  terminalText,
  UsageError,
  wrapped,
} from './ops-output.js';
import { type Reading, readStored, STORED_ENDPOINTS, type StoredEndpoint } from './reading.js';

export const READ_USAGE = `Usage: node dist/main.js read --endpoint NAME FILE [--json] [--quantity N] [--group ID]

Prints the gateway's reading of a stored response, made by the same code as for the wire. FILE is a body, or a head and a body as
"curl -i" writes them; - is the standard input. It sends nothing.

  --endpoint NAME  history, usage, plans, booster, update, billing_ui or purchase
  --quantity N     ordered packs, to compare with a booster's response
  --group ID       the requested group, if any
  --json           one JSON object
`;

/** Twice the largest response that the gateway reads (16 MiB), for a recording with its head. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const SHOWN_ROWS = 50;

export async function readCommand(args: readonly string[], env: Environment): Promise<CommandOutput> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      endpoint: { type: 'string' },
      quantity: { type: 'string' },
      group: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { exitCode: 0, out: READ_USAGE, err: '' };
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('Give one file.');
  if (!isEndpoint(values.endpoint)) {
    throw new UsageError(`--endpoint takes one of ${Object.keys(STORED_ENDPOINTS).join(', ')}.`);
  }
  if (values.quantity !== undefined && !/^[1-9]\d{0,8}$/.test(values.quantity))
    throw new UsageError('--quantity takes a number from 1.');
  if (values.group !== undefined && !/^\d{1,18}$/.test(values.group)) throw new UsageError('--group takes a group id.');
  const reading = await readStored(values.endpoint, await contentOf(file), {
    xtractaUrl: parseSettings(env).values.XTRACTA_URL,
    quantity: values.quantity === undefined ? null : Number(values.quantity),
    groupId: values.group ?? null,
  });
  return { exitCode: 0, out: values.json ? jsonText(jsonOf(reading)) : textOf(reading), err: '' };
}

function isEndpoint(name: string | undefined): name is StoredEndpoint {
  return name !== undefined && Object.hasOwn(STORED_ENDPOINTS, name);
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    if (file !== '-' && (await stat(file)).size > MAX_FILE_BYTES)
      throw new UsageError('The file is larger than 32 MiB.');
    return file === '-' ? await standardInput() : await readFile(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('The file cannot be read.');
  }
}

async function standardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** Values for a person: unreadable values are named; the billing UI's URL and personal data are hidden. */
export function printable(value: unknown, name = ''): unknown {
  if (value instanceof UnreadableValue) return { unreadable: value.element };
  if (Array.isArray(value)) return value.map((item) => printable(item));
  if (typeof value === 'string' && name === 'url') return maskedUrl(value);
  if (typeof value === 'string' && name === 'userId') return '(personal data, not shown)';
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !INTERNAL.has(key))
      .map(([key, item]) => [key, printable(item, key)]),
  );
}

/** Fields for internal use, and the purchase's id, which is part of the request and not of the response. */
const INTERNAL = new Set(['startMs', 'expiryMs', 'group', 'purchaseId']);

/** Hides path and query, because they hold the token that opens the billing UI. */
function maskedUrl(text: string): string {
  const { origin } = new URL(text);
  return `${origin}/(a credential of ${text.length - origin.length} characters, not shown)`;
}

function jsonOf(reading: Reading): unknown {
  const { result, ...rest } = reading;
  return { ...rest, result: 'value' in result ? { ...result, value: printable(result.value) } : result };
}

function textOf(reading: Reading): string {
  const { endpoint, httpStatus, contentType, bytes, result, drift, notes } = reading;
  const kind = STORED_ENDPOINTS[endpoint];
  const head = [
    httpStatus === null ? 'no HTTP status' : `HTTP ${httpStatus}`,
    `${bytes} bytes`,
    contentType ?? 'no content type',
  ];
  const lines: string[][] = [
    ['endpoint', `${endpoint} (${kind})`],
    ['response', terminalText(head.join(', '))],
    ...notes.map((note) => ['note', note]),
    ...summaryOf(result),
    ['drift', 'value' in result && result.value !== null ? driftText(drift) : 'not counted: there is no value'],
  ];
  const shown = 'value' in result && result.value !== null ? `\n${valueText(printable(result.value))}` : '';
  return `${lines.map(([label = '', text = '']) => wrapped(`${label.padEnd(10)} ${text}`, 120, ' '.repeat(11))).join('\n')}\n${shown}`;
}

function summaryOf(result: Reading['result']): string[][] {
  switch (result.kind) {
    case 'value':
      return [['result', 'read']];
    case 'error':
      return [
        ['result', `error ${result.code}: ${result.message}`],
        ['why', result.why],
      ];
    case 'outcome':
      return [
        ['outcome', result.status],
        ['why', result.why],
        ...(result.code === null ? [] : [['client', `${result.code}: ${result.message ?? ''}`]]),
        ...result.warnings.map(({ code, message }) => ['warning', `${code}: ${message}`]),
      ];
  }
}

function driftText(drift: Reading['drift']): string {
  const found = Object.entries(drift).map(([field, count]) => (count === 1 ? field : `${field} (${count} times)`));
  return found.length === 0
    ? 'none: everything matches the documents'
    : `missing, unknown or unreadable: ${found.join(', ')}`;
}

/** Lists become tables; every other value becomes one line. */
function valueText(value: unknown, path = ''): string {
  if (!isRecord(value)) return `${path}  ${cellText(value)}\n`;
  return Object.entries(value)
    .map(([name, item]) => {
      const label = path === '' ? name : `${path}.${name}`;
      if (Array.isArray(item)) return listText(label, item);
      return isRecord(item) && !isLeaf(item) ? valueText(item, label) : `${label}: ${cellText(item)}\n`;
    })
    .join('');
}

function listText(label: string, items: readonly unknown[]): string {
  const rows = items.filter(isRecord);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const table = rows.slice(0, SHOWN_ROWS).map((row) => names.map((name) => cellText(row[name])));
  const more = rows.length > SHOWN_ROWS ? `… and ${rows.length - SHOWN_ROWS} more; --json has them all\n` : '';
  return `${label}: ${items.length}\n${table.length === 0 ? '' : columns([names, ...table])}${more}`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (isRecord(value)) {
    const { unreadable, amount, currency } = value;
    if (unreadable !== undefined) return '(unreadable)';
    if (amount !== undefined) return `${cellText(amount)} ${currency === null ? '' : cellText(currency)}`.trim();
    return terminalText(JSON.stringify(value));
  }
  return terminalText(typeof value === 'string' ? value : JSON.stringify(value));
}

function isLeaf(value: Record<string, unknown>): boolean {
  return 'unreadable' in value || 'amount' in value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
