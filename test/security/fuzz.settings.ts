import { randomInt } from 'node:crypto';

/** For the test that runs the cases, however many they are. */
export const FUZZ_PATIENCE_MS = 1_800_000;

export interface FuzzSettings {
  /** Cases in all. `FUZZ_RUNS=20000` is the full size. */
  readonly runs: number;
  /** Printed, so that `FUZZ_SEED` can reproduce a finding. */
  readonly seed: number;
}

/** Developers run the same cases each time, so that a failure comes from their change. */
const FIXED_SEED = 20_260_101;

/** Reads the size and seed of a fuzz test from the environment and prints them. A given size has a random seed. */
export function fuzzSettings(name: string, defaultRuns = 2_000): FuzzSettings {
  const runs = Number(process.env['FUZZ_RUNS'] ?? defaultRuns);
  const seed = Number(
    process.env['FUZZ_SEED'] ?? (process.env['FUZZ_RUNS'] === undefined ? FIXED_SEED : randomInt(2 ** 31)),
  );
  process.stdout.write(`${name}: ${runs} cases, FUZZ_SEED=${seed}\n`);
  return { runs, seed };
}
