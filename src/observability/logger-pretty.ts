import type { DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';

/**
 * Rewrites log lines for people before `destination` gets them. Loaded only when configured, because production logs
 * JSON.
 */
export function prettyLines(destination: DestinationStream, colours: boolean): DestinationStream {
  const pretty = prettyFactory({ colorize: colours, translateTime: 'SYS:HH:MM:ss.l' });
  return { write: (line) => destination.write(pretty(line)) };
}
