import type { Ledger, LedgerOptions } from './ledger.js';

/**
 * Opens the ledger that the URL names and brings its tables up to date: `sqlite:PATH` (relative to the working directory, or
 * absolute) or `postgres://…`. Throws `TypeError` for any other URL, `LedgerUnavailable` when it cannot be opened. The message never
 * holds the URL, which may carry a password.
 */
export async function openLedger(url: string, options: LedgerOptions = {}): Promise<Ledger> {
  if (url.startsWith('sqlite:')) {
    const { openSqliteLedger } = await import('./sqlite/sqlite.ledger.js');
    return openSqliteLedger(url.slice('sqlite:'.length), options);
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { openPostgresLedger } = await import('./postgres/postgres.ledger.js');
    return openPostgresLedger(url, options);
  }
  throw new TypeError('The ledger URL must begin with sqlite: or postgres://');
}
