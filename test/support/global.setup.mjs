// Runs once, before the workers of jest start.
import { spawn } from 'node:child_process';
import { rmSync, statfsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MEMORY = '/dev/shm';
/** The folders of both workers take a tenth of this: a container has 64 MB there by default, which is too little. */
const ENOUGH_BYTES = 2e9;

const BUNDLER = fileURLToPath(new URL('process.bundle.mjs', import.meta.url));
/** Below node_modules, because the bundle leaves some packages to Node. */
const BUNDLE = fileURLToPath(new URL(`../../node_modules/.cache/test-processes-${process.pid}`, import.meta.url));

export default function globalSetup({ testPathPatterns }) {
  keepInMemory();
  // Of the C library: each thread would keep free memory of its own.
  process.env.MALLOC_ARENA_MAX ??= '2';
  if (testPathPatterns.patterns.length === 0) bundleProcesses();
}

/**
 * Bundles the programs that tests start as processes, in a run of all suites. The first tests do not wait for it, and
 * start theirs from the sources.
 */
function bundleProcesses() {
  process.env.TEST_PROCESSES = BUNDLE;
  const bundler = spawn(process.execPath, [BUNDLER, BUNDLE], { stdio: ['ignore', 'inherit', 'inherit'] });
  process.once('exit', () => {
    bundler.kill();
    for (const folder of [BUNDLE, `${BUNDLE}.unfinished`]) rmSync(folder, { recursive: true, force: true });
  });
}

/**
 * Keeps the ledgers and databases of tests in memory, where there is room. Each write waits for the disk a few times
 * by design, and that was a fifth of the whole run. Nothing is lost by it: tests kill processes, never the machine.
 * `TMPDIR=/tmp npm test` uses the disk all the same.
 */
function keepInMemory() {
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
