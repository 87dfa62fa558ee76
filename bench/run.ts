// Entry point of `npm run bench`; bench.options.ts says what it takes.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

// The libraries of the baseline and of the load generator are no business of the gateway's own package: installed when first needed.
if (!existsSync(join(import.meta.dirname, 'node_modules'))) {
  const npm = ['--prefix', import.meta.dirname, 'ci', '--ignore-scripts', '--no-progress'];
  const { status } = spawnSync('npm', npm, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(1);
}

const { main } = await import('#bench/bench.main');
await main(process.argv.slice(2));
