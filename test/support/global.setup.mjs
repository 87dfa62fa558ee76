// Runs once, before the workers of jest start.
import { statfsSync } from 'node:fs';

const MEMORY = '/dev/shm';
/** The folders of both workers take a tenth of this: a container has 64 MB there by default, which is too little. */
const ENOUGH_BYTES = 2e9;

/**
 * Keeps the ledgers and databases of tests in memory, where there is room. Each write waits for the disk a few times
 * by design, and that was a fifth of the whole run. Nothing is lost by it: tests kill processes, never the machine.
 * `TMPDIR=/tmp npm test` uses the disk all the same.
 */
export default function globalSetup() {
  if (process.env.TMPDIR !== undefined) return;
  if (freeBytes(MEMORY) > ENOUGH_BYTES) process.env.TMPDIR = MEMORY;
}

function freeBytes(folder) {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
