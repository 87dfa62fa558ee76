import { appendFileSync } from 'node:fs';
import type { LedgerOptions } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { RunOnce } from '../../src/idempotency/run-once.js';
import { CountingUpstream, SUCCEEDED, workerOrder } from './counting-upstream.js';
import type { WorkerOrder, WorkerReport } from './ledger-workers.js';

// A replica in a process of its own. Every attempt adds a line to the hits file: an upstream that counts across
// processes.

const [, , url = '', hitsFile = ''] = process.argv;
const QUIET: LedgerOptions = { sweepIntervalMs: 0 };
const report = (message: WorkerReport): void => {
  process.send?.(message);
};

const ledger = await openLedger(url, QUIET);
const once = new RunOnce({ ledger, pollIntervalMs: 2, duplicateWaitMs: 60_000 });
report({ kind: 'opened', hash: ledger.keyedHash('same on all replicas') });

process.on('disconnect', () => process.exit());
process.on('message', (order: WorkerOrder) => void carryOut(order));

async function carryOut({ keys, duplicates, hangAt }: WorkerOrder): Promise<void> {
  for (const idempotencyKey of keys) {
    const request = workerOrder(idempotencyKey);
    const step = async (name: 'baseline' | 'send'): Promise<void> => {
      if (name === 'send') {
        appendFileSync(hitsFile, `${idempotencyKey}\n`);
      }
      report({ kind: 'reached', step: name, idempotencyKey });
      if (hangAt === name) {
        await Promise.withResolvers<never>().promise;
      }
    };
    const steps = new CountingUpstream().steps({
      baseline: async () => {
        await step('baseline');
        return { ids: ['1'], before: null };
      },
      send: async () => {
        await step('send');
        return SUCCEEDED;
      },
    });
    const results = await Promise.all(Array.from({ length: duplicates }, () => once.run(request, steps)));
    report({
      kind: 'ran',
      idempotencyKey,
      results: results.map((result) => (result.kind === 'completed' ? result.outcome.kind : result.kind)),
    });
  }
}
