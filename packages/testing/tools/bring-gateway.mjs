// Copies the built gateway into the package. Run by `npm run build`.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
if (!existsSync(at('../../dist/main.js'))) throw new Error('Run npm run build in the root of the repository first.');
rmSync(at('gateway'), { recursive: true, force: true });
cpSync(at('../../dist'), at('gateway'), {
  recursive: true,
  filter: (path) => !path.endsWith('.map') && !path.includes('/.cache'),
});
