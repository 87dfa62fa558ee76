// Runs the simulator and the gateway as two children: the part that `npm run demo` and `npm run dev` share.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

const HOST = '127.0.0.1';
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
/** `loopback` is for a page's development server on this machine. The others are Apollo Sandbox. */
const CORS_ORIGINS = 'loopback,https://studio.apollographql.com,https://sandbox.embed.apollographql.com';

// The only variables that the gateway inherits. Real credentials in the shell must never reach a demo, because it would
// charge them.
const INHERITED =
  /^(PATH|Path|HOME|USERPROFILE|TMPDIR|TEMP|TMP|SystemRoot|LANG|NO_COLOR|FORCE_COLOR|LOG_LEVEL|LOG_FORMAT|CORS_ORIGINS|DEBUG_UI|EXPLORER|INTROSPECTION|SPENDING_LIMITS|STALE_READS_SECONDS)$/;

/** A problem that is printed in one line, without a stack. */
class StackProblem extends Error {}

/**
 * Starts both, waits until the gateway's `/ready` is 200, passes the addresses to `onReady`, and runs until Ctrl-C,
 * SIGTERM or the end of either child. Ends the process: 0 when asked to stop, 1 when something went wrong.
 *
 * @param {{ gatewayArgs: string[], simulatorArgs: string[], onReady: (stack: { gatewayUrl: string, simulatorUrl:
 * string, fixtures: Record<string, string>, settings: Record<string, string> }) => void }} options arguments for node,
 * and the function to call when both are up; `settings` are those that commands for operators need
 */
export async function runLocalStack({ gatewayArgs, simulatorArgs, onReady }) {
  const children = [];
  const directory = await mkdtemp(join(tmpdir(), 'billing-gateway-'));
  let stopping = null;
  const stop = (code) => {
    stopping ??= stopAll(children, directory).then(() => process.exit(code));
    return stopping;
  };
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));
  // Gateways that a restart ends on purpose.
  const ending = new Set();
  const died = (name, code, signal, child) => {
    if (stopping !== null || ending.has(child)) return;
    console.error(`\n${name} ended (${signal ?? `exit code ${code}`}); stopping the other one.`);
    void stop(1);
  };

  try {
    const gatewayPort = await claimPort('PORT', 4000);
    const simulatorPort = await claimPort('SIMULATOR_PORT', 4010);
    const gatewayUrl = `http://${HOST}:${gatewayPort}`;
    let startGatewayAnew = () => undefined;
    const simulator = launch(
      'simulator',
      [...simulatorArgs, '--port', String(simulatorPort), '--gateway-url', gatewayUrl],
      baseEnvironment(),
      died,
      () => startGatewayAnew(),
    );
    children.push(simulator.child);
    const { simulator: simulatorUrl, fixtures } = await simulator.announcement;
    const environment = (run) => ({
      CORS_ORIGINS,
      ...baseEnvironment(),
      LOG_FORMAT: process.env.LOG_FORMAT ?? 'pretty',
      HOST,
      PORT: String(gatewayPort),
      AUTH: 'none',
      XTRACTA_URL: simulatorUrl,
      XTRACTA_API_KEY: fixtures.apiKey,
      XTRACTA_ROOT_GROUP_ID: fixtures.rootGroupId,
      CREDITS_URL: simulatorUrl,
      CREDITS_TOKEN: fixtures.creditsToken,
      LEDGER_URL: `sqlite:${join(directory, `ledger-${run}.sqlite`)}`,
    });
    let run = 1;
    let gateway = launch('gateway', gatewayArgs, environment(run), died).child;
    children.push(gateway);
    let restart = Promise.resolve();
    // Restarts run one after the other: a second request waits for the first.
    startGatewayAnew = () => {
      restart = restart.then(async () => {
        if (stopping !== null) return;
        ending.add(gateway);
        await stopChild(gateway);
        if (stopping !== null) return;
        run += 1;
        gateway = launch('gateway', gatewayArgs, environment(run), died).child;
        children.push(gateway);
      });
    };
    await untilReady(gatewayUrl, () => stopping !== null);
    const { AUTH, XTRACTA_URL, XTRACTA_API_KEY, XTRACTA_ROOT_GROUP_ID, LEDGER_URL } = environment(run);
    const settings = { AUTH, XTRACTA_URL, XTRACTA_API_KEY, XTRACTA_ROOT_GROUP_ID, LEDGER_URL };
    if (stopping === null) onReady({ gatewayUrl, simulatorUrl, fixtures, settings });
  } catch (error) {
    if (stopping === null) console.error(error instanceof StackProblem ? error.message : error);
    await stop(1);
  }
}

function baseEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.test(name)));
}

/**
 * A port that is free now: the one of the variable, or the default; 0 takes any. If another process takes the port
 * meanwhile, the child reports it.
 */
async function claimPort(variable, fallback) {
  const text = process.env[variable] ?? String(fallback);
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new StackProblem(`${variable} is a port number from 0 to 65535, not "${text}".`);
  }
  const server = createServer();
  try {
    await new Promise((resolve, reject) => server.once('error', reject).listen(Number(text), HOST, resolve));
    return server.address().port;
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new StackProblem(
      `Port ${text} is in use. Stop what uses it, or choose another one: ${variable}=0 takes any free port.`,
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/**
 * Starts a child and prints its lines with its name. `announcement` is its first line of JSON on standard output.
 * `onReset` is called when the simulator requests a restart of the gateway by another line.
 */
function launch(name, args, env, onEnd, onReset = () => undefined) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const announcement = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const announced = name === 'simulator' && line.startsWith('{"simulator"');
      if (announced) resolve(JSON.parse(line));
      else if (name === 'simulator' && line === '{"reset":"gateway"}') onReset();
      else console.log(`[${name}] ${line}`);
    });
  });
  createInterface({ input: child.stderr }).on('line', (line) => console.error(`[${name}] ${line}`));
  child.once('error', (error) => onEnd(name, error.message, null, child));
  child.once('exit', (code, signal) => onEnd(name, code, signal, child));
  return { child, announcement };
}

async function untilReady(gatewayUrl, isStopping) {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!isStopping()) {
    const response = await fetch(`${gatewayUrl}/ready`).catch(() => null);
    if (response?.ok) return;
    if (performance.now() > deadline)
      throw new StackProblem('The gateway was not ready within one minute; see its lines above.');
    await wait(100);
  }
}

async function stopAll(children, directory) {
  await Promise.all(children.map(stopChild));
  await rm(directory, { recursive: true, force: true });
}

async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatience = new AbortController();
  const kill = wait(STOP_WITHIN_MS, undefined, { signal: impatience.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  impatience.abort();
  await kill;
}
