import { type BillingActivity, type BillingHistory, namedGroup } from '../domain/billing-history.js';
import { readableOrNull } from '../domain/money.js';
import type { HistoryRead } from './billing-reads.js';
import { rowsInWindow, windowCovers, windowsEqual } from './history-window.policy.js';

/** One upstream answer, with the question that it answers. Immutable; what is derived from it is worked out once. */
export class HistoryAnswer {
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

  /** False: a row could belong to any group, so nobody can say what another group's rows are. */
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
      if (row.groupId === null) continue;
      const rows = groups.get(row.groupId);
      if (rows === undefined) groups.set(row.groupId, [row]);
      else rows.push(row);
    }
    return groups;
  }
}

/**
 * The rows of an answer that belong to its question. Of a single group's answer, a row that names no group is that
 * group's, and a row that names another is dropped: what was asked decides, never what came first. A recursive answer
 * is left as it came, because which groups lie below is only known from it.
 *
 * @param onForeignRow told of each dropped row
 */
export function toAnswer(read: HistoryRead, history: BillingHistory, onForeignRow: () => void): HistoryAnswer {
  const { groupId } = read;
  const rows = history.activities;
  if (read.recursive || rows.every((row) => row.groupId === groupId)) return new HistoryAnswer(read, rows);
  const own: BillingActivity[] = [];
  for (const row of rows) {
    if (row.groupId === groupId) own.push(row);
    else if (row.groupId === null) own.push({ ...row, groupId, group: namedGroup(groupId, row.groupName) });
    else onForeignRow();
  }
  return new HistoryAnswer(read, own);
}

/**
 * What an answer says to a narrower or equal question; null when it does not settle it, and the question must be asked
 * on its own. Null is returned rather than a guess where
 * - a recursive answer holds a row that names no group: it may be the asked group's;
 * - a group has no row in a recursive answer: it may have none, lie elsewhere, or be gone, and only its own answer
 *   tells which;
 * - a wider answer holds rows of the group with no readable start date: they may lie outside the asked window.
 */
export function settle(answer: HistoryAnswer, asked: HistoryRead): readonly BillingActivity[] | null {
  if (!windowCovers(answer.read, asked)) return null;
  const isSameWindow = windowsEqual(answer.read, asked);
  if (answer.read.recursive === asked.recursive) {
    if (answer.read.groupId !== asked.groupId) return null;
    return isSameWindow || answer.datesEveryRow ? rowsInWindow(answer.rows, asked) : null;
  }
  if (!answer.read.recursive || !answer.namesEveryGroup) return null;
  const rows = answer.rowsOf(asked.groupId);
  if (rows.length === 0) return null;
  if (!isSameWindow && rows.some((row) => row.startMs === null)) return null;
  return rowsInWindow(rows, asked);
}

/** The name by which the rows call a group: that of the latest start that has one. Null when no row names it. */
export function groupNameIn(rows: readonly BillingActivity[]): string | null {
  let latest = Number.NEGATIVE_INFINITY;
  let name: string | null = null;
  for (const row of rows) {
    const startMs = row.startMs ?? Number.NEGATIVE_INFINITY;
    const groupName = readableOrNull(row.groupName);
    if (groupName === null || startMs < latest) continue;
    // Names that start together are told apart by their text, so that the upstream's order does not decide.
    if (name !== null && startMs === latest && name <= groupName) continue;
    latest = startMs;
    name = groupName;
  }
  return name;
}

/** Equal for equal questions, and for them alone. */
export function historyReadKey(read: HistoryRead): string {
  return `${read.groupId} ${read.fromSeconds} ${read.toSeconds} ${read.recursive ? 'r' : 's'}`;
}
