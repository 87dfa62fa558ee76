import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// This file and `main.ts` must run on every Node from 20 on: they decide which Node runs the rest.

/** The least version of Node for Apollo's subgraph library and the built-in SQLite. */
const LEAST: readonly [number, number] = [22, 13];
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Whether a `process.version` is too old to run the gateway. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]);
}

/** Path of the Node in the npm package `node`; null when that optional package is not installed. */
export function pinnedNode(): string | null {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const path = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

/**
 * Runs the same command line on another Node, and ends with its exit code or by its signal. It forwards signals, so
 * that a stop drains the gateway. The child dies with this process ({@link dieWithLauncher}).
 */
export function handOver(node: string, script: string, args: readonly string[]): void {
  const child = spawn(node, [...process.execArgv, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, BILLING_GATEWAY_LAUNCHER: String(process.pid) },
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.once('error', (error: NodeJS.ErrnoException) => {
    process.stderr.write(`The pinned Node at ${node} could not be started (${error.code ?? error.name}).\n`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => endAs(child, code, signal));
}

function endAs(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
  child.removeAllListeners();
  if (signal === null) process.exit(code ?? 1);
  for (const forwarded of FORWARDED) process.removeAllListeners(forwarded);
  process.kill(process.pid, signal);
}

/**
 * In a process started by {@link handOver}: ends the process at once when its launcher has died. Otherwise a killed
 * launcher would leave an orphaned gateway behind. In any other process this does nothing.
 */
export function dieWithLauncher(): void {
  const { BILLING_GATEWAY_LAUNCHER: launcher } = process.env;
  delete process.env['BILLING_GATEWAY_LAUNCHER'];
  if (launcher !== String(process.ppid) || process.channel == null) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // The channel to the launcher alone must not keep a stopped gateway alive.
  process.channel.unref();
}
