/** Whether each suite runs whole, as in CI. */
export const isFull = process.env['TEST_SIZES'] === 'full';

/**
 * Number of random cases of a property: a tenth of `full` in the developer's loop, all of them with
 * `TEST_SIZES=full`, as in CI.
 */
export function randomRuns(full: number): number {
  return isFull ? full : Math.ceil(full / 10);
}

/** Whether a suite over every case has this one: each third in the developer's loop, all of them in CI. */
export function isInLoop(caseNumber: number): boolean {
  return isFull || caseNumber % 3 === 0;
}
