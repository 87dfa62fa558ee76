import { parseArgs } from 'node:util';
import { startSimulator } from './simulator.js';

const USAGE = `The upstream simulator: a stand-in for Xtracta billing and PurchaseCredits. It charges nothing.

  --port N          port to listen on, 4010 by default; 0 takes a free one
  --host ADDRESS    address to listen on, 127.0.0.1 by default
  --public-url URL  address under which clients reach it, where that is another one
  --gateway-url URL address of a gateway that was started beside it: the page leads there, and may ask on standard output, by the
                    line {"reset":"gateway"}, that it be started anew with an empty ledger
`;

function fail(message: string): never {
  process.stderr.write(`simulator: ${message}\n`);
  process.exit(1);
}

function readArguments(): {
  help: boolean;
  port: number;
  host: string;
  publicUrl: string | undefined;
  gatewayUrl: string | undefined;
} {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: process.env['SIMULATOR_PORT'] ?? '4010' },
        host: { type: 'string', default: '127.0.0.1' },
        'public-url': { type: 'string' },
        'gateway-url': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535)) fail('--port is a number from 0 to 65535');
    return {
      help: values.help,
      port,
      host: values.host,
      publicUrl: values['public-url'],
      gatewayUrl: values['gateway-url'],
    };
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'arguments can’t be read');
  }
}

const { help, port, host, publicUrl, gatewayUrl } = readArguments();
if (help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

try {
  const simulator = await startSimulator({
    port,
    host,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(gatewayUrl === undefined
      ? {}
      : { gateway: { url: gatewayUrl, reset: () => void process.stdout.write('{"reset":"gateway"}\n') } }),
  });
  process.stderr.write('SIMULATOR: not the real upstreams. Nothing here is charged, and nothing is kept.\n');
  // One line for programs.
  process.stdout.write(`${JSON.stringify({ simulator: simulator.url, fixtures: simulator.fixtures })}\n`);
  const stop = () => {
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  fail(isTaken ? `port ${port} is in use; choose another one with --port` : String(error));
}
