import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { errorFields } from './error-fields.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Null: `pretty` when standard output is a terminal, else `json`. */
  readonly format: 'json' | 'pretty' | null;
  /** Where the lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

/**
 * One JSON object per line, or lines for people. Errors are logged under `err` and reduced to their name, code and call sites;
 * everything else that is logged must be chosen by the caller, because nothing is masked after the fact.
 */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const pretty = options.format === 'pretty' || (options.format === null && process.stdout.isTTY);
  const destination =
    options.destination ?? (pretty ? (await import('./logger.pretty.js')).prettyDestination() : undefined);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (thrown: unknown) => errorFields(thrown) },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
