import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

// The gateway as a process: what it does with a log that nobody reads, with a start that fails, and with signals.

const ROOT = new URL('../..', import.meta.url);
const SETTINGS = { AUTH: 'none', XTRACTA_API_KEY: 'k', XTRACTA_URL: 'http://127.0.0.1:9' };

let directory: string;
const running = new Set<ChildProcess>();

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-process-'));
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

describe('a log that nobody reads', () => {
  it('stops no request, and the lost lines are counted', async () => {
    const child = run([], { ...SETTINGS, LEDGER_URL: `sqlite:${join(directory, 'unread.sqlite')}` });
    const url = await listening(child);
    // More than the pipe (64 KiB), the buffer of this test's end (64 KiB) and the gateway's own (256 KiB) hold together.
    const headers = { 'content-type': 'application/json', 'x-request-id': 'x'.repeat(128) };
    const operation = { method: 'POST', headers, body: '{"query":"{__typename}"}' };
    let answered = 0;
    for (let round = 0; round < 70; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/graphql`, operation)));
      for (const answer of answers) if ((await answer.text()).includes('Query')) answered += 1;
    }
    expect(answered).toBe(1_400);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(Number(/^billing_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);

    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);
});

/** Node with the gateway's own start file; standard output and error are pipes that nothing reads until the test does. */
function run(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--import', '@swc-node/register/esm-register', 'src/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH, LOG_FORMAT: 'json', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Reads the log until it says where the gateway listens, and nothing of it afterwards. */
async function listening(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = '';
  child.once('exit', () => reject(new Error(`The gateway did not start: ${log}`)));
  child.stdout?.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
    const url = /listening on (http:[\w:./]+)/.exec(log)?.[1];
    if (url !== undefined) resolve(url);
  });
  const url = await promise;
  child.stdout?.removeAllListeners('data');
  child.stdout?.pause();
  return url;
}
