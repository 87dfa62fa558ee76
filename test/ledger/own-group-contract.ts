import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Ledger } from '../../src/idempotency/ledger.js';
import { randomRuns } from '../support/suite.sizes.js';
import { LedgerHarness, present } from './ledger.harness.js';
import { type Asked, type OwnGroupReplica, OwnGroupWorld, type Settings, WINDOW_MS } from './own-group.harness.js';

const NONE: Settings = { rootGroupId: null };
const FIVE: Settings = { rootGroupId: '5' };
const SIX: Settings = { rootGroupId: '6' };
const UNNAMED: Asked = { kind: 'order', item: '1', groupId: null };
const NAMED: Asked = { ...UNNAMED, groupId: '5' };

/** Changes of the setting between two requests that name no group. */
const CHANGES: readonly (readonly [string, Settings, Settings])[] = [
  ['comes', NONE, FIVE],
  ['goes', FIVE, NONE],
  ['changes', FIVE, SIX],
  ['stays', FIVE, FIVE],
  ['stays away', NONE, NONE],
];

let tenants = 0;
const newWorld = (): OwnGroupWorld => {
  tenants += 1;
  return new OwnGroupWorld(`tenant-${tenants}`);
};

/** What every store promises of writes on the own group while its number comes, goes and changes in the settings. */
export function describeOwnGroup(
  store: string,
  newUrl: () => Promise<string>,
  empty?: (url: string) => Promise<void>,
): void {
  describe(`the own group on ${store}`, () => {
    const at = new LedgerHarness(newUrl, empty);
    const make = (ledger = at.ledger): { world: OwnGroupWorld; replica: OwnGroupReplica } => {
      const world = newWorld();
      return { world, replica: world.replica(ledger) };
    };
    const rowOf = async ({ tenantId }: OwnGroupWorld, key: string) => present(await at.ledger.find(tenantId, key));

    describe.each(CHANGES)('when the setting %s', (_title, before, after) => {
      it.each(['order', 'plan'] as const)('replays the same key: %s', async (kind) => {
        const { world, replica } = make();
        const first = await replica.write('the-same-key', { ...UNNAMED, kind }, before);
        const again = await replica.write('the-same-key', { ...UNNAMED, kind }, after);
        expect(first).toMatchObject({ word: 'SUCCEEDED', isReplay: false, group: before.rootGroupId });
        expect(again).toEqual({ ...first, isReplay: true });
        expect(world.charges).toHaveLength(1);
      });

      it.each(['order', 'plan'] as const)('refuses an equal write under another key: %s', async (kind) => {
        const { world, replica } = make();
        await replica.write('the-first-key', { ...UNNAMED, kind }, before);
        const second = await replica.write('the-second-key', { ...UNNAMED, kind }, after);
        expect(second).toMatchObject({ word: 'POSSIBLE_DUPLICATE', group: before.rootGroupId });
        const repeated = await replica.write(
          'the-second-key',
          { ...UNNAMED, kind },
          { ...after, repeats: 'the-first-key' },
        );
        expect(repeated).toMatchObject({ word: 'SUCCEEDED', isReplay: false });
        expect(world.charges).toHaveLength(2);
        // The newest of all forms is the one that is to be repeated.
        const stale = await replica.write(
          'the-third-key',
          { ...UNNAMED, kind },
          { ...before, repeats: 'the-first-key' },
        );
        expect(stale).toMatchObject({ word: 'POSSIBLE_DUPLICATE', group: after.rootGroupId });
        world.nowMs += WINDOW_MS;
        expect(await replica.write('the-third-key', { ...UNNAMED, kind }, before)).toMatchObject({ word: 'SUCCEEDED' });
      });

      it('refuses another key while the outcome of an equal write is unknown', async () => {
        const { world, replica } = make();
        await replica.write('the-first-key', UNNAMED, before, 'isUnknown');
        world.nowMs += 10 * WINDOW_MS;
        expect(await replica.write('the-first-key', UNNAMED, after)).toMatchObject({
          word: 'OUTCOME_UNKNOWN',
          isReplay: true,
        });
        expect(await replica.write('the-second-key', UNNAMED, after)).toMatchObject({
          word: 'PRIOR_OUTCOME_UNKNOWN',
          group: before.rootGroupId,
        });
        expect(world.charges).toHaveLength(1);
      });

      it('refuses another key while an equal write of another replica is under way', async () => {
        const { world, replica } = make();
        const other = world.replica(await at.openAnother());
        const held = replica.faults.hold('the-first-key', 'sending', 'after');
        const first = replica.write('the-first-key', UNNAMED, before);
        await held.reached;
        const again = other.write('the-first-key', UNNAMED, after);
        expect(await other.write('the-second-key', UNNAMED, after)).toMatchObject({ word: 'POSSIBLE_DUPLICATE' });
        held.goOn();
        expect(await first).toMatchObject({ word: 'SUCCEEDED', isReplay: false });
        expect(await again).toMatchObject({ word: 'SUCCEEDED', isReplay: true });
        expect(world.charges).toHaveLength(1);
      });

      it('sends a write again that was not sent, and stores it as it is sent then', async () => {
        const { world, replica } = make();
        await replica.write('not-sent-yet', UNNAMED, before, 'isNotSent');
        expect(await replica.write('not-sent-yet', UNNAMED, after)).toMatchObject({
          word: 'SUCCEEDED',
          isReplay: false,
        });
        const groupId = after.rootGroupId;
        expect(world.charges).toMatchObject([{ groupId }]);
        expect(await rowOf(world, 'not-sent-yet')).toMatchObject({
          claim: 2,
          groupId,
          target: groupId === null ? 'group:(own)' : `group:${groupId}`,
        });
        expect(await replica.write('not-sent-yet', UNNAMED, before)).toMatchObject({
          word: 'SUCCEEDED',
          isReplay: true,
        });
        expect(world.charges).toHaveLength(1);
      });

      it('gives back a claim whose acknowledgement was lost when the write was to be sent again', async () => {
        const { world, replica } = make();
        await replica.write('not-sent-yet', UNNAMED, before, 'isNotSent');
        const lost = replica.faults.hold('not-sent-yet', 'claim', 'after');
        const unclear = replica.write('not-sent-yet', UNNAMED, after);
        await lost.reached;
        lost.fail();
        expect(await unclear).toMatchObject({ word: 'LEDGER_UNAVAILABLE' });
        expect(await rowOf(world, 'not-sent-yet')).toMatchObject({ state: 'not_sent', groupId: after.rootGroupId });
        expect(await replica.write('not-sent-yet', UNNAMED, before)).toMatchObject({ word: 'SUCCEEDED' });
        expect(world.charges).toMatchObject([{ groupId: before.rootGroupId }]);
      });

      it('replays what this process knows and could not record yet, or refuses', async () => {
        const { world, replica } = make();
        const lost = replica.faults.hold('known-in-memory', 'outcome', 'before');
        const first = replica.write('known-in-memory', UNNAMED, before);
        await lost.reached;
        const still = replica.faults.hold('known-in-memory', 'outcome', 'before');
        lost.fail();
        expect(await first).toMatchObject({ word: 'SUCCEEDED', isReplay: false });
        const again = replica.write('known-in-memory', UNNAMED, after);
        await still.reached;
        still.fail();
        const { word } = await again;
        // Where the row has another number, only the ledger knows that it is the same write.
        const isCertain = before.rootGroupId === null || before.rootGroupId === after.rootGroupId;
        expect(word).toBe(isCertain ? 'SUCCEEDED' : 'LEDGER_UNAVAILABLE');
        await replica.drain();
        expect(world.charges).toHaveLength(1);
      });
    });

    it('shows the group of the row where only the request is known, not that of the setting', async () => {
      const { world, replica } = make();
      await replica.write('settled-later', UNNAMED, FIVE, 'isUnknown');
      await replica.settle(await rowOf(world, 'settled-later'));
      const { group, value } = await replica.write('settled-later', UNNAMED, SIX);
      expect([group, value]).toMatchObject(['5', { pack: { groupId: '5' } }]);
    });

    it.each<[string, Asked, Settings, Asked, Settings]>([
      ['its number is named from when it is told', UNNAMED, NONE, NAMED, FIVE],
      ['its number is named, and left out once it is told', NAMED, NONE, UNNAMED, FIVE],
      ['its number is left out, and named once it is no longer told', UNNAMED, FIVE, NAMED, NONE],
      ['its number is left out, and named after a change', UNNAMED, FIVE, NAMED, SIX],
    ])('takes two requests for equal where %s', async (_title, first, before, second, after) => {
      const { world, replica } = make();
      expect(await replica.write('one-of-two-keys', first, before)).toMatchObject({ word: 'SUCCEEDED' });
      expect(await replica.write('two-of-two-keys', second, after)).toMatchObject({ word: 'POSSIBLE_DUPLICATE' });
      expect(await replica.write('one-of-two-keys', second, after)).toMatchObject({
        word: 'SUCCEEDED',
        isReplay: true,
      });
      expect(world.charges).toHaveLength(1);
    });

    it.each<[string, Asked, Settings, Asked, Settings]>([
      ['another group is named', UNNAMED, FIVE, { ...UNNAMED, groupId: '6' }, FIVE],
      ['the number is named that the setting has now', UNNAMED, FIVE, { ...UNNAMED, groupId: '6' }, SIX],
      ['a number is named that no setting ever told', UNNAMED, NONE, NAMED, NONE],
      ['a number is left out that no setting ever told', NAMED, NONE, UNNAMED, SIX],
      ['another pack is ordered', UNNAMED, FIVE, { ...UNNAMED, item: '2' }, NONE],
    ])('takes two requests for different where %s', async (_title, first, before, second, after) => {
      const { world, replica } = make();
      expect(await replica.write('one-of-two-keys', first, before)).toMatchObject({ word: 'SUCCEEDED' });
      expect(await replica.write('one-of-two-keys', second, after)).toMatchObject({ word: 'IDEMPOTENCY_KEY_REUSED' });
      expect(await replica.write('two-of-two-keys', second, after)).toMatchObject({ word: 'SUCCEEDED' });
      expect(world.charges).toHaveLength(2);
    });

    it('blocks an equal write alone on the group that had the place of the own group before', async () => {
      const { world, replica } = make();
      await replica.write('the-first-key', UNNAMED, FIVE, 'isUnknown');
      expect(await replica.write('another-pack', { ...UNNAMED, item: '2' }, SIX)).toMatchObject({ word: 'SUCCEEDED' });
      expect(await replica.write('the-same-pack', UNNAMED, SIX)).toMatchObject({ word: 'PRIOR_OUTCOME_UNKNOWN' });
      expect(await replica.write('by-its-number', { ...UNNAMED, groupId: '6' }, SIX)).toMatchObject({
        word: 'SUCCEEDED',
      });
      expect(world.charges).toHaveLength(3);
    });

    it('keeps the numbers of two tenants apart', async () => {
      const { replica } = make();
      await replica.write('the-first-key', UNNAMED, FIVE);
      const other = make();
      await other.replica.write('the-first-key', NAMED, NONE);
      expect(await other.replica.write('the-first-key', UNNAMED, NONE)).toMatchObject({
        word: 'IDEMPOTENCY_KEY_REUSED',
      });
    });

    it('knows the numbers after a restart', async () => {
      const { world, replica } = make();
      await replica.write('the-first-key', UNNAMED, FIVE);
      await at.ledger.close();
      await at.reopen();
      const restarted = world.replica(at.ledger);
      expect(await restarted.write('the-first-key', UNNAMED, NONE)).toMatchObject({
        word: 'SUCCEEDED',
        isReplay: true,
      });
      expect(await restarted.write('the-second-key', UNNAMED, NONE)).toMatchObject({ word: 'POSSIBLE_DUPLICATE' });
      expect(world.charges).toHaveLength(1);
    });

    it.each<[string, Settings]>([
      ['the own group of unknown number', NONE],
      ['a group that is not on it', FIVE],
    ])('shows nothing of a row of %s to a caller with a list of groups', async (_title, before) => {
      const { world, replica } = make();
      await replica.write('key-of-another', UNNAMED, before);
      const listed: Settings = { ...SIX, allowedGroups: new Set(['6']) };
      const reused = await replica.write('key-of-another', UNNAMED, listed);
      const refused = await replica.write('key-of-nobody', UNNAMED, listed);
      expect(reused).toMatchObject({ word: 'IDEMPOTENCY_KEY_REUSED', group: undefined, value: null });
      expect(refused).toMatchObject({ word: 'POSSIBLE_DUPLICATE', group: undefined, value: null });
      expect(refused.message).not.toContain('Secret Pack');
      expect((await replica.writes(listed).operations(null, 100, null)).edges).toEqual([]);
      expect(await replica.writes(listed).operation('key-of-another')).toBeNull();
      expect(world.charges).toHaveLength(1);
    });

    it('settles no row of the own group of unknown number by the history of the group that is told now', async () => {
      const { world, replica } = make();
      await replica.write('without-number', UNNAMED, NONE, 'isUnknown');
      const { operation, userErrors } = await replica.writes(FIVE).reconcile('without-number');
      expect([operation?.status, operation?.groupId, userErrors]).toEqual(['OUTCOME_UNKNOWN', null, []]);
      expect(await operation?.evidenceFit()).toEqual([]);
      await replica.settle(await rowOf(world, 'without-number'));
      expect(await replica.write('another-key-now', UNNAMED, FIVE)).toMatchObject({ word: 'POSSIBLE_DUPLICATE' });
    });

    it('never charges twice, however settings change, replicas die and requests race', async () => {
      const ledgers: [Ledger, Ledger] = [at.ledger, await at.openAnother()];
      let charges = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
          const story = new Story(at, ledgers);
          for (const each of steps) await story.take(each);
          expect(story.lies).toEqual([]);
          charges += story.charges;
        }),
        // A replica that dies costs PostgreSQL several connections.
        { numRuns: randomRuns(store === 'SQLite' ? 200 : 30) },
      );
      expect(charges).toBeGreaterThan(0);
    }, 120_000);
  });
}

