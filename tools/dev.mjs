// `npm run dev`: gateway and simulator from source, each restarted when one of its files changes.
import { fileURLToPath } from 'node:url';
import { runLocalStack } from './local-stack.mjs';

const source = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
const watched = (path) => [
  '--watch',
  '--watch-preserve-output',
  '--enable-source-maps',
  '--import',
  '@swc-node/register/esm-register',
  source(path),
];

await runLocalStack({
  simulatorArgs: watched('simulator/main.ts'),
  gatewayArgs: watched('main.ts'),
  onReady({ gatewayUrl, simulatorUrl }) {
    console.log(
      `\nGateway ${gatewayUrl}/graphql, simulator ${simulatorUrl}/; both restart on change. Ctrl-C stops them.\n`,
    );
  },
});
