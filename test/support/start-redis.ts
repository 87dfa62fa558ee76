import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.js';

/** A Redis server on a free port, without files on disk. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it at once. */
  crash(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The path of `redis-server`, or null when it is not installed. */
export function findRedis(): string | null {
  return findProgram('redis-server');
}

/** The first executable of that name in the PATH or where Debian keeps servers; null: not installed. */
export function findProgram(name: string): string | null {
  const { PATH = '' } = process.env;
  const places = [...PATH.split(delimiter), '/usr/sbin', '/usr/local/sbin'].map((place) => join(place, name));
  return places.find(isExecutable) ?? null;
}

/** @param primaryPort the port of its primary; left out: it is a primary itself */
export async function startRedis(binary: string, primaryPort?: number): Promise<TestRedis> {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-redis-'));
  const port = await freePort();
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  if (primaryPort !== undefined) settings.push('--replicaof', `127.0.0.1 ${primaryPort}`);
  const run = () => spawn(binary, settings, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
  let running: ReturnType<typeof run> | null = null;
  const end = async (): Promise<void> => {
    const ending = running;
    running = null;
    if (ending?.exitCode === null && ending.signalCode === null) {
      const exited = once(ending, 'exit');
      ending.kill('SIGKILL');
      await exited;
    }
  };
  const start = async (): Promise<void> => {
    running = run();
    for await (const line of createInterface(running.stdout)) {
      if (line.includes('Ready to accept connections')) {
        // This must continue reading; otherwise the server blocks on its own log.
        running.stdout.resume();
        return;
      }
    }
    throw new Error('Redis did not start.');
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    get pid() {
      return running?.pid ?? 0;
    },
    crash: end,
    start,
    stop: async () => {
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
