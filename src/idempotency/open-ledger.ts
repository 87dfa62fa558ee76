import { existsSync, lstatSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Ledger, type LedgerLog, type LedgerOptions, LedgerUnavailable } from './ledger.js';
import { networkFileSystem, postgresOpenFailure, type SqlitePlace, sqliteOpenFailure } from './open-failure.policy.js';

/**
 * Opens the ledger that the URL names and brings its tables up to date: `sqlite:PATH` (relative to the working
 * directory, or absolute) or `postgres://…`. Throws `TypeError` for any other URL, `LedgerUnavailable` when it cannot
 * be opened. The message is for the operator: it says where, why and what to do, and never holds the URL, which may
 * carry a password.
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

/** An error without a cause has a message of its own, such as that of a ledger that a newer version wrote. */
async function explained(opening: Promise<Ledger>, explain: (cause: unknown) => string): Promise<Ledger> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof LedgerUnavailable) || error.cause === undefined) throw error;
    throw new LedgerUnavailable(explain(error.cause), error.cause);
  }
}

function placeOf(file: string): SqlitePlace {
  return { file, kind: kindOf(file), userId: process.getuid?.() ?? null };
}

function kindOf(file: string): SqlitePlace['kind'] {
  try {
    if (!existsSync(file)) return lstatSync(file, { throwIfNoEntry: false }) === undefined ? 'absent' : 'other';
    const status = statSync(file);
    return status.isFile() ? 'file' : status.isDirectory() ? 'folder' : 'other';
  } catch {
    // A folder on the way may not be looked into. The error itself tells so.
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
