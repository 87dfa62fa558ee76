#!/usr/bin/env node
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
  const { main } = await import('./cli.js');
  await main();
}
