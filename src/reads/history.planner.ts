import type { HistoryRead } from './billing-reads.js';
import {
  clusterByWindow,
  type HistoryWindow,
  windowCovers,
  windowHull,
  windowSpan,
  windowsEqual,
} from './history-window.policy.js';
import { type AncestorKnowledge, isBatchWorthwhile, NOTHING_KNOWN } from './membership-memory.js';

/** One upstream call, and the reads that its response may settle. */
export interface PlannedCall {
  readonly call: HistoryRead;
  readonly reads: readonly HistoryRead[];
  /** Whether the call is already under way, so that it costs nothing more. */
  readonly isUnderWay: boolean;
}

export interface PlannerKnowledge {
  /** `HISTORY_MERGE_WINDOWS`. False: a response settles only reads with exactly its window. */
  readonly mergeWindows: boolean;
  /** The credential's own group, where known. */
  readonly rootGroupId: string | null;
  /** New calls that the operation may still make. */
  callsLeft(): number;
  ancestor(groupId: string): AncestorKnowledge;
}

/** A call that is being planned. */
interface Draft extends HistoryRead {
  readonly reads: HistoryRead[];
}

function fits(call: HistoryWindow, read: HistoryWindow, mergeWindows: boolean): boolean {
  return mergeWindows ? windowCovers(call, read) : windowsEqual(call, read);
}

/** Whether the call's response may settle the read, by the knowledge before the call. */
function maySettle(call: HistoryRead, read: HistoryRead, knowledge: PlannerKnowledge): boolean {
  if (!fits(call, read, knowledge.mergeWindows)) return false;
  if (call.recursive === read.recursive) return call.groupId === read.groupId;
  return call.recursive && knowledge.ancestor(call.groupId).membership(read.groupId, read) !== 'outside';
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

/** Single calls that one recursive call on `ancestorId` would replace. */
interface Batch {
  readonly ancestorId: string;
  readonly window: HistoryWindow;
  readonly singles: readonly Draft[];
  /** A recursive call on the ancestor that is planned anyway and would be widened. */
  readonly planned: Draft | null;
}

/**
 * Whether a recursive read of the ancestor may contain the group. A group of unknown membership is looked for in two
 * places only: under the credential's own group, and in its own recursive read. Reason: the credential's own group is
 * an ancestor of every group that the credential can see. Under other ancestors, only groups that their responses have
 * named are looked for.
 */
function mayContain(ancestorId: string, single: Draft, knowledge: PlannerKnowledge): boolean {
  const membership = knowledge.ancestor(ancestorId).membership(single.groupId, single);
  if (membership !== 'unknown') return membership === 'descendant';
  return ancestorId === knowledge.rootGroupId || ancestorId === single.groupId;
}

/**
 * The batches on one ancestor that are cheaper than single calls. Where a cluster is not cheaper, its widest windows
 * are left out and it is tried again.
 */
function batchesOn(
  ancestorId: string,
  singles: readonly Draft[],
  recursives: readonly Draft[],
  knowledge: PlannerKnowledge,
): Batch[] {
  const { size, isAvoided } = knowledge.ancestor(ancestorId);
  if (isAvoided) return [];
  const own = recursives.filter((draft) => draft.groupId === ancestorId);
  const batches: Batch[] = [];
  let open = singles.filter((single) => mayContain(ancestorId, single, knowledge));
  while (open.length > 0) {
    const tooWide: Draft[] = [];
    for (const cluster of clusterByWindow([...own, ...open], knowledge.mergeWindows)) {
      const members = cluster.filter((draft) => !draft.recursive);
      const [planned = null, second] = cluster.filter((draft) => draft.recursive);
      if (members.length === 0) continue;
      const window = windowHull(cluster);
      const groups = new Set(members.map((draft) => draft.groupId)).size;
      // Two planned calls that one window would join remain two calls. Reason: the joined call would read windows that
      // no read requested.
      if (second === undefined && isBatchWorthwhile(size, groups, window, planned)) {
        batches.push({ ancestorId, window, singles: members, planned });
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

/** The batches of the ancestor that replaces the most calls. Empty when no batch is worthwhile. */
function bestBatches(
  ancestors: readonly string[],
  singles: readonly Draft[],
  recursives: readonly Draft[],
  knowledge: PlannerKnowledge,
): readonly Batch[] {
  return ancestors
    .map((ancestorId) => batchesOn(ancestorId, singles, recursives, knowledge))
    .reduce<readonly Batch[]>((best, batches) => (settled(batches) > settled(best) ? batches : best), []);
}

/**
 * The calls for the reads of one tick; each read belongs to exactly one call. Windows of a group that overlap or touch
 * become one call. A read that a recursive call covers waits for the response to that call. Many descendants of one
 * group become one recursive call where that is cheaper.
 *
 * If the operation has too few calls left, the calls are planned as if nothing were known about the ancestors. Reason:
 * what is learned from the first response to a document must not refuse the same document the next time.
 *
 * @param underWay calls of the operation without a response so far
 */
export function planCalls(
  reads: readonly HistoryRead[],
  underWay: readonly HistoryRead[],
  ancestors: readonly string[],
  knowledge: PlannerKnowledge,
): PlannedCall[] {
  const [only] = reads;
  if (only !== undefined && reads.length === 1 && underWay.length === 0) return planExactCalls([only]);
  const plan = planTick(reads, underWay, ancestors, knowledge);
  if (newCalls(plan) <= knowledge.callsLeft()) return plan;
  return planTick(reads, underWay, ancestors, { ...knowledge, ancestor: () => NOTHING_KNOWN });
}

export function newCalls(plan: readonly PlannedCall[]): number {
  return plan.filter(({ isUnderWay }) => !isUnderWay).length;
}

function planTick(
  reads: readonly HistoryRead[],
  underWay: readonly HistoryRead[],
  ancestors: readonly string[],
  knowledge: PlannerKnowledge,
): PlannedCall[] {
  const plan: PlannedCall[] = [];
  const open: HistoryRead[] = [];
  for (const read of reads) {
    const call = underWay.find((candidate) => maySettle(candidate, read, knowledge));
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
    const cover = recursives.find((draft) => maySettle(draft, read, knowledge));
    if (cover === undefined) uncovered.push(read);
    else cover.reads.push(read);
  }

  let singles = mergePerGroup(uncovered, knowledge.mergeWindows);
  const candidates = [...new Set([...recursives.map((draft) => draft.groupId), ...ancestors])];
  for (;;) {
    const batches = bestBatches(candidates, singles, recursives, knowledge);
    if (batches.length === 0) break;
    for (const { ancestorId, window, singles: members, planned } of batches) {
      const covered = members.flatMap((draft) => draft.reads);
      const widened = {
        groupId: ancestorId,
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

/** The calls for reads of single groups that a recursive response did not settle. */
export function planSingleCalls(reads: readonly HistoryRead[], mergeWindows: boolean): PlannedCall[] {
  return toPlannedCalls(mergePerGroup(reads, mergeWindows));
}

/** The calls for reads that only their own window settles. */
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
