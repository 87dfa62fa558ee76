import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TYPESCRIPT } from '../support/start-gateway-process.js';

/**
 * What a worker process is told to do: run each key, with so many duplicates at once, and perhaps never come back from
 * a step.
 */
export interface WorkerOrder {
  readonly keys: readonly string[];
  readonly duplicates: number;
  readonly hangAt?: 'baseline' | 'send';
}

export type WorkerReport =
  | { readonly kind: 'opened'; readonly hash: string }
  | { readonly kind: 'reached'; readonly step: 'baseline' | 'send'; readonly idempotencyKey: string }
  | { readonly kind: 'ran'; readonly idempotencyKey: string; readonly results: readonly string[] };

const WORKER = join(import.meta.dirname, 'ledger-worker.ts');

/** Replicas of one ledger in processes of their own. Holds the processes that were started. */
export class LedgerWorkers {
  readonly #url: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'ledger-hits-'));
  readonly #hitsFile = join(this.#directory, 'hits');
  readonly #processes: ChildProcess[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  start(): LedgerWorker {
    const process = fork(WORKER, [this.#url, this.#hitsFile], {
      execArgv: [...TYPESCRIPT],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#processes.push(process);
    return new LedgerWorker(process);
  }

  /** The key of every request that the upstream got, from whichever process. */
  hits(): readonly string[] {
    try {
      return readFileSync(this.#hitsFile, 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.splice(0).map((process) => kill(process)));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export class LedgerWorker {
  readonly #process: ChildProcess;
  readonly #reports: ReturnType<typeof on>;

  constructor(process: ChildProcess) {
    this.#process = process;
    this.#reports = on(process, 'message', { close: ['exit'] });
  }

  /** The next report of the worker; null when it has ended. */
  async report(): Promise<WorkerReport | null> {
    const next: IteratorResult<WorkerReport[], undefined> = await this.#reports.next();
    return next.value?.[0] ?? null;
  }

  /** Reads on until the worker has opened the ledger; resolves to its hash of a fixed text. */
  async opened(): Promise<string> {
    const report = await this.report();
    if (report?.kind !== 'opened') {
      throw new Error('The worker could not open the ledger.');
    }
    return report.hash;
  }

  /** Reads on until a step is reached. */
  async reached(step: 'baseline' | 'send'): Promise<void> {
    for (let report = await this.report(); ; report = await this.report()) {
      if (report === null) {
        throw new Error(`The worker ended before ${step}.`);
      }
      if (report.kind === 'reached' && report.step === step) {
        return;
      }
    }
  }

  /** Reads on until a key has run; resolves to what each of its duplicates was told. */
  async ran(idempotencyKey: string): Promise<readonly string[]> {
    for (let report = await this.report(); ; report = await this.report()) {
      if (report === null) {
        throw new Error('The worker ended before the key had run.');
      }
      if (report.kind === 'ran' && report.idempotencyKey === idempotencyKey) {
        return report.results;
      }
    }
  }

  order(order: WorkerOrder): void {
    this.#process.send(order);
  }

  /** SIGKILL: nothing in the process can react to it. Resolves when it is gone. */
  async kill(): Promise<void> {
    await kill(this.#process);
  }
}

async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) {
    const exited = once(process, 'exit');
    process.kill('SIGKILL');
    await exited;
  }
}
