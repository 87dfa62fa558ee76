import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Ledger } from '../../src/idempotency/ledger.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { type OnceResult, RunOnce } from '../../src/idempotency/run-once.js';
import { FUZZ_PATIENCE_MS, fuzzSettings } from '../support/suite.sizes.js';
import {
  CountingUpstream,
  NOT_SENT,
  type Order,
  REJECTED,
  SUCCEEDED,
  sampleOrder,
  UNKNOWN_OUTCOME,
} from './counting-upstream.js';
import { T0 } from './sample-claims.js';

/** Sequences of clicks that are tried. */
const { runs: RUNS, seed } = fuzzSettings('clients that lose their keys', 40);
const WINDOW_MS = 300_000;

/**
 * What becomes of a write: of those that "get lost" the upstream does the work, or not, and nobody is told; of those
 * that "crash" the replica dies with the claim made, or with the request on its way.
 */
type Fate = keyof typeof OUTCOMES | 'crashes unsent' | 'crashes sent';
const OUTCOMES = {
  succeeds: SUCCEEDED,
  rejects: REJECTED,
  'is away': NOT_SENT,
  'gets lost done': UNKNOWN_OUTCOME,
  'gets lost undone': UNKNOWN_OUTCOME,
} as const;

/** One click of a client that makes a new key each time, or keeps the last one. */
interface Click {
  /** Since the click before, in milliseconds. */
  readonly afterMs: number;
  /** By how much the clock of the replica is wrong, in milliseconds. */
  readonly clockMs: number;
  readonly quantity: number;
  readonly replica: 0 | 1;
  /** `edited`: the key stays although the form was changed. */
  readonly key: 'new' | 'kept' | 'edited';
  /** Whether a second tab clicks at the same instant. */
  readonly twice: boolean;
  /** An agent that reads no response asks so many times more, each time with a new key. */
  readonly loops: number;
  readonly fate: Fate;
  /** What the user says when told of a possible duplicate. */
  readonly wantsAnother: boolean;
  /** The replica's memory is gone after this click. */
  readonly restarts: boolean;
}

const HOUR = 3_600_000;
const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);
const click: fc.Arbitrary<Click> = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 2 * WINDOW_MS })),
  clockMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -HOUR, max: HOUR }) },
  ),
  quantity: fc.integer({ min: 1, max: 2 }),
  replica: fc.constantFrom(0, 1),
  key: fc.constantFrom('new', 'new', 'kept', 'edited'),
  twice: fc.boolean(),
  loops: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) }),
  fate: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom<Fate>('succeeds') },
    { weight: 8, arbitrary: fc.constantFrom<Fate>('rejects', 'is away', 'gets lost done', 'gets lost undone') },
    { weight: 1, arbitrary: fc.constantFrom<Fate>('crashes unsent', 'crashes sent') },
  ),
  wantsAnother: fc.boolean(),
  restarts: rarely,
});

let folder: string;
const ledgers: Ledger[] = [];
const openOne = () => openLedger(`sqlite:${join(folder, 'ledger.sqlite')}`, { sweepIntervalMs: 0 });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-client-'));
  ledgers.push(await openOne(), await openOne());
});
afterAll(async () => {
  await Promise.all(ledgers.map((ledger) => ledger.close()));
  await rm(folder, { recursive: true, force: true });
});

/** A charge: what for, when by which clock, under which key, and what the request said that it repeats. */
interface Charge {
  readonly quantity: number;
  readonly sentAtMs: number;
  /** When it was known how it ended. */
  endedAtMs: number;
  readonly key: string;
  readonly repeats: string | null;
}

/** Two replicas, one customer, and an upstream whose charges are counted. */
class Shop {
  readonly charges: Charge[] = [];
  readonly #replicas: RunOnce[];
  #nowMs = T0;
  /** By how much the clock of each replica is wrong. */
  readonly #clocksMs: [number, number] = [0, 0];
  #keys = 0;

  constructor(readonly tenantId: string) {
    this.#replicas = [this.#start(0), this.#start(1)];
  }

  newKey(): string {
    this.#keys += 1;
    return `${this.tenantId}.${this.#keys}.key`;
  }

  pass({ afterMs, clockMs, replica }: Click): void {
    this.#nowMs += afterMs;
    this.#clocksMs[replica] = clockMs;
  }

  restart(replica: 0 | 1): void {
    this.#replicas[replica] = this.#start(replica);
  }

