import { describe, expect, it } from '@jest/globals';
import type { HistoryRead } from '../../../src/reads/billing-reads.js';
import { type PlannerKnowledge, planCalls, planSingleCalls } from '../../../src/reads/history.planner.js';
import { historyReadKey } from '../../../src/reads/history-response.js';
import type { LearnedSize, Membership } from '../../../src/reads/membership-memory.js';

const DAY = 86_400;
/** `group from to r|s`, in days. */
function read(text: string): HistoryRead {
  const [groupId = '', from, to, kind] = text.split(' ');
  return { groupId, fromSeconds: Number(from) * DAY, toSeconds: Number(to) * DAY, recursive: kind === 'r' };
}
const written = ({ groupId, fromSeconds, toSeconds, recursive }: HistoryRead): string =>
  `${groupId} ${fromSeconds / DAY} ${toSeconds / DAY} ${recursive ? 'r' : 's'}`;

interface Known {
  readonly root?: string;
  readonly merge?: boolean;
  readonly descendants?: Readonly<Record<string, readonly string[]>>;
  readonly outside?: Readonly<Record<string, readonly string[]>>;
  readonly sizes?: Readonly<Record<string, LearnedSize>>;
  readonly avoided?: readonly string[];
  readonly callsLeft?: number;
}

function knowledge({
  root,
  merge = true,
  descendants = {},
  outside = {},
  sizes = {},
  avoided = [],
  callsLeft = 100,
}: Known): PlannerKnowledge {
  return {
    mergeWindows: merge,
    rootGroupId: root ?? null,
    callsLeft: () => callsLeft,
    ancestor: (ancestorId) => ({
      size: sizes[ancestorId] ?? null,
      isAvoided: avoided.includes(ancestorId),
      membership: (groupId): Membership => {
        if (descendants[ancestorId]?.includes(groupId) === true) return 'descendant';
        return outside[ancestorId]?.includes(groupId) === true ? 'outside' : 'unknown';
      },
    }),
  };
}

/** Calls as `call <- questions`, sorted. */
function planned(asked: readonly string[], known: Known, underWay: readonly string[] = []): string[] {
  const ancestors = known.root === undefined ? [] : [known.root];
  return planCalls(asked.map(read), underWay.map(read), ancestors, knowledge(known))
    .map(({ call, reads, isUnderWay }) => {
      const questions = reads.map(written).sort().join(', ');
      return `${written(call)}${isUnderWay ? ' (under way)' : ''} <- ${questions}`;
    })
    .sort();
}

const year = (rows: number, groups: number): LearnedSize => ({ rows, groups, spanSeconds: 365 * DAY });

