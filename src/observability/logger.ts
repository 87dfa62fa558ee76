import { fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { errorFields } from './redact.js';

/**
 * About 1,000 lines. Reason: the memory for unread lines must be bounded, but a short pause of the reader must lose
 * none.
 */
const MAX_WAITING_CHARACTERS = 256 * 1024;
const STANDARD_OUTPUT = 1;

/** A destination of log lines that never blocks the process. A line without room is dropped and counted. */
export interface LogOutput extends DestinationStream {
  /** Whether the output is a terminal. There, lines for people are the default. */
  readonly isTerminal: boolean;
  /** Lines that were dropped since the start. */
  linesLost(): number;
  /** The listener is called with the number of dropped lines, when lines can be written again. */
  onRecovery(listener: (linesLost: number) => void): void;
  /** Resolves when every line was written, and after `limitMs` at the latest. */
  flush(limitMs: number): Promise<void>;
}

/**
 * Standard output. It writes to a pipe or a socket without waiting, because the reader may be stuck. It writes to a
 * file or a terminal synchronously. Lines of one turn of the event loop go out together, because each write costs a
 * system call.
 */
export function standardOutput(): LogOutput {
  const kind = fstatSync(STANDARD_OUTPUT);
  return kind.isFIFO() || kind.isSocket() ? new PipeOutput(process.stdout) : new DirectOutput();
}

/** Lines of one turn of the event loop. Mutable: it holds the lines that wait for the end of the turn. */
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

  /** Writes the lines now. */
  release(): void {
    const lines = this.#waiting;
    this.#waiting = '';
    if (lines !== '') this.#handOver(lines);
  }
}

/**
 * Output into a stream that may take no lines for a while. Mutable: it holds the waiting lines and the number of
 * dropped ones.
 */
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
    // The reader has ended (EPIPE). Without a listener the error would end the process.
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

/**
 * Output into a file or a terminal. A failed write, as on a full disk, is tried again with the next line. Mutable: it
 * counts lost lines.
 */
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

/** Counts dropped lines and reports them once when there is room again. Mutable. */
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
  /** The output of the lines; standard output when left out. */
  readonly destination?: DestinationStream & Partial<Pick<LogOutput, 'isTerminal'>>;
}

/**
 * One JSON object per line, or lines for people. Errors are logged under `err`, reduced to their name, code and call
 * sites. The caller must choose every other logged value, because the logger masks nothing.
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
    isPretty ? (await import('./logger-pretty.js')).prettyLines(destination, isTerminal) : destination,
  );
}
