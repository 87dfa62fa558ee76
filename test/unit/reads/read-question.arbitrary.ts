import fc from 'fast-check';
import type { BillingActivity } from '../../../src/domain/billing-history.js';
import type { Caller } from '../../../src/domain/caller.js';
import { BillingError } from '../../../src/domain/errors.js';
import type { BillingReads } from '../../../src/reads/billing-reads.js';
import { DAY, historyRequest, NOW_MS, NOW_SECONDS, operation, readsFactory } from './reads.fixture.js';
import { type ModelBehaviour, type ModelGroup, UpstreamModel } from './upstream.model.js';

export type Question =
  | { readonly kind: 'plan'; readonly groupId: string; readonly atMs: number }
  | {
      readonly kind: 'page';
      readonly groupId: string;
      readonly fromMs: number;
      readonly toMs: number;
      readonly recursive: boolean;
      readonly size: number;
    }
  | { readonly kind: 'subgroups'; readonly groupId: string }
  | { readonly kind: 'name'; readonly groupId: string };

const GROUPS = ['1', '2', '3', '4', '5', '6', '7'] as const;
/** Mostly the upper groups, so that questions meet; '8' does not exist. */
export const asked = fc.constantFrom('1', '1', '2', '2', ...GROUPS, '8');
const dayMs = fc.integer({ min: -900, max: 500 }).map((day) => NOW_MS + day * DAY * 1000);

function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

/** Windows inside one another, so that wider responses meet narrower questions. */
const nested = fc
  .constantFrom([-900, 500], [-400, 400], [-365, 0], [-30, 0], [-30, -10])
  .map((days) => days.map((day) => NOW_MS + day * DAY * 1000));

const modelRow = fc.record({
  id: fc.constantFrom('1', '2', '03', '10', 'x'),
  startSeconds: fc.integer({ min: -900, max: 500 }).map((day) => NOW_SECONDS + day * DAY),
  periodSeconds: fc.constantFrom(30 * DAY - 1, 365 * DAY - 1),
  fields: fc.record({ kind: fc.constantFrom('RENEW' as const, 'BOOSTER' as const) }),
  hidesDate: fc.boolean(),
  hidesGroup: fc.boolean(),
  groupName: fc.constantFrom('Old', 'New', 'New'),
  times: fc.constantFrom(1, 1, 1, 2),
});

/** What an upstream leaves out of some rows; mostly nothing, or hardly any batch would ever be settled. */
const hiding = fc.constantFrom('nothing', 'nothing', 'dates', 'groups');

/** A forest over the groups: each one's parent comes before it, or it has none. */
export const forest = fc
  .tuple(
    hiding,
    ...GROUPS.map((id, index) =>
      fc.record({
        id: fc.constant<string>(id),
        parent:
          index === 0 ? fc.constant(null) : fc.option(fc.constantFrom<string>(...GROUPS.slice(0, index)), { freq: 5 }),
        rows: fc.array(modelRow, { maxLength: 5 }),
        refused: seldom(fc.constantFrom('UPSTREAM_REJECTED' as const, 'NOT_FOUND' as const)),
      }),
    ),
  )
  .map(([hidden, ...groups]) =>
    groups.map(
      ({ refused, rows, ...group }): ModelGroup => ({
        ...group,
        rows: rows.map((row) => ({
          ...row,
          hidesDate: row.hidesDate && hidden === 'dates',
          hidesGroup: row.hidesGroup && hidden === 'groups',
        })),
        ...(refused === null ? {} : { refuses: refused }),
      }),
    ),
  );

const question: fc.Arbitrary<Question> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('plan' as const),
      groupId: asked,
      atMs: fc.oneof(fc.constant(NOW_MS), dayMs),
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        kind: fc.constant('page' as const),
        groupId: asked,
        ends: fc.oneof(nested, fc.tuple(dayMs, dayMs)),
        recursive: fc.boolean(),
        size: fc.integer({ min: 1, max: 6 }),
      })
      .map(({ ends, ...rest }) => ({ ...rest, fromMs: Math.min(...ends), toMs: Math.max(...ends) })),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('subgroups' as const), groupId: asked }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('name' as const), groupId: asked }) },
);

