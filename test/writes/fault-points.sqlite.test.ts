import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { removeGatewayFolders } from '../support/start-gateway.js';
import { describeFaultPoints } from './describe-fault-points.js';

const directory = mkdtempSync(join(tmpdir(), 'fault-points-'));
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await removeGatewayFolders();
});

describeFaultPoints('SQLite', async () => `sqlite:${join(directory, 'ledger.sqlite')}`);
