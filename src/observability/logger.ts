import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { type LogOutput, standardOutput } from './logger.output.js';
import { errorFields } from './redact.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
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
