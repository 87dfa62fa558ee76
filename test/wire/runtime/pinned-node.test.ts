import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { isTooOld } from '../../../src/runtime/pinned-node.js';
import { TYPESCRIPT } from '../../support/start-gateway-process.js';

describe('a Node', () => {
  it.each([
    ['v20.20.2', true],
    ['v22.12.0', true],
    ['v22.13.0', false],
    ['v23.0.0', false],
    ['v24.21.0', false],
  ])('of %s is too old: %s', (version, tooOld) => {
    expect(isTooOld(version)).toBe(tooOld);
  });
});

describe('a gateway on the pinned Node', () => {
  it("gets the launcher's stop signal, and the launcher ends with its exit code", async () => {
    const launcher = await launch();
    launcher.process.kill('SIGTERM');
    expect(await once(launcher.process, 'exit')).toEqual([7, null]);
    expect(launcher.output()).toContain('drained');
  });

  it('dies with a launcher that was killed', async () => {
    const launcher = await launch();
    launcher.process.kill('SIGKILL');
    await once(launcher.process, 'exit');
    while (isAlive(launcher.childPid)) await new Promise((next) => setImmediate(next));
    expect(launcher.output()).not.toContain('drained');
  });

  it('that crashes takes the launcher with it by the same signal', async () => {
    const process = start(['crash']);
    expect(await once(process, 'exit')).toEqual([null, 'SIGSEGV']);
  });
});

function start(args: string[]): ChildProcess {
  const script = resolve(import.meta.dirname, 'launcher.mjs');
  return spawn(process.execPath, [...TYPESCRIPT, script, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

async function launch(): Promise<{ process: ChildProcess; childPid: number; output: () => string }> {
  const launched = start([]);
  let output = '';
  const childPid = await new Promise<number>((found) => {
    launched.stdout?.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      const pid = /child (\d+)\n/.exec(output)?.[1];
      if (pid !== undefined) found(Number(pid));
    });
  });
  return { process: launched, childPid, output: () => output };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
