import type { HistoryRead } from './billing-reads.js';
import {
  clusterByWindow,
  type HistoryWindow,
  windowCovers,
  windowHull,
  windowSpan,
  windowsEqual,
} from './history-window.policy.js';
import { type BaseKnowledge, isBatchWorthwhile } from './membership.memory.js';

/** One upstream call and the questions whose answer is looked for in it. */
export interface PlannedCall {
  readonly call: HistoryRead;
  readonly reads: readonly HistoryRead[];
  /** The call is under way already, and costs nothing more. */
  readonly isUnderWay: boolean;
}

export interface PlannerKnowledge {
  /** `HISTORY_MERGE_WINDOWS`. Off: an answer is only used for questions with exactly its window. */
  readonly mergeWindows: boolean;
  /** The credential's own group, where known. */
  readonly rootGroupId: string | null;
  base(groupId: string): BaseKnowledge;
}

/** A call in the making. */
interface Draft extends HistoryRead {
  readonly reads: HistoryRead[];
}

function fits(call: HistoryWindow, read: HistoryWindow, mergeWindows: boolean): boolean {
  return mergeWindows ? windowCovers(call, read) : windowsEqual(call, read);
}

/** Whether the call's answer may settle the question, as far as is known before it is there. */
function mayAnswer(call: HistoryRead, read: HistoryRead, knowledge: PlannerKnowledge): boolean {
  if (!fits(call, read, knowledge.mergeWindows)) return false;
  if (call.recursive === read.recursive) return call.groupId === read.groupId;
  return call.recursive && knowledge.base(call.groupId).standing(read.groupId, read) !== 'apart';
}

/** One call for each group's windows that overlap or touch. */
function mergePerGroup(reads: readonly HistoryRead[], mergeWindows: boolean): Draft[] {
  const byQuestion = Map.groupBy(reads, (read) => `${read.groupId} ${String(read.recursive)}`);
  return [...byQuestion.values()].flatMap((sameGroup) =>
    clusterByWindow(sameGroup, mergeWindows).flatMap((cluster) => {
      const [first] = cluster;
      if (first === undefined) return [];
      return [{ groupId: first.groupId, recursive: first.recursive, ...windowHull(cluster), reads: cluster }];
    }),
  );
}

/** Single calls that one recursive call on `baseGroupId` would stand in for. */
interface Batch {
  readonly baseGroupId: string;
  readonly window: HistoryWindow;
  readonly singles: readonly Draft[];
  /** A recursive call on the base that is planned anyway and would be widened. */
  readonly planned: Draft | null;
}

/**
 * Unknown groups are only looked for below the credential's own group, which is above everything that the credential
 * can see, and a base below itself; below any other base only groups that its answers have named.
 */
function mayLieBelow(baseGroupId: string, single: Draft, knowledge: PlannerKnowledge): boolean {
  const standing = knowledge.base(baseGroupId).standing(single.groupId, single);
  if (standing !== 'unknown') return standing === 'below';
  return baseGroupId === knowledge.rootGroupId || baseGroupId === single.groupId;
}

/**
 * The batches on one base that are worth their rows. Where a cluster is not, its widest windows are left out and it is
 * tried again.
 */
function batchesOn(
  baseGroupId: string,
  singles: readonly Draft[],
  recursives: readonly Draft[],
  knowledge: PlannerKnowledge,
): Batch[] {
  const { size, isAvoided } = knowledge.base(baseGroupId);
  if (isAvoided) return [];
  const own = recursives.filter((draft) => draft.groupId === baseGroupId);
  const batches: Batch[] = [];
  let open = singles.filter((single) => mayLieBelow(baseGroupId, single, knowledge));
  while (open.length > 0) {
    const tooWide: Draft[] = [];
    for (const cluster of clusterByWindow([...own, ...open], knowledge.mergeWindows)) {
      const members = cluster.filter((draft) => !draft.recursive);
      const [planned = null, second] = cluster.filter((draft) => draft.recursive);
      if (members.length === 0) continue;
      const window = windowHull(cluster);
      const groups = new Set(members.map((draft) => draft.groupId)).size;
      // Two planned calls that a single window would join stay two calls: joining them would answer windows that nobody
      // asked for.
      if (second === undefined && isBatchWorthwhile(size, groups, window, planned)) {
        batches.push({ baseGroupId, window, singles: members, planned });
      } else {
        tooWide.push(...members);
      }
    }
    const widest = Math.max(...tooWide.map(windowSpan));
    open = tooWide.filter((draft) => windowSpan(draft) < widest);
  }
  return batches;
}

