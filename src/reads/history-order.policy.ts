import type { BillingActivity } from '../domain/billing-history.js';
import { UnreadableValue } from '../domain/money.js';
import { largeWork } from '../runtime/large-work.js';
import type { BillingHistoryOrder } from './billing-reads.js';

/** Sort position of a row, by which a later request finds the place even after the row itself is gone. */
export interface RowPlace {
  /** Epoch milliseconds; null sorts before every date. */
  readonly startMs: number | null;
  readonly id: string;
}

interface KeyedRow {
  readonly row: BillingActivity;
  readonly startMs: number;
  /** Null when the id is not a number. */
  readonly digits: string | null;
  content: string | undefined;
}

const DIGITS = /^[0-9]+$/;

/**
 * Ids have no upper bound. Digits without leading zeros compare by length and then as text, which is the order of the
 * numbers.
 */
function significantDigits(id: string): string | null {
  if (!DIGITS.test(id)) return null;
  return id.startsWith('0') ? id.replace(/^0+/, '') : id;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareDigits(aDigits: string | null, aId: string, bDigits: string | null, bId: string): number {
  if (aDigits !== null && bDigits !== null) {
    return aDigits.length - bDigits.length || compareText(aDigits, bDigits) || compareText(aId, bId);
  }
  if (aDigits === null && bDigits === null) return compareText(aId, bId);
  return aDigits === null ? 1 : -1;
}

/** Ascending as numbers. Ids that are not numbers come last, as text. */
export function compareIds(a: string, b: string): number {
  return compareDigits(significantDigits(a), a, significantDigits(b), b);
}

function comparePlaces(a: RowPlace, b: RowPlace): number {
  const aStart = a.startMs ?? Number.NEGATIVE_INFINITY;
  const bStart = b.startMs ?? Number.NEGATIVE_INFINITY;
  if (aStart !== bStart) return aStart < bStart ? -1 : 1;
  return compareIds(a.id, b.id);
}

/** All fields of a row that a client can see. Rows with equal content look the same in either order. */
function contentOf(row: BillingActivity): string {
  return JSON.stringify(row, (_name, value: unknown) =>
    value instanceof UnreadableValue ? ['unreadable', value.element] : value,
  );
}

function compareKeyed(a: KeyedRow, b: KeyedRow): number {
  if (a.startMs !== b.startMs) return a.startMs < b.startMs ? -1 : 1;
  const byId = compareDigits(a.digits, a.row.id, b.digits, b.row.id);
  if (byId !== 0) return byId;
  a.content ??= contentOf(a.row);
  b.content ??= contentOf(b.row);
  return compareText(a.content, b.content);
}

function keyed(row: BillingActivity): KeyedRow {
  return {
    row,
    startMs: row.startMs ?? Number.NEGATIVE_INFINITY,
    digits: significantDigits(row.id),
    content: undefined,
  };
}

/**
 * A total order: ascending by start, then by id as a number, then by content. Ids that are not numbers come last, as
 * text.
 */
export function compareActivities(a: BillingActivity, b: BillingActivity): number {
  return compareKeyed(keyed(a), keyed(b));
}

/**
 * Cache of sorted rows, by the list of unsorted ones, which never changes. Reason: a query may request eighty pages of
 * one response of 18,000 rows. An entry ends with its rows.
 */
const ascendingOrders = new WeakMap<readonly BillingActivity[], readonly BillingActivity[]>();
const descendingOrders = new WeakMap<readonly BillingActivity[], readonly BillingActivity[]>();

function ascending(rows: readonly BillingActivity[]): readonly BillingActivity[] {
  const known = ascendingOrders.get(rows);
  if (known !== undefined) return known;
  const ordered = rows
    .map(keyed)
    .sort(compareKeyed)
    .map((key) => key.row);
  ascendingOrders.set(rows, ordered);
  return ordered;
}

/** Rows that are sorted in one step, which takes less than a millisecond. */
const RUN_ROWS = 500;
/** Lists of up to this many rows are sorted on demand. */
const FEW_ROWS = 2_000;
/** Sorts under way, so that two requests for one list share the work. */
const ordering = new WeakMap<readonly BillingActivity[], Promise<void>>();

/**
 * Sorts many rows in slices of the event loop's turns, so that {@link orderRows} finds the result in the cache. Reason:
 * a sort of 20,000 rows in one go would block the event loop for tens of milliseconds.
 */
export async function prepareOrder(rows: readonly BillingActivity[]): Promise<void> {
  if (rows.length <= FEW_ROWS || ascendingOrders.has(rows)) return;
  const underWay = ordering.get(rows) ?? mergeSort(rows);
  ordering.set(rows, underWay);
  await underWay;
}

async function mergeSort(rows: readonly BillingActivity[]): Promise<void> {
  let runs: KeyedRow[][] = [];
  for (let at = 0; at < rows.length; at += RUN_ROWS) {
    if (largeWork.isOver()) await largeWork.nextSlice();
    runs.push(
      rows
        .slice(at, at + RUN_ROWS)
        .map(keyed)
        .sort(compareKeyed),
    );
  }
  while (runs.length > 1) {
    const merged: KeyedRow[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? []));
    runs = merged;
  }
  ascendingOrders.set(rows, runs[0]?.map(({ row }) => row) ?? []);
}

