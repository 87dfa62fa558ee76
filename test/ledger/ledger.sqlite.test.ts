import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeLedgerContract } from './ledger-contract.js';

describeLedgerContract('SQLite', async () => `sqlite:${join(mkdtempSync(join(tmpdir(), 'ledger-')), 'ledger.sqlite')}`);
