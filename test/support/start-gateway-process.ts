import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A gateway in a process of its own, as an operator runs it: settings by environment, stopped by signals. */
export interface GatewayProcess {
  readonly url: string;
  readonly port: number;
  /** Everything on standard output so far: the log. */
  output(): string;
  /** Sends the signal; resolves to the end of the process. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** The program: arguments of node, and its working directory. */
export interface GatewayProgram {
  readonly args: readonly string[];
  readonly cwd: URL | string;
}

const REGISTER = new URL(import.meta.resolve('./typescript.register.mjs'));
const { TEST_PROCESSES } = process.env;
if (TEST_PROCESSES !== undefined) REGISTER.searchParams.set('bundle', TEST_PROCESSES);

/**
 * Arguments of node with which a process loads our TypeScript; in a run of all suites from a bundle, once it is built.
 * No package is a link to another folder: without the search for links a start from sources costs an eighth less.
 */
export const TYPESCRIPT: readonly string[] = [
  '--preserve-symlinks',
  '--preserve-symlinks-main',
  '--import',
  REGISTER.href,
];

const START = z
  .object({ scripts: z.object({ start: z.string() }) })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).scripts.start;
/** The flags with which `npm start` and the image start the gateway. */
export const START_FLAGS: readonly string[] = START.split(' ').filter((word) => word.startsWith('--'));

const SOURCE: GatewayProgram = {
  args: [...TYPESCRIPT, 'src/main.ts'],
  cwd: new URL('../..', import.meta.url),
};

/** Starts it, by default from its source, and waits until it listens. The process gets only `env` and our PATH. */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>>,
  program: GatewayProgram = SOURCE,
): Promise<GatewayProcess> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, program.args, {
    cwd: program.cwd,
    env: { PATH, LOG_FORMAT: 'json', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const faults: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => faults.push(chunk.toString('utf8')));
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      const listening = /listening on (http:[\w:./[\]]+)/.exec(line)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    void exited.then(() => reject(new Error(`The gateway did not start: ${faults.join('')}${lines.join('\n')}`)));
  });
  return {
    url,
    port: Number(new URL(url).port),
    output: () => lines.join('\n'),
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
      return { code: child.exitCode, signal: child.signalCode };
    },
  };
}