export async function ask(reads: BillingReads, asking: Question): Promise<unknown> {
  try {
    switch (asking.kind) {
      case 'plan':
        return await reads.plan(asking.groupId, asking.atMs);
      case 'subgroups':
        return await reads.subgroups(asking.groupId);
      case 'name':
        return await reads.groupName(asking.groupId);
      case 'page': {
        const { groupId, fromMs, toMs, recursive, size } = asking;
        const page = await reads.historyPage(
          historyRequest(groupId, { fromMs, toMs, includeSubgroups: recursive, first: size }),
        );
        return { nodes: page.nodes, total: page.totalCount, summary: page.summary, next: page.pageInfo.hasNextPage };
      }
    }
  } catch (error) {
    return error instanceof BillingError ? error.code : error;
  }
}

/**
 * Every question with a gateway of its own, which merges nothing.
 *
 * @param who must know no root
 * @param nowMs the moment of the question: a list without dates moves with it
 */
export function oneByOne(
  groups: readonly ModelGroup[],
  behaviour: ModelBehaviour,
  questions: readonly Question[],
  who: Caller,
  nowMs = NOW_MS,
) {
  return Promise.all(
    questions.map((asking) => {
      const model = new UpstreamModel(groups, behaviour);
      const alone = readsFactory(model, { mergeWindows: false, clock: () => nowMs });
      return ask(operation(alone, { who }), asking);
    }),
  );
}

/** Deterministic, so that both ways of asking meet the same upstream. */
export function shuffled(seed: number) {
  return (rows: BillingActivity[]): BillingActivity[] =>
    rows
      .map((row, index) => ({ row, rank: ((index + 1) * (seed + 7919)) % 104_729 }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ row }) => row);
}

/**
 * What happens to a group between two operations, and how long they are apart: learned memberships are kept for ten
 * minutes.
 */
const upheaval = fc.record({
  groupId: fc.constantFrom(...GROUPS),
  change: fc.constantFrom('delete' as const, 'empty' as const, 'moveUp' as const, 'moveDown' as const),
  afterMs: fc.integer({ min: 0, max: 600_000 }),
});

/** The groups after the upheaval; a parent stands before its groups, so that no circle comes of it. */
export function changed(groups: readonly ModelGroup[], { groupId, change }: Upheaval): ModelGroup[] {
  const before = groups[groups.findIndex(({ id }) => id === groupId) - 1];
  return groups.flatMap((group) => {
    if (group.id !== groupId) return [group];
    const changes = {
      delete: [],
      empty: [{ ...group, rows: [] }],
      moveUp: [{ ...group, parent: null }],
      moveDown: [{ ...group, parent: before?.id ?? null }],
    } satisfies Record<Upheaval['change'], ModelGroup[]>;
    return changes[change];
  });
}

export type Upheaval = typeof upheaval extends fc.Arbitrary<infer T> ? T : never;

export const upheavals = fc.array(upheaval, { minLength: 1, maxLength: 4 });

export const setting = fc.record({
  groups: forest,
  seed: fc.nat({ max: 1_000 }),
  root: fc.constantFrom(null, '1', '1', '2'),
  /**
   * An upstream that filters by expiry answers a wider window with rows that a narrower one would lack: then nothing
   * may be merged.
   */
  windows: fc.constantFrom(
    { mergeWindows: true, filtersBy: 'start' as const },
    { mergeWindows: true, filtersBy: 'overlap' as const },
    { mergeWindows: false, filtersBy: 'start' as const },
    { mergeWindows: false, filtersBy: 'expiry' as const },
  ),
  refusesRecursive: seldom(fc.constantFrom('UPSTREAM_TIMEOUT' as const)),
  refusesEmpty: fc.boolean(),
  foreign: fc.boolean(),
  allowed: seldom(fc.subarray([...GROUPS], { minLength: 1 })),
  /** Operations, of ticks, of questions. */
  operations: fc.array(fc.array(fc.array(question, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
});
