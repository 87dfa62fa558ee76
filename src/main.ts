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
        'The npm package "node", which brings one along, is not installed: run npm ci without --omit=optional, or use a newer Node.\n',
    );
    process.exitCode = 1;
  } else {
    handOver(node, fileURLToPath(import.meta.url), process.argv.slice(2));
  }
} else {
  dieWithLauncher();
  // As PID 1 a signal without a listener does nothing at all. Until the gateway is put together there is nothing to
  // finish.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(0));
  // Node's own listener would open the inspector, which runs any code, to everybody on this machine.
  process.on('SIGUSR1', () => undefined);
  // Compiling is a fifth of a start. The results lie beside the code: who may write there may change the code as well.
  module.enableCompileCache(join(import.meta.dirname, '.compile-cache'));
  const { main } = await import('./cli.js');
  await main();
}
