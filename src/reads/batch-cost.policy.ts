import { type HistoryWindow, windowSpan } from './history-window.policy.js';

/** What was learned of a base group's recursive answers. */
export interface LearnedSize {
  readonly rows: number;
  readonly spanSeconds: number;
  /** Groups that had a row in it. */
  readonly groups: number;
}

/**
 * Rows that cost about as much as one call: sending, signing and parsing one small form post took the CPU time of 15 to 20 rows of
 * XML, and a call also takes a place in the pool, a round trip, and a bite of a rate limit that nobody has published.
 */
const ROWS_PER_CALL = 40;

/** How far a base group of unknown size is trusted: a plan's window is 2.2 years, the whole of history is not worth the risk. */
const UNLEARNED_SPAN_SECONDS = 3 * 366 * 86_400;

/** Rows of a recursive answer over a window, by proportion. */
function expectedRows(size: LearnedSize, window: HistoryWindow): number {
  return (size.rows * windowSpan(window)) / size.spanSeconds;
}

/**
 * Whether one recursive call over `window` is cheaper than the calls that it saves. Only rows that nobody asked for count against it:
 * those of the asked groups would come anyway.
 *
 * @param planned window of a recursive call that is made in any case and would be widened; null: the recursive call is extra
 */
export function isBatchWorthwhile(
  size: LearnedSize | null,
  groups: number,
  window: HistoryWindow,
  planned: HistoryWindow | null,
): boolean {
  const callsSaved = planned === null ? groups - 1 : groups;
  if (callsSaved < 1) return false;
  if (size === null) return windowSpan(window) <= UNLEARNED_SPAN_SECONDS;
  const added = expectedRows(size, window) - (planned === null ? 0 : expectedRows(size, planned));
  const unasked = 1 - Math.min(1, groups / Math.max(1, size.groups));
  return added * unasked <= callsSaved * ROWS_PER_CALL;
}