  async send(click: Click, key: string, repeats: string | null): Promise<OnceResult<Order> | 'crashed'> {
    const { replica, quantity, fate } = click;
    let arrive = (): void => undefined;
    const arrived = new Promise<'crashed'>((resolve) => {
      arrive = () => resolve('crashed');
    });
    const never = new Promise<never>(() => undefined);
    const charge = () => {
      const nowMs = this.#now(replica);
      this.charges.push({ quantity, sentAtMs: nowMs, endedAtMs: nowMs, key, repeats });
    };
    const steps = new CountingUpstream().steps({
      baseline: async () => {
        if (fate !== 'crashes unsent') return null;
        arrive();
        return never;
      },
      send: async () => {
        if (fate === 'succeeds' || fate === 'gets lost done' || fate === 'crashes sent') charge();
        if (fate !== 'crashes sent' && fate !== 'crashes unsent') return OUTCOMES[fate];
        arrive();
        return never;
      },
    });
    const { tenantId } = this;
    const request = sampleOrder({
      tenantId,
      credentialId: tenantId,
      idempotencyKey: key,
      input: { quantity },
      guards: () => ({ forbidden: null, repeats, terms: { kind: 'none' } }),
    });
    const result = await Promise.race([required(this.#replicas[replica]).run(request, steps), arrived]);
    met.add(result === 'crashed' ? result : result.kind);
    if (result !== 'crashed') return result;
    // Whoever else asks this replica meanwhile is cut off as well, and their request is not carried out here.
    await required(ledgers[replica]).close();
    ledgers[replica] = await openOne();
    this.restart(replica);
    return result;
  }

  /** Somebody finds out how every write of unknown outcome ended, and says so. */
  async settle(): Promise<void> {
    const ledger = required(ledgers[0]);
    await ledger.sweepOrphans();
    const unknown = { states: ['unknown'], groupIds: null, limit: 100, afterCursor: null } as const;
    const { edges } = await ledger.list(this.tenantId, unknown);
    for (const { row } of edges) {
      const charge = this.charges.find(({ key }) => key === row.idempotencyKey);
      if (charge !== undefined) charge.endedAtMs = this.#nowMs;
      const resolution = { by: 'operator', atMs: this.#nowMs, note: 'Seen on the bill.', subject: 'jane' } as const;
      const to = charge !== undefined ? 'succeeded' : 'rejected';
      await ledger.advance(row, { from: 'unknown', to, by: 'operator', atMs: this.#nowMs, resolution });
    }
  }

  #now(replica: 0 | 1): number {
    return this.#nowMs + this.#clocksMs[replica];
  }

  #start(replica: 0 | 1): RunOnce {
    return new RunOnce({
      ledger: required(ledgers[replica]),
      now: () => this.#now(replica),
      duplicateWindowMs: WINDOW_MS,
      duplicateWaitMs: 20,
      pollIntervalMs: 1,
    });
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('No such replica.');
  return value;
}

let runs = 0;
/** Everything that clients were told. */
const met = new Set<string>();

describe('a client that loses its keys', () => {
  it(
    `is charged a second time only by repeats, and always can be (${RUNS} sequences of clicks)`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(click, { minLength: 2, maxLength: 8 }), async (clicks) => {
          runs += 1;
          const shop = new Shop(`tenant-${runs}`);
          const kept = new Map<number, string>();
          let last = shop.newKey();
          for (const each of clicks) {
            shop.pass(each);
            const chosen = { new: undefined, kept: kept.get(each.quantity), edited: last }[each.key];
            const key = chosen ?? shop.newKey();
            kept.set(each.quantity, key);
            last = key;
            const isCrash = each.fate.startsWith('crashes');
            const other: Click = {
              ...each,
              replica: each.replica === 0 ? 1 : 0,
              fate: isCrash ? 'succeeds' : each.fate,
            };
            const responses = await Promise.all([
              shop.send(each, key, null),
              ...(each.twice ? [shop.send(other, shop.newKey(), null)] : []),
            ]);
            for (let turn = 0; turn < each.loops; turn += 1) await shop.send(other, shop.newKey(), null);
            const told = responses.find((response) => response !== 'crashed' && response.kind === 'possibleDuplicate');
            if (told !== undefined && each.wantsAnother) await orderAnother(shop, each);
            if (each.restarts) shop.restart(each.replica);
          }
          const [lastClick] = clicks.slice(-1);
          if (lastClick !== undefined) await orderAnother(shop, lastClick);
          shop.charges.forEach(({ quantity, sentAtMs, repeats }, index) => {
            const earlier = shop.charges.slice(0, index).filter((charge) => charge.quantity === quantity);
            if (earlier.every(({ endedAtMs }) => sentAtMs - endedAtMs >= WINDOW_MS)) return;
            expect(repeats).toBe(earlier.at(-1)?.key);
          });
          // One key, one charge.
          expect(new Set(shop.charges.map(({ key }) => key)).size).toBe(shop.charges.length);
        }),
        { numRuns: RUNS, seed },
      );
      for (const kind of ['completed', 'crashed', 'keyReused', 'possibleDuplicate', 'priorUnknown'])
        expect(met).toContain(kind);
    },
    FUZZ_PATIENCE_MS,
  );
});

/** What the user wants knowingly is possible, as soon as it is known how everything before it ended. */
async function orderAnother(shop: Shop, click: Click): Promise<void> {
  await shop.settle();
  const before = shop.charges.length;
  const wish: Click = { ...click, fate: 'succeeds' };
  let response = await shop.send(wish, shop.newKey(), null);
  // Told of the newest at most once more, because another tab may have been first.
  for (let turn = 0; turn < 2 && response !== 'crashed' && response.kind === 'possibleDuplicate'; turn += 1) {
    response = await shop.send(wish, shop.newKey(), response.row.idempotencyKey);
  }
  expect(response).toMatchObject({ kind: 'completed' });
  expect(shop.charges.length).toBe(before + 1);
}
