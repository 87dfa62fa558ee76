import { describeClaims } from './claims-contract.js';
import { describeOwnGroup } from './own-group-contract.js';
import { describeProcesses } from './processes-contract.js';
import { describeRunOnce } from './run-once-contract.js';
import { describeRunOnceFaults } from './run-once-faults-contract.js';
import { describeUpkeep } from './upkeep-contract.js';

/**
 * The suite that every store passes. `newUrl` names an empty ledger each time; `empty` deletes all rows of one, where
 * that is cheaper.
 */
export function describeLedgerContract(
  store: string,
  newUrl: () => Promise<string>,
  empty?: (url: string) => Promise<void>,
): void {
  describeClaims(store, newUrl, empty);
  describeUpkeep(store, newUrl, empty);
  describeRunOnce(store, newUrl, empty);
  describeRunOnceFaults(store, newUrl, empty);
  describeOwnGroup(store, newUrl, empty);
  describeProcesses(store, newUrl);
}
