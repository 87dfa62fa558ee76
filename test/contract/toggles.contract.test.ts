import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { isInLoop } from '../support/suite.sizes.js';
import { batchingSuite } from './batching.suite.js';
import { billingUiSuite } from './billing-ui.suite.js';
import { catalogueSuite } from './catalogue.suite.js';
import { type ContractStand, type ContractWorld, openContractStand } from './contract.harness.js';
import { creditsSuite } from './credits.suite.js';
import { historySuite } from './history.suite.js';
import { partialResponsesSuite } from './partial-responses.suite.js';
import { planSuite } from './plan.suite.js';
import { POSITIONS } from './toggle.differences.js';
import { unknownOutcomesSuite } from './unknown-outcomes.suite.js';
import { writesSuite } from './writes.suite.js';

// These tests start two whole gateways, and the machine may be busy.
jest.setTimeout(60_000);

/** The defaults, and the other positions; the developer's loop has a fifth of them. */
const positions = POSITIONS.filter((_position, index) => isInLoop(index, 5));

let stand: ContractStand;

beforeAll(async () => {
  stand = await openContractStand(positions);
});
afterAll(() => stand.close());

// The order matters, because later histories show the bought items.
describe.each(positions)('with $name', (position) => {
  const { facts } = position;
  const open = (): ContractWorld => {
    const world = stand.worlds.get(position);
    if (world === undefined) throw new Error(`no world for ${position.name}`);
    return world;
  };

  batchingSuite(open, facts);
  planSuite(open, facts);
  historySuite(open, facts);
  catalogueSuite(open, facts);
  partialResponsesSuite(open, facts);
  writesSuite(open, facts);
  unknownOutcomesSuite(open, facts);
  creditsSuite(open, facts);
  billingUiSuite(open, facts);
});