const settings = fc.constantFrom(NONE, FIVE, FIVE, SIX);
const request = fc.record({
  key: fc.constantFrom('key-of-a-write-1', 'key-of-a-write-2', 'key-of-a-write-3', 'key-of-a-write-4'),
  asked: fc.record({
    kind: fc.constantFrom('order' as const, 'order' as const, 'plan' as const),
    item: fc.constantFrom('1', '1', '2'),
    groupId: fc.constantFrom(null, null, null, '5', '6'),
  }),
  settings,
  replica: fc.constantFrom(0 as const, 1 as const),
  fate: fc.constantFrom('succeeds' as const, 'succeeds' as const, 'isUnknown' as const, 'isNotSent' as const),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('write' as const),
      requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('waits' as const), ms: fc.constantFrom(1_000, 100_000, WINDOW_MS) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('settles' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('dies' as const),
      request,
      moment: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
);
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Two replicas on one ledger, and what clients send them. Mutable: all of it. */
class Story {
  readonly lies: string[] = [];
  readonly #at: LedgerHarness;
  readonly #ledgers: [Ledger, Ledger];
  readonly #world = newWorld();
  readonly #replicas: [OwnGroupReplica, OwnGroupReplica];
  /** By key: the number of its last claim, and the request that made it. */
  readonly #claims = new Map<string, { readonly claim: number; readonly asked: string }>();

  /** @param ledgers of the replicas; one that dies is replaced */
  constructor(at: LedgerHarness, ledgers: [Ledger, Ledger]) {
    this.#at = at;
    this.#ledgers = ledgers;
    this.#replicas = [this.#world.replica(ledgers[0]), this.#world.replica(ledgers[1])];
  }

  get charges(): number {
    return this.#world.charges.length;
  }

  async take(each: Step): Promise<void> {
    if (each.does === 'waits') this.#world.nowMs += each.ms;
    else if (each.does === 'settles') await this.#settle();
    else if (each.does === 'dies') await this.#die(each.request, each.moment);
    else await this.#write(each.requests);
    this.#compare();
  }

  async #write(requests: readonly Request[]): Promise<void> {
    const known = new Map(this.#claims);
    const inputsOf = (key: string) =>
      new Set(requests.flatMap((other) => (other.key === key ? [JSON.stringify(other.asked)] : [])));
    await Promise.all(
      requests.map(async ({ key, asked, settings: told, replica, fate }) => {
        const { word } = await this.#replicas[replica].write(key, asked, told, fate);
        const isSame = known.get(key)?.asked === JSON.stringify(asked) && inputsOf(key).size === 1;
        if (isSame && word === 'IDEMPOTENCY_KEY_REUSED') this.lies.push(`${key} is not known again`);
      }),
    );
    for (const { key, asked } of requests) await this.#note(key, inputsOf(key).size === 1 ? JSON.stringify(asked) : '');
  }

  /** The replica dies around the step that makes the write durable as sending: nothing is sent after it. */
  async #die({ key, asked, settings: told, replica, fate }: Request, moment: 'before' | 'after'): Promise<void> {
    const dying = this.#replicas[replica];
    const held = dying.faults.hold(key, 'sending', moment);
    await Promise.race([held.reached, dying.write(key, asked, told, fate)]);
    await dying.ledger.close();
    const ledger = await this.#at.openAnother();
    await ledger.sweepOrphans();
    this.#ledgers[replica] = ledger;
    this.#replicas[replica] = this.#world.replica(ledger);
    await this.#note(key, JSON.stringify(asked));
  }

  /** @param asked empty: several inputs raced for the key, and it is not known which won */
  async #note(key: string, asked: string): Promise<void> {
    const row = await this.#ledgers[0].find(this.#world.tenantId, key);
    if (row !== null && row.claim !== this.#claims.get(key)?.claim) {
      this.#claims.set(key, { claim: row.claim, asked });
    }
  }

  /** An operator finds each unknown outcome to be a success. */
  async #settle(): Promise<void> {
    for (const key of this.#claims.keys()) {
      const row = await this.#ledgers[0].find(this.#world.tenantId, key);
      if (row?.state === 'unknown') await this.#replicas[0].settle(row);
    }
  }

  #compare(): void {
    const { charges } = this.#world;
    charges.forEach((charge, index) => {
      for (const later of charges.slice(index + 1)) {
        if (later.key === charge.key) this.lies.push(`${charge.key} was charged twice`);
        const isEqual = later.asked === charge.asked && later.atMs - charge.atMs < WINDOW_MS;
        if (isEqual) this.lies.push(`${charge.asked} was charged twice: ${charge.key}, ${later.key}`);
      }
    });
  }
}
