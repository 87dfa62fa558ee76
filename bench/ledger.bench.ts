import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { ClaimRequest, Ledger } from '../src/idempotency/ledger.js';
import type { LedgerRow } from '../src/idempotency/ledger-states.js';
import { openLedger } from '../src/idempotency/open-ledger.js';

/**
 * Prints the ledger's share of a write, in microseconds: claim, the change to "sending", the outcome. For another
 * store: `LEDGER_URL=postgres://… node --import @swc-node/register/esm-register bench/ledger.bench.ts`.
 */
const { LEDGER_URL, LEDGER_WRITES = '2000' } = process.env;
const WRITES = Number(LEDGER_WRITES);
const WARM_UP = 200;

class Durations {
  readonly #microseconds: number[] = [];

  async measure<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.#microseconds.push((performance.now() - start) * 1_000);
    return result;
  }

  print(name: string): void {
    const sorted = this.#microseconds.slice(WARM_UP).sort((a, b) => a - b);
    const at = (share: number): string => String(Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0));
    console.log(
      `${name.padEnd(28)} p50 ${at(0.5).padStart(6)} µs   p99 ${at(0.99).padStart(6)} µs   max ${at(1).padStart(6)} µs`,
    );
  }
}

const directory = mkdtempSync(join(tmpdir(), 'ledger-bench-'));
const ledger = await openLedger(LEDGER_URL ?? `sqlite:${join(directory, 'ledger.sqlite')}`);
const steps = { claim: new Durations(), sending: new Durations(), outcome: new Durations(), all: new Durations() };
const run = `bench-${process.pid}`;
let cpu = process.cpuUsage();
for (let index = 0; index < WARM_UP + WRITES; index += 1) {
  if (index === WARM_UP) {
    cpu = process.cpuUsage();
  }
  await steps.all.measure(() => write(ledger, `${run}-${index}`));
}
cpu = process.cpuUsage(cpu);
steps.claim.print('claim');
steps.sending.print('claimed to sending');
steps.outcome.print('sending to succeeded');
steps.all.print('all three, one write');
console.log(
  `CPU, one write: ${Math.round(cpu.user / WRITES)} µs of our own, ${Math.round(cpu.system / WRITES)} µs in the kernel`,
);
await ledger.close();
rmSync(directory, { recursive: true, force: true });

async function write(on: Ledger, idempotencyKey: string): Promise<LedgerRow | null> {
  const request: ClaimRequest = {
    tenantId: 'bench',
    credentialId: 'bench',
    idempotencyKey,
    kind: 'ORDER_BOOSTER_PACK',
    target: 'group:1',
    groupId: '1',
    fingerprint: on.keyedHash(idempotencyKey),
    input: { packId: '7', quantity: 2, heldDocuments: 'PROCESS' },
    deletesDocuments: false,
    atMs: Date.now(),
  };
  const { kind, row } = await steps.claim.measure(() => on.claim(request));
  if (kind !== 'claimed') throw new Error(`The claim answered ${kind}.`);
  const baseline = Array.from({ length: 12 }, (_, index) => String(index));
  const by = 'owner';
  await steps.sending.measure(() =>
    on.advance(row, { from: 'claimed', to: 'sending', by, atMs: Date.now(), baseline }),
  );
  const answer = { kind: 'value', value: { id: '42', price: '99.50' }, warnings: [] } as const;
  return steps.outcome.measure(() =>
    on.advance(row, { from: 'sending', to: 'succeeded', by, atMs: Date.now(), answer }),
  );
}
