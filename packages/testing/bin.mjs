#!/usr/bin/env node
// Runs gateway and simulator until Ctrl-C: `npx billing-stack --port 4000 --simulator-port 4010`. Prints one line of
// JSON when both are up.
import { parseArgs } from 'node:util';
import { startBilling } from './dist/index.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    'simulator-port': { type: 'string', default: '4010' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    'billing-stack [--port 4000] [--simulator-port 4010]\nStarts the gateway and a simulated upstream. 0 takes a free port.\n',
  );
  process.exit(0);
}
const port = Number(values.port);
const billing = await startBilling({
  ...(port === 0 ? {} : { port }),
  simulatorPort: Number(values['simulator-port']),
});
const { url, graphqlUrl, simulatorUrl, fixtures } = billing;
process.stdout.write(`${JSON.stringify({ url, graphqlUrl, simulatorUrl, fixtures })}\n`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void billing.stop().then(() => process.exit(0)));
