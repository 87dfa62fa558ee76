import {
  type BillingActivity,
  type BillingHistory,
  hasUnreadableGroup,
  namedGroup,
} from '../domain/billing-history.js';
import { readableOrNull } from '../domain/money.js';
import { largeWork } from '../runtime/large-work.js';
import type { GroupRef, HistoryRead } from './billing-reads.js';
import { compareIds } from './history-order.policy.js';
import { boundsOf, rowsInBounds, windowCovers, windowsEqual } from './history-window.policy.js';

/** One upstream response, with the read that requested it. Immutable; derived values are computed once. */
export class HistoryResponse {
  #byGroup: ReadonlyMap<string, readonly BillingActivity[]> | undefined;
  #namesEveryGroup: boolean | undefined;
  #datesEveryRow: boolean | undefined;

  constructor(
    readonly read: HistoryRead,
    readonly rows: readonly BillingActivity[],
  ) {}

  rowsOf(groupId: string): readonly BillingActivity[] {
    return this.groups.get(groupId) ?? [];
  }

  get groups(): ReadonlyMap<string, readonly BillingActivity[]> {
    this.#byGroup ??= this.#groupRows();
    return this.#byGroup;
  }

  /** False: a row names no group. It may belong to any group, so the rows of other groups are not known for sure. */
  get namesEveryGroup(): boolean {
    this.#namesEveryGroup ??= this.rows.every((row) => row.groupId !== null);
    return this.#namesEveryGroup;
  }

  get datesEveryRow(): boolean {
    this.#datesEveryRow ??= this.rows.every((row) => row.startMs !== null);
    return this.#datesEveryRow;
  }

  #groupRows(): Map<string, BillingActivity[]> {
    const groups = new Map<string, BillingActivity[]>();
    for (const row of this.rows) {
      if (row.groupId !== null) addRow(groups, row.groupId, row);
    }
    return groups;
  }
}

function addRow(groups: Map<string, BillingActivity[]>, groupId: string, row: BillingActivity): void {
  const rows = groups.get(groupId);
  if (rows === undefined) groups.set(groupId, [row]);
  else rows.push(row);
}

/**
 * The rows of a response that belong to its read. In the response of a single group, a row without a group belongs to
 * that group. A row that names another group is dropped, because the requested group decides. A row whose group cannot
 * be read stays, and belongs to no group. A recursive response stays as it came, because only the response tells which
 * groups are descendants.
 *
 * @param onForeignRow called for each dropped row
 */
export function toHistoryResponse(
  read: HistoryRead,
  history: BillingHistory,
  onForeignRow: () => void,
): HistoryResponse {
  const { groupId } = read;
  const rows = history.activities;
  if (read.recursive || rows.every((row) => row.groupId === groupId)) return new HistoryResponse(read, rows);
  const own: BillingActivity[] = [];
  for (const row of rows) {
    if (row.groupId === groupId || hasUnreadableGroup(row)) own.push(row);
    else if (row.groupId === null) own.push({ ...row, groupId, group: namedGroup(groupId, row.groupName) });
    else onForeignRow();
  }
  return new HistoryResponse(read, own);
}

/**
 * The rows that a response contains for a narrower or equal read. Null when the response does not settle the read,
 * which then needs a call of its own. To avoid a guess, the result is null where
 * - a recursive response has a row that names no group, because the row may belong to the requested group;
 * - the group has no row in a recursive response, because it may have no rows, be outside, or be deleted;
 * - a wider response has rows of the group without a readable start date, because they may be outside the requested
 *   window;
 * - the narrower window is empty, because some upstreams answer that with 404.
 *
 * @param listsNoRows whether the upstream is known to answer an empty window with a list
 */
export function settle(
  response: HistoryResponse,
  asked: HistoryRead,
  listsNoRows: boolean,
): readonly BillingActivity[] | null {
  const { read } = response;
  if (!windowCovers(read, asked)) return null;
  const isSameReach = read.recursive === asked.recursive;
  if (isSameReach ? read.groupId !== asked.groupId : !read.recursive || !response.namesEveryGroup) return null;
  const known = isSameReach ? response.rows : response.rowsOf(asked.groupId);
  if (known.length === 0 && !isSameReach) return null;
  const rows = rowsInBounds(known, boundsOf(asked));
  if (windowsEqual(read, asked)) return rows;
  const areDated = isSameReach ? response.datesEveryRow : known.every((row) => row.startMs !== null);
  return areDated && (rows.length > 0 || listsNoRows) ? rows : null;
}

/**
 * The group's name in its rows: that of the row with the latest start that has one. Null when no row names the group.
 */
export function groupNameIn(rows: readonly BillingActivity[]): string | null {
  let latest = Number.NEGATIVE_INFINITY;
  let name: string | null = null;
  for (const row of rows) {
    const startMs = row.startMs ?? Number.NEGATIVE_INFINITY;
    const groupName = readableOrNull(row.groupName);
    if (groupName === null || startMs < latest || hasUnreadableGroup(row)) continue;
    // Of two names with the same start, the lesser text wins, so that the upstream's order does not decide.
    if (name !== null && startMs === latest && name <= groupName) continue;
    latest = startMs;
    name = groupName;
  }
  return name;
}

/** The group's name in the rows that have begun. Rows of the future count only where none of these names it. */
export function presentNameIn(rows: readonly BillingActivity[], nowMs: number): string | null {
  const begun = rowsInBounds(rows, { fromMs: 0, toMs: Math.ceil(nowMs / 1000) * 1000 });
  return groupNameIn(begun) ?? groupNameIn(rows);
}

/** Rows that are looked through in one step, which takes less than a millisecond. */
const STEP_ROWS = 500;

/**
 * The groups that a recursive history names besides its own, each once, by ascending id. Looks through many rows in
 * slices of the event loop's turns, because a response may have 20,000.
 */
export async function subgroupsIn(groupId: string, rows: readonly BillingActivity[]): Promise<readonly GroupRef[]> {
  const named = new Map<string, BillingActivity[]>();
  for (const [index, row] of rows.entries()) {
    if (index % STEP_ROWS === STEP_ROWS - 1 && largeWork.isOver()) await largeWork.nextSlice();
    if (row.groupId !== null && row.groupId !== groupId) addRow(named, row.groupId, row);
  }
  const groups: GroupRef[] = [];
  let lookedThrough = 0;
  for (const [id, rowsOfGroup] of named) {
    lookedThrough += rowsOfGroup.length;
    if (lookedThrough >= STEP_ROWS) {
      lookedThrough = 0;
      if (largeWork.isOver()) await largeWork.nextSlice();
    }
    groups.push({ id, name: groupNameIn(rowsOfGroup) });
  }
  return groups.sort((a, b) => compareIds(a.id, b.id));
}

/** Cache key of a read: equal for equal reads only. */
export function historyReadKey(read: HistoryRead): string {
  return `${read.groupId} ${read.fromSeconds} ${read.toSeconds} ${read.recursive ? 'r' : 's'}`;
}
