import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fuzzSettings } from '../support/suite.sizes.js';
import { FAULT_POINTS } from './fault-points.js';
import { type FaultPair, RandomFaultStand } from './random-fault.harness.js';

const { runs, seed } = fuzzSettings('random pairs of faults', 200, 'FAULT');
const PAIRS_AT_ONCE = 100;
const BATCHES = Math.ceil(runs / PAIRS_AT_ONCE);
const BATCH_LIMIT_MS = 20_000;

const wireFault = fc.nat(FAULT_POINTS.length - 1).map((index) => ({ at: 'wire', index }) as const);
const ledgerFault = fc.record({
  at: fc.constant('ledger' as const),
  step: fc.constantFrom('claim' as const, 'sending' as const, 'outcome' as const, 'read' as const),
  moment: fc.constantFrom('before' as const, 'after' as const),
  /** The process dies there, or only the step fails. */
  ends: fc.constantFrom('fails' as const, 'fails' as const, 'dies' as const),
});
const refused = fc.constant({ at: 'refused' } as const);
const fault = fc.oneof({ arbitrary: wireFault, weight: 5 }, { arbitrary: ledgerFault, weight: 5 }, refused);
/**
 * Two faults that meet one write, out of all that can happen on the wire and in the ledger, and what goes on around
 * them.
 */
const pair: fc.Arbitrary<FaultPair> = fc.record({
  faults: fc.tuple(fault, fault),
  attempts: fc.integer({ min: 1, max: 3 }),
  duplicates: fc.integer({ min: 0, max: 2 }),
});

const directory = mkdtempSync(join(tmpdir(), 'random-faults-'));
let stand: RandomFaultStand;

beforeAll(async () => {
  stand = await RandomFaultStand.start(`sqlite:${join(directory, 'ledger.sqlite')}`);
});
afterAll(async () => {
  await stand.close();
  rmSync(directory, { recursive: true, force: true });
});

it(
  `never charges twice and never lies, whichever two faults meet (${BATCHES * PAIRS_AT_ONCE} pairs)`,
  async () => {
    const batch = fc.array(pair, { minLength: PAIRS_AT_ONCE, maxLength: PAIRS_AT_ONCE });
    await fc.assert(
      fc.asyncProperty(batch, async (pairs) => {
        expect(await stand.run(pairs)).toEqual([]);
      }),
      { seed, numRuns: BATCHES, endOnFailure: true },
    );
    process.stderr.write(
      `Random pairs of faults: ${stand.pairs} pairs, ${stand.responses} responses, at most ${stand.most} request per key\n`,
    );
  },
  BATCH_LIMIT_MS * (BATCHES + 1),
);
