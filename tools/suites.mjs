// Functions for the suites with their own lock files: install them, run their files by node's test runner, and count as
// jest does.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../', import.meta.url));

const print = (text) => process.stdout.write(`${text}\n`);

/** `npm ci`, unless the installed tree was made from this very lock file. */
export function install(folder) {
  const lock = readFileSync(join(folder, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  const mark = join(folder, 'node_modules/.installed-from');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) return;
  print(`npm ci in ${folder}`);
  const { status } = spawnSync('npm', ['ci', '--no-progress', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  writeFileSync(mark, digest);
}

export async function suites(folder, ending) {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

/** Runs one file and prints its tests below their `describe`. Counts what passed and failed. */
async function runSuite(file) {
  const counts = { passed: 0, failed: 0 };
  const lines = [];
  const stream = run({ files: [file], timeout: 600_000 });
  stream.on('test:start', ({ name, nesting }) => {
    if (nesting === 0 && name !== file) lines.push(`  ${name}`);
  });
  stream.on('test:pass', ({ name, details }) => {
    if (details.type === 'suite') return;
    counts.passed += 1;
    lines.push(`    ✓ ${name} (${Math.round(details.duration_ms)} ms)`);
  });
  stream.on('test:fail', ({ name, details }) => {
    // A block with failed tests reports a failure too, after them.
    if (details.error?.failureType === 'subtestsFailed') return;
    counts.failed += 1;
    const cause = details.error?.cause ?? details.error;
    lines.push(`    ✕ ${name}`, String(cause?.stack ?? cause).slice(0, 3_000));
  });
  stream.on('test:stderr', ({ message }) => lines.push(message));
  for await (const _event of stream);
  // A file that cannot be loaded has no tests at all.
  const ok = counts.failed === 0 && counts.passed > 0;
  print([`${ok ? 'PASS' : 'FAIL'} ${file.slice(ROOT.length)}`, ...lines].join('\n'));
  return { ...counts, ok };
}

/**
 * Runs the files, so many at a time, and closes with counts as jest's. Use more than one lane only for files that share
 * no port and no folder.
 */
export async function runSuites(files, { lanes = 1 } = {}) {
  const started = performance.now();
  const suites = [];
  const waiting = [...files];
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) suites.push(await runSuite(file));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const sum = (pick) => suites.reduce((total, suite) => total + pick(suite), 0);
  const tell = (failed, all) => `${failed > 0 ? `${failed} failed, ` : ''}${all - failed} passed, ${all} total`;
  const failedSuites = sum(({ ok }) => (ok ? 0 : 1));
  print(`\nTest Suites: ${tell(failedSuites, suites.length)}`);
  print(
    `Tests:       ${tell(
      sum(({ failed }) => failed),
      sum(({ failed, passed }) => failed + passed),
    )}`,
  );
  print(`Time:        ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return failedSuites === 0;
}
