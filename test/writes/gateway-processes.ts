import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FaultMoment, LedgerStep } from '../ledger/faulty-ledger.js';
import { TYPESCRIPT } from '../support/start-gateway-process.js';

export type GatewayReport =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'held'; readonly key: string };

const ENTRY = join(import.meta.dirname, 'gateway-process.ts');

/** A key whose write stays at that step of the ledger in a gateway process. */
export function holdingKey(step: LedgerStep, moment: FaultMoment, name: string): string {
  return `hold.${step}.${moment}.${name}`;
}

export function heldStep(key: string): { readonly step: string; readonly moment: string } | null {
  const match = /^hold\.(\w+)\.(\w+)\./.exec(key);
  return match?.[1] === undefined || match[2] === undefined ? null : { step: match[1], moment: match[2] };
}

/** A gateway in a process of its own, to be killed. Mutable: the keys that it holds. */
export class GatewayProcess {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #held: ReadonlySet<string>;

  private constructor(process: ChildProcess, url: string, held: ReadonlySet<string>) {
    this.#process = process;
    this.url = url;
    this.#held = held;
  }

  /** Settings as of the environment; `PORT` is chosen by the system. */
  static async start(env: Readonly<Record<string, string | undefined>>): Promise<GatewayProcess> {
    const process = fork(ENTRY, [], {
      execArgv: [...TYPESCRIPT],
      env: { PATH: globalThis.process.env['PATH'], PORT: '0', LOG_LEVEL: 'fatal', ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const held = new Set<string>();
    const url = await new Promise<string>((resolve, reject) => {
      process.on('message', (report: GatewayReport) => {
        if (report.kind === 'listening') resolve(report.url);
        else held.add(report.key);
      });
      process.once('exit', (code) => reject(new Error(`The gateway ended with ${String(code)} before it listened.`)));
    });
    return new GatewayProcess(process, url, held);
  }

  /** Resolves when the write of each key is held. */
  async holds(keys: readonly string[]): Promise<void> {
    while (!keys.every((key) => this.#held.has(key))) await once(this.#process, 'message');
  }

  /** SIGTERM, as an orchestrator stops a container. Resolves to the exit code. */
  async terminate(): Promise<number | null> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exited;
    return this.#process.exitCode;
  }

  /** SIGKILL: nothing in the process can react to it. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
