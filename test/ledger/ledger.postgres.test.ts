import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { describeLedgerContract } from './ledger-contract.js';

const binaries = findPostgres();

if (binaries === null) {
  process.stderr.write('Left out: the ledger on PostgreSQL (initdb and postgres are not installed).\n');
  describe('a ledger on PostgreSQL', () => {
    it('is left out where PostgreSQL is not installed', () => {
      expect(findPostgres()).toBeNull();
    });
  });
} else {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres(binaries);
  }, 60_000);
  afterAll(async () => {
    await server.stop();
  });
  describeLedgerContract('PostgreSQL', () => server.createLedgerSpace());
}
