import { accessSync, constants, existsSync, lstatSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Ledger, type LedgerLog, type LedgerOptions, LedgerUnavailable } from './ledger.js';

/**
 * Opens the ledger of the URL and brings its tables up to date: `sqlite:PATH` (relative to the working directory, or
 * absolute) or `postgres://…`. Throws `TypeError` for any other URL, and `LedgerUnavailable` when it cannot be opened.
 * The message tells the operator the place, the reason and the remedy. It never contains the URL, which may have a
 * password.
 */
export async function openLedger(url: string, options: LedgerOptions = {}): Promise<Ledger> {
  if (url.startsWith('sqlite:')) {
    const { openSqliteLedger, sqliteFile } = await import('./sqlite/sqlite.ledger.js');
    const file = sqliteFile(url.slice('sqlite:'.length));
    const ledger = await explained(openSqliteLedger(file, options), (cause) => sqliteOpenFailure(placeOf(file), cause));
    warnOfNetwork(file, options.log);
    return ledger;
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { openPostgresLedger } = await import('./postgres/postgres.ledger.js');
    return explained(openPostgresLedger(url, options), (cause) => postgresOpenFailure(url, cause));
  }
  throw new TypeError('The ledger URL must begin with sqlite: or postgres://');
}

/** An error without a cause has its own message, such as that of a ledger from a newer version. */
async function explained(opening: Promise<Ledger>, explain: (cause: unknown) => string): Promise<Ledger> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof LedgerUnavailable) || error.cause === undefined) throw error;
    throw new LedgerUnavailable(explain(error.cause), error.cause);
  }
}

function placeOf(file: string): SqlitePlace {
  return { file, kind: kindOf(file), folder: folderFault(dirname(file)), userId: process.getuid?.() ?? null };
}

/**
 * Node's code of what keeps new files out of the folder, or of the nearest one above it that exists. Reason: SQLite
 * reports a read-only file system as a missing permission and a full disk as a failed one, and a recursive `mkdir` on a
 * read-only file system fails with ENOENT.
 */
function folderFault(folder: string): string | null {
  try {
    if (!existsSync(folder)) return folderFault(dirname(folder));
    accessSync(folder, constants.W_OK);
    return statfsSync(folder).bavail === 0 ? 'ENOSPC' : null;
  } catch (error) {
    return codesOf(error).code;
  }
}

function kindOf(file: string): SqlitePlace['kind'] {
  try {
    if (!existsSync(file)) return lstatSync(file, { throwIfNoEntry: false }) === undefined ? 'absent' : 'other';
    const status = statSync(file);
    return status.isFile() ? 'file' : status.isDirectory() ? 'folder' : 'other';
  } catch {
    // A folder on the path may not be readable. The driver's error reports that.
    return 'absent';
  }
}

function warnOfNetwork(file: string, log: LedgerLog | undefined): void {
  const fileSystem = networkFileSystem(statfsSync(dirname(file)).type);
  if (fileSystem === null) return;
  log?.error(
    { file, fileSystem },
    `The ledger file lies on a file system of a network (${fileSystem}), where locks and flushes of SQLite can fail: ` +
      'a write can be made twice or be forgotten. Put it on a disk of this machine, or use LEDGER_URL=postgres://….',
  );
}

// Messages for an operator when the ledger cannot be opened: the place, the user, the reason and the remedy. A driver's
// text is never passed on, because it may contain the URL and does not name the setting to change.

/** Facts about the path from the file system. */
interface SqlitePlace {
  readonly file: string;
  readonly kind: 'absent' | 'file' | 'folder' | 'other';
  /** Node's code of a fault of the file's folder. */
  readonly folder: string | null;
  /** Null where the system has no user ids. */
  readonly userId: number | null;
}

interface Reason {
  readonly cause: string;
  readonly remedy: string;
}

const NO_PERMISSION: Reason = {
  cause: 'this user may not write there',
  remedy:
    'Give the file and its folder to this user: SQLite writes the file, and others beside it. In a container, mount ' +
    'a volume that belongs to this user.',
};
const NO_SPACE: Reason = { cause: 'the disk is full', remedy: 'Make room; nothing is lost.' };
const READ_ONLY: Reason = {
  cause: 'the file system is read only',
  remedy: 'Mount it for writing, or let LEDGER_URL name a path on a volume.',
};

