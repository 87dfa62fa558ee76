const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Waits between background reconciliations. The first ones are short because an upstream shows a charge within seconds when it
 * shows it at all; the later ones only catch what was delayed, and cost the upstream next to nothing.
 */
export const RECONCILE_INTERVALS_MS: readonly number[] = [
  10 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  HOUR,
  6 * HOUR,
  24 * HOUR,
];

/** Milliseconds to wait after `attempts` reconciliations that settled nothing; the last interval goes on for ever. */
export function reconcileDelayMs(attempts: number): number {
  const index = Math.min(Math.max(Math.trunc(attempts), 0), RECONCILE_INTERVALS_MS.length - 1);
  return RECONCILE_INTERVALS_MS[index] ?? 24 * HOUR;
}
