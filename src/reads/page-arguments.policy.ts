import { badInput } from '../domain/errors.js';

const DEFAULT_PAGE = 50;
/** Above this a page is refused rather than cut, so that a client never takes a part for the whole. */
export const MAX_PAGE = 5_000;

export interface PageArguments {
  readonly first: number | null;
  readonly last: number | null;
}

/** How many rows from which end; exactly one of the two is given. */
export type PageSize = { readonly end: 'first' | 'last'; readonly rows: number };

/**
 * Relay's `first` and `last`, of which a client gives one; neither means the first 50.
 *
 * @throws BillingError `BAD_USER_INPUT`
 */
export function pageSize(asked: PageArguments): PageSize {
  if (asked.first !== null && asked.last !== null) throw badInput('Give `first` or `last`, not both.', ['last']);
  const end = asked.last === null ? 'first' : 'last';
  const rows = asked[end] ?? DEFAULT_PAGE;
  if (!Number.isInteger(rows) || rows < 0 || rows > MAX_PAGE) {
    throw badInput(`A page has 0 to ${MAX_PAGE} rows.`, [end]);
  }
  return { end, rows };
}

/**
 * The half-open range of a list's indexes that a page holds, as in the Relay connection specification: cut by the cursors first,
 * then counted from one end.
 *
 * @param low first index behind the `after` cursor; @param high first index not before the `before` cursor
 */
export function pageRange(size: PageSize, low: number, high: number): { readonly start: number; readonly end: number } {
  const end = Math.max(low, high);
  return size.end === 'first'
    ? { start: low, end: Math.min(end, low + size.rows) }
    : { start: Math.max(low, end - size.rows), end };
}
