// Removes what a build wrote, so that a file that was renamed or deleted leaves nothing behind in dist/.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
