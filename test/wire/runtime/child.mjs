// What a gateway is for the launcher: it lives until a signal, and then ends in an orderly way with a code of its own.
import { dieWithLauncher } from '../../../src/runtime/pinned-node.ts';

dieWithLauncher();
const alive = setInterval(() => undefined, 1000);
process.on('SIGTERM', () => {
  clearInterval(alive);
  process.stdout.write('drained\n');
  process.exit(7);
});
if (process.argv[2] === 'crash') process.kill(process.pid, 'SIGSEGV');
process.stdout.write(`child ${process.pid}\n`);
