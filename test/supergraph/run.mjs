// `npm run test:supergraph`: installs the composers and routers when they are missing or stale, then runs every suite
// of this folder against the built gateway.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { install, ROOT, runSuites, suites } from '../../tools/suites.mjs';

const SUPERGRAPH = join(ROOT, 'test/supergraph');

if (!existsSync(join(ROOT, 'dist/main.js'))) {
  process.stdout.write('dist/ is missing: run npm run build first.\n');
  process.exit(1);
}
install(SUPERGRAPH);
const only = process.argv[2];
const files = await suites(SUPERGRAPH, '.test.mjs');
const ok = await runSuites(only === undefined ? files : files.filter((file) => file.includes(only)));
process.exit(ok ? 0 : 1);
