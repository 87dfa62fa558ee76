import type { BillingActivity } from '../domain/billing-history.js';
import { UnreadableValue } from '../domain/money.js';
import { largeWork } from '../runtime/large-work.js';
import type { BillingHistoryOrder } from './billing-reads.js';

/** What places a row in a list: enough to find the place again after the row itself is gone. */
export interface RowPlace {
  /** Epoch milliseconds; null sorts before every date, as if it had always been there. */
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
 * Ids have no upper bound; digits without leading zeros compare by length and then as text, exactly as the numbers
 * would.
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

/** Ascending as numbers; ids that are none come last, as text. */
export function compareIds(a: string, b: string): number {
  return compareDigits(significantDigits(a), a, significantDigits(b), b);
}

function comparePlaces(a: RowPlace, b: RowPlace): number {
  const aStart = a.startMs ?? Number.NEGATIVE_INFINITY;
  const bStart = b.startMs ?? Number.NEGATIVE_INFINITY;
  if (aStart !== bStart) return aStart < bStart ? -1 : 1;
  return compareIds(a.id, b.id);
}

/** All that a client can see of a row, so that rows which tie here are the same answer in either order. */
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

/** Ascending by start, then id as a number (ids that are none come last, as text), then content: a total order. */
export function compareActivities(a: BillingActivity, b: BillingActivity): number {
  return compareKeyed(keyed(a), keyed(b));
}

/**
 * Orders that were worked out already, by the rows that they are of, which never change: a query may ask eighty pages
 * of one answer of 18,000 rows. Shared memory that ends with the rows.
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

/** Rows that are sorted in one step: less than a millisecond. */
const RUN_ROWS = 500;
/** Up to this many rows are ordered when they are needed. */
const FEW_ROWS = 2_000;
/** Orders that are being worked out. */
const ordering = new WeakMap<readonly BillingActivity[], Promise<void>>();

/**
 * Works out the order of many rows in slices of the event loop's turns, so that {@link orderRows} has it at hand.
 * Sorting 20,000 rows at once holds everybody up for tens of milliseconds.
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
 * The rows in a client's order, worked out once for each list. The same rows come out in the same order however the
 * upstream sent them; descending is exactly the reverse of ascending, so rows with no readable start date stand last in
 * the one and first in the other.
 */
export function orderRows(rows: readonly BillingActivity[], order: BillingHistoryOrder): readonly BillingActivity[] {
  return order === 'START_DATE_ASC' ? ascending(rows) : descending(rows);
}

/**
 * Which of the rows with the same start and id this one is, from 0: rows may share an id, and a cursor must tell them
 * apart.
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

/** Index of the first row at the place, or behind it where `behind`. Binary search: the rows are in `order`. */
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
 * Where a row stood that may have vanished: `before` is the number of rows before it, `after` the index of the first
 * row after it. They differ by one while it is still there.
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