/** Reasons by Node's code of a system error. */
const FILE_REASONS: Readonly<Record<string, Reason>> = {
  EACCES: NO_PERMISSION,
  EPERM: NO_PERMISSION,
  EROFS: READ_ONLY,
  ENOSPC: NO_SPACE,
  EDQUOT: NO_SPACE,
  ENOTDIR: { cause: 'a part of the path is a file, not a folder', remedy: 'Correct the path in LEDGER_URL.' },
  EEXIST: { cause: 'a part of the path is a file, not a folder', remedy: 'Correct the path in LEDGER_URL.' },
  ENAMETOOLONG: { cause: 'the path is too long', remedy: 'Shorten the path in LEDGER_URL.' },
  EMFILE: { cause: 'the process may open no more files', remedy: 'Raise the limit of open files (ulimit -n).' },
};

/** Reasons by SQLite's primary result code (https://sqlite.org/rescode.html), with its name. */
const SQLITE_REASONS: Readonly<
  // With `isOfFolder`, a fault of the folder is the better reason.
  Record<number, Reason & { readonly name: string; readonly isOfFolder?: true }>
> = {
  5: {
    name: 'SQLITE_BUSY',
    cause: 'another process holds its lock',
    remedy: 'End whatever has the file open for long, such as a backup or a shell of sqlite3, and start again.',
  },
  8: { name: 'SQLITE_READONLY', isOfFolder: true, ...NO_PERMISSION },
  10: {
    name: 'SQLITE_IOERR',
    isOfFolder: true,
    cause: 'the disk failed to read or write',
    remedy: 'Look at the system log. A network file system is not suitable for a SQLite ledger.',
  },
  11: {
    name: 'SQLITE_CORRUPT',
    cause: 'the file is damaged',
    remedy: 'Keep a copy of it, and restore a backup as docs/operations.md says.',
  },
  13: { name: 'SQLITE_FULL', ...NO_SPACE },
  14: { name: 'SQLITE_CANTOPEN', isOfFolder: true, ...NO_PERMISSION },
  26: {
    name: 'SQLITE_NOTADB',
    cause: 'the file is no SQLite database',
    remedy: 'Correct the path in LEDGER_URL, or restore a backup. Do not delete a file that you do not know.',
  },
};

const FOLDER: Reason = {
  cause: 'the path is a folder',
  remedy: 'Name a file in it, such as LEDGER_URL=sqlite:data/ledger.sqlite.',
};
const NO_FILE: Reason = { cause: 'the path is neither a file nor a folder', remedy: 'Let LEDGER_URL name a file.' };

/** One line about a SQLite ledger that cannot be opened. */
export function sqliteOpenFailure({ file, kind, folder, userId }: SqlitePlace, error: unknown): string {
  const { code, sqliteCode } = codesOf(error);
  const sqlite = sqliteCode === null ? undefined : SQLITE_REASONS[sqliteCode & 0xff];
  const ofFolder = code === 'ENOENT' || sqlite?.isOfFolder ? FILE_REASONS[folder ?? ''] : undefined;
  const ofFile = ofFolder ?? sqlite ?? FILE_REASONS[code ?? ''];
  const known = kind === 'folder' ? FOLDER : kind === 'other' ? NO_FILE : ofFile;
  const label = sqlite?.name ?? (sqliteCode === null ? code : `SQLite code ${sqliteCode}`);
  const user = userId === null ? '' : ` as user ${userId}`;
  return sentence(`The ledger file ${file} cannot be opened${user}`, known, label);
}

const TLS_CA: Reason = {
  cause: "the server's certificate comes from an authority that is not known here",
  remedy:
    'Append sslmode=verify-full&sslrootcert=/path/to/ca.pem to LEDGER_URL, or name the file in NODE_EXTRA_CA_CERTS. ' +
    'sslmode=require verifies too.',
};
const NOT_REACHED: Reason = {
  cause: 'the server does not answer there',
  remedy: 'Check host and port in LEDGER_URL, that the server runs, and that the network lets this machine in.',
};
const NO_SUCH_HOST: Reason = {
  cause: 'the host name is not known',
  remedy: 'Correct the host in LEDGER_URL, or the name resolution of this machine.',
};
const REFUSED_USER: Reason = {
  cause: 'the server refuses this user',
  remedy: "Check user and password in LEDGER_URL, and the server's pg_hba.conf.",
};

