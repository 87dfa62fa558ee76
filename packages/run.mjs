// `npm run test:kits`: installs the client kit, the test kit and the billing page from their lock files. It builds
// them, checks their types, and runs all their suites against the built gateway. An argument selects the files whose
// path contains it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { install, ROOT, runSuites, suites } from '../tools/suites.mjs';

/** The kits come before the packages that use them. */
const FOLDERS = ['packages/client', 'packages/testing', 'examples/billing-page', 'examples/mcp'].filter((folder) =>
  existsSync(join(ROOT, folder, 'package.json')),
);

function npm(...args) {
  const { status } = spawnSync('npm', args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

if (!existsSync(join(ROOT, 'dist/main.js'))) npm('run', '--silent', 'build');
for (const folder of FOLDERS) {
  install(join(ROOT, folder));
  npm(
    'run',
    '--silent',
    '--if-present',
    '--prefix',
    folder,
    folder.startsWith('packages/') ? 'build' : 'nothing-to-build',
  );
  npm('run', '--silent', '--if-present', '--prefix', folder, 'check');
}
const only = process.argv[2];
const files = (await Promise.all(FOLDERS.map((folder) => suites(join(ROOT, folder, 'test'), '.test.ts')))).flat();
// The page's own suite is the longest of all: it starts first, and all others run in parallel.
files.reverse();
const ok = await runSuites(only === undefined ? files : files.filter((file) => file.includes(only)), { lanes: 2 });
process.exit(ok ? 0 : 1);
