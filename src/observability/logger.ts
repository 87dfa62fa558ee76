import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { errorFields } from './redact.js';

/** About a thousand lines. Reason: the memory of lines that nobody reads must be bounded, and a short pause of the reader lose none. */
const MAX_WAITING_CHARACTERS = 256 * 1024;
const STANDARD_OUTPUT = 1;

/** A destination of log lines that never holds up the process. A line that finds no room is dropped and counted. */
export interface LogOutput extends DestinationStream {
  /** Lines for people are the default where a person reads. */
  readonly isTerminal: boolean;
  /** Lines that were dropped since the start. */
  linesLost(): number;
  /** Called when lines can be written again after some were dropped, with their number. */
  onRecovery(listener: (linesLost: number) => void): void;
  /** Resolves when every line was handed over, and after `limitMs` at the latest. */
  flush(limitMs: number): Promise<void>;
}

/**
 * Standard output. A pipe and a socket are written without waiting, because their reader may be stuck; a file and a terminal are
 * written to the end. Lines of one turn of the event loop go out together, because each write costs a call of the system.
 */
export function standardOutput(): LogOutput {
  const kind = fstatSync(STANDARD_OUTPUT);
  return kind.isFIFO() || kind.isSocket() ? new PipeOutput(process.stdout) : new DirectOutput();
}

/** Lines of one turn of the event loop. Holds mutable state: those that wait for its end. */
class LinesOfTurn {
  #waiting = '';
  readonly #handOver: (lines: string) => void;

  constructor(handOver: (lines: string) => void) {
    this.#handOver = handOver;
  }

  /** In characters. */
  get length(): number {
    return this.#waiting.length;
  }

  add(line: string): void {
    if (this.#waiting === '') setImmediate(() => this.release());
    this.#waiting += line;
  }

  /** Hands them over now. */
  release(): void {
    const lines = this.#waiting;
    this.#waiting = '';
    if (lines !== '') this.#handOver(lines);
  }
}

/** Lines on their way into a stream that may take none. Holds mutable state: the lines that wait and the count of those that were dropped. */
export class PipeOutput implements LogOutput {
  readonly isTerminal = false;
  readonly #stream: Writable;
  readonly #losses = new Losses();
  readonly #turn = new LinesOfTurn((lines) => {
    if (!this.#isBroken) this.#stream.write(lines);
  });
  #isBroken = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('drain', () => this.#losses.recovered());
    // The reader is gone for good (EPIPE). Without a listener the process would go with it.
    stream.on('error', () => {
      this.#isBroken = true;
    });
  }

  write(line: string): void {
    if (this.#isBroken || this.#turn.length + this.#stream.writableLength + line.length > MAX_WAITING_CHARACTERS) {
      this.#losses.count();
      return;
    }
    this.#turn.add(line);
  }

  linesLost(): number {
    return this.#losses.total;
  }

  onRecovery(listener: (linesLost: number) => void): void {
    this.#losses.listener = listener;
  }

  async flush(limitMs: number): Promise<void> {
    this.#turn.release();
    if (this.#isBroken || this.#stream.writableLength === 0) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(resolve, limitMs);
      this.#stream.write('', () => {
        clearTimeout(limit);
        resolve();
      });
    });
  }
}

/** A file or a terminal. A write that fails, as on a full disk, is tried again with the next line. Holds a count. */
class DirectOutput implements LogOutput {
  readonly isTerminal = process.stdout.isTTY;
  readonly #losses = new Losses();
  readonly #file = pino.destination({ fd: STANDARD_OUTPUT, sync: true, maxLength: MAX_WAITING_CHARACTERS });
  readonly #turn = new LinesOfTurn((lines) => this.#file.write(lines));

  constructor() {
    this.#file.on('drop', () => this.#losses.count());
    this.#file.on('drain', () => this.#losses.recovered());
    this.#file.on('error', () => undefined);
  }

  write(line: string): void {
    this.#turn.add(line);
  }

  linesLost(): number {
    return this.#losses.total;
  }

  onRecovery(listener: (linesLost: number) => void): void {
    this.#losses.listener = listener;
  }

  async flush(): Promise<void> {
    this.#turn.release();
  }
}

/** Counts dropped lines and tells of them once when there is room again. Holds mutable state. */
class Losses {
  total = 0;
  listener: ((linesLost: number) => void) | null = null;
  #told = 0;

  count(): void {
    this.total += 1;
  }

  recovered(): void {
    const untold = this.total - this.#told;
    if (untold === 0) return;
    this.#told = this.total;
    this.listener?.(untold);
  }
}

export type { Logger } from 'pino';

interface LoggerOptions {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Null: `pretty` on a terminal, else `json`. */
  readonly format: 'json' | 'pretty' | null;
  /** Where the lines go; standard output when left out. */
  readonly destination?: DestinationStream & Partial<Pick<LogOutput, 'isTerminal'>>;
}

/**
 * One JSON object per line, or lines for people. Errors are logged under `err` and reduced to their name, code and call
 * sites; everything else that is logged must be chosen by the caller, because nothing is masked after the fact.
 */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const { destination = standardOutput(), format } = options;
  const isTerminal = destination.isTerminal === true;
  const isPretty = format === 'pretty' || (format === null && isTerminal);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (thrown: unknown) => errorFields(thrown) },
    },
    isPretty ? (await import('./logger.pretty.js')).prettyLines(destination, isTerminal) : destination,
  );
}
