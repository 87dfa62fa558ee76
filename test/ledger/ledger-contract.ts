import { describeClaims } from './claims-contract.js';
import { describeProcesses } from './processes-contract.js';
import { describeRunOnce } from './run-once-contract.js';
import { describeRunOnceFaults } from './run-once-faults-contract.js';
import { describeUpkeep } from './upkeep-contract.js';

/** The suite that every store passes. `newUrl` names an empty ledger each time. */
export function describeLedgerContract(store: string, newUrl: () => Promise<string>): void {
  describeClaims(store, newUrl);
  describeUpkeep(store, newUrl);
  describeRunOnce(store, newUrl);
  describeRunOnceFaults(store, newUrl);
  describeProcesses(store, newUrl);
}
