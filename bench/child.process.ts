import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly origin: string;
  /** From the start of the process to the first good response of its probe, in milliseconds. */
  readonly startUpMs: number;
  /** Sends SIGTERM and waits; kills the process after half a minute. */
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly name: string;
  /** Arguments of node. */
  readonly arguments: readonly string[];
  readonly environment: (port: number) => Readonly<Record<string, string>>;
  /** The path whose status 200 means that the server is ready. */
  readonly readyPath: string;
  readonly logFile: string;
}

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 30_000;
const POLL_MS = 3;

/** Installs the packages of a directory's lock file, unless they are installed. @throws Error if that fails. */
export function installPackages(directory: string): void {
  if (existsSync(join(directory, 'node_modules'))) return;
  const npm = ['--prefix', directory, 'ci', '--ignore-scripts', '--no-progress'];
  const { status } = spawnSync('npm', npm, { stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) throw new Error(`npm ci in ${directory} failed`);
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Starts a server with only PATH of this environment, and waits until it is ready. */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  const { PATH = '' } = process.env;
  const port = await freePort();
  const log = openSync(command.logFile, 'a');
  const started = performance.now();
  const child = spawn(process.execPath, [...command.arguments], {
    env: { PATH, PORT: String(port), ...command.environment(port) },
    stdio: ['ignore', log, log],
  });
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(child, command, origin, started);
  if (child.pid === undefined) throw new Error(`${command.name} has no process`);
  return {
    pid: child.pid,
    port,
    origin,
    startUpMs: performance.now() - started,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      // A process with a blocked event loop reacts only to this signal.
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(force);
    },
  };
}

async function untilReady(child: ChildProcess, command: ServerCommand, origin: string, started: number): Promise<void> {
  for (;;) {
    if (await respondsOk(origin + command.readyPath)) return;
    const late = performance.now() - started > START_LIMIT_MS;
    if (late || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new Error(`${command.name} did not start:\n${readFileSync(command.logFile, 'utf8').slice(-3_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function respondsOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { headers: { 'apollo-require-preflight': 'bench' } });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
