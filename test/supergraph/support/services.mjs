// Starts the parts of a supergraph, each as a process of its own as in production: the built simulator, the built
// gateway, the second subgraph of the examples, and routers.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const PACKAGE = fileURLToPath(new URL('../', import.meta.url));
export const ROUTER_SECRET = 'a-secret-that-only-the-router-has';

const READY_WITHIN_MS = 60_000;
const running = new Set();

/** Ends everything that this process started. Call it in `after`. */
export async function stopServices() {
  await Promise.all([...running].map((service) => service.stop()));
}

/**
 * A child process of Node. `firstLine` resolves with the first line of its standard output for which `pick` returns
 * something.
 *
 * @template T
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, pick?: (line: string) => T | undefined }} options
 */
export function startProcess(args, { env = {}, cwd = ROOT, pick = () => undefined } = {}) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = [];
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const firstLine = new Promise((resolve, reject) => {
    const read = (line) => {
      lines.push(line);
      const picked = pick(line);
      if (picked !== undefined) resolve(picked);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('exit', (code, signal) =>
      reject(new Error(`${args.join(' ')} ended (${signal ?? code}):\n${lines.join('\n')}`)),
    );
  });
  firstLine.catch(() => undefined);
  const service = {
    firstLine,
    /** Everything that the process has printed so far. */
    output: () => lines.join('\n'),
    async stop() {
      running.delete(service);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(kill);
    },
  };
  running.add(service);
  return service;
}

/** The simulator of the upstreams, with what it has been asked. */
export async function startSimulator() {
  const { firstLine } = startProcess([join(ROOT, 'dist/simulator/main.js'), '--port', '0'], {
    pick: (line) => (line.startsWith('{"simulator"') ? JSON.parse(line) : undefined),
  });
  const { simulator: url, fixtures } = await firstLine;
  const admin = async (method, path, body) => {
    const response = await fetch(`${url}/__sim/${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    url,
    fixtures,
    /** A fresh copy of the fixtures under an api key of its own. */
    world(name) {
      const apiKey = `sim-${name}`;
      const query = `world=${apiKey}`;
      return {
        apiKey,
        forgetCalls: () => admin('DELETE', `journal?${query}`),
        /** Requests to an endpoint since the last {@link forgetCalls}. */
        calls: async (endpoint) => (await admin('GET', `journal?${query}&endpoint=${endpoint}`)).entries,
        addFault: (rule) => admin('POST', `faults?${query}`, rule),
        clearFaults: () => admin('DELETE', `faults?${query}`),
        advanceClock: (step) => admin('POST', `clock?${query}`, { advance: step }),
        setToggles: (toggles) => admin('POST', `toggles?${query}`, toggles),
      };
    },
  };
}

/** The built gateway in front of a world of the simulator, with a ledger of its own. */
export async function startBillingGateway(simulator, world, env = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'supergraph-'));
  const service = startProcess([join(ROOT, 'dist/main.js')], {
    env: {
      PORT: '0',
      AUTH: 'none',
      XTRACTA_URL: simulator.url,
      XTRACTA_API_KEY: world.apiKey,
      XTRACTA_ROOT_GROUP_ID: simulator.fixtures.rootGroupId,
      CREDITS_URL: simulator.url,
      CREDITS_TOKEN: world.apiKey,
      LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
      LOG_FORMAT: 'json',
      ...env,
    },
    pick: (line) => (line.includes('"listening on') ? JSON.parse(line).url : undefined),
  });
  const url = await service.firstLine;
  return {
    url,
    /** Resolves when a line of the log holds the text; throws when none has within some seconds. */
    async untilLogged(text) {
      const deadline = performance.now() + 10_000;
      while (!service.output().includes(text)) {
        if (performance.now() > deadline) throw new Error(`"${text}" is not in the log`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The second subgraph of `examples/accounts`, which extends `Group`. */
export async function startAccounts() {
  const { firstLine } = startProcess([join(ROOT, 'examples/accounts/main.mjs')], {
    env: { PORT: '0' },
    pick: (line) => (line.startsWith('{"accounts"') ? JSON.parse(line).accounts : undefined),
  });
  return { url: await firstLine };
}

/** A port that is free now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a URL answers 200. */
export async function untilReady(url, service) {
  const deadline = performance.now() + READY_WITHIN_MS;
  let gone = false;
  service.firstLine.catch(() => {
    gone = true;
  });
  for (;;) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    if (gone) await service.firstLine;
    if (performance.now() > deadline) throw new Error(`${url} did not get ready:\n${service.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One GraphQL request. */
export async function execute(url, query, variables = {}, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const { data, errors = [] } = JSON.parse(text);
  return { status: response.status, headers: response.headers, data, errors, text };
}