async function merge(a: readonly KeyedRow[], b: readonly KeyedRow[]): Promise<KeyedRow[]> {
  const merged: KeyedRow[] = [];
  let [atA, atB] = [0, 0];
  while (atA < a.length || atB < b.length) {
    if (merged.length % RUN_ROWS === 0 && largeWork.isOver()) await largeWork.nextSlice();
    const [fromA, fromB] = [a[atA], b[atB]];
    if (fromA !== undefined && (fromB === undefined || compareKeyed(fromA, fromB) <= 0)) {
      merged.push(fromA);
      atA += 1;
    } else if (fromB !== undefined) {
      merged.push(fromB);
      atB += 1;
    }
  }
  return merged;
}

function descending(rows: readonly BillingActivity[]): readonly BillingActivity[] {
  const known = descendingOrders.get(rows);
  if (known !== undefined) return known;
  const ordered = [...ascending(rows)].reverse();
  descendingOrders.set(rows, ordered);
  return ordered;
}

/**
 * The rows in the requested order, sorted once for each list. The result does not depend on the upstream's order.
 * Descending is exactly the reverse of ascending. So rows without a readable start date come last in descending and
 * first in ascending order.
 */
export function orderRows(rows: readonly BillingActivity[], order: BillingHistoryOrder): readonly BillingActivity[] {
  return order === 'START_DATE_ASC' ? ascending(rows) : descending(rows);
}

/**
 * Rank of this row among the rows with the same start and id, from 0. Reason: rows may share an id, and a cursor must
 * distinguish them.
 */
export function tieRank(ordered: readonly BillingActivity[], index: number): number {
  const row = ordered[index];
  let ties = 0;
  while (row !== undefined) {
    const earlier = ordered[index - ties - 1];
    if (earlier === undefined || comparePlaces(earlier, row) !== 0) break;
    ties += 1;
  }
  return ties;
}

/**
 * Index of the first row at the place, or after it where `behind` is true. It is a binary search, because the rows are
 * sorted by `order`.
 */
function boundary(
  ordered: readonly BillingActivity[],
  order: BillingHistoryOrder,
  place: RowPlace,
  behind: boolean,
): number {
  const sign = order === 'START_DATE_ASC' ? 1 : -1;
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = ordered[middle];
    const compared = row === undefined ? 1 : sign * comparePlaces(row, place);
    if (compared < 0 || (behind && compared === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Position of a row that may be gone. `before` is the number of rows before it, `after` the index of the first row
 * after it. They differ by one while the row is still there.
 */
export function locateRow(
  ordered: readonly BillingActivity[],
  order: BillingHistoryOrder,
  place: RowPlace,
  tie: number,
): { readonly before: number; readonly after: number } {
  const first = boundary(ordered, order, place, false);
  const end = boundary(ordered, order, place, true);
  return { before: Math.min(first + tie, end), after: Math.min(first + tie + 1, end) };
}
