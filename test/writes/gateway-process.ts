import 'reflect-metadata';
import { loadConfig } from '../../src/config/load-config.js';
import { createGateway } from '../../src/gateway.js';
import { openLedger } from '../../src/idempotency/open-ledger.js';
import { createLogger } from '../../src/observability/logger.js';
import { type GatewayReport, heldStep } from './gateway-processes.js';
import { interceptLedger } from './intercepted-ledger.js';

// A gateway in a process of its own. A key says at which step of the ledger its write stays for ever, until the process
// is killed.

const report = (message: GatewayReport): void => {
  process.send?.(message);
};

const result = await loadConfig(process.env);
if (!result.ok) throw new Error(result.problems.map(({ setting, message }) => `${setting} ${message}`).join('\n'));
const gateway = await createGateway(result.config, await createLogger(result.config.log), {
  openLedger: async (url, options) =>
    interceptLedger(await openLedger(url, options), (step, moment, key) => {
      const held = heldStep(key);
      if (held?.step !== step || held.moment !== moment) return undefined;
      report({ kind: 'held', key });
      return Promise.withResolvers<never>().promise;
    }),
});
const { url } = await gateway.listen();
process.once('SIGTERM', () => void gateway.drain().then(() => process.exit(0)));
process.on('disconnect', () => process.exit());
report({ kind: 'listening', url });
