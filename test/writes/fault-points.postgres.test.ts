import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { removeGatewayFolders } from '../support/start-gateway.js';
import { findPostgres, startPostgres, type TestPostgres } from '../support/start-postgres.js';
import { describeFaultPoints } from './describe-fault-points.js';

const binaries = findPostgres();

if (binaries === null) {
  process.stderr.write('Left out: the fault points on PostgreSQL (initdb and postgres are not installed).\n');
  describe('the fault points on PostgreSQL', () => {
    it('are left out where PostgreSQL is not installed', () => {
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
    await removeGatewayFolders();
  });
  describeFaultPoints('PostgreSQL', () => server.createLedgerSpace());
}
