// Hands over to a child on the same Node, as `main.ts` does on an old one.
import { handOver } from '../../../src/runtime/pinned-node.ts';

handOver(process.execPath, new URL('./child.mjs', import.meta.url).pathname, process.argv.slice(2));
