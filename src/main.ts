#!/usr/bin/env node
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dieWithLauncher, handOver, isTooOld, pinnedNode } from './runtime/pinned-node.js';

if (isTooOld(process.version)) {
  const node = pinnedNode();
  if (node === null) {
    process.stderr.write(
      `This gateway needs Node 22.13 or newer, and this is ${process.version}. ` +
        'The npm package "node", which brings one along, is not installed: ' +
        'run npm ci without --omit=optional, or use a newer Node.\n',
    );
    process.exitCode = 1;
  } else {
    handOver(node, fileURLToPath(import.meta.url), process.argv.slice(2));
  }
} else {
  dieWithLauncher();
  // A signal without a listener does nothing when the process is PID 1. Before the gateway is composed there is nothing
  // to finish.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(0));
  // Node's own listener would open the inspector to every user of this machine, and the inspector runs any code.
  process.on('SIGUSR1', () => undefined);
  // Compiling takes a fifth of a start. The cache lies beside the code, where anybody who may write may change the code
  // as well.
  module.enableCompileCache(join(import.meta.dirname, '.compile-cache'));
  const { main } = await import('./cli.js');
  await main();
}