function settled(batches: readonly Batch[]): number {
  return batches.reduce((count, batch) => count + batch.singles.length, 0);
}

/** The best base's batches: those that stand in for the most calls. Empty when no batch is worthwhile. */
function bestBatches(
  bases: readonly string[],
  singles: readonly Draft[],
  recursives: readonly Draft[],
  knowledge: PlannerKnowledge,
): readonly Batch[] {
  return bases
    .map((base) => batchesOn(base, singles, recursives, knowledge))
    .reduce<readonly Batch[]>((best, batches) => (settled(batches) > settled(best) ? batches : best), []);
}

/**
 * The calls to make for the questions of one tick, each question under exactly one call. Equal questions are asked
 * once; windows of a group that overlap or touch become one call; a question that a recursive call covers waits for
 * that call's answer; and many groups below one base become one recursive call where that is cheaper.
 *
 * @param underWay calls of the operation that have not been answered yet
 */
export function planCalls(
  reads: readonly HistoryRead[],
  underWay: readonly HistoryRead[],
  bases: readonly string[],
  knowledge: PlannerKnowledge,
): PlannedCall[] {
  const [only] = reads;
  if (only !== undefined && reads.length === 1 && underWay.length === 0) return planExactCalls([only]);
  const plan: PlannedCall[] = [];
  const open: HistoryRead[] = [];
  for (const read of reads) {
    const call = underWay.find((candidate) => mayAnswer(candidate, read, knowledge));
    if (call === undefined) open.push(read);
    else plan.push({ call, reads: [read], isUnderWay: true });
  }

  let recursives = mergePerGroup(
    open.filter((read) => read.recursive),
    knowledge.mergeWindows,
  );
  const uncovered: HistoryRead[] = [];
  for (const read of open) {
    if (read.recursive) continue;
    const cover = recursives.find((draft) => mayAnswer(draft, read, knowledge));
    if (cover === undefined) uncovered.push(read);
    else cover.reads.push(read);
  }

  let singles = mergePerGroup(uncovered, knowledge.mergeWindows);
  const candidates = [...new Set([...recursives.map((draft) => draft.groupId), ...bases])];
  for (;;) {
    const batches = bestBatches(candidates, singles, recursives, knowledge);
    if (batches.length === 0) break;
    for (const { baseGroupId, window, singles: members, planned } of batches) {
      const covered = members.flatMap((draft) => draft.reads);
      const widened = {
        groupId: baseGroupId,
        recursive: true,
        ...window,
        reads: [...(planned?.reads ?? []), ...covered],
      };
      recursives = [...recursives.filter((draft) => draft !== planned), widened];
      singles = singles.filter((draft) => !members.includes(draft));
    }
  }
  return [...plan, ...toPlannedCalls([...recursives, ...singles])];
}

/** The calls for questions of single groups that a recursive answer did not settle. */
export function planSingleCalls(reads: readonly HistoryRead[], mergeWindows: boolean): PlannedCall[] {
  return toPlannedCalls(mergePerGroup(reads, mergeWindows));
}

/** The calls for questions that only their own window settles. */
export function planExactCalls(reads: readonly HistoryRead[]): PlannedCall[] {
  return reads.map((read) => ({ call: read, reads: [read], isUnderWay: false }));
}

function toPlannedCalls(drafts: readonly Draft[]): PlannedCall[] {
  return drafts.map(({ groupId, fromSeconds, toSeconds, recursive, reads }) => ({
    call: { groupId, fromSeconds, toSeconds, recursive },
    reads,
    isUnderWay: false,
  }));
}
