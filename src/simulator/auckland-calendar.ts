/**
 * Billing periods are counted in New Zealand wall time: the manual's sample period lasts from 2018-03-27T01:11:18Z to
 * 2018-04-27T02:11:17Z. Only in that zone, across the end of daylight saving, this is one calendar month less a second.
 */
const ZONE = 'Pacific/Auckland';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const wallFormat = new Intl.DateTimeFormat('en-US', {
  timeZone: ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
});

/**
 * Offsets by hour, because the zone changes only on full hours and all worlds use the same hours. Its size is bounded
 * below.
 */
const offsetByHour = new Map<number, number>();
const MAX_CACHED_OFFSETS = 50_000;

/** Offset from an instant to New Zealand's wall clock, in milliseconds (12 or 13 hours since 1974). */
export function aucklandOffsetMs(instantMs: number): number {
  const hour = Math.floor(instantMs / HOUR_MS);
  const cached = offsetByHour.get(hour);
  if (cached !== undefined) return cached;
  const atHour = hour * HOUR_MS;
  const parts: Record<string, number> = {};
  for (const part of wallFormat.formatToParts(atHour)) parts[part.type] = Number(part.value);
  const wall = Date.UTC(
    parts['year'] ?? 0,
    (parts['month'] ?? 1) - 1,
    parts['day'] ?? 1,
    parts['hour'] ?? 0,
    parts['minute'] ?? 0,
    parts['second'] ?? 0,
  );
  const offset = wall - atHour;
  if (offsetByHour.size >= MAX_CACHED_OFFSETS) offsetByHour.clear();
  offsetByHour.set(hour, offset);
  return offset;
}

/**
 * The instant at which New Zealand's clocks show `wallMs` (a wall time written as if it were UTC). A wall time that
 * occurs twice means the first; a skipped wall time moves forward by the length of the gap.
 */
function instantOfWall(wallMs: number): number {
  const before = aucklandOffsetMs(wallMs - DAY_MS);
  const after = aucklandOffsetMs(wallMs + DAY_MS);
  const shown = [...new Set([before, after])]
    .map((offset) => wallMs - offset)
    .filter((at) => at + aucklandOffsetMs(at) === wallMs);
  return shown.length > 0 ? Math.min(...shown) : wallMs - before;
}

/**
 * `instantMs` plus whole calendar months on New Zealand's wall clock; a day that the month lacks becomes its last day.
 */
export function addMonths(instantMs: number, months: number): number {
  // By its wall time an instant of the hour that comes twice would be taken for one of the first of them.
  if (months === 0) return instantMs;
  const wall = new Date(instantMs + aucklandOffsetMs(instantMs));
  const day = wall.getUTCDate();
  const monthIndex = wall.getUTCFullYear() * 12 + wall.getUTCMonth() + months;
  const year = Math.floor(monthIndex / 12);
  const month = monthIndex - year * 12;
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const timeOfDay =
    instantMs + aucklandOffsetMs(instantMs) - Math.floor((instantMs + aucklandOffsetMs(instantMs)) / DAY_MS) * DAY_MS;
  return instantOfWall(Date.UTC(year, month, Math.min(day, lastDay)) + timeOfDay);
}

/** The last second of a period that starts at `startMs`: a month or a year later, less one second. */
export function periodExpiry(startMs: number, type: 'Monthly' | 'Annual'): number {
  return addMonths(startMs, type === 'Annual' ? 12 : 1) - 1000;
}

/**
 * The forms of dates that the upstream may use: ATOM in UTC, ATOM in New Zealand time, the `(GMT)` form of the usage
 * page, or without a zone.
 */
export type DateFormat = 'atom' | 'auckland' | 'gmt' | 'naive' | 'zulu';

/** Writes an instant, to the second, in one of the forms in the manuals. */
export function writeDate(instantMs: number, format: DateFormat): string {
  const utc = new Date(instantMs).toISOString().slice(0, 19);
  switch (format) {
    case 'atom':
      return `${utc}+00:00`;
    case 'zulu':
      return `${utc}Z`;
    case 'gmt':
      return `${utc.replace('T', ' ')} (GMT)`;
    case 'naive':
      return utc.replace('T', ' ');
    case 'auckland': {
      const offset = aucklandOffsetMs(instantMs);
      const hours = String(Math.floor(offset / HOUR_MS)).padStart(2, '0');
      return `${new Date(instantMs + offset).toISOString().slice(0, 19)}+${hours}:00`;
    }
  }
}