/**
 * Reasons by code: Node's, OpenSSL's, or PostgreSQL's SQLSTATE
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const POSTGRES_REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: NOT_REACHED,
  ECONNRESET: NOT_REACHED,
  EHOSTUNREACH: NOT_REACHED,
  ENETUNREACH: NOT_REACHED,
  ETIMEDOUT: NOT_REACHED,
  ENOTFOUND: NO_SUCH_HOST,
  EAI_AGAIN: NO_SUCH_HOST,
  ENOENT: {
    cause: 'a file that LEDGER_URL names (sslrootcert, sslcert, sslkey) or a socket is not there',
    remedy: 'Correct the path.',
  },
  EACCES: {
    cause: 'a file that LEDGER_URL names (sslrootcert, sslcert, sslkey) may not be read',
    remedy: 'Let this user read it.',
  },
  SELF_SIGNED_CERT_IN_CHAIN: TLS_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: TLS_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TLS_CA,
  UNABLE_TO_GET_ISSUER_CERT: TLS_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TLS_CA,
  CERT_HAS_EXPIRED: { cause: "the server's certificate has expired", remedy: 'Renew it, or set the clock right.' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    cause: "the server's certificate is for another name",
    remedy: 'Use a name from the certificate in LEDGER_URL.',
  },
  '28000': REFUSED_USER,
  '28P01': REFUSED_USER,
  '3D000': { cause: 'the server has no such database', remedy: 'Create it, or correct the name in LEDGER_URL.' },
  '3F000': {
    cause: 'there is no schema for the tables',
    remedy: 'Create it, or correct search_path in LEDGER_URL.',
  },
  '42501': {
    cause: 'this user lacks a right',
    remedy: 'GRANT CREATE, USAGE ON SCHEMA to it, at least for the first start.',
  },
  '53300': {
    cause: 'the server takes no more connections',
    remedy: 'Raise max_connections; a replica needs up to 12.',
  },
  '57P03': { cause: 'the server is starting up or shutting down', remedy: 'Start again when it is ready.' },
  '25006': {
    cause: 'the server is read only, perhaps a standby',
    remedy: 'Let LEDGER_URL name the primary (target_session_attrs is not known to the driver).',
  },
  '08P01': {
    cause: 'the other side refuses a parameter of the connection, as a pooler does',
    remedy:
      'Give the address of the server itself. PgBouncer in session mode needs ignore_startup_parameters = ' +
      'extra_float_digits, options, statement_timeout, idle_in_transaction_session_timeout.',
  },
};

const NO_TLS: Reason = {
  cause: 'the server offers no TLS',
  remedy: 'Switch it on there (ssl = on), or leave sslmode out where the network is trusted.',
};

/** One line about a PostgreSQL ledger that cannot be opened. It contains only host, port and database of the URL. */
export function postgresOpenFailure(url: string, error: unknown): string {
  const { code, message } = codesOf(error);
  // The driver's errors for these two have no code.
  const byText = message === 'The server does not support SSL connections' ? NO_TLS : undefined;
  const byWait = /timeout/i.test(message) ? NOT_REACHED : undefined;
  const known = POSTGRES_REASONS[code ?? ''] ?? byText ?? byWait;
  return sentence(`The ledger in PostgreSQL${placeIn(url)} cannot be opened`, known, code);
}

/** Network file systems, by their type from statfs(2). SQLite's locks and flushes are not reliable there. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
  [0x47504653, 'GPFS'],
]);

/** The name of a network file system; null for any other. */
export function networkFileSystem(statfsType: number): string | null {
  // The kernel reports some types as negative 32-bit numbers.
  return NETWORK_FILE_SYSTEMS.get(statfsType >>> 0) ?? null;
}

function sentence(subject: string, reason: Reason | undefined, label: string | null): string {
  const code = label === null ? '' : ` (${label})`;
  if (reason === undefined) return `${subject}${code}.`;
  return `${subject}: ${reason.cause}${code}. ${reason.remedy}`;
}

function placeIn(url: string): string {
  // An `@` behind the host: a password with a slash, of which the host is a part.
  if (!URL.canParse(url) || /[/?#].*@/s.test(url.replace('://', ''))) return '';
  const { host, pathname } = new URL(url);
  return host === '' ? '' : ` at ${host}${pathname}`;
}

/** If several addresses were tried, the first one's code stands for all. */
function codesOf(error: unknown): {
  readonly code: string | null;
  readonly sqliteCode: number | null;
  message: string;
} {
  if (error instanceof AggregateError && error.errors.length > 0) return codesOf(error.errors[0]);
  if (typeof error !== 'object' || error === null) return { code: null, sqliteCode: null, message: '' };
  return {
    code: 'code' in error && typeof error.code === 'string' && error.code !== '' ? error.code : null,
    sqliteCode: 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null,
    message: 'message' in error && typeof error.message === 'string' ? error.message : '',
  };
}
