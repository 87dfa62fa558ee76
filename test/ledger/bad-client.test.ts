import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Ledger } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { type OnceResult, RunOnce } from '../../src/idempotency/run-once.js';
import { FUZZ_PATIENCE_MS, fuzzSettings } from '../security/fuzz.settings.js';
import { CountingUpstream, NOT_SENT, type Order, REJECTED, SUCCEEDED, sampleOrder } from './counting-upstream.js';
import { T0 } from './sample-claims.js';

/** Sequences of clicks that are tried. */
const { runs: RUNS, seed } = fuzzSettings('clients that lose their keys', 40);
const WINDOW_MS = 300_000;

/** One click of a client that makes a new key each time, or keeps the last one. */
interface Click {
  /** Since the click before, in milliseconds. */
  readonly afterMs: number;
  readonly quantity: number;
  readonly replica: 0 | 1;
  readonly keepsKey: boolean;
  /** Whether a second tab clicks at the same instant. */
  readonly twice: boolean;
  readonly upstream: 'succeeds' | 'rejects' | 'is away';
  /** What the user says when told of a possible duplicate. */
  readonly wantsAnother: boolean;
  /** The replica is gone after this click and another takes its place. */
  readonly restarts: boolean;
}

const click: fc.Arbitrary<Click> = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 2 * WINDOW_MS })),
  quantity: fc.integer({ min: 1, max: 2 }),
  replica: fc.constantFrom(0, 1),
  keepsKey: fc.boolean(),
  twice: fc.boolean(),
  upstream: fc.constantFrom('succeeds', 'succeeds', 'succeeds', 'rejects', 'is away'),
  wantsAnother: fc.boolean(),
  restarts: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

const OUTCOMES = { succeeds: SUCCEEDED, rejects: REJECTED, 'is away': NOT_SENT } as const;

let folder: string;
const ledgers: Ledger[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-client-'));
  for (let replica = 0; replica < 2; replica += 1) {
    ledgers.push(await openLedger(`sqlite:${join(folder, 'ledger.sqlite')}`, { sweepIntervalMs: 0 }));
  }
});
afterAll(async () => {
  await Promise.all(ledgers.map((ledger) => ledger.close()));
  await rm(folder, { recursive: true, force: true });
});

let runs = 0;

describe('a client that loses its keys', () => {
  it(
    `is charged a second time only by repeats, and always can be (${RUNS} sequences of clicks)`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(click, { minLength: 2, maxLength: 8 }), async (clicks) => {
          runs += 1;
          const tenantId = `tenant-${runs}`;
          let nowMs = T0;
          let keys = 0;
          const newKey = (): string => {
            keys += 1;
            return `${tenantId}.${keys}.key`;
          };
          const make = (ledger: Ledger | undefined): RunOnce => {
            if (ledger === undefined) throw new Error('No such replica.');
            return new RunOnce({ ledger, now: () => nowMs, duplicateWindowMs: WINDOW_MS, pollIntervalMs: 1 });
          };
          const replicas = [make(ledgers[0]), make(ledgers[1])];
          /** Every charge: what for, when, and what the request said that it repeats. */
          const charges: { quantity: number; atMs: number; key: string; repeats: string | null }[] = [];
          const send = (
            { replica, quantity, upstream }: Click,
            idempotencyKey: string,
            repeats: string | null,
          ): Promise<OnceResult<Order>> => {
            const once = replicas[replica];
            if (once === undefined) throw new Error('No such replica.');
            return once.run(
              sampleOrder({
                tenantId,
                credentialId: tenantId,
                idempotencyKey,
                input: { quantity },
                guards: { forbidden: null, repeats, terms: { kind: 'none' } },
              }),
              new CountingUpstream().steps({
                send: async () => {
                  if (upstream === 'succeeds') charges.push({ quantity, atMs: nowMs, key: idempotencyKey, repeats });
                  return OUTCOMES[upstream];
                },
              }),
            );
          };
          const kept = new Map<number, string>();
          for (const each of clicks) {
            nowMs += each.afterMs;
            const key = (each.keepsKey ? kept.get(each.quantity) : undefined) ?? newKey();
            kept.set(each.quantity, key);
            const other: Click = { ...each, replica: each.replica === 0 ? 1 : 0 };
            const answers = await Promise.all([
              send(each, key, null),
              ...(each.twice ? [send(other, newKey(), null)] : []),
            ]);
            const told = answers.find((answer) => answer.kind === 'possibleDuplicate');
            if (told?.kind === 'possibleDuplicate' && each.wantsAnother) {
              const before = charges.length;
              const wish: Click = { ...each, upstream: 'succeeds' };
              // Told of the newest at most once more, because the other tab may have been first.
              let answer = await send(wish, newKey(), told.row.idempotencyKey);
              if (answer.kind === 'possibleDuplicate') answer = await send(wish, newKey(), answer.row.idempotencyKey);
              expect(answer.kind).toBe('completed');
              expect(charges.length).toBe(before + 1);
            }
            if (each.restarts) replicas[each.replica] = make(ledgers[each.replica]);
          }
          charges.forEach(({ quantity, atMs, repeats }, index) => {
            const earlier = charges.slice(0, index).findLast((charge) => charge.quantity === quantity);
            if (earlier === undefined || atMs - earlier.atMs >= WINDOW_MS) return;
            expect(repeats).toBe(earlier.key);
          });
        }),
        { numRuns: RUNS, seed },
      );
    },
    FUZZ_PATIENCE_MS,
  );
});