const cases: readonly (readonly [string, readonly string[], Known, readonly string[]])[] = [
  ['nothing', [], {}, []],
  ['one question', ['1 0 9 s'], {}, ['1 0 9 s <- 1 0 9 s']],
  ['groups under no known root', ['1 0 9 s', '2 0 9 s'], {}, ['1 0 9 s <- 1 0 9 s', '2 0 9 s <- 2 0 9 s']],
  ['overlapping windows of a group', ['1 0 5 s', '1 3 9 s'], {}, ['1 0 9 s <- 1 0 5 s, 1 3 9 s']],
  [
    'overlapping windows, merging switched off',
    ['1 0 5 s', '1 3 9 s'],
    { merge: false },
    ['1 0 5 s <- 1 0 5 s', '1 3 9 s <- 1 3 9 s'],
  ],
  ['windows with a gap', ['1 0 3 s', '1 5 9 s'], {}, ['1 0 3 s <- 1 0 3 s', '1 5 9 s <- 1 5 9 s']],
  [
    'a window inside a wide one, then one beyond both',
    ['1 0 9 s', '1 2 3 s', '1 8 12 s'],
    {},
    ['1 0 12 s <- 1 0 9 s, 1 2 3 s, 1 8 12 s'],
  ],
  [
    'one group alone and with all below it, over the same window',
    ['1 0 9 s', '1 0 9 r'],
    {},
    ['1 0 9 r <- 1 0 9 r, 1 0 9 s'],
  ],
  [
    'children that a recursive question covers',
    ['1 0 9 r', '2 0 9 s', '3 1 2 s'],
    {},
    ['1 0 9 r <- 1 0 9 r, 2 0 9 s, 3 1 2 s'],
  ],
  [
    'a child known to lie elsewhere',
    ['1 0 9 r', '2 0 9 s'],
    { outside: { 1: ['2'] } },
    ['1 0 9 r <- 1 0 9 r', '2 0 9 s <- 2 0 9 s'],
  ],
  ['a child outside the recursive window', ['1 0 9 r', '2 0 99 s'], {}, ['1 0 9 r <- 1 0 9 r', '2 0 99 s <- 2 0 99 s']],
  [
    'children known to lie elsewhere, and to be too many for the calls that are left',
    ['1 0 9 r', '2 0 9 s', '3 0 9 s'],
    { outside: { 1: ['2', '3'] }, avoided: ['1'], callsLeft: 2 },
    ['1 0 9 r <- 1 0 9 r, 2 0 9 s, 3 0 9 s'],
  ],
  [
    'groups that are too many for the calls that are left, known or not',
    ['2 0 9 s', '3 0 9 s', '4 0 9 s'],
    { callsLeft: 2 },
    ['2 0 9 s <- 2 0 9 s', '3 0 9 s <- 3 0 9 s', '4 0 9 s <- 4 0 9 s'],
  ],
  [
    'a narrower child, merging switched off',
    ['1 0 9 r', '2 1 2 s'],
    { merge: false },
    ['1 0 9 r <- 1 0 9 r', '2 1 2 s <- 2 1 2 s'],
  ],
  [
    'known children of a parent that is read anyway: its window is widened',
    ['1 0 9 r', '2 0 99 s'],
    { descendants: { 1: ['2'] } },
    ['1 0 99 r <- 1 0 9 r, 2 0 99 s'],
  ],
  ['two groups under the root', ['2 0 9 s', '3 0 9 s'], { root: '1' }, ['1 0 9 r <- 2 0 9 s, 3 0 9 s']],
  ['the root itself among them', ['1 0 9 s', '3 0 9 s'], { root: '1' }, ['1 0 9 r <- 1 0 9 s, 3 0 9 s']],
  ['one group under the root: a batch saves nothing', ['2 0 9 s'], { root: '1' }, ['2 0 9 s <- 2 0 9 s']],
  [
    'two windows of one group under the root: they share a call anyway',
    ['2 0 5 s', '2 3 9 s'],
    { root: '1' },
    ['2 0 9 s <- 2 0 5 s, 2 3 9 s'],
  ],
  [
    'groups with overlapping windows under the root',
    ['2 0 5 s', '3 4 9 s'],
    { root: '1' },
    ['1 0 9 r <- 2 0 5 s, 3 4 9 s'],
  ],
  [
    'groups with overlapping windows, merging switched off',
    ['2 0 5 s', '3 4 9 s', '4 4 9 s'],
    { root: '1', merge: false },
    ['1 4 9 r <- 3 4 9 s, 4 4 9 s', '2 0 5 s <- 2 0 5 s'],
  ],
  [
    'groups with windows far apart',
    ['2 0 5 s', '3 50 59 s'],
    { root: '1' },
    ['2 0 5 s <- 2 0 5 s', '3 50 59 s <- 3 50 59 s'],
  ],
  [
    'a group known to lie elsewhere',
    ['2 0 9 s', '3 0 9 s', '4 0 9 s'],
    { root: '1', outside: { 1: ['4'] } },
    ['1 0 9 r <- 2 0 9 s, 3 0 9 s', '4 0 9 s <- 4 0 9 s'],
  ],
  [
    'a root that failed a moment ago',
    ['2 0 9 s', '3 0 9 s'],
    { root: '1', avoided: ['1'] },
    ['2 0 9 s <- 2 0 9 s', '3 0 9 s <- 3 0 9 s'],
  ],
  [
    'a root known to be large',
    ['2 0 365 s', '3 0 365 s'],
    { root: '1', sizes: { 1: year(5_000, 500) } },
    ['2 0 365 s <- 2 0 365 s', '3 0 365 s <- 3 0 365 s'],
  ],
  [
    'a large root over a small window',
    ['2 0 1 s', '3 0 1 s'],
    { root: '1', sizes: { 1: year(5_000, 500) } },
    ['1 0 1 r <- 2 0 1 s, 3 0 1 s'],
  ],
  [
    'all groups of a large root',
    ['2 0 365 s', '3 0 365 s'],
    { root: '1', sizes: { 1: year(5_000, 2) } },
    ['1 0 365 r <- 2 0 365 s, 3 0 365 s'],
  ],
  [
    'a root of unknown size over all of history',
    ['2 0 9999 s', '3 0 9999 s'],
    { root: '1' },
    ['2 0 9999 s <- 2 0 9999 s', '3 0 9999 s <- 3 0 9999 s'],
  ],
  [
    'one wide window among narrow ones: it goes alone',
    ['2 0 9 s', '3 0 9 s', '4 0 9999 s'],
    { root: '1' },
    ['1 0 9 r <- 2 0 9 s, 3 0 9 s', '4 0 9999 s <- 4 0 9999 s'],
  ],
  [
    'groups below the root, which is read anyway',
    ['1 0 9 r', '2 5 99 s', '3 5 99 s'],
    { root: '1' },
    ['1 0 99 r <- 1 0 9 r, 2 5 99 s, 3 5 99 s'],
  ],
];

describe('the plan of calls', () => {
  it.each(cases)('for %s', (_name, asked, known, expected) => {
    expect(planned(asked, known)).toEqual(expected);
    expect(planned([...asked].reverse(), known)).toEqual(expected);
  });

  it('waits for a call under way that covers the question, and makes none', () => {
    expect(planned(['2 1 2 s', '1 0 9 s', '3 0 99 s'], { outside: { 1: ['3'] } }, ['1 0 9 r'])).toEqual([
      '1 0 9 r (under way) <- 1 0 9 s',
      '1 0 9 r (under way) <- 2 1 2 s',
      '3 0 99 s <- 3 0 99 s',
    ]);
  });

  it('puts each question under exactly one call', () => {
    for (const [, asked, known] of cases) {
      const ancestors = known.root === undefined ? [] : [known.root];
      const plan = planCalls(asked.map(read), [], ancestors, knowledge(known));
      const keys = plan.flatMap(({ reads }) => reads.map(historyReadKey));
      expect(keys.sort()).toEqual(asked.map(read).map(historyReadKey).sort());
    }
  });

  it('for questions that a batch did not settle still merges windows of a group', () => {
    const plan = planSingleCalls(['2 0 5 s', '2 3 9 s', '3 0 5 s'].map(read), true);
    expect(plan.map(({ call }) => written(call))).toEqual(['2 0 9 s', '3 0 5 s']);
  });
});
