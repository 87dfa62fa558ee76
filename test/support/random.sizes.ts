const isFull = process.env['RANDOM_SIZES'] === 'full';

/**
 * Number of random cases of a property: a tenth of `full` in the developer's loop, all of them with
 * `RANDOM_SIZES=full`, as in CI.
 */
export function randomRuns(full: number): number {
  return isFull ? full : Math.ceil(full / 10);
}
