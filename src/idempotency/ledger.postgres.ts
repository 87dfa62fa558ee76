import { type Ledger, type LedgerOptions, LedgerUnavailable } from './ledger.js';

export async function openPostgresLedger(_url: string, _options: LedgerOptions): Promise<Ledger> {
  throw new LedgerUnavailable('PostgreSQL is not supported yet.');
}
