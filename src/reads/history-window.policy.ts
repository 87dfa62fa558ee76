import type { BillingActivity } from '../domain/billing-history.js';
import { badInput } from '../domain/errors.js';

/** Unix seconds, both ends inside. */
export interface HistoryWindow {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** The ends of a list, both inside, in Unix epoch milliseconds. */
export interface HistoryBounds {
  readonly fromMs: number;
  readonly toMs: number;
}

const DAY_SECONDS = 86_400;
/** Longer than an annual period, so that the row of the period in force starts inside the window. */
const PLAN_REACH_SECONDS = 400 * DAY_SECONDS;
/** 9999-12-31T23:59:59.999Z: RFC 3339 has no year of five digits. */
export const LAST_MS = 253_402_300_799_999;
const LAST_SECOND = Math.floor(LAST_MS / 1000);

function assertReadableInstant(epochMs: number, field: string): void {
  if (!(epochMs >= 0 && epochMs <= LAST_MS)) {
    throw badInput('The instant must lie in the years 1970 to 9999.', [field]);
  }
}

/** The clocks of well-kept machines differ by less than this. A period that starts later was meant to start later. */
const CLOCK_DIFFERENCE_MS = 60_000;
/** Largest error of a measured difference: half a second of the `date` header, and half of a response of a second. */
const MEASURED_WITHIN_MS = 1_000;

/**
 * The moment that counts as now. The upstream's clock dates the rows, so a row of a moment ago may start after "now" by
 * the gateway's clock. A larger difference than well-kept clocks have is ignored. Reason: a `date` header may be wrong
 * where the dates of the rows are right, and periods may be meant to start later.
 *
 * @param aheadMs measured milliseconds by which the upstream's clock is ahead; 0 or less: it is not
 * @param begunMs start of a period that the upstream has just begun; null: none
 */
export function presentMoment(clockMs: number, aheadMs: number, begunMs: number | null): number {
  const isUsual = (differenceMs: number): boolean => differenceMs > 0 && differenceMs <= CLOCK_DIFFERENCE_MS;
  const measuredMs = isUsual(aheadMs) ? clockMs + aheadMs + MEASURED_WITHIN_MS : clockMs;
  return begunMs !== null && isUsual(begunMs - clockMs) ? Math.max(measuredMs, begunMs) : measuredMs;
}

/** The same day and time one calendar year earlier, in UTC; 29 February becomes 28 February. Never before 1970. */
function oneYearBefore(epochMs: number): number {
  const date = new Date(epochMs);
  const month = date.getUTCMonth();
  date.setUTCFullYear(date.getUTCFullYear() - 1);
  if (date.getUTCMonth() !== month) date.setUTCDate(0);
  return Math.max(0, date.getTime());
}

/**
 * The ends of a history. A missing `to` is the end of the present second, a missing `from` one calendar year before
 * `to`.
 *
 * @param carried ends of the list of the client's cursor. They replace the end that the client left out, so that a
 *   later page belongs to the same list although "now" has moved on
 * @throws BillingError `BAD_USER_INPUT`
 */
export function resolveHistoryBounds(
  asked: { readonly fromMs: number | null; readonly toMs: number | null },
  nowMs: number,
  carried: HistoryBounds | null,
): HistoryBounds {
  if (asked.fromMs !== null) assertReadableInstant(asked.fromMs, 'from');
  if (asked.toMs !== null) assertReadableInstant(asked.toMs, 'to');
  const kept = asked.toMs === null ? carried : null;
  const toMs = asked.toMs ?? kept?.toMs ?? Math.ceil(nowMs / 1000) * 1000;
  const fromMs = asked.fromMs ?? kept?.fromMs ?? oneYearBefore(toMs);
  if (fromMs > toMs) throw badInput('`from` must not be later than `to`.', ['from']);
  return { fromMs, toMs };
}

/** The least window that contains the bounds. The upstream accepts only whole seconds. */
export function windowOf({ fromMs, toMs }: HistoryBounds): HistoryWindow {
  return { fromSeconds: Math.floor(fromMs / 1000), toSeconds: Math.min(LAST_SECOND, Math.ceil(toMs / 1000)) };
}

/**
 * The window of history that contains the plan in force at an instant.
 *
 * @throws BillingError `BAD_USER_INPUT`
 */
export function planWindow(atMs: number): HistoryWindow {
  assertReadableInstant(atMs, 'at');
  return {
    fromSeconds: Math.max(0, Math.floor(atMs / 1000) - PLAN_REACH_SECONDS),
    toSeconds: Math.min(LAST_SECOND, Math.ceil(atMs / 1000) + PLAN_REACH_SECONDS),
  };
}

export function windowSpan(window: HistoryWindow): number {
  return window.toSeconds - window.fromSeconds + 1;
}

export function windowCovers(outer: HistoryWindow, inner: HistoryWindow): boolean {
  return outer.fromSeconds <= inner.fromSeconds && outer.toSeconds >= inner.toSeconds;
}

export function windowsEqual(a: HistoryWindow, b: HistoryWindow): boolean {
  return a.fromSeconds === b.fromSeconds && a.toSeconds === b.toSeconds;
}

/**
 * Groups windows that overlap or follow each other without a gap. So the hull of a cluster contains no second that no
 * read requested.
 *
 * @param merge false: only equal windows are grouped
 */
export function clusterByWindow<T extends HistoryWindow>(items: readonly T[], merge: boolean): T[][] {
  const ordered = [...items].sort((a, b) => a.fromSeconds - b.fromSeconds || a.toSeconds - b.toSeconds);
  const clusters: T[][] = [];
  let reach: HistoryWindow | null = null;
  for (const item of ordered) {
    const current = clusters.at(-1);
    const joins = reach !== null && (merge ? item.fromSeconds <= reach.toSeconds + 1 : windowsEqual(item, reach));
    if (current !== undefined && reach !== null && joins) {
      current.push(item);
      reach = { fromSeconds: reach.fromSeconds, toSeconds: Math.max(reach.toSeconds, item.toSeconds) };
    } else {
      clusters.push([item]);
      reach = item;
    }
  }
  return clusters;
}

/** The smallest window that covers all windows; without windows, an empty one. */
export function windowHull(windows: readonly HistoryWindow[]): HistoryWindow {
  let fromSeconds = Number.POSITIVE_INFINITY;
  let toSeconds = Number.NEGATIVE_INFINITY;
  for (const window of windows) {
    fromSeconds = Math.min(fromSeconds, window.fromSeconds);
    toSeconds = Math.max(toSeconds, window.toSeconds);
  }
  return { fromSeconds, toSeconds };
}

/**
 * The rows that start inside the bounds, whatever the upstream understood by its window. Rows without a readable start
 * date are kept, because they may be inside.
 */
export function rowsInBounds(rows: readonly BillingActivity[], bounds: HistoryBounds): readonly BillingActivity[] {
  const { fromMs, toMs } = bounds;
  const isInside = ({ startMs }: BillingActivity): boolean =>
    startMs === null || (startMs >= fromMs && startMs <= toMs);
  return rows.every(isInside) ? rows : rows.filter(isInside);
}

export function boundsOf({ fromSeconds, toSeconds }: HistoryWindow): HistoryBounds {
  return { fromMs: fromSeconds * 1000, toMs: toSeconds * 1000 };
}
