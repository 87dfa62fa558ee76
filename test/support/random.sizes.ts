const isFull = process.env['RANDOM_SIZES'] === 'full';

/**
 * How many random cases a property tries: a tenth of `full` in the developer's loop, all of them with
 * `RANDOM_SIZES=full`, as in CI.
 */
export function randomRuns(full: number): number {
  return isFull ? full : Math.ceil(full / 10);
}
