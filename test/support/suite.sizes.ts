import { randomInt } from 'node:crypto';

/** Whether each suite runs whole, as in CI. */
export const isFull = process.env['TEST_SIZES'] === 'full';

/**
 * Number of random cases of a property: a tenth of `full` in the developer's loop, all of them with
 * `TEST_SIZES=full`, as in CI.
 */
export function randomRuns(full: number): number {
  return isFull ? full : Math.ceil(full / 10);
}

/** Whether a suite over every case has this one: each third, or so, in the developer's loop, all of them in CI. */
export function isInLoop(caseNumber: number, each = 3): boolean {
  return isFull || caseNumber % each === 0;
}

/** For the test that runs the cases, however many they are. */
export const FUZZ_PATIENCE_MS = 1_800_000;

export interface FuzzSettings {
  /** Cases in all. `FUZZ_RUNS=20000` is the full size. */
  readonly runs: number;
  /** Printed, so that `FUZZ_SEED` can reproduce a finding. */
  readonly seed: number;
}

/** Developers run the same cases each time, so that a failure comes from their change. Also in `native.runner.mjs`. */
const FIXED_SEED = 20_260_101;

/**
 * Reads the size and seed of a fuzz test from the environment and prints them. A given size has a random seed.
 *
 * @param variable the beginning of the variables' names: `FUZZ` reads `FUZZ_RUNS` and `FUZZ_SEED`
 */
export function fuzzSettings(name: string, defaultRuns = 2_000, variable = 'FUZZ'): FuzzSettings {
  const { [`${variable}_RUNS`]: givenRuns, [`${variable}_SEED`]: givenSeed } = process.env;
  const runs = Number(givenRuns ?? defaultRuns);
  const seed = Number(givenSeed ?? (givenRuns === undefined ? FIXED_SEED : randomInt(2 ** 31)));
  process.stdout.write(`${name}: ${runs} cases, ${variable}_SEED=${seed}\n`);
  return { runs, seed };
}
